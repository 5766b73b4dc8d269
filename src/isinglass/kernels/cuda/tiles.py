"""Anneals of packed problems beyond shared memory: a launch a tile, all couplings once a sweep."""

from __future__ import annotations

import numpy as np

from isinglass.kernels.cuda import anneal_packed as packed
from isinglass.kernels.cuda.card import Work
from isinglass.kernels.cuda.launches import in_launches
from isinglass.kernels.cuda.packed_replicas import GATHER_THREADS, PackedOnCard, start_words
from isinglass.kernels.cuda.warps import SIMULATED

TILE = 64 if SIMULATED else 1024
"""Spins a launch visits: as many as a block can have threads."""


def anneal_tiles(
    work: Work, problem: PackedOnCard, words: np.ndarray, keys: np.ndarray, slack_scale: np.ndarray,
    quantum: np.float32, flag: np.ndarray, row: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """See ``kernels.batch.BatchKernels.anneal_packed``; energies are tracked from that of the start."""
    p, reads = problem, len(words)
    start = start_words(problem, words)
    spins, best = work.put(start), work.put(start)
    up = np.bitwise_count(words).sum(axis=1).astype(np.int32)
    magnetizations = work.put(2 * up - np.int32(p.variables))
    energies, best_energies = work.put(np.zeros(reads)), work.put(np.full(reads, np.inf))
    sums, keys_there = work.put(np.zeros((reads, TILE), np.int32)), work.put(keys)
    shared = 4 * (TILE * (TILE // 32) + TILE)

    def gather(tile: int) -> None:
        size = min(TILE, p.variables - tile)
        work.launch(
            packed.gather_tile, (size, reads), GATHER_THREADS, p.bits, p.row_count, spins, sums, tile
        )  # fmt: skip

    for tile in range(0, p.variables, TILE):
        gather(tile)
        work.launch(
            packed.add_tile_energy, reads, TILE, p.low, p.step, p.h, spins, sums, magnetizations, energies,
            tile,
        )  # fmt: skip

    def launch(first: int, count: int) -> float:
        for t in range(first, first + count):
            for tile in range(0, p.variables, TILE):
                gather(tile)
                work.launch(
                    packed.sweep_tile, reads, TILE, p.bits, p.low, p.step, p.h, spins, sums, magnetizations,
                    energies, keys_there, slack_scale[t], quantum, t, tile, shared=shared,
                )  # fmt: skip
            work.launch(packed.keep_better, reads, TILE, spins, best, energies, best_energies)
        return float(work.get(best_energies).min())

    whole = in_launches(len(slack_scale), launch, reads, flag, row) == len(slack_scale)
    states, found = (spins, energies) if whole else (best, best_energies)
    return np.ascontiguousarray(work.get(states)).view(np.uint64)[:, : words.shape[1]], work.get(found)
