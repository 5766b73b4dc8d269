"""Descent, enumeration, building and energies against their slow, obvious versions."""

from __future__ import annotations

from itertools import pairwise

import dimod
import numpy as np
import pytest
import scipy.sparse

import isinglass
from isinglass.kernels import reference
from isinglass.kernels.cpu import build
from isinglass.kernels.cpu.streams import exponential, uniform32
from isinglass.problems.energies import energies, pack_spins, unpack_spins
from isinglass.solvers.start import StartStates
from tests.conftest import kernel_form, random_couplings


@pytest.mark.parametrize("storage", ["sparse", "dense"])
def test_descent_follows_the_reference(storage: str, coupling_values: str) -> None:
    problem = isinglass.compile(random_couplings(41, 0.5, coupling_values, 5), kind="ising", storage=storage)
    result = isinglass.solve(problem, solver="steepest_descent", num_reads=6, seed=9)
    J, h = kernel_form(problem)
    start = StartStates(problem, None, 9)
    for r in range(6):
        begin = unpack_spins(start.words(r), 41)
        assert (result.record.sample[r] == reference.descend(J, h, begin)).all()


def test_packed_descent_follows_the_reference() -> None:
    problem = isinglass.compile(random_couplings(70, 1.0, "pm1", 5), kind="ising", storage="packed")
    result = isinglass.solve(problem, solver="steepest_descent", num_reads=3, seed=1)
    J, h = kernel_form(problem)
    start = StartStates(problem, None, 1)
    expected = [reference.descend(J, h, unpack_spins(start.words(r), 70)) for r in range(3)]
    assert (result.record.sample == np.array(expected)).all()


@pytest.mark.parametrize("n", [1, 2, 5, 9, 13])
def test_exact_finds_every_ground_state(n: int, coupling_values: str) -> None:
    problem = isinglass.compile(random_couplings(n, 0.7, coupling_values, n), kind="ising")
    result = isinglass.solve(problem, solver="exact", num_reads=1 << n)
    lowest, states = reference.ground_states(*kernel_form(problem))
    assert result.info["certified"]
    assert result.info["ground_states"] == len(states) == len(result.record)
    assert sorted(map(tuple, result.record.sample.tolist())) == sorted(states)
    assert np.allclose(result.record.energy, problem.offset + problem.scale * lowest)


def test_edges_become_sorted_merged_symmetric_rows() -> None:
    rng = np.random.default_rng(2)
    n, m = 40, 600
    row, col = rng.integers(0, n, m), rng.integers(0, n, m)
    row, col = row[row != col], col[row != col]
    value = rng.integers(-5, 6, len(row))
    indptr = np.zeros(n + 1, np.int64)
    assert build.count_degrees(row, col, n, indptr) == -1
    indices, values = np.empty(indptr[-1], np.int32), np.empty(indptr[-1], np.int64)
    assert not build.fill_rows(row, col, value, indptr, indices, values)
    left = build.sort_and_merge(indptr, indices, values)
    expected = scipy.sparse.coo_array((value, (row, col)), (n, n)).tocsr()
    expected = expected + expected.T
    got = scipy.sparse.csr_array((values[:left], indices[:left], indptr), (n, n))
    assert (got.toarray() == expected.toarray()).all()
    assert all((np.diff(got.indices[a:b]) > 0).all() for a, b in pairwise(indptr))


@pytest.mark.parametrize("change", ["none", "value", "missing", "upper", "lower", "empty"])
def test_asymmetry_is_found(change: str) -> None:
    matrix = random_couplings(30, 0.3, "small", 4)
    full = matrix + matrix.T
    full[3, 17], full[17, 3] = 5.0, 5.0
    expected = 0
    if change == "value":
        full[17, 3], expected = 6.0, 3
    elif change == "missing":
        full[17, 3], expected = 0.0, 3
    elif change == "upper":
        full, expected = np.triu(full), 1
    elif change == "lower":
        full, expected = np.tril(full), 2
    elif change == "empty":
        full = np.zeros_like(full)
    csr = scipy.sparse.csr_array(full)
    i, j, kind = build.first_asymmetry(csr.indptr, csr.indices, csr.data)
    assert kind == expected
    if kind == 3:
        assert {i, j} == {3, 17}


def test_popcounts() -> None:
    words = np.random.default_rng(1).integers(0, 2**63, (6, 8), dtype=np.uint64) * np.uint64(2)
    words[0], words[1] = 0, ~np.uint64(0)
    counts = np.empty(6, np.int32)
    build.row_popcounts(words, counts)
    assert counts.tolist() == [sum(int(w).bit_count() for w in row) for row in words]


def test_exponential_is_minus_log() -> None:
    # Every exponent and the ends of the range; the polynomial's error bound is 2.3e-6 in log2.
    bits = np.unique(
        np.concatenate([np.arange(4096), 2 ** np.arange(32), 2**32 - 1 - np.arange(4096)]).astype(np.uint32)
    )
    bits = np.concatenate([bits, np.random.default_rng(0).integers(0, 2**32, 20000, dtype=np.uint32)])
    got = np.array([exponential(b) for b in bits], dtype=np.float64)
    exact = -np.log((bits.astype(np.float64) + 0.5) / 2.0**32)
    # Plus what single precision rounds off sums near 32 (four ulp of 32 is 1.5e-5).
    assert np.abs(got - exact).max() < 2.3e-6 + 1.6e-5
    assert got.min() >= 0.0


def test_uniform32_is_a_bijection_in_the_index() -> None:
    # A hash of a counter that repeated values would make spins share random numbers.
    values = {int(uniform32(np.uint32(i), np.uint32(123), np.uint32(456))) for i in range(1 << 14)}
    assert len(values) == 1 << 14


@pytest.mark.parametrize("n", [1, 63, 64, 65, 700])
def test_spins_pack_and_unpack(n: int) -> None:
    spins = np.random.default_rng(n).choice([-1, 1], n).astype(np.int8)
    words = pack_spins(spins, -(-n // 64))
    assert (unpack_spins(words, n) == spins).all()
    assert [int(words[i // 64]) >> (i % 64) & 1 for i in range(n)] == (spins > 0).astype(int).tolist()


@pytest.mark.parametrize("vartype", ["SPIN", "BINARY"])
def test_energies_are_dimods(vartype: str) -> None:
    bqm = dimod.generators.gnp_random_bqm(200, 0.3, vartype, random_state=1)
    bqm.offset = -3.25
    spins = np.random.default_rng(0).choice([-1, 1], (9, 200)).astype(np.int8)
    states = spins if vartype == "SPIN" else (spins + 1) // 2
    given = isinglass.compile(bqm).given
    assert np.allclose(energies(given, spins), bqm.energies((states, range(200))), rtol=1e-13)
