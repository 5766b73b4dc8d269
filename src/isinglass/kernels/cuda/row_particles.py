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
        self.z, self.f = (work.room((n, reads), np.float32) for _ in range(2))
        self.p, self.control = (work.put(a.T) for a in start.pressures())
        self.best = work.put(np.zeros((n, reads), np.int8))
        self.best_energies = work.put(np.full(reads, np.inf))

    def multiply(self, signs: bool) -> None:
        """See ``Particles``."""
        if signs:
            self.work.launch(bifurcate.signs, self.numbers, WIDE, self.x, self.z)
        factor = self.z if signs else self.x
        self.work.launch(
            bifurcate.products_sparse, self.numbers, WIDE, *self.problem.rows, factor, self.f
        )  # fmt: skip

    def keep_best(self) -> None:
        """See ``Particles``."""
        self.work.launch(
            bifurcate.keep_best, -(-len(self.start.x) // LANES), (LANES, 1 if SIMULATED else bifurcate.WARPS),
            self.z, self.f, self.problem.h, self.best, self.best_energies,
        )  # fmt: skip

    def move(self, pressure: np.float32, left: np.float32) -> None:
        """See ``Particles``."""
        self.work.launch(
            bifurcate.move, self.numbers, WIDE, self.x, self.y, self.f, self.problem.h, self.p, self.control,
            pressure, left, self.start.c0, self.start.dt,
        )  # fmt: skip

    def best_states(self) -> np.ndarray:
        """See ``Particles``."""
        return np.ascontiguousarray(self.work.get(self.best).T)
