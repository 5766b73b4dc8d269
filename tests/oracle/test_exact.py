"""Every exact method against trying every state: energy, ground states, their number, the bound."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import isinglass
from isinglass.kernels.cpu.odd_cycles import separate
from isinglass.kernels.reference import ground_states
from isinglass.problems.dense_matrix import dense_matrix
from isinglass.problems.reduce.presolve import presolve
from isinglass.problems.reduce.terms import Terms, from_edges, terms_of
from isinglass.solvers.cutting_planes import branch_and_cut, energy_step
from isinglass.solvers.exact_parts import METHODS
from isinglass.solvers.tree_decomposition import best_order, solve_by_elimination

RUNNING = np.zeros(8, np.int64)


def random_terms(seed: int, largest: int = 11) -> Terms:
    """A small problem of a random kind: sparse to complete, with and without fields, often degenerate."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, largest + 1))
    row, col = np.nonzero(np.triu(rng.random((n, n)) < rng.choice([0.1, 0.3, 0.6, 1.0]), 1))
    draw: Any = [
        lambda size: rng.choice([-1.0, 1.0], size),
        lambda size: rng.integers(-5, 6, size).astype(float),
        lambda size: rng.normal(size=size),
    ][seed % 3]
    h = draw(n) * (rng.random(n) < rng.choice([0.0, 0.3, 1.0]))
    return from_edges(h, row, col, draw(len(row)), seed % 3 < 2)


def reference(terms: Terms) -> tuple[float, set[tuple[int, ...]]]:
    J = np.zeros((terms.num_variables, terms.num_variables))
    row, col, value = terms.edges()
    J[row, col] = J[col, row] = value
    energy, states = ground_states(J, terms.h)
    return energy, set(states)


@pytest.mark.parametrize("block", range(8))
def test_elimination_finds_all_ground_states(block: int) -> None:
    for seed in range(25 * block, 25 * block + 25):
        terms = random_terms(seed, 9)
        energy, states = reference(terms)
        plan = best_order(terms, RUNNING)
        assert plan is not None
        found = solve_by_elimination(terms, plan, 2000, RUNNING, True)
        assert found is not None and found.count == len(states) == len(found.states)
        assert {tuple(s) for s in found.states.tolist()} == states
        assert found.energy == energy if terms.whole else found.energy == pytest.approx(energy, abs=1e-12)


@pytest.mark.parametrize("block", range(8))
def test_presolve_keeps_the_minimum(block: int) -> None:
    removed = 0
    for seed in range(25 * block, 25 * block + 25):
        terms = random_terms(seed, 9)
        energy, states = reference(terms)
        reduction = presolve(terms, RUNNING, roof_duality=seed % 2 == 0)
        removed += terms.num_variables - reduction.terms.num_variables
        least, left = reference(reduction.terms)
        exactly = 0.0 if terms.whole else 1e-12
        assert abs(reduction.constant + least - energy) <= exactly
        undone = reduction.undo(np.array(sorted(left), np.int8).reshape(len(left), -1))
        assert {tuple(s) for s in undone.tolist()} <= states
    assert removed > 25


@pytest.mark.parametrize("block", range(4))
def test_branch_and_cut_is_certified(block: int) -> None:
    for seed in range(15 * block, 15 * block + 15):
        terms = random_terms(seed, 10)
        if not len(terms.values):
            continue
        energy, _ = reference(terms)
        up = np.ones(terms.num_variables, np.int8)
        start = terms.energy(up)
        found = branch_and_cut(terms, start, up, RUNNING, lambda: None, lambda energy: None, None)
        assert found.energy == terms.energy(found.spins) == pytest.approx(energy, abs=1e-9)
        assert energy - 1e-8 <= found.lower_bound <= energy + 1e-12


