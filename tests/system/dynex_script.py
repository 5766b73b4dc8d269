"""What somebody with the real Dynex client does, run in its own environment: dynex_script.py STEP ...

DYNEX_SDK_KEY and DYNEX_GRPC_ENDPOINT are all that points it at a service. A step that fails ends it with a
traceback.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import itertools
import logging
import os
import re
import sys
import tempfile
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dimod
import dynex
import numpy as np
import pennylane as qml
from refusals import refused

SMALL = dimod.BinaryQuadraticModel(
    {"a": -1.0, "b": -2, "c": 0.5}, {("a", "b"): 3, ("b", "c"): -1}, 0.25, "BINARY"
)
BATCHES = dynex.__version__ >= "1.4.6"
"""Newer clients are sent batches, which have every read."""


def config(backend: str = "cpu", **more: Any) -> Any:
    model = {"qpu_model": "apollo_rc1"} if backend == "qpu" else {}
    return dynex.DynexConfig(compute_backend=backend, **{"default_timeout": 120.0, **model, **more})


def sample(model: Any, settings: Any, metadata: Any = None, **how: Any) -> Any:
    sampler = dynex.DynexSampler(model, config=settings, logging=False, job_metadata=metadata)
    return sampler.sample(**how)


def models() -> None:
    for backend in ("unspecified", "cpu", "gpu", "qpu"):
        settings = config(backend)
        found = sample(dynex.BQM(SMALL, config=settings), settings, num_reads=8, annealing_time=50)
        assert found.first.energy == -2.25 and dict(found.first.sample) == {"a": 0, "b": 1, "c": 1}
        assert len(found) == 8 or backend != "qpu" or not BATCHES
    settings = config()
    anneal = {"solver": "simulated_annealing", "seed": 3}
    assert len(sample(dynex.BQM(SMALL, config=settings), settings, anneal, num_reads=9)) == (
        9 if BATCHES else 1
    )
    assert len(sample(dynex.BQM(SMALL, config=settings), settings, num_reads=9, rank=2, shots=3)) >= 3
    big = dimod.generators.gnp_random_bqm(300, 0.5, "BINARY", random_state=1)
    rows = [
        sample(dynex.BQM(big, config=settings), settings, anneal, num_reads=3).record.sample for _ in range(2)
    ]
    assert (rows[0] == rows[1]).all()
    spins = SMALL.change_vartype("SPIN", inplace=False)
    if BATCHES:
        assert sample(dynex.BQM(spins, config=settings), settings).first.energy == -2.25
    assert (
        dynex.sample_qubo(
            {("a", "b"): 3.0, ("a", "a"): -1, ("b", "b"): -2}, 0.5, config=settings
        ).first.energy
        == -1.5
    )


def words() -> None:
    """Parameters of the client that are not on the wire, or seldom used."""
    settings = config()
    model = dynex.BQM(SMALL, config=settings)
    assert sample(model, settings, num_reads=4, clones=2).first.energy == -2.25
    large = config("qpu", qpu_model="apollo_10000")
    degrees = logged(r"max k : (\d+)")
    on_large = dynex.DynexSampler(dynex.BQM(SMALL, config=large), config=large)
    assert on_large.sample(num_reads=8, shots=2).first.energy == -2.25
    assert degrees == (["2"] if dynex.__version__ >= "1.4.0" else [])
    assert sample(model, settings, preprocess=True).first.energy == -2.25
    matrix = np.array([[-1.0, 3.0], [0.0, -2.0]])
    assert dynex.sample_qubo(matrix, 0.5, config=settings).first.energy == -1.5
    scaled, factor = dynex.scale_bqm_to_range(SMALL, max_abs_coeff=6.0)
    assert factor == 2.0 and scaled.linear["b"] == -4.0
    hurried = config(default_timeout=2.0)
    big = dimod.generators.gnp_random_bqm(400, 0.5, "BINARY", random_state=1)
    slow = {"time_limit": 5}
    if BATCHES:  # these wait as long as there is progress
        assert len(sample(dynex.BQM(big, config=hurried), hurried, slow)) >= 1
    else:
        refused(lambda: sample(dynex.BQM(big, config=hurried), hurried, slow), dynex.DynexJobError, "Timeout")


def constraints() -> None:
    i, j = dimod.Integer("i", upper_bound=3), dimod.Integer("j", upper_bound=3)
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(-i - 2 * j)
    cqm.add_constraint(i + j <= 4, label="few")
    dqm = dimod.DiscreteQuadraticModel()
    for name in "uv":
        dqm.add_variable(3, name)
    dqm.set_linear("u", [1, 0, 2])
    dqm.set_quadratic("u", "v", {(1, 1): 5.0, (1, 2): -3.0})
    for backend in ("cpu", "qpu"):
        settings = config(backend)
        # Of an Apollo's reads one in twelve is the minimum: 1 - 0.92^100 of all seeds find it.
        how = {"metadata": {"seed": 1}, "num_reads": 100, "annealing_time": 1000}
        found = sample(dynex.CQM(cqm, config=settings), settings, **how)
        assert found.first.energy == -7 and found.first.is_feasible
        assert dict(sample(dynex.DQM(dqm, config=settings), settings, **how).first.sample) == {"u": 1, "v": 2}


def bell(params: Any) -> None:
    qml.Hadamard(0)
    qml.CNOT(wires=[0, 1])


def mixed(params: Any) -> None:
    qml.BasisEmbedding([1, 0, 1], wires=[0, 1, 2])
    qml.StronglyEntanglingLayers(np.reshape(params, (2, 3, 3)), wires=[0, 1, 2])
    qml.ctrl(qml.RY, control=[0, 2], control_values=[1, 0])(0.7, wires=1)
    qml.adjoint(qml.QFT)(wires=[0, 1, 2])
    qml.QubitUnitary(np.array([[0, 1j], [1, 0]]), wires=1)
    qml.IsingXY(0.3, wires=[1, 2])
    qml.GroverOperator(wires=[0, 1, 2])
    qml.MultiControlledX(wires=[0, 1, 2], control_values=[True, False])


def estimate(params: Any) -> None:
    qml.PauliX(wires=3)
    qml.QuantumPhaseEstimation(qml.T(wires=3), estimation_wires=[0, 1, 2])


def circuits() -> None:
    """The client reads the source of the functions, so they stand at the outermost level."""
    angles = np.linspace(0.1, 2.0, 18).tolist()
    for backend in ("cpu", "qpu"):
        runner = dynex.DynexCircuit(config=config(backend))
        how = {"logging": False, "method": "all", "num_reads": 200}
        both = runner.execute(bell, [], 2, **how)
        assert {tuple(row) for row in np.asarray(both).tolist()} == {(0, 0), (1, 1)}
        how = {"logging": False, "num_reads": 20}
        assert runner.execute(estimate, [], 4, **how).tolist() == [0, 0, 1, 1]
        reads = 1000
        how = {"logging": False, "method": "probs", "num_reads": reads}
        ones = np.array([float(x) for x in runner.execute(mixed, angles, 3, **how)])
        # Each is a mean of that many coins: five standard deviations.
        assert (np.abs(ones - exactly(mixed, angles, 3)) < 5 * np.sqrt(0.25 / reads)).all(), ones


def exactly(function: Any, params: Any, wires: int) -> np.ndarray:
    """Probability of 1 on each wire, by PennyLane itself."""

    @qml.qnode(qml.device("default.qubit", wires=wires))
    def node() -> Any:
        function(params)
        return [qml.probs(wires=w) for w in range(wires)]

    return np.array([float(p[1]) for p in node()])


def errors() -> None:
    model = dynex.BQM(SMALL, config=config())
    for key, words in (("nonsense", "API key"), ("isg_" + "0" * 12 + "_" + "A" * 43, "API key")):
        bad = config(sdk_key=key)
        refused(lambda bad=bad: sample(model, bad), dynex.DynexAuthenticationError, words)
    qpu = config("qpu", retry_count=1)
    refused(lambda: sample(model, qpu, num_reads=101), dynex.DynexValidationError, "num_reads")
    once = config(retry_count=1)
    wrong = {"solver": "magic"}
    refused(lambda: sample(model, once, wrong), dynex.DynexValidationError, "magic")
    unreachable = config(grpc_endpoint="127.0.0.1:1", retry_count=1)
    refused(lambda: sample(model, unreachable), dynex.DynexConnectionError, "")


def stopping() -> None:
    """Cancelled from elsewhere, while the client waits; and after its own timeout."""
    settings = config()
    big = dynex.BQM(dimod.generators.gnp_random_bqm(400, 0.5, "BINARY", random_state=1), config=settings)
    found: list[str] = []
    seen = logged(JOB)
    api = dynex.DynexAPI(config=settings, logging=False)

    def cancel() -> None:
        while not seen:
            time.sleep(0.05)
        time.sleep(1.0)
        found.append(str(api.cancel_job_api(seen[0])))

    thread = threading.Thread(target=cancel)
    thread.start()
    sampler = dynex.DynexSampler(big, config=settings, job_metadata={"time_limit": 100})
    began = time.monotonic()
    # Its shot gives the best so far before the job ends: an answer, or the word that it was cancelled.
    try:
        assert len(sampler.sample(num_reads=4)) >= 1
    except dynex.DynexJobError as error:
        assert "cancelled" in str(error), error
    thread.join()
    assert time.monotonic() - began < 40 and found == ["True"]


JOB = r"created successfully \(job_id=([^)]+)\)"


def logged(pattern: str) -> list[str]:
    """What a pattern finds in the client's log from here on."""
    seen: list[str] = []

    class Listen(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            match = re.search(pattern, record.getMessage())
            if match:
                seen.append(match[1])

    logging.getLogger("dynex.config").addHandler(Listen())
    return seen


def again() -> None:
    """A job that is over, from another client: its events, answers, workers."""
    settings = config()
    seen = logged(JOB)
    model = dynex.BQM(SMALL, config=settings)
    dynex.DynexSampler(model, config=settings, logging=True).sample(num_reads=4, shots=2)
    api = dynex.DynexAPI(config=config(), logging=False)
    client = api._get_grpc_client()
    call = client.subscribe_job(seen[0])
    events = list(itertools.islice(call, 5))
    call.cancel()
    envelopes = [event.envelope for event in events if event.HasField("envelope")]
    assert len(envelopes) == 2 and all(envelope.valid for envelope in envelopes)
    call = client.subscribe_job(seen[0], events[3].seq)
    assert next(iter(call)).seq == events[4].seq
    call.cancel()
    url, seconds = client.get_solution_url(seen[0], "")
    with urllib.request.urlopen(url) as opened:
        assert opened.read() == b"-1.0, 1.0, 1.0, \n"
    assert seconds > 0 and len(list(client.list_atomics(seen[0]))) >= 1
    with tempfile.TemporaryDirectory() as folder:
        api.download_solution(seen[0], "", f"{folder}/best")
        assert Path(folder, "best").read_bytes() == b"-1.0, 1.0, 1.0, \n"


def many() -> None:
    """40 jobs from 20 threads."""
    settings = config()

    def one(k: int) -> float:
        bqm = SMALL.copy()
        bqm.offset = float(k)
        return float(sample(dynex.BQM(bqm, config=settings), settings).first.energy)

    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(one, range(40))) == [k - 2.5 for k in range(40)]


