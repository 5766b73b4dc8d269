"""The bifurcation kernels against the step-by-step loop of kernels/reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import isinglass
from isinglass.control import RunControl
from isinglass.kernels import reference
from isinglass.kernels.cpu import bifurcate_vector
from isinglass.kernels.cpu.bifurcate_move import start
from isinglass.rng import read_keys
from isinglass.solvers import bifurcations
from isinglass.solvers.bifurcations import Bifurcations, Motion, default_c0, lane_array
from isinglass.solvers.start import StartStates
from tests.conftest import kernel_form, random_couplings


def glass(n: int, storage: str, values: str = "pm1") -> isinglass.CompiledProblem:
    h = np.random.default_rng(n).integers(-2, 3, n).astype(float)
    return isinglass.compile((h, random_couplings(n, 1.0, values, n)), kind="ising", storage=storage)


def positions(problem: isinglass.CompiledProblem, read: int) -> tuple[np.ndarray, np.ndarray]:
    n = problem.num_variables
    x, y = np.zeros((2, n), np.float32)
    bits = StartStates(problem, None, 3).words(read)
    spins = np.unpackbits(bits.view(np.uint8), count=n, bitorder="little").astype(np.int8) * 2 - 1
    start(spins.astype(np.int8), read_keys(3, read, 1)[0], x, y)
    return x, y


def final_positions(
    problem: isinglass.CompiledProblem, motion: Motion, reads: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(x, y, best energies) of reads run side by side."""
    n = problem.num_variables
    x, y = lane_array(n), lane_array(n)
    for r in range(reads):
        x[:, r], y[:, r] = positions(problem, r)
    p = lane_array(n if motion.variant == "generalized" else 0)
    p[:] = 1.0
    best, energies = np.zeros((bifurcate_vector.LANES, n), np.int8), np.full(bifurcate_vector.LANES, np.inf)
    kernel, couplings, scratch = bifurcations._kernel_of(problem)
    control = np.full(bifurcate_vector.LANES, motion.control, np.float32)
    constants = (control, np.float32(motion.c0), np.float32(motion.time_step))
    done = kernel(
        *couplings, problem.h, x, y, p, *scratch, reads, motion.variant == "discrete", *constants,
        motion.steps, 1, best, energies, np.zeros(8, np.int64), np.array([0.0, np.inf, -np.inf, 0.0]),
    )  # fmt: skip
    assert done == motion.steps
    return x[:, :reads].T, y[:, :reads].T, energies[:reads]


@pytest.mark.parametrize("storage", ["sparse", "dense", "packed"])
@pytest.mark.parametrize("n", [2, 5, 70])
def test_discrete_follows_the_reference_bit_for_bit(storage: str, n: int) -> None:
    problem = glass(n, storage)
    J, h = kernel_form(problem)
    motion = Motion("discrete", 60, 0.9, default_c0(problem), 0.0)
    x, y, energies = final_positions(problem, motion, 3)
    for r in range(3):
        expected = reference.bifurcate(J, h, *positions(problem, r), "discrete", 0, motion.c0, 0.9, 60)
        assert (x[r] == expected[0]).all() and (y[r] == expected[1]).all()
        assert energies[r] == min(expected[2])


@pytest.mark.parametrize("values", ["pm1", "gaussian"])
@pytest.mark.parametrize("variant", ["ballistic", "generalized"])
@pytest.mark.parametrize("storage", ["sparse", "dense", "packed"])
def test_positions_follow_the_reference(storage: str, variant: str, values: str) -> None:
    if storage == "packed" and values == "gaussian":
        return  # two values only
    problem = glass(70, storage, values)
    J, h = kernel_form(problem)
    motion = Motion(variant, 25, 1.1, default_c0(problem), 0.4)
    x, y, _ = final_positions(problem, motion, 3)
    for r in range(3):
        expected = reference.bifurcate(J, h, *positions(problem, r), variant, 0.4, motion.c0, 1.1, 25)
        # Sums of 70 terms in another order differ by some 1e-6; 25 steps amplify that by 10 or so.
        assert np.abs(x[r] - expected[0]).max() < 1e-4 and np.abs(y[r] - expected[1]).max() < 1e-4
    assert np.abs(x).max() == 1.0  # walls were met


@pytest.mark.parametrize("storage", ["dense", "packed"])
@pytest.mark.parametrize("gather_above", [0.0, 5.0, 65.0])
def test_maintained_signs_agree_with_the_reference(
    storage: str, gather_above: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 0 gathers at every change, 65 adds rows throughout.
    monkeypatch.setattr(bifurcations, "_GATHER_ABOVE", gather_above)
    problem = glass(150, storage)
    J, h = kernel_form(problem)
    motion = Motion("discrete", 150, 0.9, default_c0(problem), 0.0)
    runs = Bifurcations(problem, StartStates(problem, None, 3), 3, RunControl(num_threads=1), motion)
    runs.round(2)
    for r, read in enumerate(runs.kept):
        energies = reference.bifurcate(J, h, *positions(problem, r), "discrete", 0, motion.c0, 0.9, 150)[2]
        assert read.energy == min(energies) == reference.energy(J, h, read.spins.astype(float))


def test_single_precision_sums_are_refreshed() -> None:
    # 400 steps of some ten sign changes each: rounding that piled up would be near 1e-4 of the energy.
    problem = glass(90, "dense", "gaussian")
    motion = Motion("discrete", 400, 0.9, default_c0(problem), 0.0)
    runs = Bifurcations(problem, StartStates(problem, None, 3), 3, RunControl(num_threads=1), motion)
    runs.round(3)
    for read in runs.kept:
        assert read.energy == pytest.approx(reference.energy(*kernel_form(problem), read.spins), rel=3e-6)


def call(name: str, *arguments: Any) -> Any:
    """The vector operation as compiled, beside its Python twin."""
    from numba import njit

    operation = getattr(bifurcate_vector, name)
    names = ", ".join(f"a{i}" for i in range(len(arguments)))
    scope: dict[str, Any] = {"operation": operation}
    exec(f"def run({names}): return operation({names})", scope)
    return njit(scope["run"])(*arguments), getattr(bifurcate_vector, f"_{name}_python")(*arguments)


def test_sign_words() -> None:
    x = np.random.default_rng(2).normal(size=192).astype(np.float32)
    x[64], x[65], x[127] = 0.0, -0.0, np.nan
    compiled, plain = call("sign_word", x, 64)
    assert compiled == plain and int(compiled) & 3 == 3 and int(compiled) >> 63 == 0
