"""The memcomputing kernels against their equations written out with dense arrays."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numba import njit

import isinglass
from isinglass.kernels import reference
from isinglass.kernels.cpu import memory_lanes
from isinglass.kernels.cpu.memcompute_bonds import memcompute_bonds
from isinglass.kernels.cpu.memcompute_clauses import memcompute_clauses
from isinglass.kernels.cpu.memory_lanes import LANES, couple, move
from isinglass.kernels.cpu.progress import BEST, ROW, STOP_TARGET, SWEEPS, TARGET
from isinglass.solvers.memcomputing_forms import Bonds, Clauses, bonds_of, clauses_of
from tests.conftest import kernel_form, random_couplings

STEPS = 60


def problem_with_fields(values: str, storage: str = "sparse", n: int = 13) -> isinglass.CompiledProblem:
    rng = np.random.default_rng(3)
    h = np.rint(rng.normal(size=n) * 2) if values != "gaussian" else rng.normal(size=n)
    J = random_couplings(n, 0.6, values, 4)
    pairs = {(i, j): v for (i, j), v in np.ndenumerate(J) if v}
    return isinglass.compile((dict(enumerate(h)), pairs), storage=storage)


def progress_row(target: float = -np.inf) -> np.ndarray:
    row = np.zeros(ROW)
    row[BEST], row[TARGET] = np.inf, target
    return row


def integrate(bonds: Bonds, start: np.ndarray, gain: np.ndarray, flag: np.ndarray, row: np.ndarray):
    """The fast kernel on ``start`` (float32[n, reads]): (v, memories, best spins, their energies, steps)."""
    n, reads = start.shape
    v = np.zeros((n + 1, LANES), np.float32)
    v[:n, :reads], v[n, :reads] = start, 1.0
    memory = np.zeros((bonds.number, LANES), np.float32)
    best, energies = np.zeros(n, np.uint16), np.full(LANES, np.inf)
    constants = (np.float32(c) for c in (0.5, 0.8, 0.45, 0.2))
    done = memcompute_bonds(*bonds, v, memory, best, energies, reads, bonds.norm, gain, *constants, flag, row)
    spins = 1 - 2 * ((best >> np.arange(reads, dtype=np.uint16)[:, None]) & 1).astype(np.int8)
    return v[:n, :reads], memory, spins, energies[:reads], done


def test_bond_kernel_follows_the_equations(coupling_values: str) -> None:
    problem = problem_with_fields(coupling_values)
    bonds = bonds_of(problem, "bonds", 1)
    rng = np.random.default_rng(1)
    start = rng.uniform(-1, 1, (13, 3)).astype(np.float32)
    gain = np.linspace(2, 0, STEPS, dtype=np.float32)
    v, memory, spins, energies, done = integrate(bonds, start, gain, np.zeros(8, np.int64), progress_row())
    assert done == STEPS and ((memory >= 0) & (memory <= 1)).all() and memory[:, :3].max() > 0.5
    J, h = kernel_form(problem)
    for r in range(3):
        expected, best = reference.memcompute_bonds(
            J, h, start[:, r].astype(float), gain.astype(float), 0.5, 0.8, 0.45, 0.2
        )
        # Single precision against double, and a map that stretches differences a few times a step.
        assert np.allclose(v[:, r], expected, atol=1e-3)
        assert energies[r] == pytest.approx(best, abs=0 if problem.integer else 1e-5)
        assert energies[r] == pytest.approx(reference.energy(J, h, spins[r].astype(float)))


def test_replicas_do_not_touch() -> None:
    bonds = bonds_of(problem_with_fields("pm1"), "bonds", 1)
    start = np.random.default_rng(2).uniform(-1, 1, (13, 5)).astype(np.float32)
    gain = np.linspace(2, 0, STEPS, dtype=np.float32)
    together = integrate(bonds, start, gain, np.zeros(8, np.int64), progress_row())
    for r in range(5):
        alone = integrate(bonds, start[:, r : r + 1], gain, np.zeros(8, np.int64), progress_row())
        assert (alone[0][:, 0] == together[0][:, r]).all() and alone[3][0] == together[3][r]


def test_bond_kernel_stops_at_its_target() -> None:
    problem = problem_with_fields("pm1")
    lowest, _ = reference.ground_states(*kernel_form(problem))
    start = np.random.default_rng(5).uniform(-1, 1, (13, 16)).astype(np.float32)
    flag, row = np.zeros(8, np.int64), progress_row(target=lowest)
    gain = np.linspace(2, 0, 2000, dtype=np.float32)
    *_, energies, done = integrate(bonds_of(problem, "bonds", 1), start, gain, flag, row)
    assert flag[0] == STOP_TARGET and energies.min() == lowest == row[BEST]
    assert 0 < done < 2000 and row[SWEEPS] == 16 * done


@pytest.mark.parametrize("storage", ["sparse", "dense"])
def test_clauses_have_the_energy_of_the_problem(coupling_values: str, storage: str) -> None:
    problem = problem_with_fields(coupling_values, storage, n=7)
    J, h = kernel_form(problem)
    clauses = clauses_of(bonds_of(problem, "clauses", 1))
    for state in itertools.product((-1, 1), repeat=7):
        padded = np.array([*state, -1])
        broken = (padded[clauses.variables] != clauses.signs).all(axis=1)
        expected = reference.energy(J, h, np.array(state, float))
        assert clauses.offset + clauses.costs[broken].sum() == pytest.approx(expected, rel=1e-12, abs=1e-9)


def three_literal_clauses(n: int, count: int, seed: int) -> Clauses:
    """Of one to three literals, with whole weights; some say a variable twice or both ways."""
    rng = np.random.default_rng(seed)
    variables = rng.integers(0, n, (count, 3)).astype(np.int32)
    signs = rng.choice([-1.0, 1.0], (count, 3))
    for column in (1, 2):
        short = rng.random(count) < 0.3
        variables[short, column:], signs[short, column:] = n, 1.0
    return Clauses(variables, signs, rng.integers(1, 5, count).astype(float), -2.0)


@pytest.mark.parametrize("seed", range(3))
def test_clause_kernel_follows_the_equations(seed: int) -> None:
    n = 9
    clauses = three_literal_clauses(n, 40, seed)
    start = np.append(np.random.default_rng(seed).uniform(-1, 1, n), -1.0)
    constants = (5.0, 20.0, 0.25, 0.05, 1e-3, 0.1, 400.0, 0.5, 2.0**-7, 1e3)
    v, best = start.copy(), np.zeros(n, np.int8)
    flag, row = np.zeros(8, np.int64), progress_row()
    done, lowest = memcompute_clauses(
        *clauses[:3], *clauses.occurrences(n), v, best, -2.0, 24, 10, *constants, flag, row
    )
    expected, energies = reference.memcompute_clauses(*clauses[:3], start, 24, 10, *constants)
    assert done == 24
    # The order of sums differs, and the flow may stretch differences some times over in a step.
    assert np.allclose(v[:n], expected, atol=1e-9)
    assert lowest == -2.0 + min(energies) == row[BEST]
    broken = (np.append(best, -1)[clauses.variables] != clauses.signs).all(axis=1)
    assert clauses.costs[broken].sum() - 2.0 == lowest


@njit
def _couple_and_move(v, force, memory, constants, downs):
    for bond in range(memory.shape[0]):
        pull, grip, soft, rate, drift = constants[bond]
        couple(v, force, memory, bond, bond + 1, bond, pull, grip, soft, rate, drift)
    for i in range(v.shape[0]):
        downs[i] = move(v, force, i, np.float32(0.7))


def test_vector_operations_are_their_python_twins_to_the_last_bit() -> None:
    rng = np.random.default_rng(6)
    rows = 9
    v, force = (rng.uniform(-1, 1, (rows, LANES)).astype(np.float32) for _ in range(2))
    memory = rng.uniform(0, 1, (rows - 1, LANES)).astype(np.float32)
    constants = rng.normal(size=(rows - 1, 5)).astype(np.float32)
    v[0, :3], force[0, :3] = 0.0, (0.0, -0.0, 1e-30)
    fast = [v.copy(), force.copy(), memory.copy()]
    downs = np.zeros(rows, np.uint16)
    _couple_and_move(*fast, constants, downs)
    for bond in range(rows - 1):
        memory_lanes._couple_python(v, force, memory, bond, bond + 1, bond, *constants[bond])
    expected = [memory_lanes._move_python(v, force, i, np.float32(0.7)) for i in range(rows)]
    assert downs.tolist() == expected
    for got, slow in zip(fast, (v, force, memory), strict=True):
        assert (got == slow).all()
