"""The packed-bit kernels against definitions in plain Python and numpy."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from isinglass.kernels.cpu.packed_bits import fill_tile_row, random_word, transpose_blocks
from isinglass.problems.dense_given import words_per_row
from isinglass.problems.generators import generate

MASK = (1 << 64) - 1
KEY = 0x0123456789ABCDEF


def finalise(z: int) -> int:
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
    return z ^ z >> 31


def word_by_definition(key: int, counter: int) -> int:
    return finalise(finalise((counter * 0x9E3779B97F4A7C15 + key) & MASK) ^ key)


def bernoulli_word(key: int, row: int, block: int, threshold: int) -> int:
    if threshold in (0, 1 << 32):
        return MASK if threshold else 0
    word = 0
    for level in range(32):
        drawn = word_by_definition(key, (row << 32) + (block << 5) + level)
        digit = threshold >> level & 1
        # Levels under the lowest digit 1 leave the word empty and need not be drawn.
        word = word | drawn if digit else word & drawn
    return word


def matrix_by_definition(n: int, key: int, threshold: int) -> np.ndarray:
    matrix = np.zeros((n, 64 * words_per_row(n)), dtype=np.uint8)
    for i in range(n):
        for block in range(i // 64, (n + 63) // 64):
            word = bernoulli_word(key, i, block, threshold)
            for j in range(max(i + 1, 64 * block), min(n, 64 * block + 64)):
                matrix[i, j] = matrix[j, i] = word >> (j % 64) & 1
    return matrix


def unpacked(bits: np.ndarray) -> np.ndarray:
    each = bits[:, :, None] >> np.arange(64, dtype=np.uint64) & np.uint64(1)
    return each.reshape(bits.shape[0], -1).astype(np.uint8)


def filled(n: int, key: int, threshold: int) -> np.ndarray:
    bits = np.full((n, words_per_row(n)), MASK, dtype=np.uint64)
    for tile_row in reversed(range((n + 511) // 512)):
        fill_tile_row(bits, tile_row, np.uint64(key), threshold)
    return bits


@pytest.mark.parametrize("counter", [0, 1, 12345, 1 << 40, MASK])
def test_random_word(counter: int) -> None:
    assert int(random_word(np.uint64(KEY), np.uint64(counter))) == word_by_definition(KEY, counter)


def test_transpose_of_64_by_64_bits() -> None:
    slab = np.random.default_rng(1).integers(0, MASK, (64, 8), dtype=np.uint64, endpoint=True)
    before = unpacked(slab).reshape(64, 8, 64)
    transpose_blocks(slab)
    after = unpacked(slab).reshape(64, 8, 64)
    for w in range(8):
        np.testing.assert_array_equal(after[:, w], before[:, w].T)


@pytest.mark.parametrize(
    ("n", "threshold"),
    [
        (1, 1 << 31), (64, 1 << 31), (100, 1 << 31), (100, round(0.3 * 2**32)), (100, 1), (100, 0),
        (70, 1 << 32), (513, 1 << 31), (600, 1 << 31), (600, 3 << 29), (1030, 1 << 31),
    ],
)  # fmt: skip
def test_random_matrix(n: int, threshold: int) -> None:
    np.testing.assert_array_equal(
        unpacked(filled(n, KEY, threshold)), matrix_by_definition(n, KEY, threshold)
    )


def digests() -> list[str]:
    """One line for each family that has kernels, from instances small enough for plain Python."""
    instances = [
        generate("gnp", seed=8, n=70, p=0.75, num_threads=2),
        generate("gnp", seed=8, n=60, p=0.05),
        generate("sk_gaussian", seed=8, n=20, num_threads=2),
        generate("random_regular", seed=8, n=30, degree=4),
        generate("chain_1d", seed=8, n=50),
        generate("planted", seed=8, n=30),
    ]
    texts = []
    for instance in instances:
        names = [name for name in ("bits", "matrix", "row", "col", "value") if hasattr(instance, name)]
        arrays = b"".join(getattr(instance, name).tobytes() for name in names)
        texts.append(hashlib.sha256(arrays).hexdigest())
    return texts


def test_kernels_give_the_same_without_compilation() -> None:
    program = "import test_packed_bits, numba; assert numba.config.DISABLE_JIT; "
    program += "print(*test_packed_bits.digests())"
    path = os.pathsep.join([os.path.dirname(__file__), *sys.path])
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == digests()
