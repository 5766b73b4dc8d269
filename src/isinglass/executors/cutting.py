"""Jobs of type "cut": circuits wider than ``max_qubits``, in pieces that are put together again.

With observables their values, else the quasi-probabilities of outcomes. Parameters: max_qubits, shots (of
each piece's circuits), qiskit_backend, precision.
"""

from __future__ import annotations

import time
from typing import Any

from isinglass.circuits.parallel_simulator import ParallelSimulator
from isinglass.circuits.runner import CircuitResult, Outcome, whole_number
from isinglass.errors import CircuitError, IsinglassError, ParameterError
from isinglass.executors import circuit_runs
from isinglass.executors.contract import Run
from isinglass.executors.expecting import entry, one_shot
from isinglass.jobs.circuit_results import CircuitResults
from isinglass.jobs.circuits import Circuits
from isinglass.jobs.problems import Decoded
from isinglass.jobs.spec import JobSpec
from isinglass.rng import read_key

_PARAMETERS = ("max_qubits", "shots", *circuit_runs.RUNNER)


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
    for k, label in enumerate(problem.labels):
        # Pieces have the same labels in every circuit, so each circuit has a seed of its own.
        runner = circuit_runs.runner_of(spec, int(read_key(seed, k)) >> 1, how)
        stopped = how.cancel is not None and how.cancel.is_set()
        error = Outcome(error=CircuitError("not run: cancelled"))
        entries.append(CircuitResult(label, error) if stopped else _one(problem, k, spec, runner))
    form = "quasi_probabilities" if problem.observables is None else "expectations"
    return circuit_runs.answer(form, entries, seed, began)


def _one(circuits: Circuits, k: int, spec: JobSpec, runner: ParallelSimulator) -> CircuitResult:
    from isinglass.circuits.cutting import cut_counts, cut_expectation

    label, text, width = circuits.labels[k], circuits.texts[k], spec.parameters["max_qubits"]
    try:
        if circuits.observables is None:
            return CircuitResult(label, Outcome(dict(cut_counts(text, width, runner))))
        terms = circuits.observables[k]
        return entry(label, terms, cut_expectation(text, terms, width, runner))
    except IsinglassError as error:
        return CircuitResult(label, Outcome(error=error))
