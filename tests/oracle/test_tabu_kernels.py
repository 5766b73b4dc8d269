"""Tabu search and path relinking against their slow versions, flip by flip."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

import isinglass
from isinglass.control import RunControl
from isinglass.kernels import reference
from isinglass.kernels.cpu.tabu import relink, tabu_search
from isinglass.kernels.cpu.tabu_rows import start_gains
from isinglass.kernels.cpu.vector import expand_bits
from isinglass.problems.compiled import CompiledProblem, Sparse
from isinglass.solvers.whole_numbers import WholeNumbers, in_whole_numbers, sparse_in_whole_numbers
from tests.conftest import kernel_form, random_couplings


@njit
def expand(words: np.ndarray, low: int, high: int, out: np.ndarray) -> None:
    expand_bits(words, low, high, out)


STORAGES = ["sparse", "dense", "packed"]


def whole_problem(storage: str, n: int) -> tuple[CompiledProblem, WholeNumbers]:
    matrix = random_couplings(n, 1.0, "pm1" if storage == "packed" else "small", seed=n)
    h = np.random.default_rng(n).integers(-4, 5, n).astype(float)
    problem = isinglass.compile((h, matrix), storage=storage)
    if isinstance(problem.couplings, Sparse):
        # In so small a problem dense rows would be taken.
        return problem, sparse_in_whole_numbers(problem, problem.couplings)
    return problem, in_whole_numbers(problem)


def dense_form(problem: CompiledProblem, numbers: WholeNumbers) -> tuple[np.ndarray, np.ndarray]:
    J, h = kernel_form(problem)
    return J / numbers.unit, h / numbers.unit


def padded(numbers: WholeNumbers, spins: np.ndarray) -> np.ndarray:
    signs = np.zeros(numbers.padded, numbers.sign_type)
    signs[: len(spins)] = spins
    return signs


def started(numbers: WholeNumbers, signs: np.ndarray) -> tuple[np.ndarray, int]:
    gains = np.empty(numbers.padded, numbers.gain_type)
    peaks = np.empty(numbers.padded >> numbers.shift, gains.dtype)
    flag = RunControl().flag
    done, energy = start_gains(numbers.rows, numbers.h, signs, gains, peaks, numbers.shift, flag)
    assert done
    return gains, energy


@pytest.mark.parametrize(
    ("storage", "n"),
    [(s, n) for s in STORAGES for n in (1, 2, 5, 70, 140) if n > 2 or s != "packed"],
)
def test_tabu_search_follows_the_reference(storage: str, n: int) -> None:
    problem, numbers = whole_problem(storage, n)
    J, h = dense_form(problem, numbers)
    spins = np.random.default_rng(n).choice([-1, 1], n).astype(np.int8)
    control, key = RunControl(), np.uint64(0x123456789ABCDEF)
    tenure, spread = (0, 1) if n < 4 else (1, n // 4)
    expected = reference.tabu_search(J, h, spins, tenure, spread, 150, 400, key, numbers.shift)
    signs = padded(numbers, spins)
    gains, energy = started(numbers, signs)
    assert energy == reference.energy(J, h, spins)
    best, best_gains = np.empty_like(signs), np.empty_like(gains)
    row = control.row()
    best_energy, flips = tabu_search(
        numbers.rows, signs, gains, energy, best, best_gains, numbers.bound, numbers.shift, tenure, spread,
        150, 400, key, numbers.unit, control.flag, row,
    )  # fmt: skip
    assert (best[:n] == expected[0]).all() and (best_energy, flips) == expected[1:]
    assert best_energy == reference.energy(J, h, best[:n])
    assert (best_gains[:n] == best[:n] * reference.local_fields(J, h, best[:n].astype(float))).all()
    assert not best[n:].any()
    assert row[1] == best_energy * numbers.unit and row[0] == flips / n


@pytest.mark.parametrize("storage", STORAGES)
def test_relinking_follows_the_reference(storage: str) -> None:
    n = 150
    problem, numbers = whole_problem(storage, n)
    J = dense_form(problem, numbers)[0]
    rng = np.random.default_rng(1)
    # Large fields, so that no two gains are equal: the path has a tie-break of its own.
    h = rng.integers(-(10**6), 10**6, n)
    numbers = WholeNumbers(numbers.rows, h, 1.0, numbers.bound + 10**6, numbers.shift)
    one, two = rng.choice([-1, 1], (2, n)).astype(np.int8)
    distance = int((one != two).sum())
    first, last = distance // 3, 2 * distance // 3
    expected = reference.relink(J, h, one.astype(float), two, first, last)
    signs = padded(numbers, one)
    gains, energy = started(numbers, signs)
    best, best_gains = np.empty_like(signs), np.empty_like(gains)
    found, steps = relink(
        numbers.rows, signs, gains, energy, padded(numbers, two), best, best_gains, numbers.bound,
        numbers.shift, first, last, np.uint64(3), RunControl().flag,
    )  # fmt: skip
    assert steps == last
    assert (best[:n] == expected).all()
    best_again, energy_again = started(numbers, best)
    assert (best_gains == best_again).all() and found == energy_again


def test_a_stopped_kernel_keeps_a_state_with_its_gains() -> None:
    _, numbers = whole_problem("dense", 70)
    signs = padded(numbers, np.ones(70, np.int8))
    gains, energy = started(numbers, signs)
    best, best_gains = np.empty_like(signs), np.empty_like(gains)
    stopped = RunControl()
    stopped.cancel()
    tail = (numbers.bound, numbers.shift)
    found, flips = tabu_search(
        numbers.rows, signs.copy(), gains.copy(), energy, best, best_gains, *tail, 1, 5, 99, 99,
        np.uint64(1), 1.0, stopped.flag, stopped.row(),
    )  # fmt: skip
    assert (found, flips) == (energy, 0) and (best == signs).all() and (best_gains == gains).all()
    found, steps = relink(
        numbers.rows, signs.copy(), gains.copy(), energy, -signs, best, best_gains, *tail, 20, 40,
        np.uint64(1), stopped.flag,
    )  # fmt: skip
    assert (found, steps) == (energy, 0) and (best_gains == gains).all()


@pytest.mark.parametrize("kind", [np.int8, np.int16, np.int32])
def test_bits_expand(kind: type[np.signedinteger]) -> None:
    words = np.random.default_rng(1).integers(0, 2**63, 8, dtype=np.uint64) * np.uint64(2)
    words[0], words[1] = 0, ~np.uint64(0)
    out = np.zeros(64 * 8, kind)
    expand(words, kind(-7), kind(101), out)
    bits = np.unpackbits(words.view(np.uint8), bitorder="little")
    assert (out == np.where(bits == 1, 101, -7)).all()
