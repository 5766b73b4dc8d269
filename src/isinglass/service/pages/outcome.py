"""What the results of a job have to show: convergence, energies, counts, expectation values, timing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from markupsafe import Markup

from isinglass.jobs.container import unpack
from isinglass.service.pages.drawing import Point, convergence, histogram
from isinglass.service.pages.rendering import lasting

_MOST_LINES = 12


@dataclass
class Outcome:
    """Of all shots that are done."""

    lines: list[list[Point]] = field(default_factory=list)
    energies: list[np.ndarray] = field(default_factory=list)
    timing: list[tuple[str, str]] = field(default_factory=list)
    """Of the best shot: (what, how long)."""
    facts: list[tuple[str, str]] = field(default_factory=list)
    best: float = float("inf")

    def add(self, content: np.ndarray) -> None:
        """One more shot's container. Its samples are not looked at."""
        fields, arrays = unpack(content)
        if fields["form"] == "samples":
            self._add_samples(fields["info"], np.asarray(arrays["vector energy"], np.float64))

    def _add_samples(self, info: dict[str, Any], energies: np.ndarray) -> None:
        self.lines.append([(float(s), float(e)) for s, e in info.get("trace") or []])
        self.energies.append(energies)
        lowest = float(energies.min(initial=np.inf))
        if lowest < self.best or not self.timing:
            self.best = min(lowest, self.best)
            self.timing = _times(info.get("timing") or {})
            self.facts = [
                (name, str(info[key]))
                for name, key in (
                    ("stopped", "stop_reason"),
                    ("storage", "storage"),
                    ("certified", "certified"),
                )
                if info.get(key) is not None
            ]

    def draw_convergence(self, told: Sequence[Point]) -> Markup | None:
        """The traces of the best shots, and what workers told of shots that run."""
        lines = sorted((line for line in self.lines if line), key=lambda line: line[-1][1])
        return convergence([*lines[:_MOST_LINES], list(told)])

    def draw_histogram(self) -> Markup | None:
        return histogram(np.concatenate(self.energies)) if self.energies else None


def outcome_of(contents: Iterable[np.ndarray]) -> Outcome:
    """The outcome of these containers."""
    outcome = Outcome()
    for content in contents:
        outcome.add(content)
    return outcome


def _times(timing: dict[str, Any]) -> list[tuple[str, str]]:
    """As the info has them: seconds, or microseconds where it is an annealer's."""
    annealer = any(name.startswith("qpu_") for name in timing)
    return [
        (name.replace("_", " "), f"{value:.6g} µs" if annealer else lasting(value))
        for name, value in timing.items()
        if isinstance(value, int | float)
    ]
