"""Settling of open spins against its slow version, and against all states where few are open."""

from __future__ import annotations

import itertools

import numpy as np

from isinglass.kernels import reference
from isinglass.kernels.cpu.settle import settle
from isinglass.problems.reduce.terms import from_edges
from tests.conftest import random_couplings


def test_settle_is_the_slow_version(coupling_values: str) -> None:
    rng = np.random.default_rng(3)
    for n in (1, 2, 15, 40):
        upper = random_couplings(n, 0.4, coupling_values, n)
        row, col = np.nonzero(upper)
        h = rng.integers(-3, 4, n).astype(float)
        terms = from_edges(h, row.astype(np.int32), col.astype(np.int32), upper[row, col], True)
        for _ in range(5):
            spins = rng.choice(np.array([-1, 0, 1], np.int8), n)
            slow = reference.settle(upper + upper.T, h, spins)
            settle(terms.indptr, terms.indices, terms.values, terms.h, spins)
            if coupling_values == "gaussian":
                # Sums in another order may turn a tie of rounding; energies agree all the same.
                matrix = upper + upper.T
                energies = [reference.energy(matrix, h, s.astype(float)) for s in (slow, spins)]
                assert np.isclose(*energies)
            else:
                assert (slow == spins).all()
            assert (np.abs(spins) == 1).all()


def test_one_open_spin_takes_its_best_value() -> None:
    rng = np.random.default_rng(4)
    upper = random_couplings(9, 0.7, "gaussian", 2)
    row, col = np.nonzero(upper)
    h = rng.normal(size=9)
    terms = from_edges(h, row.astype(np.int32), col.astype(np.int32), upper[row, col], True)
    for bits in itertools.islice(itertools.product([-1, 1], repeat=9), 0, 512, 7):
        spins = np.array(bits, np.int8)
        spins[4] = 0
        settle(terms.indptr, terms.indices, terms.values, terms.h, spins)
        other = spins.copy()
        other[4] = -other[4]
        assert terms.energy(spins) <= terms.energy(other)
