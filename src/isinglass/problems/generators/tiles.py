"""Symmetric matrices drawn tile row by tile row, on several threads."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from isinglass.kernels.cpu.packed_bits import PROBABILITY_BITS, TILE, fill_tile_row
from isinglass.memory import require
from isinglass.problems.dense_given import words_per_row


def available_threads() -> int:
    """Cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def for_each_tile_row(fill: Callable[[int], None], tile_rows: int, num_threads: int | None) -> None:
    """Call ``fill(t)`` for t < ``tile_rows``, the longest first, on ``num_threads`` threads.

    ``fill`` releases the GIL and writes what no other call writes. None: all available cores.
    """
    workers = min(tile_rows, num_threads or available_threads())
    with ThreadPoolExecutor(workers) as pool:
        for _ in pool.map(fill, range(tile_rows)):
            pass


def random_bits(n: int, probability: float, key: np.uint64, num_threads: int | None) -> np.ndarray:
    """uint64[n, words_per_row(n)]: a symmetric bit matrix with clear diagonal and padding.

    Each pair is set with ``probability``, rounded to a multiple of 2^-32. Memory: the matrix
    and 64 KiB a thread. Raises OutOfMemoryError before anything is allocated.
    """
    words = words_per_row(n)
    require(8 * n * words, f"A packed graph of {n} variables")
    bits = np.empty((n, words), dtype=np.uint64)
    threshold = round(probability * 2**PROBABILITY_BITS)
    for_each_tile_row(
        lambda tile_row: fill_tile_row(bits, tile_row, key, threshold), -(-n // TILE), num_threads
    )
    return bits
