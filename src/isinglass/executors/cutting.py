"""Jobs of type "cut": circuits wider than ``max_qubits``, in pieces that are put together again.

With observables their values, else the quasi-probabilities of outcomes. Parameters: max_qubits, shots (of
each piece's circuits), qiskit_backend, precision.
"""

from __future__ import annotations

import time
from typing import Any

from isinglass.circuits.parallel_simulator import ParallelSimulator
from isinglass.circuits.runner import CircuitResult, Outcome, whole_number
from isinglass.errors import IsinglassError, ParameterError
from isinglass.executors import circuit_runs
from isinglass.executors.contract import Run
from isinglass.executors.expecting import entry, one_shot
from isinglass.jobs.circuit_results import CircuitResults
from isinglass.jobs.circuits import Circuits
from isinglass.jobs.problems import Decoded
from isinglass.jobs.spec import JobSpec
from isinglass.rng import read_key

_PARAMETERS = ("max_qubits", "shots", "time_limit", *circuit_runs.RUNNER)


def check(spec: JobSpec) -> None:
    """The width of the pieces is given; one shot of the job."""
    one_shot(spec)
    circuit_runs.check_parameters(spec, _PARAMETERS)
    if "max_qubits" not in spec.parameters:
        raise ParameterError("a job of type 'cut' needs the parameter max_qubits: qubits of the widest piece")
    whole_number("max_qubits", spec.parameters["max_qubits"])


def check_problem(problem: Decoded, spec: JobSpec) -> None:
    """One of the circuits at least can be read."""
    assert isinstance(problem, Circuits)
    circuit_runs.check_one_runs(problem)


def run(problem: Any, spec: JobSpec, shot: int, how: Run) -> CircuitResults:
    began, seed = time.perf_counter(), spec.shot_seed(shot)
    entries = []
    for k, (label, text) in enumerate(zip(problem.labels, problem.texts, strict=True)):
        # Pieces have the same labels in every circuit, so each circuit has a seed of its own.
        runner = circuit_runs.runner_of(spec, int(read_key(seed, k)) >> 1, how)
        terms = None if problem.observables is None else problem.observables[k]
        try:
            entries.append(_one(label, text, terms, spec, runner, how, began))
        except IsinglassError as error:
            entries.append(CircuitResult(label, Outcome(error=error)))
    form = "quasi_probabilities" if problem.observables is None else "expectations"
    return circuit_runs.answer(form, entries, seed, began)


def _one(
    label: str, text: str, terms: dict[str, float] | None, spec: JobSpec, runner: ParallelSimulator, how: Run,
    began: float,
) -> CircuitResult:  # fmt: skip
    from isinglass.circuits.cutting import cut_counts, cut_expectation

    limit, width = spec.parameters.get("time_limit"), spec.parameters["max_qubits"]
    if limit is not None:
        limit = max(1e-3, began + limit - time.perf_counter())
    if terms is None:
        counts = cut_counts(text, width, runner, progress=how.progress, cancel=how.cancel, time_limit=limit)
        return CircuitResult(label, Outcome(dict(counts)))
    value = cut_expectation(
        text, terms, width, runner, progress=how.progress, cancel=how.cancel, time_limit=limit
    )
    return entry(label, terms, value)
