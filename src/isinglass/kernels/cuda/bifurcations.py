"""Simulated bifurcation on one card: positions there, a product and a step at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from isinglass.kernels.cuda.card import Work
from isinglass.kernels.cuda.launches import in_launches, note_best


@dataclass(frozen=True)
class Start:
    """Where particles begin, and what drives them; see ``kernels.batch.BatchKernels.bifurcate``."""

    x: np.ndarray
    """float32[reads, n]"""
    y: np.ndarray
    control: np.ndarray | None
    discrete: bool
    c0: np.float32
    dt: np.float32

    def pressures(self) -> tuple[np.ndarray, np.ndarray]:
        """(p, control): no p of its own for each particle where all have the same."""
        if self.control is None:
            return np.ones((0, 0), np.float32), np.zeros(len(self.x), np.float32)
        return np.ones(self.x.shape, np.float32), self.control.astype(np.float32)


class Particles(Protocol):
    """The replicas of one call, on a card."""

    start: Start
    best_energies: Any
    """float64[reads]"""

    def judge(self) -> None:
        """Keep the signs where they are better than before."""

    def step(self, pressure: np.float32, left: np.float32) -> None:
        """See kernels/cpu/bifurcate_move.py; ``left`` steps to go."""

    def best_states(self) -> np.ndarray:
        """int8[reads, n]"""


def bifurcate_reads(
    work: Work, particles: Particles, check_every: int, steps: int, flag: np.ndarray, row: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """See ``kernels.batch.BatchKernels.bifurcate``."""

    def launch(first: int, count: int) -> float:
        for t in range(first, first + count):
            if t % check_every == check_every - 1:
                particles.judge()
            pressure = np.float32(1.0) - np.float32(t + 1) / np.float32(steps)
            particles.step(pressure, np.float32(steps - t))
        return float(work.get(particles.best_energies).min())

    in_launches(steps, launch, len(particles.start.x), flag, row)
    particles.judge()
    energies = work.get(particles.best_energies)
    note_best(float(energies.min()), flag, row)
    return particles.best_states(), energies
