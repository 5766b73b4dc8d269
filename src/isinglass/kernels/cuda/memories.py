"""Memcomputing trajectories on one card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from isinglass.kernels.cuda import bifurcate, memcompute
from isinglass.kernels.cuda.card import Work
from isinglass.kernels.cuda.grids import WIDE, grid_of
from isinglass.kernels.cuda.launches import in_launches
from isinglass.kernels.cuda.warps import LANES, SIMULATED


@dataclass(frozen=True)
class BondsOnCard:
    """Rows of couplings where neighbour n stays up, and the bonds they are made of."""

    rows: tuple[Any, Any]
    pulls: Any
    doubled: Any
    bond_of: Any
    first: Any
    second: Any
    bond_pulls: Any
    half_fields: Any
    bonds: int

    @staticmethod
    def put(
        work: Work, indptr: np.ndarray, indices: np.ndarray, couplings: np.ndarray, norm: float
    ) -> BondsOnCard:
        """``indices`` sorted in each row; ``norm`` makes couplings pulls."""
        n = len(indptr) - 1
        row = np.repeat(np.arange(n, dtype=np.int64), np.diff(indptr))
        above = indices > row
        first, second = row[above], indices[above].astype(np.int64)
        # A bond seen from its other end is found by its two ends, in order.
        ends = np.minimum(row, indices) * (n + 1) + np.maximum(row, indices)
        bond_of = np.searchsorted(first * (n + 1) + second, ends).astype(np.int32)
        fields = np.zeros(n)
        fields[row[indices == n]] = couplings[indices == n]
        single = [
            work.put(a.astype(np.float32))
            for a in (norm * couplings, 2.0 * couplings, norm * couplings[above], 0.5 * fields)
        ]
        pulls, doubled, bond_pulls, half_fields = single
        rows = work.put(indptr), work.put(indices)
        one, other = (work.put(end.astype(np.int32)) for end in (first, second))
        return BondsOnCard(
            rows, pulls, doubled, work.put(bond_of), one, other, bond_pulls, half_fields, len(first)
        )


def memory_bytes(entries: int, n: int, reads: int) -> float:
    """Memory of a card for ``reads`` trajectories."""
    return 28.0 * entries + 2.0 * entries * reads + 17.0 * n * reads


def memcompute_reads(
    work: Work, problem: BondsOnCard, v: np.ndarray, gain: np.ndarray, softening: np.float32,
    rate: np.float32, threshold: np.float32, time_step: np.float32, flag: np.ndarray, row: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """See ``kernels.batch.BatchKernels.memcompute``."""
    n, reads = v.shape
    p = problem
    start = np.concatenate([v, np.ones((1, reads), np.float32)])
    v_, z = work.put(start), work.put(np.where(start < 0, -1.0, 1.0).astype(np.float32))
    memory = work.put(np.zeros((max(1, p.bonds), reads), np.float32))
    force, fields = work.put(np.zeros_like(v)), work.put(np.zeros_like(v))
    best, best_energies = work.put(np.ones((n, reads), np.int8)), work.put(np.full(reads, np.inf))
    numbers, bonds = grid_of(v.shape), grid_of((p.bonds, reads))

    def look() -> None:
        work.launch(bifurcate.products_sparse, numbers, WIDE, *p.rows, p.doubled, z, fields)
        work.launch(
            bifurcate.keep_best, -(-reads // LANES), (LANES, 1 if SIMULATED else bifurcate.WARPS), z, fields,
            p.half_fields, best, best_energies,
        )  # fmt: skip

    def launch(first: int, count: int) -> float:
        for t in range(first, first + count):
            work.launch(
                memcompute.pull, numbers, WIDE, *p.rows, p.pulls, p.bond_of, v_, memory, gain[t], softening,
                force,
            )  # fmt: skip
            if p.bonds:
                work.launch(
                    memcompute.remember, bonds, WIDE, p.first, p.second, p.bond_pulls, v_, memory,
                    np.float32(time_step * rate), threshold,
                )  # fmt: skip
            work.launch(memcompute.move, numbers, WIDE, v_, force, time_step, z)
            look()
        return float(work.get(best_energies).min())

    look()
    in_launches(len(gain), launch, reads, flag, row)
    return np.ascontiguousarray(work.get(best).T)
