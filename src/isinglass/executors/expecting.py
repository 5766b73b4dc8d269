"""Jobs of type "expectation": values of observables after circuits.

Parameters: shots (of each circuit over all groups of strings; without it values are exact, from the state
vector), shot_distribution, qiskit_backend, precision.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from isinglass.circuits.expectations import Expectation, expectation_values
from isinglass.circuits.parallel_simulator import ParallelSimulator
from isinglass.circuits.runner import CircuitResult, Outcome
from isinglass.circuits.shot_distribution import SHOT_DISTRIBUTIONS
from isinglass.errors import CircuitError, IsinglassError, ParameterError
from isinglass.executors import circuit_runs
from isinglass.executors.contract import Run
from isinglass.jobs.circuit_results import CircuitResults
from isinglass.jobs.circuits import Circuits
from isinglass.jobs.problems import Decoded
from isinglass.jobs.spec import JobSpec

_OPTIONS = ("shots", "shot_distribution")
_PARAMETERS = (*_OPTIONS, *circuit_runs.RUNNER)
_AT_A_TIME = 256
"""Circuits between two looks at whether to stop."""


def check(spec: JobSpec) -> None:
    """The parameters are those of ``expectation_values``; one shot of the job."""
    one_shot(spec)
    circuit_runs.check_parameters(spec, _PARAMETERS)
    law = spec.parameters.get("shot_distribution", "uniform")
    if law not in SHOT_DISTRIBUTIONS:
        raise ParameterError(f"shot_distribution={law!r} is not one of {', '.join(SHOT_DISTRIBUTIONS)}")


def one_shot(spec: JobSpec) -> None:
    if spec.shots != 1:
        raise ParameterError(
            f"shots={spec.shots}: values cannot be added up, so a job of type {str(spec.type)!r} has one "
            "shot; for measurements use the parameter shots"
        )


def check_problem(problem: Decoded, spec: JobSpec) -> None:
    """There are observables, and one of the circuits at least can be read."""
    assert isinstance(problem, Circuits)
    circuit_runs.check_observables(problem, wanted=True)
    circuit_runs.check_one_runs(problem)


def run(problem: Any, spec: JobSpec, shot: int, how: Run) -> CircuitResults:
    began, seed = time.perf_counter(), spec.shot_seed(shot)
    runner = circuit_runs.runner_of(spec, seed, how)
    found: dict[str, CircuitResult] = {}
    for batch in _batches(problem):
        if how.cancel is not None and how.cancel.is_set():
            break
        found |= _values(batch, spec, runner)
    unrun = Outcome(error=CircuitError("not run: cancelled"))
    entries = (found.get(label) or CircuitResult(label, unrun) for label in problem.labels)
    return circuit_runs.answer("expectations", entries, seed, began)


def _batches(circuits: Circuits) -> Iterator[Circuits]:
    """Neighbours with equal observables, at most ``_AT_A_TIME``."""
    assert circuits.observables is not None
    each = list(zip(circuits.labels, circuits.texts, circuits.observables, strict=True))
    for _, equal in groupby(each, key=lambda one: one[2]):
        same = list(equal)
        for first in range(0, len(same), _AT_A_TIME):
            yield Circuits(*zip(*same[first : first + _AT_A_TIME], strict=True))


def _values(batch: Circuits, spec: JobSpec, runner: ParallelSimulator) -> dict[str, CircuitResult]:
    assert batch.observables is not None
    terms = batch.observables[0]
    options: dict[str, Any] = {name: spec.parameters[name] for name in _OPTIONS if name in spec.parameters}
    texts = dict(zip(batch.labels, batch.texts, strict=True))
    try:
        values = expectation_values(texts, terms, runner, **options)
    except IsinglassError as error:
        if len(batch) == 1:
            return {batch.labels[0]: CircuitResult(batch.labels[0], Outcome(error=error))}
    else:
        return {label: entry(label, terms, value) for label, value in values.items()}
    found: dict[str, CircuitResult] = {}
    for label, text in texts.items():
        # One of them cannot run, which does not cost the others theirs.
        found |= _values(Circuits((label,), (text,), (terms,)), spec, runner)
    return found


def entry(label: str, terms: dict[str, float], found: Expectation) -> CircuitResult:
    """A value and those of its strings, under the strings as they were given."""
    width = max(map(len, found.terms), default=0)
    values = {}
    for string in terms:
        if not string.strip("I"):
            values[string] = 1.0
        elif string.ljust(width, "I") in found.terms:
            values[string] = float(found.terms[string.ljust(width, "I")])
    facts = {"value": found.value, "std_error": found.std_error, "shots": found.shots}
    return CircuitResult(label, Outcome(values, metadata=facts))
