"""What a job would take: from rules where there are some, measured elsewhere, and None where nobody knows."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

import isinglass
from isinglass.errors import ParameterError, ProblemError, VerificationError
from isinglass.executors.charging import charge
from isinglass.executors.shots import check_problem, check_spec, run_shot
from isinglass.jobs.circuits import Circuits
from isinglass.jobs.container import pack, unpack
from isinglass.jobs.estimate import Estimate
from isinglass.jobs.problems import problem_content, problem_of
from isinglass.jobs.results import result_content, result_of
from isinglass.jobs.spec import JobSpec
from isinglass.qpu import QPUSampler
from isinglass.service.limits import Limits
from isinglass.service.verify import check_result

BELL = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; creg c[2]; h q[0]; cx q[0],q[1]; measure q -> c;'
WIDE = BELL.replace("[2]", "[16]")
GRAPH = isinglass.generate("gnp", n=400, p=0.1, seed=1)
ANNEALER = {"backend": "qpu", "qpu_model": "DW_2000Q_6"}


def estimate(given: Any, parameters: dict[str, Any], **words: Any) -> Estimate:
    problem = problem_of(problem_content(given).to_bytes())
    spec = JobSpec("estimate", seed=1, parameters=parameters, **words)
    check_spec(spec)
    check_problem(problem, spec)
    found = result_of(result_content(run_shot(problem, spec, 0)).to_bytes())
    assert check_result(problem, spec, 0, found) is None
    assert isinstance(found, Estimate) and found.why
    return found


@pytest.mark.clock
def test_sweeps_are_measured() -> None:
    words = {"num_reads": 64, "annealing_time": 4000}
    run = JobSpec(seed=1, solver="simulated_annealing", parameters=words)
    estimate(GRAPH, words, solver="simulated_annealing")
    found = estimate(GRAPH, words, solver="simulated_annealing", shots=2)
    began = time.perf_counter()
    run_shot(GRAPH, run, 0)
    spent = 2 * (time.perf_counter() - began)
    # Others share this machine's cores, so a wide margin; a wrong unit is wrong by far more.
    assert found.seconds is not None and spent / 8 < found.seconds < spent * 8
    assert found.quota == found.seconds and found.bytes is not None and 40_000 < found.bytes < 10_000_000


def test_a_time_limit_ends_what_nobody_knows() -> None:
    large = isinglass.generate("gnp", n=2000, p=0.5, seed=1)
    assert estimate(large, {"time_limit": 60.0}).seconds == 60.0
    unknown = estimate(large, {"num_reads": 100_000}, solver="tabu_search")
    assert unknown.seconds is None and "give a time_limit" in unknown.why
    isinglass.solve({("a", "b"): 1.0})
    quick = estimate({("a", "b"): 1.0}, {})
    assert quick.seconds is not None and quick.seconds < 1.0


def test_annealers_have_a_timing_model() -> None:
    biases: Any = ({0: -1.0}, {(0, 4): 1.0})
    found = estimate(biases, {"num_reads": 100}, solver="native", **ANNEALER)
    sampler = QPUSampler("DW_2000Q_6")
    access = sampler.estimate_qpu_access_time(2, num_reads=100)
    assert found.details["qpu_access_time"] == access and found.quota == pytest.approx(access * 1e-6)
    embedded = estimate({(i, j): 1.0 for i in range(8) for j in range(i)}, {"num_reads": 10}, **ANNEALER)
    assert embedded.seconds is None and embedded.details["qubits"] >= 8
    apollo = estimate({("a", "b"): 1.0}, {"num_reads": 8}, backend="qpu", qpu_model="apollo_rc1")
    assert apollo.seconds is not None and 0 < apollo.seconds < 60


def test_circuits_say_their_memory() -> None:
    found = estimate(Circuits.of([WIDE]), {"of": "circuits", "precision": "single"})
    assert found.bytes == 8 << 16 and found.seconds is not None and 0 < found.seconds < 60
    values = estimate(Circuits.of([BELL], "ZZ"), {"of": "expectation"})
    assert values.bytes == 16 << 2


def layers(qubits: int) -> str:
    """A circuit of some 8 gates a qubit."""
    gates = "".join(f"h q[{k}]; rz(0.3) q[{k}]; " for k in range(qubits))
    gates += "".join(f"cx q[{k}], q[{k + 1}]; " for k in range(qubits - 1))
    registers = f"qreg q[{qubits}]; creg c[{qubits}];"
    return f'OPENQASM 2.0; include "qelib1.inc"; {registers} {gates * 3} measure q -> c;'


CIRCUITS = Circuits.of([layers(14)] * 40)
"""Narrow ones first, and nearly all of the time goes into the last."""
MIXED = Circuits.of([layers(3)] * 60 + [layers(20)] * 12)
ANNEALED: Any = {(i, j): 1.0 for i in range(60) for j in range(i)}


def test_one_circuit_that_takes_long_is_not_guessed_at() -> None:
    cut = Circuits.of([layers(8).partition(" measure")[0]], "Z" * 8)
    found = estimate(cut, {"of": "cut", "max_qubits": 6})
    assert found.seconds is None or 0.0 < found.seconds < 60.0
    assert found.seconds is not None or "did not run in 0.3 s" in found.why


@pytest.mark.clock
@pytest.mark.parametrize(
    ("given", "parameters", "words"),
    [
        (CIRCUITS, {"shots": 100}, {"type": "circuits"}),
        (MIXED, {"shots": 100}, {"type": "circuits"}),
        (CIRCUITS, {"shot_groups": [[0, 30, 100], [30, 40, 500]]}, {"type": "circuits"}),
        (Circuits.of([layers(14)] * 8, "Z" * 14), {}, {"type": "expectation"}),
        (ANNEALED, {"num_reads": 100}, {"backend": "qpu", "qpu_model": "apollo_rc1"}),
        (GRAPH, {"time_limit": 1.0}, {}),
    ],
    ids=["circuits", "narrow and wide", "groups of shots", "expectation", "apollo", "auto"],
)
def test_an_estimate_is_near_what_then_runs(
    given: Any, parameters: dict[str, Any], words: dict[str, Any]
) -> None:
    kind = words.pop("type", "sample")
    run = JobSpec(kind, seed=1, parameters=parameters, **words)
    run_shot(given, run, 0)
    found = estimate(given, {**parameters, "of": kind}, **words)
    began = time.perf_counter()
    result = run_shot(given, run, 0)
    spent = time.perf_counter() - began
    # Others share this machine's cores, so a wide margin; a circuit taken for another is wrong by far more.
    assert found.seconds is not None and spent / 8 < found.seconds < spent * 8, (found, spent)
    assert found.quota is not None and charge(run, spent, result) / 8 < found.quota < spent * 8


@pytest.mark.parametrize(
    ("given", "parameters", "error"),
    [
        (GRAPH, {"of": "estimate"}, ParameterError),
        (GRAPH, {"of": 3}, ParameterError),
        (GRAPH, {"num_read": 3}, ParameterError),
        (GRAPH, {"of": "circuits"}, ProblemError),
        (Circuits.of([BELL]), {}, ProblemError),
    ],
)
def test_what_the_job_would_be_refused_for(
    given: Any, parameters: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        estimate(given, parameters)


@pytest.mark.parametrize("changes", [{"seconds": -1.0}, {"bytes": "x"}, {"quota": True}, {"why": 1}])
def test_malformed_estimates_are_refused(changes: dict[str, Any]) -> None:
    fields, _ = unpack(result_content(Estimate(1.0, 2, 3.0, "so")).to_bytes())
    with pytest.raises(ProblemError):
        result_of(pack({**fields, **changes}, {}).to_bytes())
    samples = isinglass.solve({("a", "b"): 1}, seed=1)
    spec = JobSpec("estimate", seed=1)
    with pytest.raises(VerificationError, match="not an estimate"):
        check_result(problem_of(problem_content({("a", "b"): 1}).to_bytes()), spec, 0, samples)


def test_quota_is_charged_at_the_rate_of_the_backend() -> None:
    assert charge(JobSpec(), 3.0) == 3.0 and charge(JobSpec(backend="gpu"), 3.0, None, {"gpu": 0.5}) == 6.0
    spec = JobSpec(seed=1, solver="native", parameters={"num_reads": 10}, **ANNEALER)
    answer = run_shot(problem_of(problem_content(({0: 1.0}, {})).to_bytes()), spec, 0)
    access = answer.info["timing"]["qpu_access_time"] * 1e-6
    assert charge(spec, 3.0, answer) == pytest.approx(access, rel=1e-3)
    assert charge(spec, 3.0, answer, {"qpu": 2.0}) == pytest.approx(access / 2, rel=1e-3)
    assert charge(spec, 3.0) == 3.0
    for rates in ({"tpu": 1.0}, {"cpu": 0.0}, {"cpu": np.inf}):
        with pytest.raises(ParameterError, match="quota rate"):
            Limits(quota_rates=rates)
