"""What came of circuits, as content and back: counts, expectation values, quasi-probabilities."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from isinglass.circuits.runner import CircuitResult, Outcome
from isinglass.errors import CircuitError, ProblemError
from isinglass.jobs.container import Content, pack

FORMS = ("counts", "expectations", "quasi_probabilities")


class CircuitResults(list[CircuitResult]):
    """One ``CircuitResult`` a circuit, in the order in which they were submitted.

    ``form`` says what their ``"results"`` are:

    * "counts": bit string -> times seen;
    * "expectations": Pauli string -> value; ``"metadata"`` has ``value`` (the sum with the coefficients),
      ``std_error`` and ``shots`` (0 where it is exact);
    * "quasi_probabilities": bit string -> number, some a little negative.
    """

    def __init__(self, form: str, entries: Iterable[CircuitResult], info: dict[str, Any]) -> None:
        super().__init__(entries)
        self.form, self.info = form, info
        """``info``: ``seed``, ``stop_reason`` and ``timing`` (seconds); ``job`` after ``merge_shots``."""


def circuit_results_content(results: CircuitResults) -> Content:
    """All of it in the header: dictionaries of short texts and numbers."""
    return pack({"form": results.form, "entries": [dict(r) for r in results], "info": results.info}, {})


def circuit_results_of(fields: Mapping[str, Any]) -> CircuitResults:
    """The inverse; ProblemError where it is malformed. An error comes back as a ``CircuitError``."""
    form, entries, info = fields["form"], fields["entries"], fields["info"]
    if form not in FORMS or not isinstance(entries, list) or not isinstance(info, dict):
        raise ProblemError("the content is not a set of results of circuits")
    return CircuitResults(form, [_entry(form, entry) for entry in entries], info)


def _entry(form: str, entry: Any) -> CircuitResult:
    match entry:
        case {"label": str(label), "results": dict(results), "metadata": dict(metadata)}:
            kinds = (int,) if form == "counts" else (int, float)
            if not all(type(v) in kinds and math.isfinite(v) for v in results.values()):
                raise ProblemError(f"a number of the circuit {label!r} is not one")
            return CircuitResult(label, Outcome(results, metadata=metadata))
        case {"label": str(label), "error": str(error), "metadata": dict(metadata)}:
            return CircuitResult(label, Outcome(error=CircuitError(error), metadata=metadata))
    raise ProblemError(f"the content is not a set of results of circuits: {str(entry)[:80]}")


def merge_counts(shots: Mapping[int, CircuitResults], job: Mapping[str, Any]) -> CircuitResults:
    """Counts of all shots of a job, added up; a circuit that failed in one of them has failed."""
    numbers = sorted(shots)
    first = shots[numbers[0]]
    info = {**first.info, "job": dict(job)}
    if len(numbers) == 1:
        return CircuitResults(first.form, first, info)
    info["shots"] = [{"shot": k, **shots[k].info} for k in numbers]
    return CircuitResults(first.form, map(_sum, zip(*(shots[k] for k in numbers), strict=True)), info)


def _sum(parts: tuple[CircuitResult, ...]) -> CircuitResult:
    for part in parts:
        if part.exception is not None:
            return part
    total: Counter[str] = Counter()
    for part in parts:
        total.update(part["results"])
    counts = dict(sorted(total.items()))
    return CircuitResult(parts[0]["label"], Outcome(counts, metadata=parts[0]["metadata"]))
