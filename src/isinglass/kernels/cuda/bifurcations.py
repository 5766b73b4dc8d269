"""Simulated bifurcation on one card: positions there, a product and a step at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from isinglass.kernels.cuda import bifurcate
from isinglass.kernels.cuda.card import Work
from isinglass.kernels.cuda.grids import WIDE, grid_of
from isinglass.kernels.cuda.launches import in_launches
from isinglass.kernels.cuda.warps import LANES, SIMULATED


@dataclass(frozen=True)
class Couplings:
    """A problem on a card, as products need it."""

    times: Callable[[Work, Any, Any], None]
    """(work, z, f): f = J z, float32[n, replicas]."""
    h: Any


def matrix_bytes(n: int) -> float:
    """Memory of a matrix in single precision."""
    return 4.0 * n * n


def put_sparse(work: Work, couplings: Any, h: np.ndarray) -> Couplings:
    """Compressed rows."""
    indptr, indices, weights = couplings[:3]
    rows = work.put(indptr), work.put(indices), work.put(weights.astype(np.float32))

    def times(work: Work, z: Any, f: Any) -> None:
        work.launch(bifurcate.products_sparse, grid_of(f.shape), WIDE, *rows, z, f)

    return Couplings(times, work.put(h.astype(np.float32)))


def put_matrix(work: Work, couplings: Any, h: np.ndarray) -> Couplings:
    """A matrix (one array), or packed bits, as a matrix in single precision."""
    n = len(h)
    if len(couplings) == 1:
        matrix = work.put(couplings[0].astype(np.float32))
    else:
        bits, _, low, step = couplings
        matrix = work.put(np.zeros((n, n), np.float32))
        there = work.put(bits.view(np.uint32))
        work.launch(
            bifurcate.unpack_matrix, grid_of(matrix.shape), WIDE, there, float(low), float(step), matrix
        )

    def times(work: Work, z: Any, f: Any) -> None:
        work.multiply(matrix, z, f)

    return Couplings(times, work.put(h.astype(np.float32)))


def bifurcate_reads(
    work: Work, couplings: Couplings, x: np.ndarray, y: np.ndarray, control: np.ndarray | None,
    discrete: bool, check_every: int, c0: np.float32, dt: np.float32, steps: int, flag: np.ndarray,
    row: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """See ``kernels.batch.BatchKernels.bifurcate``."""
    n, reads = x.shape
    numbers = grid_of(x.shape)
    x_, y_, z, f = (work.put(a) for a in (x, y, np.zeros_like(x), np.zeros_like(x)))
    own = n if control is not None else 0
    p = work.put(np.ones((own, reads), np.float32))
    strength = work.put(np.zeros(reads, np.float32) if control is None else control.astype(np.float32))
    best, best_energies = work.put(np.zeros((n, reads), np.int8)), work.put(np.full(reads, np.inf))

    def look() -> None:
        work.launch(bifurcate.signs, numbers, WIDE, x_, z)
        couplings.times(work, z, f)
        work.launch(
            bifurcate.keep_best, -(-reads // LANES), (LANES, 1 if SIMULATED else bifurcate.WARPS), z, f,
            couplings.h, best, best_energies,
        )  # fmt: skip

    def launch(first: int, count: int) -> float:
        for t in range(first, first + count):
            if t % check_every == check_every - 1:
                look()
            elif discrete:
                work.launch(bifurcate.signs, numbers, WIDE, x_, z)
                couplings.times(work, z, f)
            if not discrete:
                couplings.times(work, x_, f)
            pressure = np.float32(1.0) - np.float32(t + 1) / np.float32(steps)
            work.launch(
                bifurcate.move, numbers, WIDE, x_, y_, f, couplings.h, p, strength, pressure,
                np.float32(steps - t), c0, dt,
            )  # fmt: skip
        return float(work.get(best_energies).min())

    in_launches(steps, launch, reads, flag, row)
    look()
    energies = work.get(best_energies)
    return np.ascontiguousarray(work.get(best).T), energies
