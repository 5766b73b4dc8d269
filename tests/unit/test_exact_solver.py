"""The exact solver on problems beyond enumeration, its refusals, and the plan."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import isinglass
from isinglass.errors import ParameterError, ProblemError
from isinglass.problems.given import EdgeList
from isinglass.problems.reduce.roof_duality import roof_dual_spins
from isinglass.problems.reduce.terms import from_edges
from isinglass.solvers.exact_plan import plan
from tests.conftest import random_couplings


def lattice(L: int, values: str, periodic: bool, seed: int = 0) -> EdgeList:
    """An L x L lattice with couplings +-1 or Gaussian."""
    rng = np.random.default_rng(seed)
    site = np.arange(L * L).reshape(L, L)
    if periodic:
        row, col = np.r_[site, site], np.r_[np.roll(site, -1, 0), np.roll(site, -1, 1)]
        row, col = row.ravel(), col.ravel()
    else:
        row = np.r_[site[:-1].ravel(), site[:, :-1].ravel()]
        col = np.r_[site[1:].ravel(), site[:, 1:].ravel()]
    value = rng.choice([-1, 1], len(row)) if values == "pm1" else rng.normal(size=len(row))
    return EdgeList(L * L, row.astype(np.int32), col.astype(np.int32), value)


def test_a_long_chain_with_fields_is_solved_by_width_one() -> None:
    n = 20_000
    rng = np.random.default_rng(1)
    J, h = rng.choice([-2, -1, 1, 2], n - 1), rng.integers(-1, 2, n)
    result = isinglass.solve(
        EdgeList(n, np.arange(n - 1), np.arange(1, n), J, h.astype(float)), solver="exact"
    )
    least = np.zeros(2)
    for i in range(n):  # transfer matrices: the slow and obvious way
        own = least + h[i] * np.array([-1, 1])
        if i < n - 1:
            least = np.minimum(own[0] + J[i] * np.array([1, -1]), own[1] + J[i] * np.array([-1, 1]))
    assert result.first.energy == own.min() == result.info["lower_bound"]
    assert result.info["certified"] and result.info["treewidth"] == 1


def test_a_ferromagnetic_lattice_has_two_ground_states() -> None:
    edges = lattice(12, "pm1", False)
    edges.value[:] = -1
    result = isinglass.solve(edges, solver="exact", num_reads=5)
    assert result.info["ground_states"] == len(result.record) == 2
    assert (result.record.energy == -len(edges.value)).all()


@pytest.mark.parametrize("values", ["pm1", "gaussian"])
def test_branch_and_cut_agrees_with_the_tree_decomposition_on_a_torus(values: str) -> None:
    edges = lattice(8, values, True)
    one = isinglass.solve(edges, solver="exact", method="tree_decomposition")
    two = isinglass.solve(edges, solver="exact", method="branch_and_cut", seed=1)
    assert one.first.energy == pytest.approx(two.first.energy, abs=1e-12)
    assert one.info["certified"] and two.info["certified"]
    assert two.info["method"] == {"branch_and_cut": 1} and two.info["nodes"] >= 1


def test_a_wide_torus_is_certified() -> None:
    result = isinglass.solve(lattice(16, "gaussian", True), solver="exact", seed=1)
    assert result.info["certified"] and result.info["presolve"]["contracted"] > 0
    again = isinglass.solve(lattice(16, "gaussian", True), solver="simulated_annealing", seed=1)
    assert result.first.energy <= again.first.energy


def test_parts_are_solved_apart() -> None:
    # Two complete graphs joined by a path, and isolated spins with and without a field.
    J = np.zeros((40, 40))
    J[:12, :12] = random_couplings(12, 1.0, "gaussian", 1)
    J[20:34, 20:34] = random_couplings(14, 1.0, "gaussian", 2)
    J[11, 16] = J[16, 20] = 1.5
    h = np.zeros(40)
    h[38] = 2.0
    result = isinglass.solve((h, J), solver="exact", method="branch_and_cut", time_limit=20)
    expected = isinglass.solve((h, J), solver="exact", method="tree_decomposition").first.energy
    assert result.first.energy == pytest.approx(expected, abs=1e-9)


def test_too_hard_is_refused_and_a_time_limit_is_the_way_out() -> None:
    J = random_couplings(90, 1.0, "pm1", 1)
    with pytest.raises(ProblemError, match="time_limit"):
        isinglass.solve(J, kind="ising", solver="exact")
    result = isinglass.solve(J, kind="ising", solver="exact", time_limit=0.5)
    assert not result.info["certified"]
    assert result.info["lower_bound"] < result.first.energy
    assert "time limit" in result.stop_reason


def test_target_energy_ends_the_search() -> None:
    J = random_couplings(90, 1.0, "pm1", 1)
    result = isinglass.solve(J, kind="ising", solver="exact", time_limit=30, target_energy=-300)
    assert result.first.energy <= -300 and "target" in result.stop_reason


@pytest.mark.parametrize(
    ("method", "rule"), [("enumeration", "up to 40"), ("tree_decomposition", "do not fit")]
)
def test_a_method_that_cannot_do_it_says_so(method: str, rule: str) -> None:
    with pytest.raises(ProblemError, match=rule):
        isinglass.solve(random_couplings(60, 1.0, "pm1", 1), kind="ising", solver="exact", method=method)


def test_the_compiled_problem_stays_as_it_was() -> None:
    # Repeated edges that cancel leave couplings of zero, which exact methods drop from their own copy.
    edges = (np.array([0, 0, 1, 2]), np.array([1, 1, 2, 3]), np.array([1.0, -1.0, 2.0, 1.0]))
    problem = isinglass.compile(edges, kind="ising")
    before = [array.copy() for array in problem.couplings]
    plan(problem)
    isinglass.solve(problem, solver="exact")
    isinglass.solve(problem, solver="exact", method="branch_and_cut")
    assert any((weights == 0).any() for weights in before[2:3])
    for old, new in zip(before, problem.couplings, strict=True):
        assert (old == new).all()


def test_unknown_method() -> None:
    with pytest.raises(ParameterError, match="did you mean 'enumeration'"):
        isinglass.solve(np.ones((2, 2)), solver="exact", method="enumerations")


def test_plan() -> None:
    easy = plan(isinglass.compile(lattice(10, "pm1", False)))
    assert easy.method == "tree_decomposition" and easy.estimated_seconds < 0.1
    hard = plan(isinglass.compile(lattice(40, "pm1", True)))
    assert hard.method is None and hard.estimated_seconds == np.inf
    dense = plan(isinglass.compile(random_couplings(80, 1.0, "gaussian", 1), kind="ising"))
    assert dense.method is None
    strong = np.triu(np.ones((80, 80)), 1)
    biased = plan(isinglass.compile((100.0 * np.ones(80), strong)))
    assert biased.method == "tree_decomposition"


def test_roof_duality_is_left_out_where_its_package_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    terms = from_edges(np.array([5.0, 0, 0]), np.array([0, 1]), np.array([1, 2]), np.array([1.0, 1.0]), True)
    monkeypatch.setitem(sys.modules, "dwave.preprocessing.lower_bounds", None)
    assert roof_dual_spins(terms) is None
    result = isinglass.solve(
        random_couplings(12, 1.0, "small", 1), kind="ising", solver="exact", method="branch_and_cut"
    )
    assert result.info["certified"]


def test_roof_duality_finds_what_dominance_does_not() -> None:
    # A ferromagnetic ring with one weak field: each spin alone is undecided, together they follow it.
    n = 6
    h = np.zeros(n)
    h[0] = 1.0
    terms = from_edges(h, np.arange(n), (np.arange(n) + 1) % n, np.full(n, -3.0), True)
    spins = roof_dual_spins(terms)
    assert spins is not None and (spins == -1).all()
