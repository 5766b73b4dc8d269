"""Is a result of circuits possible? Whether it is true, only who runs them again could say.

Counts: the labels, an alphabet of 0 and 1, as many characters as the circuit has classical bits, a sum of
shots.
Expectation values: no string beyond 1, no sum beyond that of the coefficients.
"""

from __future__ import annotations

import math

from isinglass.circuits.counts import columns
from isinglass.circuits.program import Program
from isinglass.circuits.runner import CircuitResult
from isinglass.errors import VerificationError
from isinglass.executors.circuit_runs import programs
from isinglass.executors.counting import shots_of
from isinglass.jobs.circuit_results import CircuitResults
from isinglass.jobs.circuits import Circuits
from isinglass.jobs.results import Result
from isinglass.jobs.spec import JobSpec, JobType

_ROUNDING = 1e-6
_LONGEST_ERROR = 10_000


def check_circuits(circuits: Circuits, spec: JobSpec, shot: int, result: Result) -> None:
    """VerificationError of a result that cannot be that of these circuits."""
    if not isinstance(result, CircuitResults) or result.form != _form(circuits, spec):
        raise VerificationError(f"the result is not of the form {_form(circuits, spec)!r}")
    if result.info.get("seed") != spec.shot_seed(shot):
        raise VerificationError(f"the seed is {result.info.get('seed')!r}, not {spec.shot_seed(shot)}")
    if [entry["label"] for entry in result] != list(circuits.labels):
        raise VerificationError("the results are of other circuits than the job's")
    if all(entry.exception is not None for entry in result):
        raise VerificationError("every circuit has an error: that is no result")
    shots = shots_of(spec, len(circuits)) if result.form == "counts" else []
    for k, (entry, (program, _)) in enumerate(zip(result, programs(circuits), strict=True)):
        if entry.exception is not None:
            if len(str(entry.exception)) > _LONGEST_ERROR:
                raise VerificationError(f"the error of circuit {entry['label']!r} has no end")
        elif result.form == "expectations":
            _check_values(entry, (circuits.observables or ({},))[k], spec)
        else:
            _check_strings(entry, program)
            if result.form == "counts":
                _check_counts(entry, shots[k])


def _form(circuits: Circuits, spec: JobSpec) -> str:
    if spec.type is JobType.CIRCUITS:
        return "counts"
    return "quasi_probabilities" if circuits.observables is None else "expectations"


def _check_strings(entry: CircuitResult, program: Program | None) -> None:
    """Of a circuit that our reader does not know: all strings alike."""
    found = entry["results"]
    if not found:
        raise VerificationError(f"circuit {entry['label']!r} has no outcome")
    if program is not None:
        spaces = [k for k, bit in enumerate(columns(program.cregs)) if bit < 0]
        width = len(columns(program.cregs))
    else:
        first = next(iter(found))
        spaces, width = [k for k, letter in enumerate(first) if letter == " "], len(first)
    blank = "".join(" " if k in spaces else "0" for k in range(width))
    for string in found:
        if string.replace("1", "0") != blank:
            raise VerificationError(
                f"circuit {entry['label']!r} has the outcome {string[:80]!r}: not {width - len(spaces)} bits"
            )


def _check_counts(entry: CircuitResult, shots: int) -> None:
    counts = entry["results"].values()
    if min(counts) < 1 or sum(counts) != shots:
        raise VerificationError(f"the counts of circuit {entry['label']!r} do not sum to {shots} shots")


def _check_values(entry: CircuitResult, terms: dict[str, float], spec: JobSpec) -> None:
    value, error = entry["metadata"].get("value"), entry["metadata"].get("std_error")
    numbers = [value, error, *entry["results"].values()]
    if not all(type(number) in (int, float) and math.isfinite(number) for number in numbers):
        raise VerificationError(f"circuit {entry['label']!r} has a value that is no number")
    if not entry["results"].keys() <= terms.keys():
        raise VerificationError(f"circuit {entry['label']!r} has values of strings that were not asked for")
    if spec.type is JobType.CUT:
        # A sum over pieces with signs: few shots may carry it beyond the bounds.
        return
    if error < 0 or any(abs(v) > 1 + _ROUNDING for v in entry["results"].values()):
        raise VerificationError(f"circuit {entry['label']!r} has a Pauli string beyond 1")
    total = math.fsum(map(abs, terms.values()))
    if abs(value) > total * (1 + _ROUNDING) + _ROUNDING:
        raise VerificationError(f"circuit {entry['label']!r} has the value {value!r}, beyond {total:g}")
