"""Jobs of type "expectation": values of observables after circuits.

Parameters: shots (of each circuit over all groups of strings; without it values are exact, from the state
vector), shot_distribution, qiskit_backend, precision, time_limit (seconds).
"""

from __future__ import annotations

import time
from typing import Any

from isinglass.circuits.expectations import Expectation, values_of
from isinglass.circuits.gate_list import GateList
from isinglass.circuits.parallel_simulator import ParallelSimulator
from isinglass.circuits.reading import Reader
from isinglass.circuits.runner import CircuitResult, Outcome
from isinglass.circuits.shot_distribution import SHOT_DISTRIBUTIONS
from isinglass.control import RunControl
from isinglass.errors import CircuitError, IsinglassError, ParameterError
from isinglass.executors import circuit_runs
from isinglass.executors.contract import Run
from isinglass.jobs.circuit_results import CircuitResults
from isinglass.jobs.circuits import Circuits
from isinglass.jobs.problems import Decoded
from isinglass.jobs.spec import JobSpec

_PARAMETERS = ("shots", "shot_distribution", "time_limit", *circuit_runs.RUNNER)


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
    control = runner.control(spec.parameters.get("time_limit"), how.progress, how.cancel)
    reader, found = Reader(), dict[str, CircuitResult]()
    lists: dict[tuple[int, tuple[tuple[str, float], ...]], dict[str, GateList]] = {}
    for label, text, terms in zip(problem.labels, problem.texts, problem.observables, strict=True):
        try:
            gates = GateList.of(text, reader)
        except CircuitError as error:
            found[label] = CircuitResult(label, Outcome(error=error))
        else:
            lists.setdefault((gates.qubits, tuple(terms.items())), {})[label] = gates
    for (_, some), gate_lists in lists.items():
        found |= _values(gate_lists, dict(some), spec, runner, control)
    return circuit_runs.answer("expectations", (found[label] for label in problem.labels), seed, began)


def _values(
    lists: dict[str, GateList], terms: dict[str, float], spec: JobSpec, runner: ParallelSimulator,
    control: RunControl,
) -> dict[str, CircuitResult]:  # fmt: skip
    """Of circuits of one width and observable; one that cannot run does not cost the others theirs."""
    shots = spec.parameters.get("shots")
    law = spec.parameters.get("shot_distribution", "uniform")
    try:
        values = values_of(lists, terms, runner, control, shots, law)
    except IsinglassError as error:
        if len(lists) == 1:
            return {label: CircuitResult(label, Outcome(error=error)) for label in lists}
        alone = ({label: gates} for label, gates in lists.items())
        return {k: v for one in alone for k, v in _values(one, terms, spec, runner, control).items()}
    return {label: entry(label, terms, value) for label, value in values.items()}


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
