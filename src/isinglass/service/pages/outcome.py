"""What the results of a job have to show: convergence and energies, or counts and values; timing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from markupsafe import Markup

from isinglass.errors import ProblemError
from isinglass.jobs.circuit_results import FORMS
from isinglass.jobs.container import unpack
from isinglass.jobs.nonlinear_results import FORM as STATES
from isinglass.service.pages.drawing import Point, convergence, histogram, rows
from isinglass.service.pages.rendering import lasting, number

_FACTS = {
    "stop_reason": "stopped", "storage": "storage", "certified": "certified", "embedding_method": "embedding",
    "chain_strength": "chain strength",
}  # fmt: skip
"""What of a result's info is shown: name -> words."""
_MOST_LINES = 12
_MOST_CIRCUITS = 30
_MOST_VALUES = 16
_MOST_SAMPLES = 1_000_000


@dataclass
class Outcome:
    """Of all shots that are done."""

    lines: list[list[Point]] = field(default_factory=list)
    energies: list[np.ndarray] = field(default_factory=list)
    timing: list[tuple[str, str]] = field(default_factory=list)
    """Of the best shot: (what, how long)."""
    facts: list[tuple[str, str]] = field(default_factory=list)
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    """By circuit: bit string -> times seen, in all shots."""
    values: dict[str, list[tuple[str, float, float | None]]] = field(default_factory=dict)
    """By circuit: (Pauli or bit string, value, standard error)."""
    errors: list[tuple[str, str]] = field(default_factory=list)
    """(circuit, what went wrong with it)."""
    best: float = float("inf")

    def add(self, content: np.ndarray) -> None:
        """One more shot's container. Its samples are not looked at."""
        fields, arrays = unpack(content)
        if fields["form"] == "samples":
            # Equal samples may be one row that says how often it came.
            energies = np.asarray(arrays["vector energy"], np.float64)
            most = max(1, _MOST_SAMPLES // max(1, len(energies)))
            times = np.clip(arrays["vector num_occurrences"], 0, most)
            self._add_samples(fields["info"], np.repeat(energies, times))
        elif fields["form"] == STATES:
            self._add_samples(fields["info"], arrays["objective"])
        elif fields["form"] in FORMS:
            for entry in fields["entries"][:_MOST_CIRCUITS]:
                self._add_circuit(fields["form"], entry)
            self.timing = self.timing or _times(fields["info"].get("timing") or {})

    def _add_circuit(self, form: str, entry: dict[str, Any]) -> None:
        label = entry["label"]
        if "error" in entry:
            self.errors.append((label, entry["error"]))
        elif form == "counts":
            self.counts.setdefault(label, Counter()).update(entry["results"])
        else:
            error = entry["metadata"].get("std_error")
            values = list(entry["results"].items())[:_MOST_VALUES]
            found: list[tuple[str, float, float | None]] = [(name, float(v), None) for name, v in values]
            total = entry["metadata"].get("value")
            self.values[label] = found if total is None else [*found, ("sum", float(total), error)]

    def _add_samples(self, info: dict[str, Any], energies: np.ndarray) -> None:
        self.lines.append([(float(s), float(e)) for s, e in info.get("trace") or []])
        self.energies.append(energies)
        lowest = float(energies.min(initial=np.inf))
        if lowest < self.best or not self.timing:
            self.best = min(lowest, self.best)
            self.timing = _times(info.get("timing") or {})
            self.timing += _times((info.get("qpu") or {}).get("timing") or {})
            self.facts = [(words, _said(info[name])) for name, words in _FACTS.items() if name in info]

    def draw_convergence(self, told: Sequence[Point]) -> Markup | None:
        """The traces of the best shots, and what workers told of shots that run."""
        lines = sorted((line for line in self.lines if line), key=lambda line: line[-1][1])
        return convergence([*lines[:_MOST_LINES], list(told)])

    def draw_histogram(self) -> Markup | None:
        return histogram(np.concatenate(self.energies)) if self.energies else None

    def draw_counts(self) -> list[tuple[str, int, int, Markup | None]]:
        """(circuit, shots, different bit strings, picture of the most frequent) of each circuit."""
        return [
            (label, sum(seen.values()), len(seen), rows(seen.most_common(_MOST_VALUES)))
            for label, seen in self.counts.items()
        ]


def outcome_of(contents: Iterable[np.ndarray]) -> Outcome:
    """The outcome of these containers.

    Samples and counts were checked when they came; what else a worker said of them was not.
    """
    outcome = Outcome()
    for content in contents:
        try:
            outcome.add(content)
        except (ArithmeticError, AttributeError, LookupError, ProblemError, TypeError, ValueError):
            outcome.errors.append(("a shot", "what its worker said beside the result cannot be shown"))
    return outcome


def _said(value: Any) -> str:
    return number(value) if isinstance(value, float) else str(value)


def _times(timing: dict[str, Any]) -> list[tuple[str, str]]:
    """As the info has them: seconds, or microseconds where it is an annealer's."""
    annealer = any(name.startswith("qpu_") for name in timing)
    return [
        (name.replace("_", " ").replace("qpu", "QPU"), f"{value:.6g} µs" if annealer else lasting(value))
        for name, value in timing.items()
        if isinstance(value, int | float)
    ]
