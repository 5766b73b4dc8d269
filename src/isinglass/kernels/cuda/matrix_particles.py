"""Particles of a problem that is a matrix, on one card."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from isinglass.kernels.cuda import bifurcate_matrix
from isinglass.kernels.cuda.bifurcations import Start
from isinglass.kernels.cuda.card import Work
from isinglass.kernels.cuda.gemm import Gemm, cublas
from isinglass.kernels.cuda.grids import WIDE, grid_of
from isinglass.kernels.cuda.matrix_forms import MatrixOnCard
from isinglass.kernels.cuda.warps import SIMULATED

_BEST_THREADS = 1 if SIMULATED else 256


class MatrixParticles:
    """Particles of a matrix; arrays [reads, n]."""

    def __init__(self, work: Work, problem: MatrixOnCard, start: Start, gemm: Gemm) -> None:
        self.work, self.problem, self.start, self.gemm = work, problem, start, gemm
        reads, n = start.x.shape
        self.numbers = grid_of((reads, n))
        self.x, self.y = work.put(start.x), work.put(start.y)
        self.p, self.control = (work.put(a) for a in start.pressures())
        self.operand, self.sums = problem.operand_for(work, reads)
        self.grains = np.float32(problem.form.grains)
        self.grain = 1.0 if start.discrete else 1.0 / problem.form.grains
        # Whether operand, and sums, are of signs or of positions; None: of neither as they are now.
        self.holds: bool | None = None
        self.multiplied: bool | None = None
        self.products = {s: problem.products(self.operand, self.sums, s) for s in (True, False)}
        self.best = work.put(np.zeros((reads, n), np.int8))
        self.best_energies = work.put(np.full(reads, np.inf))

    def multiply(self, signs: bool) -> None:
        """Products of the couplings with positions, or with their signs, into ``sums``."""
        if self.multiplied is signs:
            return
        if self.holds is not signs:
            grid = grid_of(self.operand.shape[1:])
            self.work.launch(
                self.problem.form.kernels.operand, grid, WIDE, self.x, signs, self.grains, self.operand
            )
        self.holds = self.multiplied = signs
        for arguments in self.products[signs]:
            self.gemm(*arguments)

    def check(self, couplings: Any) -> None:
        """``MatrixOnCard.check`` of the first products of the first replica, of each kind to come."""
        for signs in (True,) if self.start.discrete else (True, False):
            self.multiply(signs)
            x = self.start.x[0]
            v = np.where(x >= 0, 1.0, -1.0) if signs else x
            sums = np.stack([self.work.get(self.sums[p, 0]) for p in range(len(self.sums))])
            self.problem.check(couplings, v, sums, signs, self.work.card)

    def judge(self) -> None:
        """See ``Particles``."""
        self.multiply(True)
        self.work.launch(
            bifurcate_matrix.keep_best, len(self.start.x), _BEST_THREADS, self.x, self.sums, self.problem.h,
            self.best, self.best_energies,
        )  # fmt: skip

    def step(self, pressure: np.float32, left: np.float32) -> None:
        """See ``Particles``; leaves the operand of the next product."""
        start = self.start
        self.multiply(start.discrete)
        self.work.launch(
            self.problem.form.kernels.move, self.numbers, WIDE, self.x, self.y, self.p, self.sums,
            self.grain, self.problem.h, self.control, pressure, left, start.c0, start.dt, start.discrete,
            self.grains, self.operand,
        )  # fmt: skip
        self.holds, self.multiplied = start.discrete, None

    def best_states(self) -> np.ndarray:
        """See ``Particles``."""
        return self.work.get(self.best)


@contextmanager
def matrix_particles(
    work: Work, problem: MatrixOnCard, start: Start, couplings: Any
) -> Iterator[MatrixParticles]:
    """Particles whose products have been looked at."""
    with cublas(work) as gemm:
        particles = MatrixParticles(work, problem, start, gemm)
        if start.x.size:
            particles.check(couplings)
        yield particles
