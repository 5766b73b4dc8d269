"""What jobs of circuits share: their parameters, their runner, and whether there is a circuit to run."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

from isinglass.circuits.parallel_simulator import ParallelSimulator
from isinglass.circuits.program import Program
from isinglass.circuits.qasm2_text import version
from isinglass.circuits.reading import Reader
from isinglass.circuits.runner import CircuitResult, whole_number
from isinglass.control import check_positive
from isinglass.errors import CircuitError, ParameterError, ProblemError, nearest
from isinglass.executors.contract import Run
from isinglass.jobs.circuit_results import CircuitResults
from isinglass.jobs.circuits import Circuits
from isinglass.jobs.spec import JobSpec

SHOTS = 1000
"""Measurements of each circuit, unless the parameter ``shots`` says otherwise."""
MOST_SHOTS = 100_000_000
RUNNER = ("qiskit_backend", "precision")


def check_parameters(spec: JobSpec, known: Sequence[str]) -> None:
    """Names and values that all jobs of circuits have; ParameterError as the circuits room says it."""
    if spec.solver != "auto":
        raise ParameterError(f"solver={spec.solver!r}: circuits have none; qiskit_backend chooses the engine")
    for name in spec.parameters:
        if name not in known:
            raise ParameterError(
                f"{name!r} is not a parameter of a job of type {str(spec.type)!r}{nearest(name, known)}; it "
                f"takes {', '.join(known)}"
            )
    check_positive("time_limit", spec.parameters.get("time_limit"))
    given = spec.parameters.get("shots")
    if given is not None and whole_number("shots", given) > MOST_SHOTS:
        raise ParameterError(f"shots={given} is more than {MOST_SHOTS:,}")
    backend = spec.parameters.get("qiskit_backend")
    if backend is not None and not isinstance(backend, str):
        raise ParameterError(f"qiskit_backend={backend!r} is not a name, and only names can be sent")
    runner_of(spec, 0, Run())


def runner_of(spec: JobSpec, seed: int, how: Run) -> ParallelSimulator:
    """The runner of a job's circuits."""
    named = {name: spec.parameters[name] for name in RUNNER if spec.parameters.get(name) is not None}
    return ParallelSimulator(how.num_threads, spec.parameters.get("shots") or SHOTS, seed, **named)


def check_one_runs(circuits: Circuits) -> None:
    """QasmError of the first circuit where none of them can be read.

    One that can is enough: the errors of others stand beside its results. What is not OpenQASM 2 is left to
    the worker.
    """
    first: CircuitError | None = None
    for program, error in programs(circuits):
        if program is not None or error is None:
            return
        first = first or error
    assert first is not None
    raise first


def programs(circuits: Circuits) -> Iterable[tuple[Program | None, CircuitError | None]]:
    """For each circuit, what our reader of OpenQASM 2 says; (None, None) for other languages."""
    reader = Reader()
    for text in circuits.texts:
        try:
            yield (None, None) if version(text).startswith("3") else (reader.read(text).program, None)
        except CircuitError as error:
            yield None, error
        except RecursionError:
            yield None, CircuitError("the circuit is nested too deeply to be read")


def check_observables(circuits: Circuits, wanted: bool) -> None:
    if wanted and circuits.observables is None:
        raise ProblemError("expectation values of what? Give observables, such as {'ZZ': 1.0}")
    if not wanted and circuits.observables is not None:
        raise ProblemError("the circuits have observables and the job counts: use type 'expectation'")


def answer(form: str, entries: Iterable[CircuitResult], seed: int, began: float) -> CircuitResults:
    """The results of a run that began at ``perf_counter()`` ``began``; the first error where all have one."""
    found = list(entries)
    if all(entry.exception is not None for entry in found):
        raise found[0].exception or CircuitError("no circuit could be run")
    timing: dict[str, Any] = {"total": time.perf_counter() - began}
    return CircuitResults(form, found, {"seed": seed, "timing": timing})
