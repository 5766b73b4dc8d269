"""What tabu search's own parameters do, and that it finds ground states that are known."""

from __future__ import annotations

import time

import numpy as np
import pytest

import isinglass
from isinglass.errors import ParameterError
from isinglass.kernels.cpu.tabu_rows import DenseRows, PackedRows, SparseRows
from isinglass.problems.compiled import Sparse
from isinglass.solvers.whole_numbers import in_whole_numbers, sparse_in_whole_numbers
from tests.conftest import kernel_form, random_couplings

DENSE = isinglass.compile(random_couplings(150, 1.0, "small", 1), kind="ising", storage="dense")


@pytest.mark.parametrize("storage", ["sparse", "dense"])
def test_ground_states_are_found(storage: str, coupling_values: str) -> None:
    for n in (1, 2, 3, 6, 17):
        matrix = random_couplings(n, 0.8, coupling_values, n)
        h = np.random.default_rng(n).integers(-2, 3, n).astype(float)
        exact = isinglass.solve((h, matrix), solver="exact").first.energy
        found = isinglass.solve((h, matrix), storage=storage, solver="tabu_search", seed=1)
        assert found.first.energy == pytest.approx(exact, rel=1e-12)


def test_isolated_spins_and_fields_alone() -> None:
    result = isinglass.solve(([0.5, -2.0, 0.0], {}), solver="tabu_search", seed=1)
    assert result.first.energy == -2.5


def test_storage_does_not_matter_to_what_is_found() -> None:
    matrix = random_couplings(90, 1.0, "pm1", 4)
    energies = {
        isinglass.solve(matrix, kind="ising", storage=s, solver="tabu_search", seed=1).first.energy
        for s in ("sparse", "dense", "packed")
    }
    assert len(energies) == 1


def test_a_read_does_not_depend_on_the_others() -> None:
    many = isinglass.solve(DENSE, solver="tabu_search", iterations=4000, num_reads=6, seed=3).record.sample
    one = isinglass.solve(DENSE, solver="tabu_search", iterations=4000, num_reads=1, seed=3).record.sample
    assert (one == many[:1]).all()


@pytest.mark.parametrize("iterations", [1, 777, 30_000])
def test_iterations_are_the_flips_of_each_read(iterations: int) -> None:
    result = isinglass.solve(DENSE, solver="tabu_search", iterations=iterations, num_reads=2, seed=1)
    # A path is walked to its end: it may go beyond by less than the number of variables.
    assert 2 * iterations <= result.info["iterations"] < 2 * (iterations + 150)
    assert result.stop_reason.startswith("finished")


def test_initial_states_are_not_left_for_worse() -> None:
    best = isinglass.solve(DENSE, solver="tabu_search", seed=1)
    start = np.array([best.first.sample[v] for v in best.variables])
    again = isinglass.solve(DENSE, solver="tabu_search", iterations=1, initial_states=start, seed=2)
    assert again.first.energy == best.first.energy
    two = isinglass.solve(DENSE, solver="tabu_search", iterations=1, initial_states=[start, -start])
    assert len(two.record) == 2


@pytest.mark.clock
@pytest.mark.parametrize("given", [{}, {"num_reads": 5}, {"iterations": 2000}])
def test_a_time_limit_is_filled(given: dict[str, int]) -> None:
    isinglass.solve(DENSE, solver="tabu_search", iterations=100, num_reads=1)
    began = time.perf_counter()
    result = isinglass.solve(DENSE, solver="tabu_search", time_limit=0.6, num_threads=2, seed=1, **given)
    assert 0.5 <= time.perf_counter() - began < 1.2
    assert result.stop_reason.startswith("time limit")
    # Reads that are given share the time; open ones fill it.
    assert result.info["reads_run"] == 5 if "num_reads" in given else result.info["reads_run"] >= 2
    assert len(result.record) <= 128


def test_target_stops_the_run() -> None:
    lowest = isinglass.solve(DENSE, solver="tabu_search", seed=1).first.energy
    result = isinglass.solve(DENSE, solver="tabu_search", target_energy=lowest, time_limit=30.0, seed=2)
    assert result.first.energy == lowest and result.stop_reason.startswith("target")


@pytest.mark.parametrize("iterations", [0, 1.5, "many"])
def test_bad_iterations(iterations: object) -> None:
    with pytest.raises(ParameterError, match="iterations"):
        isinglass.solve(DENSE, solver="tabu_search", iterations=iterations)


@pytest.mark.parametrize("storage", ["sparse", "dense", "packed"])
@pytest.mark.parametrize("low_high", [(-1.0, 1.0), (0.0, 2000.0), (0.3, -1.7)])
def test_whole_numbers_are_the_problem(storage: str, low_high: tuple[float, float]) -> None:
    n = 70
    draw = np.random.default_rng(n).integers(0, 2, (n, n))
    matrix = np.triu(np.where(draw == 1, low_high[1], low_high[0]), 1)
    h = np.random.default_rng(1).integers(-3, 4, n).astype(float)
    problem = isinglass.compile((h, matrix), storage=storage)
    numbers = in_whole_numbers(problem)
    if isinstance(problem.couplings, Sparse):
        numbers = sparse_in_whole_numbers(problem, problem.couplings)
    J, h = kernel_form(problem)
    got = np.zeros((n, n))
    if isinstance(numbers.rows, DenseRows):
        got = numbers.rows.matrix[:, :n] * numbers.unit
    elif isinstance(numbers.rows, SparseRows):
        rows = np.repeat(np.arange(n), np.diff(numbers.rows.indptr))
        got[rows, numbers.rows.indices] = numbers.rows.values * numbers.unit
    elif isinstance(numbers.rows, PackedRows):
        got[:] = numbers.rows.values[0] * numbers.unit
        for i in range(n):
            bits = np.unpackbits(numbers.rows.bits[i].view(np.uint8), count=n, bitorder="little")
            got[i, bits == 1] = numbers.rows.values[1] * numbers.unit
        np.fill_diagonal(got, 0.0)
    # A rounding to 31 bits of the largest coupling; none for integers.
    error = 0.0 if problem.integer else 2.0**-30 * np.abs(J).max()
    assert np.abs(got - J).max() <= error
    assert np.abs(numbers.h * numbers.unit - h).max() <= error
    bound = (np.abs(J).sum(axis=1, dtype=np.float64) + np.abs(h)).max()
    assert bound <= numbers.bound * numbers.unit * (1 + 1e-6 * (not problem.integer))
    assert 3 * numbers.bound + 1 <= np.iinfo(numbers.gain_type).max


def test_many_neighbours_make_dense_rows() -> None:
    for density, kind in ((0.3, DenseRows), (0.01, SparseRows)):
        problem = isinglass.compile(random_couplings(300, density, "small", 1), storage="sparse")
        numbers = in_whole_numbers(problem)
        assert isinstance(numbers.rows, kind)
        dense = in_whole_numbers(
            isinglass.compile(random_couplings(300, density, "small", 1), storage="dense")
        )
        if kind is DenseRows:
            assert (numbers.rows.matrix == dense.rows.matrix).all() and numbers.bound == dense.bound


def test_couplings_take_the_narrowest_integers() -> None:
    # A QUBO of numbers from -100 to 100, Palubeckis' form, fits bytes.
    rng = np.random.default_rng(1)
    matrix = np.triu(rng.integers(-100, 101, (60, 60)))
    Q = 2 * matrix - np.diag(np.diag(matrix))
    assert in_whole_numbers(isinglass.compile(Q, kind="qubo", storage="dense")).sign_type == np.int8
