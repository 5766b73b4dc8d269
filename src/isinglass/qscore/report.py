"""What the rows say: beta of each size with its interval, and the score."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from isinglass.qscore.limits import beta_of
from isinglass.qscore.rows import Row
from isinglass.qscore.score import THRESHOLD, mean_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Size:
    """All graphs of one size."""

    n: int
    graphs: int
    beta: float
    """Mean; a graph without an answer in time counts 0."""
    low: float
    high: float
    """95 % interval of the mean; nan for one graph."""
    passed: bool
    """beta above 0.2."""
    solved: int
    """Graphs with an answer in time."""
    seconds: float
    """Mean time to the answer."""
    generation_seconds: float
    """Mean time to make the graph."""
    trouble: str
    """How the first graph that was not solved ended; empty if all were."""


class Report:
    """Rows of one backend in the order they were measured, and what follows from them."""

    def __init__(self, rows: list[Row], convention: str) -> None:
        self.rows, self.convention = rows, convention

    def of_size(self, n: int) -> list[Row]:
        """The rows of graphs of ``n`` vertices."""
        return [row for row in self.rows if row.task.n == n]

    def summary(self, n: int) -> Size:
        """What the graphs of ``n`` vertices say."""
        rows = self.of_size(n)
        mean = mean_of([beta_of(row, self.convention) for row in rows])
        trouble = [row.outcome.status for row in rows if row.outcome.status != "ok"]
        return Size(
            n, len(rows), mean.beta, mean.low, mean.high, mean.beta > THRESHOLD, len(rows) - len(trouble),
            float(np.mean([row.outcome.seconds for row in rows])),
            float(np.mean([row.outcome.generation_seconds for row in rows])),
            trouble[0] if trouble else "",
        )  # fmt: skip

    @property
    def sizes(self) -> list[Size]:
        """Summaries, smallest size first."""
        return [self.summary(n) for n in sorted({row.task.n for row in self.rows})]

    @property
    def score(self) -> int:
        """The largest size that was passed; 0 for none."""
        return max((size.n for size in self.sizes if size.passed), default=0)

    @property
    def ended_by(self) -> str:
        """Why the score is not larger, and which smaller sizes were not passed either."""
        beyond = [size for size in self.sizes if size.n > self.score]
        words = "no larger size was measured"
        if beyond:
            first = beyond[0]
            words = f"n = {first.n}: beta {first.beta:.4f}" + (f" ({first.trouble})" if first.trouble else "")
        failed = [str(size.n) for size in self.sizes if size.n < self.score and not size.passed]
        return words + (f"; not passed below it: {', '.join(failed)}" if failed else "")

    def as_object(self) -> dict[str, Any]:
        """Plain data for JSON; numbers that are not known are null."""
        facts: dict[str, Any] = {}
        if self.rows:
            task = self.rows[0].task
            facts = {
                "variant": task.variant, "backend": task.backend, "facts": json.loads(task.facts),
                "time_limit": task.time_limit, "generator": task.generator,
                "machine": json.loads(task.machine), "versions": json.loads(task.versions),
            }  # fmt: skip
        sizes = [
            {name: None if value != value else value for name, value in asdict(size).items()}
            for size in self.sizes
        ]
        return {
            **facts, "convention": self.convention, "score": self.score, "ended_by": self.ended_by,
            "sizes": sizes,
        }  # fmt: skip

    def plot(self) -> Figure:
        """See qscore/plot.py."""
        from isinglass.qscore.plot import plot

        return plot(self.rows, self.convention)
