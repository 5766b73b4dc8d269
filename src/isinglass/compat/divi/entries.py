"""From our results to Divi's: ``{"label": ..., "results": ...}`` for each circuit."""

from __future__ import annotations

from typing import Any

from isinglass.circuits.shot_distribution import share
from isinglass.errors import ParameterError
from isinglass.jobs.circuit_results import CircuitResults
from isinglass.jobs.estimate import Estimate
from isinglass.jobs.results import Result

Entry = dict[str, Any]


def entries_of(result: Result, labels: list[str], shots: int) -> list[Entry]:
    """An entry for each circuit in order; ``"error"`` stands beside empty results of one that failed.

    Counts are keyed by bits without spaces between registers, as Divi has them. Quasi-probabilities of cut
    circuits become counts of ``shots`` shots, what is negative left out. An estimate is the same for
    each label.
    """
    if isinstance(result, Estimate):
        told = {"seconds": result.seconds, "bytes": result.bytes, "quota": result.quota, "why": result.why}
        return [{"label": label, "results": {}, "metadata": told} for label in labels]
    if not isinstance(result, CircuitResults):
        raise ParameterError("the job is not one of circuits: it was submitted by another door")
    found = []
    for entry in result:
        if entry.exception is not None:
            found.append({"label": entry["label"], "results": {}, "error": entry["error"]})
            continue
        values = entry["results"]
        if result.form == "quasi_probabilities":
            values = _as_counts(values, shots)
        if result.form != "expectations":
            values = {key.replace(" ", ""): count for key, count in values.items()}
        found.append({"label": entry["label"], "results": values, "metadata": entry["metadata"]})
    return found


def _as_counts(quasi: dict[str, float], shots: int) -> dict[str, int]:
    """Whole numbers that sum to ``shots``, in proportion to what is positive; the likeliest go first."""
    likeliest = sorted((key for key in quasi if quasi[key] > 0), key=lambda key: -quasi[key])[:shots]
    counts = share(shots, [quasi[key] for key in likeliest])
    return dict(sorted(zip(likeliest, counts, strict=True)))