@pytest.mark.parametrize("rounds", [1, 2, 3, 5])
def test_an_unfinished_bound_is_a_bound(rounds: int) -> None:
    unproven = 0
    for seed in range(40):
        terms = random_terms(seed, 11)
        if not len(terms.values):
            continue
        energy, _ = reference(terms)
        up = np.ones(terms.num_variables, np.int8)
        found = branch_and_cut(
            terms, terms.energy(up), up, RUNNING, lambda: None, lambda energy: None, rounds
        )
        assert found.lower_bound <= energy + 1e-12 <= found.energy + 2e-9
        unproven += found.lower_bound < found.energy - 1e-8
    assert unproven or rounds > 1


@pytest.mark.parametrize("seed", range(12))
def test_separation_is_exact_for_a_triangle(seed: int) -> None:
    # x of one triangle: violated iff one of its four inequalities is, and the worst one is found.
    x = np.random.default_rng(seed).random(3)
    graph = (
        np.array([0, 2, 4, 6]),
        np.array([1, 2, 0, 2, 0, 1], np.int32),
        np.array([0, 1, 0, 2, 1, 2], np.int32),
    )
    ptr, member, odd = separate(*graph, x, 1e-4, 100, RUNNING)
    sides = [x.sum() - 2.0, *(2 * x - x.sum())]
    assert (len(ptr) > 1) == (max(sides) > 1e-4)
    for k in range(len(ptr) - 1):
        part = slice(ptr[k], ptr[k + 1])
        sign = np.where(odd[part], 1.0, -1.0)
        assert sign @ x[member[part]] - odd[part].sum() + 1 == pytest.approx(max(sides))


def test_energy_step_divides_all_differences() -> None:
    for seed in range(0, 60):
        terms = random_terms(seed, 7)
        if not terms.whole:
            assert energy_step(terms) == 0.0
            continue
        n = terms.num_variables
        states = np.array(np.meshgrid(*[[-1, 1]] * n)).reshape(n, -1).T
        levels = np.unique([terms.energy(state) for state in states])
        step = energy_step(terms)
        gaps = np.diff(levels)
        assert (np.rint(gaps / step) * step == gaps).all() if step else len(gaps) == 0


@pytest.mark.parametrize("storage", ["sparse", "dense", "packed"])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("scale", [1.0, 0.25, 0.1])
def test_every_method_on_every_storage(storage: str, method: str, scale: float) -> None:
    for seed in range(4):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(2, 11))
        J = np.triu(rng.choice([0.0, scale], (n, n)), 1)
        J[0, 1] = scale
        h = scale * rng.integers(-2, 3, n)
        problem = isinglass.compile((h, J), storage=storage)
        energy, states = ground_states(J + J.T, h)
        result = isinglass.solve(problem, solver="exact", method=method, num_reads=5)
        assert result.info["certified"]
        assert result.record.energy == pytest.approx(energy, abs=1e-12)
        assert {tuple(s) for s in result.record.sample.tolist()} <= set(states)
        assert result.info["lower_bound"] == pytest.approx(energy, abs=1e-8)
        assert result.info["lower_bound"] <= result.record.energy[0]
        assert result.info.get("ground_states", len(states)) == len(states)


@pytest.mark.parametrize("vartype", ["SPIN", "BINARY"])
def test_terms_are_the_problem(vartype: str) -> None:
    # Rounded storages too: the terms come from the coefficients as given.
    rng = np.random.default_rng(3)
    matrix = np.triu(rng.normal(size=(8, 8)))
    problem = isinglass.compile(
        matrix if vartype == "BINARY" else np.triu(matrix, 1), kind="qubo" if vartype == "BINARY" else "ising"
    )
    terms = terms_of(problem)
    assert not terms.whole
    for spins in rng.choice(np.array([-1, 1], np.int8), (20, 8)):
        x = (spins + 1) / 2 if vartype == "BINARY" else spins
        given = x @ (matrix if vartype == "BINARY" else np.triu(matrix, 1)) @ x
        assert problem.offset + problem.scale * terms.energy(spins) == pytest.approx(given, abs=1e-12)
    whole = isinglass.compile(np.rint(3 * matrix), kind="qubo")
    assert (dense_matrix(whole)[terms_of(whole).edges()[:2]] == terms_of(whole).edges()[2]).all()
