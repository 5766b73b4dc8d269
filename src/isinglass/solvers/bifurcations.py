"""Reads on their way through the bifurcation kernels: which kernel, how many at a time, from where.

Discrete bifurcation of packed and dense problems runs read by read; everything else 16 reads side by
side. Blocks are tasks for ``RunControl.run``; how reads are split changes the time and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from isinglass.kernels.batch import BatchKernels
from isinglass.kernels.cpu.bifurcate_lanes import (
    bifurcate_dense,
    bifurcate_packed,
    bifurcate_sparse,
    products_dense,
    products_packed,
    products_sparse,
)
from isinglass.kernels.cpu.bifurcate_move import start as start_positions
from isinglass.kernels.cpu.bifurcate_signs import (
    MOST_PACKED_SPINS,
    bifurcate_signs_dense,
    bifurcate_signs_packed,
)
from isinglass.kernels.cpu.bifurcate_vector import LANES, TABLES
from isinglass.problems.compiled import CompiledProblem, Dense, Packed, Sparse
from isinglass.problems.energies import unpack_spins
from isinglass.rng import read_keys
from isinglass.solvers.reads import Read, Reads, blocks_of

VARIANTS = ("ballistic", "discrete", "generalized")
_CHECKS_PER_READ = 64
_FEWEST_STEPS_A_CHECK = 4
_POWER_ITERATIONS = 12
_LONGEST_TIME_STEP = 1.25
_GATHER_ABOVE = 5.0
"""Changed signs a word of 64 above which gathering packed sums is cheaper (bench/README.md)."""


@dataclass(frozen=True)
class Motion:
    """What the kernels integrate."""

    variant: str
    steps: int
    time_step: float
    c0: float
    """In 1 / kernel energy."""
    control: float | None
    """A of the generalised variant; None: searched for by the first reads."""


@dataclass
class Bifurcations(Reads):
    """Reads of one run, in blocks that fit the storage's kernel."""

    motion: Motion
    best_control: float = 0.0
    """A of the best of the first 16 reads."""
    _best_tried: float = np.inf

    @property
    def block(self) -> int:
        """Reads that one kernel call runs."""
        if self.control.batch is not None:
            return self.control.batch.reads_at_once(self.problem.storage, self.problem.num_variables)
        return reads_at_once(self.problem, self.motion.variant)

    def round(self, count: int) -> None:
        """Run ``count`` further reads; those that a stop kept from beginning are left out."""
        trying = LANES - self.count if self.motion.variant == "generalized" else 0
        if 0 < trying < count:
            # How the others go on must not depend on which of them run first.
            self._blocks(trying)
            if self.control.stopped:
                return
            count -= trying
        self._blocks(count)

    def _control_of(self, read: int) -> float:
        """A of one read: tried from 0.1 to 0.8 by the first 16, then within a tenth of the best of those."""
        if self.motion.control is not None:
            return self.motion.control
        # Bits of the index in reverse: any number of first reads is spread evenly.
        place = int(f"{read % LANES:04b}"[::-1], 2) / (LANES - 1)
        if read < LANES:
            return float(0.1 * 8.0**place)
        return self.best_control * (0.9 + 0.2 * place)

    def _blocks(self, count: int) -> None:
        first = self.count
        for read, outcome in enumerate(self.run(blocks_of(count, self.block), self._run_block), first):
            if read < LANES and outcome.energy < self._best_tried:
                self._best_tried, self.best_control = outcome.energy, self._control_of(read)

    def _run_block(self, read: int, size: int) -> list[Read]:
        if self.control.batch is not None:
            return self._batch(self.control.batch, read, size)
        return [self._signs(read)] if self.block == 1 else self._lanes(read, size)

    def _batch(self, batch: BatchKernels, read: int, size: int) -> list[Read]:
        x, y = np.zeros((2, size, self.problem.num_variables), np.float32)
        for r in range(size):
            self._positions(read + r, x[r], y[r])
        control = None
        if self.motion.variant == "generalized":
            control = np.array([self._control_of(read + r) for r in range(size)], np.float32)
        states, energies = batch.bifurcate(
            self.problem.couplings, self.problem.h, x.T, y.T, control, self.motion.variant == "discrete",
            self._check_every, *self._constants(), self.control.flag, self.control.row(),
        )  # fmt: skip
        return [Read(s, float(e)) for s, e in zip(states, energies, strict=True)]

    def _positions(self, read: int, x: np.ndarray, y: np.ndarray) -> None:
        spins = unpack_spins(self.start.words(read), self.problem.num_variables)
        start_positions(spins, read_keys(self.seed, read, 1)[0], x, y)

    @property
    def _check_every(self) -> int:
        """Steps between two looks at rounded states; with maintained signs each look is free."""
        if reads_at_once(self.problem, self.motion.variant) == 1:
            return 1
        return max(_FEWEST_STEPS_A_CHECK, self.motion.steps // _CHECKS_PER_READ)

    def _constants(self) -> tuple[np.float32, np.float32, int]:
        return np.float32(self.motion.c0), np.float32(self.motion.time_step), self.motion.steps

    def _signs(self, read: int) -> Read:
        couplings, h = self.problem.couplings, self.problem.h
        n = self.problem.num_variables
        words = couplings.bits.shape[1] if isinstance(couplings, Packed) else -(-n // 64)
        x, y = np.zeros((2, 64 * words), np.float32)
        self._positions(read, x, y)
        best = np.zeros(n, np.int8)
        c0, dt, steps = self._constants()
        tail = (best, self.control.flag, self.control.row())
        if isinstance(couplings, Packed):
            _, energy = bifurcate_signs_packed(*couplings, h, x, y, c0, dt, steps, _GATHER_ABOVE, *tail)
        else:
            assert isinstance(couplings, Dense)
            _, energy = bifurcate_signs_dense(couplings.matrix, h, x, y, c0, dt, steps, *tail)
        return Read(best, energy)

    def _lanes(self, read: int, size: int) -> list[Read]:
        n, discrete = self.problem.num_variables, self.motion.variant == "discrete"
        x, y = lane_array(n), lane_array(n)
        for lane in range(size):
            position, momentum = np.zeros((2, n), np.float32)
            self._positions(read + lane, position, momentum)
            x[:, lane], y[:, lane] = position, momentum
        p = lane_array(n if self.motion.variant == "generalized" else 0)
        p[:] = 1.0
        control = np.array([self._control_of(read + lane) for lane in range(LANES)], np.float32)
        best, energies = np.zeros((LANES, n), np.int8), np.full(LANES, np.inf)
        bifurcate, couplings, scratch = _kernel_of(self.problem)
        bifurcate(
            *couplings, self.problem.h, x, y, p, *scratch, size, discrete, control, *self._constants(),
            self._check_every, best, energies, self.control.flag, self.control.row(),
        )  # fmt: skip
        return [Read(best[lane], float(energies[lane])) for lane in range(size)]


def reads_at_once(problem: CompiledProblem, variant: str) -> int:
    """1 where signs are maintained (discrete, not sparse), 16 elsewhere."""
    couplings = problem.couplings
    small = isinstance(couplings, Packed) and problem.num_variables <= MOST_PACKED_SPINS
    return 1 if variant == "discrete" and (small or isinstance(couplings, Dense)) else LANES


def lane_array(rows: int) -> np.ndarray:
    """Zeros, float32[rows, LANES], that begin at a cache line of 64 bytes."""
    size = 4 * LANES * rows
    memory = np.zeros(size + 64, np.uint8)
    first = -memory.ctypes.data % 64
    return memory[first : first + size].view(np.float32).reshape(rows, LANES)


def _kernel_of(problem: CompiledProblem) -> tuple[Callable[..., int], tuple[Any, ...], list[np.ndarray]]:
    """The kernel for 16 reads, its arrays of couplings and its scratch."""
    couplings, n = problem.couplings, problem.num_variables
    if isinstance(couplings, Sparse):
        arrays = (couplings.indptr, couplings.indices, couplings.weights)
        return bifurcate_sparse, arrays, [lane_array(n), lane_array(n)]
    if isinstance(couplings, Dense):
        return bifurcate_dense, (couplings.matrix,), [lane_array(n), lane_array(n)]
    padded = 64 * couplings.bits.shape[1]
    scratch = [lane_array(padded), lane_array(n), lane_array(TABLES)]
    return bifurcate_packed, (couplings.bits, couplings.low, couplings.step), scratch


def default_c0(problem: CompiledProblem) -> float:
    """``0.5 sqrt(N - 1) / |J|`` (Goto et al. 2021), where a field is a coupling to one more spin.

    ``|J|^2`` is the sum of J_ij^2 over all ordered pairs. In 1 / kernel energy; 1 where all is zero.
    """
    couplings, n = problem.couplings, problem.num_variables
    fields = float(np.sum(problem.h.astype(np.float64) ** 2))
    if isinstance(couplings, Sparse):
        squares = float(np.sum(couplings.weights.astype(np.float64) ** 2)) / 4
    elif isinstance(couplings, Dense):
        squares = float(sum(np.sum(row.astype(np.float64) ** 2) for row in couplings.matrix))
    else:
        high = float(np.sum(couplings.row_count, dtype=np.int64))
        low, step = couplings.low, couplings.step
        squares = (n * (n - 1) - high) * low**2 + high * (low + step) ** 2
    squares += 2 * fields
    spins = n + (1 if fields > 0 else 0)
    return 0.5 * float(np.sqrt(max(1, spins - 1) / squares)) if squares > 0 else 1.0


def default_time_step(problem: CompiledProblem, c0: float) -> float:
    """1.25, or less where the stiffest mode of the couplings needs it.

    Symplectic Euler is stable while ``dt^2 (p + c0 k) < 4`` for p = 1 and the largest eigenvalue k of the
    couplings (2 / sqrt(1 + c0 k): 1.41 for a random dense glass, less for max-cut of a regular graph,
    whose uniform mode is stiff). The step is four fifths of that, k estimated by power iteration.
    """
    n = problem.num_variables
    couplings = problem.couplings
    none = np.zeros(n, problem.h.dtype)
    z = lane_array(n if not isinstance(couplings, Packed) else 64 * couplings.bits.shape[1])
    f, tables = lane_array(n), lane_array(TABLES)
    v = np.random.default_rng(0).uniform(-1, 1, (n, LANES)).astype(np.float32)
    stiffest = 0.0
    for _ in range(_POWER_ITERATIONS):
        z[:n] = v / np.maximum(np.linalg.norm(v, axis=0), np.float32(1e-30))
        if isinstance(couplings, Sparse):
            products_sparse(couplings.indptr, couplings.indices, couplings.weights, none, z, f)
        elif isinstance(couplings, Dense):
            products_dense(couplings.matrix, none, z, f)
        else:
            products_packed(couplings.bits, couplings.low, couplings.step, none, z, f, tables)
        v = f.copy()
        stiffest = float(np.linalg.norm(v, axis=0).max()) if n else 0.0
    return min(_LONGEST_TIME_STEP, 1.6 / float(np.sqrt(1 + c0 * stiffest)))
