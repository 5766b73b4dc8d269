"""D-Wave's own packages, unchanged, against a service: ``python dwave_script.py SECTION ...``.

The environment says where it is (``DWAVE_API_ENDPOINT``, ``DWAVE_API_TOKEN``). Nothing of isinglass is
imported, so it runs in an environment that has the real packages and nothing else. ``quick`` and ``all``
are lists of sections. Each prints its name and seconds once it holds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dimod
import numpy as np
from dwave.cloud import Client
from dwave.cloud.api import Problems, Regions, Solvers, exceptions
from dwave.cloud.exceptions import (
    CanceledFutureError,
    SolverAuthenticationError,
    SolverFailureError,
    SolverNotFoundError,
)  # fmt: skip
from dwave.optimization.generators import flow_shop_scheduling
from dwave.system import (
    AutoEmbeddingComposite,
    CutOffComposite,
    DWaveCliqueSampler,
    DWaveSampler,
    EmbeddingComposite,
    FixedEmbeddingComposite,
    LazyEmbeddingComposite,
    LazyFixedEmbeddingComposite,
    LeapHybridCQMSampler,
    LeapHybridDQMSampler,
    LeapHybridNLSampler,
    LeapHybridSampler,
    LinearAncillaComposite,
    ParallelEmbeddingComposite,
    PolyCutOffComposite,
    ReverseAdvanceComposite,
    ReverseBatchStatesComposite,
    TilingComposite,
    VirtualGraphComposite,
)  # fmt: skip

SMALL = "Advantage2_system4"
TOPOLOGIES = {"chimera": "DW_2000Q_6", "pegasus": "Advantage_system4", "zephyr": SMALL}
LARGEST_CLIQUES = {"chimera": 60, "pegasus": 160, "zephyr": 65}
REVERSE = [[0.0, 1.0], [5.0, 0.45], [15.0, 0.45], [20.0, 1.0]]


def dwave(*arguments: str) -> str:
    """What the command line says."""
    command = [str(Path(sys.executable).with_name("dwave")), *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    return done.stdout


def refused(call: Callable[[], Any], kind: type[Exception], words: str) -> None:
    try:
        found = call()
        getattr(found, "resolve", getattr(found, "result", lambda: None))()
    except kind as error:
        assert words in str(error), error
        return
    raise AssertionError(f"nothing was said of {words!r}")


def coupled(sampler: Any) -> tuple[int, int]:
    return sampler.edgelist[0]


# Quick ones


def ping() -> None:
    said = json.loads(dwave("ping", "--json", "--solver", SMALL).strip().splitlines()[-1])
    assert said["code"] == 0, said


def solvers() -> None:
    with Client.from_config() as client:
        names = [solver.name for solver in client.get_solvers()]
        assert len(names) == len(set(names)) >= 12, names
        assert client.get_solver(software=True).name.startswith("c4-sw_")
        assert (
            client.get_solver(topology__type="pegasus", order_by="-num_active_qubits").num_active_qubits
            == 5627
        )
        found = client.get_solvers(qpu=True, fast_anneal=True, num_reads_range__covers=1000)
        assert len({solver.graph_id for solver in found}) == len(found) == 5
        refused(lambda: client.get_solver(name="no_such_solver"), SolverNotFoundError, "")


def sample() -> None:
    with DWaveSampler(solver=SMALL) as sampler:
        a, b = coupled(sampler)
        answer = sampler.sample_ising({a: -1.0, b: -1.0}, {(a, b): -1.0}, num_reads=50, label="first")
        assert answer.first.energy == -3.0 and answer.record.num_occurrences.sum() == 50
        assert answer.info["problem_label"] == "first"
        guess = sampler.solver.estimate_qpu_access_time(2, num_reads=50)
        assert abs(answer.info["timing"]["qpu_access_time"] - guess) < 0.01, (answer.info, guess)


def clique() -> None:
    largest(SMALL, 40)


def hybrid_bqm() -> None:
    bqm = dimod.generators.randint(12, "SPIN", seed=1)
    with LeapHybridSampler() as sampler:
        answer = sampler.sample(bqm, time_limit=3, label="hybrid")
    best = dimod.ExactSolver().sample(bqm).first.energy
    assert np.isclose(answer.first.energy, best) and answer.info["run_time"] > 0


def hybrid_nl() -> None:
    """States come back into the model; what no solver can read fails its problem in words."""
    model = flow_shop_scheduling([[10, 5, 7], [20, 10, 15]])
    with LeapHybridNLSampler() as sampler:
        assert sampler.estimated_min_time_limit(model) == 5.0
        info = sampler.sample(model, time_limit=1, label="shop").result().info
        order = next(model.iter_decisions())
        with model.lock():
            assert model.objective.state(0) == 50.0 and sorted(order.state(0)) == [0, 1, 2]
        assert info["problem_label"] == "shop" and 0 < info["timing"]["run_time"] < 2e6
        with model.to_file() as file:
            data = file.read()
        broken = sampler.solver.upload_nlm(data.replace(b"ListVariable", b"LostVariable")).result()
        refused(
            lambda: sampler.solver.sample_nlm(broken, time_limit=1),
            SolverFailureError, "its member 'nodetypes.txt' is damaged",
        )  # fmt: skip
        refused(lambda: sampler.solver.sample_nlm(broken, time_limit=-1), SolverFailureError, "time_limit=-1")


def parameter_error() -> None:
    with DWaveSampler(solver=SMALL) as sampler:
        a, _ = coupled(sampler)
        for words, parameters in (
            ("annealing_time out of range", {"annealing_time": 5000.0}),
            ("num_reads out of range", {"num_reads": 0}),
            ("needs one for each of num_qubits", {"flux_biases": [0.0] * 5}),
            ("Upper limit on user-specified timing", {"num_reads": 10_000, "annealing_time": 2000.0}),
            ("invalid parameter x_no_such", {"x_no_such": 1}),
            ("out of h_range", {"auto_scale": False}),
        ):
            refused(lambda p=parameters: sampler.sample_ising({a: 100.0}, {}, **p), SolverFailureError, words)
        refused(lambda: sampler.sample_ising({a: 1.0}, {}, beta=1.0), KeyError, "not a parameter")


def cancel() -> None:
    """A long problem keeps the worker busy; the ones behind it are cancelled."""
    model = dimod.generators.gnp_random_bqm(300, 0.5, "SPIN", random_state=1)
    with LeapHybridSampler() as hybrid, Client.from_config() as client:
        busy = hybrid.sample(model, time_limit=3)
        solver = client.get_solver(name="c4-sw_sample")
        waiting = [solver.sample_ising({0: 1.0}, {}) for _ in range(3)]
        for future in waiting:
            future.wait_id()
            future.cancel()
        for future in waiting:
            refused(future.result, CanceledFutureError, "")
        assert len(busy) >= 1


# The others


def regions() -> None:
    host = os.environ["DWAVE_API_ENDPOINT"].split("/sapi/")[0]
    with Regions(endpoint=f"{host}/metadata/v1/") as found:
        assert {region.code for region in found.list_regions()} >= {"na-west-1", "eu-central-1"}
    config = {"metadata_api_endpoint": f"{host}/metadata/v1/", "region": "eu-central-1", "endpoint": None}
    saved = os.environ.pop("DWAVE_API_ENDPOINT")
    try:
        with Client.from_config(**config) as client:
            assert "/eu-central-1/sapi/v2" in client.config.endpoint
            assert client.get_solver(name=SMALL).name == SMALL
        if "region" in dwave("--help"):  # 0.14.4 does not have it
            assert "na-west-1" in dwave("region", "ls")
    finally:
        os.environ["DWAVE_API_ENDPOINT"] = saved


def command_line() -> None:
    assert "hybrid" in dwave("ping", "--client", "hybrid", "--sampling-params", '{"time_limit": 3}')
    assert SMALL in dwave("solvers", "--list", "--all")
    said = dwave("sample", "--solver", "c4-sw_sample", "-h", "{0: -1}", "-j", "{(0, 4): -1}", "-n", "20")
    assert "-2" in said, said
    assert "num_qubits" in dwave("solvers", "--solver", SMALL)
    dwave("sample", "--solver", SMALL, "--random-problem", "--num-reads", "5")
    dwave("cache", "info")
    dwave("config", "ls")
    with tempfile.NamedTemporaryFile(suffix=".bqm") as file:
        with dimod.BinaryQuadraticModel({"a": 1.0}, {}, "SPIN").to_file(version=2) as content:
            file.write(content.read())
        file.flush()
        assert "Upload done" in dwave("upload", "--format", "dimodbqm", file.name)


def authentication() -> None:
    with Client.from_config(token="DEV-0123456789abcdef") as client:
        refused(client.get_solvers, SolverAuthenticationError, "")


def job_types() -> None:
    with Client.from_config() as client:
        solver = client.get_solver(name=SMALL)
        a, b = next(iter(solver.undirected_edges))
        ising = solver.sample_ising({a: -1.0}, {(a, b): 0.5}, offset=10.0, num_reads=20, answer_mode="raw")
        assert len(ising.sampleset.record) == 20 and abs(ising.sampleset.first.energy - 8.5) < 1e-9
        qubo = solver.sample_qubo({(a, a): -1.0, (a, b): 2.0}, num_reads=20)
        assert qubo.sampleset.vartype is dimod.BINARY and qubo.sampleset.first.energy == -1.0
        bqm = dimod.BinaryQuadraticModel({a: 1.0}, {(a, b): -1.0}, 3.0, "BINARY")
        found = solver.sample_bqm(bqm, num_reads=20)
        assert np.allclose(bqm.energies(found.sampleset), found.sampleset.record.energy)
        empty = solver.sample_ising({}, {}, num_reads=7)
        assert empty.sampleset.record.num_occurrences.sum() == 7
        wide = {q: -1.0 for q in solver.nodes}
        whole = solver.sample_ising(wide, {e: -1.0 for e in solver.undirected_edges}, num_reads=2)
        assert len(whole.sampleset.variables) == solver.num_active_qubits


def parameters() -> None:
    with DWaveSampler(solver=SMALL) as sampler:
        a, b = coupled(sampler)
        num_qubits = sampler.properties["num_qubits"]
        zeros = [0.0] * num_qubits
        h, J = {a: -0.5, b: 0.0}, {(a, b): -1.0}
        for given in (
            {"anneal_schedule": [[0, 0], [10, 0.4], [20, 0.4], [30, 1]]},
            {"h_gain_schedule": [[0, 1], [20, 0.5]]},
            {"anneal_offsets": zeros},
            {"flux_biases": [1e-5] * num_qubits, "flux_drift_compensation": False},
            {"reduce_intersample_correlation": True},
            {"programming_thermalization": 500.0, "readout_thermalization": 20.0},
            {"max_answers": 1},
            {"annealing_time": 1.0, "auto_scale": False},
        ):
            answer = sampler.sample_ising(h, J, num_reads=10, **given)
            assert len(answer) >= 1, given
        fast = sampler.sample_ising({}, J, num_reads=10, fast_anneal=True, annealing_time=0.01)
        assert fast.info["timing"]["qpu_anneal_time_per_sample"] == 0.01
        sampler.validate_anneal_schedule(REVERSE)
    with DWaveSampler(solver="DW_2000Q_6") as old:
        a, b = coupled(old)
        given = {"num_spin_reversal_transforms": 2, "postprocess": "sampling", "beta": 2.0}
        assert len(old.sample_ising({a: -0.5}, {(a, b): -1.0}, num_reads=10, **given)) >= 1


def flux_biases() -> None:
    """A large flux bias turns a free qubit to the side that its sign says: opposite to h."""
    with DWaveSampler(solver=SMALL) as sampler:
        a, _ = coupled(sampler)
        for sign in (1, -1):
            biases = [0.0] * sampler.properties["num_qubits"]
            biases[a] = sign * 5e-4
            answer = sampler.sample_ising({a: 0.0}, {}, flux_biases=biases, num_reads=200)
            mean = np.average(answer.record.sample[:, 0], weights=answer.record.num_occurrences)
            assert sign * mean > 0.5, (sign, mean)


def reverse_anneals() -> None:
    with DWaveSampler(solver=SMALL) as sampler:
        a, b = coupled(sampler)
        h, J = {a: -0.1, b: -0.1}, {(a, b): -1.0}
        for again in (True, False):
            answer = sampler.sample_ising(
                h,
                J,
                anneal_schedule=REVERSE,
                initial_state={a: -1, b: -1},
                reinitialize_state=again,
                num_reads=10,
            )
            assert len(answer) == 10, "raw is the default of a reverse anneal"
        advanced = ReverseAdvanceComposite(sampler).sample_ising(
            h,
            J,
            anneal_schedules=[REVERSE, [[0, 1], [5, 0.4], [10, 1]]],
            initial_state={a: 1, b: 1},
            num_reads=10,
        )
        assert len(advanced)
        batch = ReverseBatchStatesComposite(sampler).sample_ising(
            h, J, anneal_schedule=REVERSE, initial_states=[{a: 1, b: 1}, {a: -1, b: -1}], num_reads=10
        )
        assert len(batch)


def composites() -> None:
    triangle = dimod.BinaryQuadraticModel({}, {"ab": 1.0, "bc": 1.0, "ca": 1.0}, "SPIN")
    with DWaveSampler(solver=SMALL) as sampler:
        first = EmbeddingComposite(sampler).sample(triangle, num_reads=50, return_embedding=True)
        chains = first.info["embedding_context"]["embedding"]
        for composite in (
            AutoEmbeddingComposite(sampler),
            LazyEmbeddingComposite(sampler),
            LazyFixedEmbeddingComposite(sampler),
            CutOffComposite(AutoEmbeddingComposite(sampler), 0.5),
            FixedEmbeddingComposite(sampler, chains),
        ):
            assert composite.sample(triangle, num_reads=50).first.energy == -1.0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            virtual = VirtualGraphComposite(sampler, chains)
        assert virtual.sample(triangle, num_reads=50).first.energy == -1.0
        cubic = dimod.BinaryPolynomial({"abc": 1.0, "ab": 0.1}, "SPIN")
        poly = PolyCutOffComposite(dimod.HigherOrderComposite(EmbeddingComposite(sampler)), 0.5)
        cubed = poly.sample_poly(cubic, num_reads=50, penalty_strength=2.0)
        assert cubed.first.energy <= -0.9
        a, b = coupled(sampler)
        c, d = sampler.edgelist[-1]
        parallel = ParallelEmbeddingComposite(
            sampler, embeddings=[{"x": (a,), "y": (b,)}, {"x": (c,), "y": (d,)}]
        )
        assert len(parallel.sample_ising({"x": -1.0}, {("x", "y"): -1.0}, num_reads=5).record) >= 1
        fast = {"num_reads": 10, "fast_anneal": True, "annealing_time": 0.1}
        assert len(LinearAncillaComposite(sampler).sample_ising({a: 0.1}, {(a, b): -1.0}, **fast))
    with DWaveSampler(solver="DW_2000Q_6") as chimera:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tiles = TilingComposite(chimera, 1, 1, 4)
        assert tiles.num_tiles > 200 and len(tiles.sample_ising({0: -1.0}, {(0, 4): 1.0}, num_reads=1))


def cliques() -> None:
    for kind, name in TOPOLOGIES.items():
        largest(name, LARGEST_CLIQUES[kind])


def largest(name: str, at_least: int) -> None:
    with DWaveCliqueSampler(solver=name) as sampler:
        assert sampler.largest_clique_size >= at_least, (name, sampler.largest_clique_size)
        bqm = dimod.generators.ran_r(1, 10, seed=1)
        best = dimod.ExactSolver().sample(bqm).first.energy
        assert sampler.sample(bqm, num_reads=100).first.energy == best


def hybrids() -> None:
    cqm = dimod.ConstrainedQuadraticModel()
    x, y = dimod.Integer("x", upper_bound=5), dimod.Binary("y")
    cqm.set_objective(-x - y)
    cqm.add_constraint(x + y <= 3, label="most")
    answer = LeapHybridCQMSampler().sample_cqm(cqm, time_limit=5, label="constrained")
    feasible = answer.filter(lambda row: row.is_feasible)
    assert feasible.first.energy == -3.0 and answer.info["constraint_labels"] == ["most"]
    dqm = dimod.DiscreteQuadraticModel()
    dqm.add_variable(3, label="u")
    dqm.add_variable(2, label="v")
    dqm.set_linear("u", [1, 0, 2])
    dqm.set_quadratic("u", "v", {(1, 0): 1})
    found = LeapHybridDQMSampler().sample_dqm(dqm, time_limit=5)
    assert found.first.energy == 0.0 and dict(found.first.sample) == {"u": 1, "v": 1}
    refused(
        lambda: LeapHybridSampler().sample(dimod.BQM({"a": 1.0}, {}, "SPIN"), time_limit=1), ValueError, ""
    )


def reattach() -> None:
    with Client.from_config() as client:
        solver = client.get_solver(name=SMALL)
        q = next(iter(solver.nodes))
        sent = solver.sample_ising({q: -1.0}, {}, offset=2.0, num_reads=5, label="reattach me")
        number, energy = sent.wait_id(), sent.sampleset.first.energy
    with Client.from_config() as other:
        again = other.retrieve_answer(number)
        assert again.sampleset.first.energy == energy == 1.0 and again.solver.name == SMALL
    with Problems.from_config() as problems:
        assert problems.list_problems(label="reattach")[0].id == number


def polling() -> None:
    for settings in ({"poll_strategy": "backoff"}, {"poll_strategy": "long-polling", "poll_wait_time": 1}):
        with Client.from_config(**settings) as client:
            solver = client.get_solver(name=SMALL)
            q = next(iter(solver.nodes))
            assert len(solver.sample_ising({q: -1.0}, {}, num_reads=5).sampleset)


def low_level() -> None:
    """The typed classes: every resource, its media type and its model."""
    with Solvers.from_config() as found:
        known = found.get_solver(SMALL)
        assert found.list_solvers(filter="none,+identity") and known.properties["num_qubits"]
        refused(
            lambda: found.get_solver("no_such"), exceptions.ResourceNotFoundError, "Solver does not exist"
        )
    with Client.from_config() as client:
        solver = client.get_solver(name="c4-sw_sample")
        from dwave.cloud.coders import encode_problem_as_qp

        data = encode_problem_as_qp(solver, {0: -1.0}, {(0, 4): 0.5}, offset=1.5)
    words = {"data": data, "params": {"num_reads": 10}, "solver": {"name": solver.name}, "type": "ising",
             "label": "typed"}  # fmt: skip
    with Problems.from_config() as problems:
        from dwave.cloud.api import models

        job = models.ProblemJob(**words)
        done = problems.submit_problem(job)
        several = problems.submit_problems([job, models.ProblemJob(**{**words, "params": {"num_reads": 0}})])
        assert (
            several[0].status.value in ("PENDING", "IN_PROGRESS", "COMPLETED")
            and several[1].error_code == 400
        )
        statuses = problems.get_problem_statuses([done.id, several[0].id, done.id], timeout=5)
        assert [status.id for status in statuses] == [done.id, several[0].id, done.id]
        while problems.get_problem_status(several[0].id, timeout=5).status.value != "COMPLETED":
            pass
        info = problems.get_problem_info(done.id)
        assert info.params == words["params"] and info.metadata.submitted_by == os.environ["DWAVE_API_TOKEN"]
        assert info.data.model_dump() == {**data, "offset": 1.5} and info.metadata.label == "typed"
        assert models.ProblemJob.from_info(info).type == job.type
        answer = problems.get_problem_answer(done.id)
        assert answer.num_variables == 128 and problems.get_problem_messages(done.id) == []
        assert problems.get_problem(done.id).answer
        refused(lambda: problems.cancel_problem(done.id), exceptions.ResourceConflictError, "finished")
        assert problems.cancel_problems([done.id])[0].error_code == 409
        absent = "00000000-0000-0000-0000-000000000000"
        refused(lambda: problems.get_problem(absent), exceptions.ResourceNotFoundError, "does not exist")
        refused(
            lambda: problems.submit_problem(models.ProblemJob(**{**words, "params": {"annealing_time": 1}})),
            exceptions.ResourceAccessForbiddenError, "annealing_time",
        )  # fmt: skip


def forty_at_once() -> None:
    with Client.from_config() as client:
        solver = client.get_solver(name=SMALL)
        q = next(iter(solver.nodes))
        sent = [solver.sample_ising({q: -1.0}, {}, num_reads=k + 1, label=f"job {k}") for k in range(40)]
        for k, future in enumerate(sent):
            assert future.sampleset.record.num_occurrences.sum() == k + 1
        assert len({future.id for future in sent}) == 40


def large_upload() -> None:
    """12 MiB in three parts, by a client that starts again where another one stopped."""
    n = 1100
    pairs = np.triu_indices(n, 1)
    biases = np.random.default_rng(1).choice([-1.0, 1.0], len(pairs[0]))
    bqm = dimod.BinaryQuadraticModel.from_numpy_vectors(np.zeros(n), (*pairs, biases), 0.0, "SPIN")
    with Client.from_config(client="hybrid") as client:
        solver = client.get_solver(supported_problem_types__contains="bqm")
        with bqm.to_file(version=2) as file:
            assert len(file.read()) > 12 << 20
            file.seek(0)
            number = client.upload_problem_encoded(file).result()
            file.seek(0)
            assert client.upload_problem_encoded(file, problem_id=number).result() == number
        answer = solver.sample_bqm(number, time_limit=4).sampleset
    assert len(answer.variables) == n
    assert np.isclose(bqm.energies(answer)[0], answer.record.energy[0])


QUICK = (ping, solvers, sample, clique, hybrid_bqm, hybrid_nl, parameter_error, cancel)
ALL = (
    *QUICK, regions, command_line, authentication, job_types, parameters, flux_biases, reverse_anneals,
    composites, cliques, hybrids, reattach, polling, low_level, forty_at_once, large_upload,
)  # fmt: skip


def main(names: list[str]) -> None:
    lists = {"quick": QUICK, "all": ALL}
    by_name = {section.__name__: (section,) for section in ALL}
    for section in [one for name in names for one in {**by_name, **lists}[name]]:
        began = time.perf_counter()
        section()
        print(f"{section.__name__} {time.perf_counter() - began:.2f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
