"""Products of packed bit matrices against numpy."""

from __future__ import annotations

import numpy as np
import pytest

from isinglass.kernels.cpu.packed_product import packed_quadratic_forms, packed_times_vector
from isinglass.problems.dense_given import words_per_row
from isinglass.problems.energies import pack_spins


def symmetric_bits(n: int) -> tuple[np.ndarray, np.ndarray]:
    """(packed, float64[n, n])"""
    upper = np.triu(np.random.default_rng(n).random((n, n)) < 0.5, 1)
    adjacent = np.zeros((n, 64 * words_per_row(n)), bool)
    adjacent[:, :n] = upper | upper.T
    return np.packbits(adjacent, axis=1, bitorder="little").view(np.uint64), adjacent[:, :n].astype(float)


@pytest.mark.parametrize("n", [4, 7, 64, 130])
def test_a_product_with_a_vector(n: int) -> None:
    bits, adjacent = symmetric_bits(n)
    values = np.zeros(64 * bits.shape[1], np.float32)
    # Integers, so that single precision is exact in any order.
    values[:n] = np.random.default_rng(1).integers(-50, 50, n)
    product = np.full(n, np.nan)
    middle = n // 2 if n > 8 else n
    packed_times_vector(bits, values, 0, middle, product)
    if middle < n:
        packed_times_vector(bits, values, middle, n, product)
    assert (product == adjacent @ values[:n]).all()


@pytest.mark.parametrize("n", [1, 5, 64, 130])
def test_quadratic_forms_of_many_reads(n: int) -> None:
    bits, adjacent = symmetric_bits(n)
    spins = np.random.default_rng(2).choice(np.array([-1, 1], np.int8), (3, n))
    packed = np.stack([pack_spins(s, bits.shape[1]) for s in spins])
    sums = np.zeros(3, np.int64)
    packed_quadratic_forms(bits, packed, 0, n // 2, sums)
    packed_quadratic_forms(bits, packed, n // 2, n, sums)
    assert (sums == np.einsum("ri,ij,rj->r", spins, adjacent, spins.astype(float))).all()
