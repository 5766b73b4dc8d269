"""The reads of one run, block by block and round after round: what solvers that run them so share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from isinglass.control import RunControl
from isinglass.problems.compiled import CompiledProblem
from isinglass.solvers.contract import Samples
from isinglass.solvers.start import StartStates


@dataclass(frozen=True)
class Read:
    """What one read came to."""

    spins: np.ndarray
    """int8[n], -1 or +1"""
    energy: float
    """As tracked, in kernel units."""


@dataclass
class Reads:
    """The reads of one run; a subclass knows how a block of them runs through the kernels."""

    problem: CompiledProblem
    start: StartStates
    seed: int
    control: RunControl
    kept: list[Read] = field(default_factory=list, init=False)
    count: int = field(default=0, init=False)
    """Reads so far, kept or not; the next one's index and so its random stream."""

    def run(self, sizes: Iterable[int], block: Callable[[int, int], list[Read]]) -> list[Read]:
        """Run ``block(first read, size)`` for further reads in blocks of ``sizes``, side by side.

        Those that a stop kept from beginning are left out. Returns the new reads, in order.
        """
        done: dict[int, list[Read]] = {}

        def task(first: int, size: int) -> None:
            done[first] = block(first, size)

        tasks, first = [], self.count
        for size in sizes:
            tasks.append((size, partial(task, first, size)))
            first += size
        self.control.run(tasks)
        new = [read for first in sorted(done) for read in done[first]]
        self.kept += new
        self.count += len(new)
        return new

    def blocks(self, count: int, most: int) -> list[int]:
        """Sizes of blocks of at most ``most`` reads that make up ``count``, evenly over all machines."""
        batch = self.control.batch
        places = 1 if batch is None else batch.places
        return blocks_of(count, min(most, -(-count // places)))

    def keep_best(self, most: int) -> None:
        """Keep the ``most`` reads of lowest energy; the others are only counted."""
        if len(self.kept) > most:
            self.kept = sorted(self.kept, key=lambda read: read.energy)[:most]

    def samples(self, facts: dict[str, Any]) -> Samples:
        """What the solver returns: the reads that are kept, and ``facts`` with their number."""
        return Samples(
            states=np.stack([read.spins for read in self.kept]),
            kernel_energies=np.array([read.energy for read in self.kept]),
            facts={**facts, "reads_run": self.count},
        )


def blocks_of(count: int, most: int) -> list[int]:
    """Sizes of blocks of ``most`` reads that make up ``count``; the last may be smaller."""
    return [min(most, count - first) for first in range(0, count, most)]
