"""Jobs of type "circuits": counts. Parameters: shots, qiskit_backend, precision, time_limit (seconds)."""

from __future__ import annotations

import time
from typing import Any

from isinglass.executors import circuit_runs
from isinglass.executors.contract import Run
from isinglass.jobs.circuit_results import CircuitResults
from isinglass.jobs.circuits import Circuits
from isinglass.jobs.problems import Decoded
from isinglass.jobs.spec import JobSpec

_PARAMETERS = ("shots", "time_limit", *circuit_runs.RUNNER)


def check(spec: JobSpec) -> None:
    """The parameters are those of a ``ParallelSimulator``."""
    circuit_runs.check_parameters(spec, _PARAMETERS)


def check_problem(problem: Decoded, spec: JobSpec) -> None:
    """One of the circuits at least can be read."""
    assert isinstance(problem, Circuits)
    circuit_runs.check_observables(problem, wanted=False)
    circuit_runs.check_one_runs(problem)


def shots_of(spec: JobSpec) -> int:
    """Measurements of each circuit in one shot of the job."""
    return int(spec.parameters.get("shots") or circuit_runs.SHOTS)


def run(problem: Any, spec: JobSpec, shot: int, how: Run) -> CircuitResults:
    began, seed = time.perf_counter(), spec.shot_seed(shot)
    entries = circuit_runs.runner_of(spec, seed, how).submit_circuits(
        dict(zip(problem.labels, problem.texts, strict=True)),
        cancellation_event=how.cancel,
        progress=how.progress,
        time_limit=spec.parameters.get("time_limit"),
    )
    return circuit_runs.answer("counts", entries, seed, began)
