"""Anneals of sparse problems on one card: arrays there, launches, states back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from isinglass.kernels.cpu.visit_order import colours, levels
from isinglass.kernels.cuda import anneal_sparse as sparse
from isinglass.kernels.cuda.card import Work
from isinglass.kernels.cuda.launches import in_launches
from isinglass.kernels.cuda.warps import LANES, SIMULATED

_FEWEST_A_CLASS = 8
"""Mean spins of a class of ``levels`` below which ``colours`` are taken: a block has so many warps."""
_GRID_FROM = 20_000
"""Spins from which all blocks share replicas that are too few for all multiprocessors."""
_GRID_BLOCKS = 4
"""Blocks a multiprocessor of a cooperative launch; they must all be resident."""


@dataclass(frozen=True)
class SparseOnCard:
    """A sparse problem on a card: arrays as the kernels of anneal_sparse.py take them."""

    order: Any
    starts: Any
    couplings: tuple[Any, ...]
    h: Any
    variables: int

    @staticmethod
    def put(work: Work, couplings: tuple[np.ndarray, ...], h: np.ndarray) -> SparseOnCard:
        indptr, indices, weights, base = couplings
        # Small whole numbers are exact in single precision; int32 ones are not.
        kind = np.float64 if weights.dtype == np.int32 else np.float32
        order, starts = visit_order(indptr, indices)
        numbers = tuple(work.put(a.astype(kind)) for a in (weights, base))
        arrays = (work.put(indptr), work.put(indices), *numbers)
        return SparseOnCard(work.put(order), work.put(starts), arrays, work.put(h.astype(kind)), len(h))


def visit_order(indptr: np.ndarray, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(order int32[n], starts int32[classes + 1]): index order where that leaves work for a block."""
    level = levels(indptr, indices)
    if len(level) < _FEWEST_A_CLASS * (int(level.max(initial=0)) + 1):
        level = colours(indptr, indices)
    starts = np.concatenate([[0], np.cumsum(np.bincount(level))])
    return np.argsort(level, kind="stable").astype(np.int32), starts.astype(np.int32)


def sparse_bytes(couplings: tuple[np.ndarray, ...], n: int, reads: int) -> float:
    """Memory of a card for ``reads`` reads."""
    return 16.0 * len(couplings[1]) + 40.0 * n + 8.0 * n * -(-reads // LANES)


def anneal_sparse(
    work: Work, problem: SparseOnCard, words: np.ndarray, keys: np.ndarray, slack_scale: np.ndarray,
    quantum: np.float32, flag: np.ndarray, row: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """See ``kernels.batch.BatchKernels.anneal_sparse``."""
    n, reads = problem.variables, len(words)
    start = lanes_of(words, n)
    groups = len(start)
    spins, best = work.put(start), work.put(start)
    every_key = np.zeros(LANES * groups, np.uint64)
    every_key[:reads] = keys
    keys_there = work.put(every_key)
    energies, best_energies = work.put(np.zeros(LANES * groups)), work.put(np.full(LANES * groups, np.inf))
    shared_out = n >= _GRID_FROM and groups < work.card.multiprocessors
    kernel = sparse.sweep_grid if shared_out else sparse.sweep_blocks
    grid = _GRID_BLOCKS * work.card.multiprocessors if shared_out else groups
    block = (LANES, 1 if SIMULATED else sparse.WARPS)

    def launch(first: int, count: int) -> float:
        work.launch(
            kernel, grid, block, problem.order, problem.starts, *problem.couplings, spins, keys_there,
            work.put(slack_scale[first : first + count]), quantum, first,
        )  # fmt: skip
        work.launch(
            sparse.sparse_energies, groups, block, *problem.couplings, problem.h, spins, best, energies,
            best_energies,
        )  # fmt: skip
        return float(work.get(best_energies)[:reads].min())

    whole = in_launches(len(slack_scale), launch, reads, flag, row) == len(slack_scale)
    states, found = (spins, energies) if whole else (best, best_energies)
    return words_of(work.get(states), reads), work.get(found)[:reads]


def lanes_of(words: np.ndarray, n: int) -> np.ndarray:
    """uint32[groups, n]: bit r of word i is spin i of read 32 group + r."""
    groups = -(-len(words) // LANES)
    bits = np.zeros((groups * LANES, n), np.uint8)
    bits[: len(words)] = np.unpackbits(words.view(np.uint8), axis=1, count=n, bitorder="little")
    octets = np.packbits(bits.reshape(groups, LANES, n), axis=1, bitorder="little")
    return np.ascontiguousarray(octets.transpose(0, 2, 1)).view(np.uint32)[..., 0]


def words_of(lanes: np.ndarray, reads: int) -> np.ndarray:
    """uint64[reads, ceil(n / 64)]: the inverse of ``lanes_of``."""
    groups, n = lanes.shape
    octets = np.ascontiguousarray(lanes[..., None].view(np.uint8).transpose(0, 2, 1))
    bits = np.unpackbits(octets, axis=1, bitorder="little").reshape(groups * LANES, n)[:reads]
    padded = np.zeros((reads, 64 * -(-n // 64)), np.uint8)
    padded[:, :n] = bits
    return np.packbits(padded, axis=1, bitorder="little").view(np.uint64)
