"""The Sherrington-Kirkpatrick model with normal couplings."""

from __future__ import annotations

import numpy as np
from numba import njit

from isinglass.control import available_threads
from isinglass.memory import require
from isinglass.problems.dense_given import DenseIsing
from isinglass.problems.generators.draws import Purpose, gaussian, stream_key
from isinglass.problems.generators.generator import NUM_THREADS, Generator, number_of_variables
from isinglass.workers import share_out

_TILE = 128
"""Side of a tile: its float32 lines, of rows and of columns, stay in the second-level cache."""


@njit(nogil=True, cache=True)
def _fill_gaussian_tile_row(matrix: np.ndarray, tile_row: int, key: np.uint64) -> None:
    """Write the tiles (tile_row, J >= tile_row) of a symmetric matrix and their mirrors.

    Entry (i, j), i < j, is normal deviate number ``i 2^32 + j``; the diagonal is zero.
    """
    n = matrix.shape[0]
    for first_column in range(_TILE * tile_row, n, _TILE):
        for i in range(_TILE * tile_row, min(n, _TILE * (tile_row + 1))):
            if first_column == _TILE * tile_row:
                matrix[i, i] = 0.0
            for j in range(max(i + 1, first_column), min(n, first_column + _TILE)):
                coupling = np.float32(gaussian(key, (i << 32) + j))
                matrix[i, j] = coupling
                matrix[j, i] = coupling


def sk_gaussian(*, seed: int, n: int, num_threads: int | None) -> DenseIsing:
    """``E = sum_{i<j} J_ij s_i s_j``, J normal with mean 0 and variance 1; not divided by sqrt(n).

    Memory: 4 n^2 bytes, refused with OutOfMemoryError where they are not available. The ground
    energy is about -0.7632 n^1.5 for large n (Parisi's constant).
    """
    require(4 * n * n, f"A dense matrix of couplings for {n} variables")
    matrix = np.empty((n, n), dtype=np.float32)
    key = stream_key(seed, Purpose.COUPLINGS)
    share_out(
        lambda tile_row: _fill_gaussian_tile_row(matrix, tile_row, key),
        -(-n // _TILE),
        num_threads or available_threads(),
    )
    return DenseIsing(n, matrix)


SK_GAUSSIAN = Generator(
    "sk_gaussian",
    sk_gaussian,
    "Sherrington-Kirkpatrick spin glass, normal couplings of variance 1",
    (number_of_variables(), NUM_THREADS),
)