def million() -> None:
    n = 1_000_000
    rng = np.random.default_rng(1)
    pairs = (np.arange(n - 1), np.arange(1, n), rng.normal(size=n - 1))
    bqm = dimod.BinaryQuadraticModel.from_numpy_vectors(rng.normal(size=n), pairs, 0.0, "BINARY")
    settings = config()
    found = sample(dynex.BQM(bqm, config=settings), settings, num_reads=2)
    energy = float(bqm.energies((found.record.sample[:1], list(found.variables)))[0])
    assert abs(found.first.energy - energy) < 1e-6 * abs(energy) and energy < -0.5 * n


def published() -> None:
    """The published blocks, verbatim, with what the environment says; in the order of their page."""
    from published import dynex_backends as page

    names: dict[str, Any] = {"Q": page.QUBO, "bqm": dimod.BinaryQuadraticModel.from_qubo(page.QUBO)}
    model = dynex.BQM(SMALL)
    for block in (page.GPU_CONFIG, page.QPU_CONFIG, page.CPU_CONFIG, page.LOCAL_CONFIG, page.REFERENCE):
        exec(block, names)
        found = sample(model, names["config"], num_reads=4)
        assert found.first.energy == -2.25, block
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(page.PRODUCTION, names)
    assert said.getvalue().endswith(f"Best energy: {page.LOWEST:.4f}\n"), said.getvalue()
    exec(page.QPU, names)
    exec(page.BOUNDS, names)
    assert names["sampleset"].first.energy <= page.LOWEST * 9 / 120 * 0.9, "of the scaled model"
    exec(page.BY_ENVIRONMENT, names)
    for word, backend in (("production", "gpu"), ("qpu", "qpu"), ("", "local")):
        os.environ["ENV"] = word
        assert sample(model, names["get_config"](), num_reads=4).first.energy == -2.25, backend


