"""Particles of a problem in compressed rows, on one card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from isinglass.kernels.cuda import bifurcate
from isinglass.kernels.cuda.bifurcations import Start
from isinglass.kernels.cuda.card import Work
from isinglass.kernels.cuda.grids import WIDE, grid_of
from isinglass.kernels.cuda.warps import LANES, SIMULATED


@dataclass(frozen=True)
class RowsOnCard:
    """Compressed rows on a card, in single precision."""

    rows: tuple[Any, Any, Any]
    h: Any

    @staticmethod
    def put(work: Work, couplings: Any, h: np.ndarray) -> RowsOnCard:
        indptr, indices, weights = couplings[:3]
        rows = work.put(indptr), work.put(indices), work.put(weights.astype(np.float32))
        return RowsOnCard(rows, work.put(h.astype(np.float32)))


class RowParticles:
    """Particles of compressed rows; arrays [n, reads]."""

    def __init__(self, work: Work, problem: RowsOnCard, start: Start) -> None:
        self.work, self.problem, self.start = work, problem, start
        reads, n = start.x.shape
        self.numbers = grid_of((n, reads))
        self.x, self.y = work.put(start.x.T), work.put(start.y.T)
        self.p, self.control = (work.put(a.T) for a in start.pressures())
        kind = np.int8 if start.discrete else np.float32
        # Each step reads the one and writes the other.
        self.z, self.after = (work.room((n, reads), kind) for _ in range(2))
        self._write(start.discrete, self.z)
        self.signs = work.room((n, reads), np.int8)
        self.f = work.room((n, reads), np.float32)
        self.best = work.put(np.zeros((n, reads), np.int8))
        self.best_energies = work.put(np.full(reads, np.inf))

    def _write(self, signs: bool, operand: Any) -> None:
        self.work.launch(bifurcate.operand, self.numbers, WIDE, self.x, signs, operand)

    def judge(self) -> None:
        """See ``Particles``."""
        signs = self.z if self.start.discrete else self.signs
        if not self.start.discrete:
            self._write(True, signs)
        self.work.launch(
            bifurcate.products_sparse, self.numbers, WIDE, *self.problem.rows, signs, self.f
        )  # fmt: skip
        self.work.launch(
            bifurcate.keep_best, -(-len(self.start.x) // LANES), (LANES, 1 if SIMULATED else bifurcate.WARPS),
            signs, self.f, self.problem.h, self.best, self.best_energies,
        )  # fmt: skip

    def step(self, pressure: np.float32, left: np.float32) -> None:
        """See ``Particles``."""
        start, problem = self.start, self.problem
        self.work.launch(
            bifurcate.step, self.numbers, WIDE, *problem.rows, problem.h, self.z, self.after, self.x, self.y,
            self.p, self.control, pressure, left, start.c0, start.dt, start.discrete,
        )  # fmt: skip
        self.z, self.after = self.after, self.z

    def best_states(self) -> np.ndarray:
        """See ``Particles``."""
        return np.ascontiguousarray(self.work.get(self.best).T)
