"""The kernels of the emulated annealer against the step-by-step loops of kernels/reference."""

from __future__ import annotations

import numpy as np
import pytest

from isinglass.kernels import reference
from isinglass.kernels.cpu.anneal_worldlines import anneal_worldlines
from isinglass.kernels.cpu.relax_spins import relax_spins
from isinglass.kernels.cpu.rotor_lanes import COS, LANES, LOG, SIN
from isinglass.qpu.noise import NoisyProblem
from isinglass.qpu.physics import Physics
from isinglass.qpu.rotors import _even_rows, _kernel_schedule, _moves, _start, anneal_rotors
from isinglass.qpu.sweeps import moments_of
from isinglass.rng import read_keys
from tests.qpu_programs import program

IDLE = np.zeros(8, np.int64)


def glass(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(h, row, col, J) with isolated spins and rows of both parities."""
    rng = np.random.default_rng(seed)
    row, col = np.nonzero(np.triu(rng.random((n, n)) < 0.4, 1))
    return rng.normal(size=n), row, col, rng.normal(size=row.size)


def matrix(n: int, row: np.ndarray, col: np.ndarray, J: np.ndarray) -> np.ndarray:
    full = np.zeros((n, n))
    full[row, col] = full[col, row] = J
    return full


def test_polynomials_are_as_good_as_they_say() -> None:
    x = np.linspace(-np.pi / 2, np.pi / 2, 10_001)
    assert np.abs(x * np.polyval(SIN[::-1], x * x) - np.sin(x)).max() < 7e-7
    assert np.abs(np.polyval(COS[::-1], x * x) - np.cos(x)).max() < 7e-6
    v = np.linspace(1, 2, 10_001)
    assert np.abs(159 - np.polyval(LOG[::-1], v) - (np.log2(v) - (v - 1))).max() < 1e-4


@pytest.mark.parametrize("offsets", [False, True])
@pytest.mark.parametrize("dynamics", ["svmc", "svmc-tf"])
@pytest.mark.parametrize("n", [1, 2, 23])
def test_rotors_follow_the_reference(n: int, dynamics: str, offsets: bool) -> None:
    h, row, col, J = glass(n, n)
    shifts = np.linspace(-0.05, 0.05, n) if offsets else None
    asked = program(h, row, col, J, time=1.0, anneal_offsets=shifts)
    physics = Physics("Advantage_system4", 20.0, 40.0, dynamics=dynamics)
    moments, width = _moves(moments_of(asked, physics), physics)
    keys = read_keys(5, 0, LANES)
    z, x, phi = _start(n, None)
    done = anneal_rotors(
        *_even_rows(NoisyProblem(h, asked.row, asked.col, J)), h.astype(np.float32),
        np.zeros((n, LANES), np.float32), *_kernel_schedule(moments, width), z, x, phi, keys, LANES, IDLE,
        np.zeros(4),
    )  # fmt: skip
    assert done == len(moments.s) >= 10
    group = moments.group
    schedule = {"A": moments.A_kt[:, group], "B": moments.B_kt[:, group], "width": width[:, group]}
    share = moments.share[:, group]
    for r in range(3):
        expected = reference.anneal_rotors(matrix(n, row, col, J), h, schedule, share, np.zeros(n), keys[r])
        # Approximations move an angle by some 1e-7. One decision in 10^4 is close enough to turn on them, and
        # would move it by much: hence few sweeps.
        assert np.abs(phi[:, r] - expected).max() < 1e-4
        assert np.abs(x[:, r] - np.cos(expected)).max() < 1e-4


@pytest.mark.parametrize("n", [1, 2, 23])
def test_relaxed_spins_follow_the_reference(n: int) -> None:
    h, row, col, J = glass(n, n)
    # Whole eighths, shares and temperatures of a power of two: all sums are exact in single precision.
    h, J = np.round(8 * h) / 8, np.round(8 * J) / 8
    rng = np.random.default_rng(n)
    group, share = rng.integers(0, 3, n).astype(np.int32), np.array([[1, 0.5, 0.25], [2, 1, 0.5], [4, 2, 1]])
    b = np.array([0.5, 0.0, 0.25])
    fields = np.round(8 * rng.normal(size=(n, LANES))) / 8
    start = rng.choice(np.array([-1, 1], np.float32), (n, LANES))
    spins, keys = start.copy(), read_keys(5, 0, LANES)
    relax_spins(
        *_even_rows(NoisyProblem(h, row.astype(np.int32), col.astype(np.int32), J)),
        (h[:, None] + fields).astype(np.float32), group, b.astype(np.float32), share.astype(np.float32),
        spins, keys, 7, 5,
    )  # fmt: skip
    felt = matrix(n, row, col, J) * share[group][:, group]
    for r in range(LANES):
        expected = reference.relax_spins(felt, h + fields[:, r], b[group], start[:, r], keys[r], 7, 5)
        assert (spins[:, r] == expected).all()
    assert (spins[group == 1] == start[group == 1]).all()
    assert (spins != start).any() or (group == 1).all()


@pytest.mark.parametrize("word", [np.uint8, np.uint32, np.uint64])
@pytest.mark.parametrize("n", [1, 2, 17])
def test_worldlines_follow_the_reference(n: int, word: type) -> None:
    h, row, col, J = glass(n, n)
    # Whole eighths: all sums are exact in single precision.
    h, J = np.round(8 * h) / 8, np.round(8 * J) / 8
    slices, sweeps = 8 * np.dtype(word).itemsize, 12
    c = np.full(sweeps, 0.25, np.float32)
    K = np.linspace(0.25, 1.5, sweeps).astype(np.float32)
    key = read_keys(7, n, 1)[0]
    start = np.random.default_rng(n).integers(0, np.iinfo(word).max, n, word, endpoint=True)
    paths = start.copy()
    one = np.ones(sweeps, np.float32)
    done = anneal_worldlines(
        *NoisyProblem(h, row.astype(np.int32), col.astype(np.int32), J).rows(), h.astype(np.float32),
        np.zeros(n, np.float32), np.zeros(n, np.int32), c, K[:, None], one, one, one[:, None], paths, key,
        IDLE, np.zeros(4),
    )  # fmt: skip
    assert done == sweeps
    bits = np.arange(slices, dtype=np.uint64)

    def spins(words: np.ndarray) -> np.ndarray:
        return ((words.astype(np.uint64)[:, None] >> bits) & np.uint64(1)).astype(int) * 2 - 1

    expected = reference.anneal_worldlines(matrix(n, row, col, J), h, c, K, spins(start), key)
    assert (spins(paths) == expected).all()
    assert (paths != start).any()


def test_a_stopped_anneal_says_how_far_it_came() -> None:
    h = np.ones(3)
    asked = program(h, [], [], [], time=1.0)
    physics = Physics("Advantage_system4", 20.0, 40.0)
    moments, width = _moves(moments_of(asked, physics), physics)
    flag = IDLE.copy()
    flag[0] = 1
    rows = _even_rows(NoisyProblem(h, asked.row, asked.col, asked.J))
    done = anneal_rotors(
        *rows, h.astype(np.float32), np.zeros((3, LANES), np.float32), *_kernel_schedule(moments, width),
        *_start(3, None), read_keys(1, 0, LANES), LANES, flag, np.zeros(4),
    )  # fmt: skip
    assert done == 0