def study() -> None:
    """The Q-score study's: its imports verbatim, its function without ``mainnet=``, which no client knows."""
    from published import qscore_study

    names: dict[str, Any] = {}
    exec(qscore_study.IMPORTS + qscore_study.RUN_JOB, names)
    names["np"].random.seed(1)
    refused(lambda: names["run_job"](25, seed=1), TypeError, "mainnet")
    exec(qscore_study.RUN_JOB.replace("mainnet=True, ", ""), names)
    cut, random_cut = names["run_job"](25, seed=1, generate_random=True, num_reads=500)
    edges = names["nx"].generators.erdos_renyi_graph(25, 0.5, seed=1).number_of_edges()
    assert (cut - edges / 2) / (0.178 * 25**1.5) > 0.8 and 0 < random_cut < cut


def local() -> None:
    """``dynexcore`` in ``testnet/``, where the client looks for it."""
    settings = config("local")
    for rank, shots in ((1, 1), (2, 2)):
        found = sample(dynex.BQM(SMALL, config=settings), settings, num_reads=8, rank=rank, shots=shots)
        assert found.first.energy == -2.25 and len(found) == shots


def maxcut() -> None:
    """The vendor's example: the G-set file in DYNEX_GRAPH, in seven seconds a call."""
    with gzip.open(os.environ["DYNEX_GRAPH"], "rt") as file:
        head, *lines = [tuple(map(int, line.split())) for line in file if line.strip()]
    bqm = dimod.BinaryQuadraticModel(dict.fromkeys(range(head[0]), 0.0), {}, "BINARY")
    for u, v, weight in lines:
        bqm.add_linear_from({u - 1: -weight, v - 1: -weight})
        bqm.add_quadratic(u - 1, v - 1, 2 * weight)
    settings = config()
    model = dynex.BQM(bqm, config=settings)
    for seed in range(1, 4):
        began = time.monotonic()
        best = sample(model, settings, {"time_limit": 6.3, "seed": seed}, num_reads=10).first.sample
        seconds = time.monotonic() - began
        print(
            "cut",
            sum(w for u, v, w in lines if best[u - 1] != best[v - 1]),
            f"in {seconds:.1f} s",
            flush=True,
        )


STEPS = (
    models, words, constraints, circuits, errors, stopping, again, many, published, study, local, million,
    maxcut,
)  # fmt: skip

if __name__ == "__main__":
    for step in STEPS:
        if step.__name__ in sys.argv[1:]:
            began = time.monotonic()
            step()
            print(f"dynex {dynex.__version__}: {step.__name__} {time.monotonic() - began:.1f} s", flush=True)
