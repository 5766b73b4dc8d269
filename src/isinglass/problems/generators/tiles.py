"""Symmetric bit matrices drawn tile row by tile row, on several threads."""

from __future__ import annotations

import numpy as np

from isinglass.control import available_threads
from isinglass.kernels.cpu.packed_bits import PROBABILITY_BITS, TILE, fill_tile_row
from isinglass.memory import require
from isinglass.problems.dense_given import words_per_row
from isinglass.workers import share_out


def random_bits(n: int, probability: float, key: np.uint64, num_threads: int | None) -> np.ndarray:
    """uint64[n, words_per_row(n)]: a symmetric bit matrix with clear diagonal and padding.

    Each pair is set with ``probability``, rounded to a multiple of 2^-32. Memory: the matrix
    and 64 KiB a thread. Raises OutOfMemoryError before anything is allocated.
    """
    words = words_per_row(n)
    require(8 * n * words, f"A packed graph of {n} variables")
    bits = np.empty((n, words), dtype=np.uint64)
    threshold = round(probability * 2**PROBABILITY_BITS)
    # The first tile rows are the longest.
    share_out(
        lambda tile_row: fill_tile_row(bits, tile_row, key, threshold),
        -(-n // TILE),
        num_threads or available_threads(),
    )
    return bits
