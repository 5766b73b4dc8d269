"""Jobs of type "circuits": counts.

Parameters: shots, or shot_groups ([start, end, shots] that cover all circuits); qiskit_backend, precision,
time_limit (seconds).
"""

from __future__ import annotations

import time
from typing import Any

from isinglass.circuits.batch import CircuitBatch
from isinglass.circuits.shot_distribution import shots_of_groups
from isinglass.errors import ParameterError
from isinglass.executors import circuit_runs
from isinglass.executors.contract import Run
from isinglass.jobs.circuit_results import CircuitResults
from isinglass.jobs.circuits import Circuits
from isinglass.jobs.problems import Decoded
from isinglass.jobs.spec import JobSpec

_PARAMETERS = ("shots", "shot_groups", "time_limit", *circuit_runs.RUNNER)


def check(spec: JobSpec) -> None:
    """The parameters are those of a ``ParallelSimulator``."""
    circuit_runs.check_parameters(spec, _PARAMETERS)
    groups = spec.parameters.get("shot_groups")
    if groups is not None and not (isinstance(groups, list) and all(isinstance(one, list) for one in groups)):
        raise ParameterError(f"shot_groups={groups!r} is not a list of [start, end, shots]")
    if groups is not None and "shots" in spec.parameters:
        raise ParameterError("shots and shot_groups are both given: give one of them")


def check_problem(problem: Decoded, spec: JobSpec) -> None:
    """One of the circuits at least can be read."""
    assert isinstance(problem, Circuits)
    circuit_runs.check_observables(problem, wanted=False)
    if max(shots_of(spec, len(problem))) > circuit_runs.MOST_SHOTS:
        raise ParameterError(f"a circuit has more than {circuit_runs.MOST_SHOTS:,} shots")
    circuit_runs.check_one_runs(problem)


def shots_of(spec: JobSpec, circuits: int) -> list[int]:
    """Measurements of each circuit in one shot of the job."""
    groups = spec.parameters.get("shot_groups")
    if groups is not None:
        return shots_of_groups(groups, circuits)
    return [int(spec.parameters.get("shots") or circuit_runs.SHOTS)] * circuits


def run(problem: Any, spec: JobSpec, shot: int, how: Run) -> CircuitResults:
    began, seed = time.perf_counter(), spec.shot_seed(shot)
    runner = circuit_runs.runner_of(spec, seed, how)
    control = runner.control(spec.parameters.get("time_limit"), how.progress, how.cancel)
    batch = CircuitBatch(problem.labels, problem.texts)
    entries = runner.submit_each(batch, shots_of(spec, len(problem)), control)
    return circuit_runs.answer("counts", entries, seed, began)
