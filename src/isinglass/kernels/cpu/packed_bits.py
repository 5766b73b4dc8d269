"""Random symmetric bit matrices, written straight into packed words.

Row i of the matrix is ``words`` uint64; bit ``j % 64`` of word ``j // 64`` is entry (i, j). The
entry (i, j), i < j, is bit ``j % 64`` of a word drawn for (i, j // 64) by ``_bernoulli_line``; the
lower triangle is its mirror image, the diagonal and the padding are clear. A matrix is a function
of its key and threshold alone, however its tiles are shared among threads.

The work goes by tiles of 512 x 512 bits: a tile row is one cache line, in the upper triangle and,
after a transpose, in the lower one, so memory is written once and by whole lines.
"""

from __future__ import annotations

import numpy as np
from numba import config, njit

TILE = 512
"""Rows and columns of a tile; its row is one 64-byte line."""
LINE = TILE // 64
"""uint64 words in a line; rows of packed matrices are padded to whole lines."""
PROBABILITY_BITS = 32
"""Probabilities are multiples of 2^-32."""

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


@njit(cache=True)
def _finalise(z: np.uint64) -> np.uint64:
    z = (z ^ (z >> np.uint64(30))) * _MIX1
    z = (z ^ (z >> np.uint64(27))) * _MIX2
    return z ^ (z >> np.uint64(31))


@njit(cache=True)
def random_word(key: np.uint64, counter: np.uint64) -> np.uint64:
    """64 random bits for one counter: two rounds of the finaliser of SplitMix64.

    Steele, Lea, Flood, OOPSLA 2014. A bijection of the counter for each key (both uint64).
    """
    return _finalise(_finalise(counter * _GOLDEN + key) ^ key)


if config.DISABLE_JIT:  # type: ignore[attr-defined]  # words wrap by design; numpy scalars warn
    random_word = np.errstate(over="ignore")(random_word)


@njit(cache=True)
def _lowest_level(threshold: int) -> int:
    level = 0
    while level < PROBABILITY_BITS - 1 and (threshold >> level) & 1 == 0:
        level += 1
    return level


@njit(cache=True)
def _bernoulli_line(line: np.ndarray, key: np.uint64, row: int, first_block: int, threshold: int) -> None:
    """Eight neighbouring words of one row, each bit set with probability ``threshold / 2^32``.

    By the binary expansion of the probability, lowest digit first: a random word halves what is
    there (AND) and a digit 1 adds a half (OR). Level l of word (row, block) has the counter
    ``row 2^32 + block 2^5 + l``.
    """
    if threshold <= 0 or threshold >> PROBABILITY_BITS:
        line[:] = _ALL if threshold > 0 else np.uint64(0)
        return
    base = (np.uint64(row) << np.uint64(32)) + (np.uint64(first_block) << np.uint64(5))
    lowest = _lowest_level(threshold)
    for w in range(LINE):
        line[w] = random_word(key, base + np.uint64((w << 5) + lowest))
    for level in range(lowest + 1, PROBABILITY_BITS):
        if (threshold >> level) & 1:
            for w in range(LINE):
                line[w] |= random_word(key, base + np.uint64((w << 5) + level))
        else:
            for w in range(LINE):
                line[w] &= random_word(key, base + np.uint64((w << 5) + level))


@njit(cache=True)
def _upper_mask(row: int, block: int, n: int) -> np.uint64:
    """The bits of word (row, block) that lie above the diagonal and left of column n."""
    first = row + 1 - 64 * block
    end = n - 64 * block
    if first >= 64 or end <= 0:
        return np.uint64(0)
    mask = _ALL
    if first > 0:
        mask = mask << np.uint64(first)
    if end < 64:
        mask = mask & (_ALL >> np.uint64(64 - end))
    return mask


@njit(cache=True)
def transpose_blocks(slab: np.ndarray) -> None:
    """Transpose in place each of the eight 64 x 64 bit matrices in ``slab`` (uint64[64, 8]).

    Matrix w is the column ``slab[:, w]``: bit c of word r is its entry (r, c). Recursive block
    swaps (Warren, Hacker's Delight, 7-3) on eight words side by side: one line is one vector.
    """
    half = 32
    mask = np.uint64(0x00000000FFFFFFFF)
    while half:
        shift = np.uint64(half)
        for start in range(0, 64, 2 * half):
            for r in range(start, start + half):
                for w in range(LINE):
                    swap = ((slab[r, w] >> shift) ^ slab[r + half, w]) & mask
                    slab[r + half, w] ^= swap
                    slab[r, w] ^= swap << shift
        half //= 2
        mask = mask ^ (mask << np.uint64(half))


@njit(cache=True)
def _transpose_tile(tile: np.ndarray, mirrored: np.ndarray) -> None:
    """Write the transpose of ``tile`` (uint64[512, 8], spoilt) to ``mirrored``."""
    for a in range(LINE):
        transpose_blocks(tile[64 * a : 64 * a + 64])
    for b in range(LINE):
        for r in range(64):
            for a in range(LINE):
                mirrored[64 * b + r, a] = tile[64 * a + r, b]


@njit(cache=True)
def _draw_upper_tile(
    tile: np.ndarray, key: np.uint64, n: int, tile_row: int, tile_column: int, threshold: int
) -> None:
    on_border = tile_row == tile_column or TILE * (tile_column + 1) > n
    first_block = LINE * tile_column
    for r in range(TILE):
        row = TILE * tile_row + r
        if row >= n:
            tile[r] = np.uint64(0)
            continue
        _bernoulli_line(tile[r], key, row, first_block, threshold)
        if on_border:
            for w in range(LINE):
                tile[r, w] &= _upper_mask(row, first_block + w, n)


@njit(nogil=True, cache=True)
def fill_tile_row(bits: np.ndarray, tile_row: int, key: np.uint64, threshold: int) -> None:
    """Write the tiles (tile_row, J >= tile_row) of a random symmetric matrix and their mirrors.

    ``bits``: uint64[n, 8 ceil(n / 512)], C-ordered, every word of which is written once all
    ``tile_row`` from 0 to ``ceil(n / 512) - 1`` are done, in any order and on any threads. Each
    entry off the diagonal is set with probability ``threshold / 2^32`` (0 to 2^32).
    """
    n = bits.shape[0]
    rows = min(TILE, n - TILE * tile_row)
    tile = np.empty((TILE, LINE), np.uint64)
    mirrored = np.empty((TILE, LINE), np.uint64)
    for tile_column in range(tile_row, bits.shape[1] // LINE):
        _draw_upper_tile(tile, key, n, tile_row, tile_column, threshold)
        columns = min(TILE, n - TILE * tile_column)
        upper = bits[TILE * tile_row :, LINE * tile_column :]
        lower = bits[TILE * tile_column :, LINE * tile_row :]
        for r in range(rows):
            for w in range(LINE):
                upper[r, w] = tile[r, w]
        _transpose_tile(tile, mirrored)
        if tile_row == tile_column:
            for r in range(rows):
                for w in range(LINE):
                    upper[r, w] |= mirrored[r, w]
        else:
            for r in range(columns):
                for w in range(LINE):
                    lower[r, w] = mirrored[r, w]
