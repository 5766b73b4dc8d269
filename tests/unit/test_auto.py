"""The default solver: what it takes problems for, what it plans, and what it says of it."""

from __future__ import annotations

import time

import dimod
import numba
import numpy as np
import pytest

import isinglass
from isinglass.control import RunControl
from isinglass.errors import ParameterError
from isinglass.solvers.classify import classify, may_be_narrow, may_fold
from isinglass.solvers.plan import longer_look, quick_look, stages
from tests.conftest import random_couplings


def power_law(n: int, sigma: float) -> np.ndarray:
    apart = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    apart = np.minimum(apart, n - apart)
    np.fill_diagonal(apart, 1)
    return np.triu(np.random.default_rng(3).normal(size=(n, n)) / apart**sigma, 1)


def glass(n: int, degree: float, seed: int = 1) -> isinglass.CompiledProblem:
    return isinglass.compile(random_couplings(n, degree / n, "pm1", seed), kind="ising")


@pytest.mark.parametrize(
    ("matrix", "kind", "expected"),
    [
        (random_couplings(300, 1.0, "pm1", 1), "ising", "dense glass"),
        (random_couplings(300, 1.0, "small", 1), "qubo", "dense QUBO"),
        (random_couplings(300, 1.0, "gaussian", 1), "ising", "dense QUBO"),
        (random_couplings(300, 0.02, "pm1", 1), "ising", "sparse"),
        (power_law(150, 2.5), "ising", "chain"),
        (power_law(150, 0.3), "ising", "dense QUBO"),
    ],
)
def test_kinds(matrix: np.ndarray, kind: str, expected: str) -> None:
    problem = isinglass.compile(matrix, kind=kind)
    assert classify(problem).kind == expected
    # The same in every storage that can hold it.
    assert classify(isinglass.compile(matrix, kind=kind, storage="sparse")).kind == expected
    plan = stages(classify(problem), 10.0)
    assert plan[-1].share == 1.0 and all(stage.why for stage in plan)


def test_too_large_for_the_time_is_annealed() -> None:
    portrait = classify(glass(20_000, 6))
    assert [stage.solver for stage in stages(portrait, 0.1)] == ["simulated_annealing"]
    assert [stage.solver for stage in stages(portrait, 60.0)] == ["parallel_tempering"]


def test_what_is_narrow_is_certified() -> None:
    n = 3000
    ladder = ([*range(n - 1), *range(n - 2)], [*range(1, n), *range(2, n)])
    weights = np.random.default_rng(1).choice([-1.0, 1.0], len(ladder[0]))
    result = isinglass.solve((*ladder, weights), kind="ising", seed=1)
    assert result.info["certified"] and result.info["found_by"] == "exact"
    assert result.info["lower_bound"] == result.first.energy
    annealed = isinglass.solve((*ladder, weights), kind="ising", solver="simulated_annealing", seed=1)
    assert annealed.first.energy >= result.first.energy


def test_presolve_then_search_gives_states_of_the_whole_problem() -> None:
    # Mean degree 3.5: about half of the spins fold away; what is left is too wide to be certified.
    problem = glass(1200, 3.5)
    result = isinglass.solve(problem, seed=2)
    info = result.info
    assert 0 < info["presolve"]["variables_left"] < 900
    assert info["class"]["variables"] == info["presolve"]["variables_left"]
    assert info["stages"][-1]["best_energy"] == result.first.energy
    assert result.trace[-1, 1] == result.first.energy
    tempered = isinglass.solve(
        problem, solver="parallel_tempering", seed=2, target_energy=result.first.energy
    )
    assert tempered.record.sample.shape[1] == 1200
    assert (result.record.energy[:-1] <= result.record.energy[1:]).all()
    assert len(np.unique(result.record.sample, axis=0)) == len(result.record)


def test_num_reads_is_the_most_that_is_returned() -> None:
    problem = glass(150, 12)
    assert len(isinglass.solve(problem, num_reads=1, seed=1).record) == 1
    three = isinglass.solve(random_couplings(60, 1.0, "small", 1), kind="qubo", num_reads=3, seed=1)
    assert 1 <= len(three.record) <= 3


def test_initial_states_are_never_lost() -> None:
    for kind in ("qubo", "ising"):
        problem = isinglass.compile(random_couplings(90, 1.0, "small", 5), kind=kind)
        best = isinglass.solve(problem, solver="tabu_search", seed=1)
        again = isinglass.solve(problem, initial_states=best, seed=9, time_limit=0.05)
        assert again.first.energy <= best.first.energy


def test_target_ends_all_stages() -> None:
    matrix = random_couplings(200, 1.0, "small", 4)
    energy = isinglass.solve(matrix, kind="qubo", seed=1).first.energy
    began = time.perf_counter()
    result = isinglass.solve(matrix, kind="qubo", seed=2, target_energy=energy, time_limit=60.0)
    assert result.stop_reason.startswith("target") and result.first.energy <= energy
    assert time.perf_counter() - began < 30.0


def test_small_problems_with_a_target_end_at_the_quick_look() -> None:
    # A spin glass of 60 spins and a ring, which an exact method would have solved otherwise.
    ring = (np.arange(100), np.roll(np.arange(100), -1), np.random.default_rng(2).choice([-1.0, 1.0], 100))
    for problem in (random_couplings(60, 1.0, "pm1", 3), ring):
        energy = isinglass.solve(problem, kind="ising", seed=1).first.energy
        info = isinglass.solve(problem, kind="ising", seed=2, target_energy=energy).info
        assert [stage["solver"] for stage in info["stages"]] == ["tabu_search"]
        assert info["found_by"] == "tabu_search" and "class" not in info and not info["certified"]
    # Where it does not find the target the others go on, from its states.
    more = isinglass.solve(ring, kind="ising", seed=1, target_energy=energy - 1.0)
    assert more.info["certified"] and more.first.energy == energy


def test_with_a_target_a_search_goes_before_an_exact_method() -> None:
    lattice = isinglass.compile(isinglass.generate("lattice_2d", length=10, seed=1))
    stage = longer_look(lattice, 0.2)
    assert stage is not None and stage.solver == "parallel_tempering"
    assert longer_look(lattice, 0.01) is None and quick_look(glass(400, 4)) is None
    exact = isinglass.solve(lattice, solver="exact", seed=1)
    found = isinglass.solve(lattice, seed=1, target_energy=exact.first.energy)
    assert found.first.energy == exact.first.energy and found.stop_reason.startswith("target")
    assert found.info["found_by"] != "exact"


@pytest.mark.parametrize("n", [0, 1, 2])
def test_the_smallest_problems_take_a_target(n: int) -> None:
    matrix = np.triu(np.ones((n, n)), 1)
    energy = isinglass.solve(matrix, kind="ising", seed=1).first.energy
    for target in (energy, energy - 1.0):
        assert isinglass.solve(matrix, kind="ising", seed=1, target_energy=target).first.energy == energy


def test_a_parameter_of_another_solver_is_named() -> None:
    with pytest.raises(ParameterError, match="but of simulated_annealing: name that solver"):
        isinglass.solve({("a", "b"): 1}, annealing_time=100)


def test_models_with_constraints_are_annealed() -> None:
    model = dimod.ConstrainedQuadraticModel()
    x, y = dimod.Binaries("xy")
    model.set_objective(-x - 2 * y)
    model.add_constraint(x + y <= 1)
    result = isinglass.solve(model, seed=1)
    assert dict(result.best.sample) == {"x": 0, "y": 1} and result.info["solver"] == "simulated_annealing"


def test_glances_do_not_rule_out_what_there_is() -> None:
    tree = isinglass.compile(([0, 0, 0, 0], [1, 2, 3, 4], [1.0, 1, 1, 1]), kind="ising", storage="sparse")
    assert may_be_narrow(tree) and may_fold(tree.couplings)
    # Cliques of ten in a row: mean degree 9, a band of width 10.
    cliques = [(10 * c + i, 10 * c + j) for c in range(40) for i in range(11) for j in range(i + 1, 11)]
    row, col = np.array([e for e in cliques if e[1] < 400]).T
    band = isinglass.compile((row, col, np.ones(len(row))), kind="ising", storage="sparse")
    assert 2 * band.num_interactions / 400 > 6 and may_be_narrow(band)
    assert not may_be_narrow(glass(2000, 20))
    six_regular = isinglass.generate("lattice_3d", length=8, seed=1)
    assert not may_fold(isinglass.compile(six_regular).couplings)


def test_a_part_ends_without_ending_the_run() -> None:
    control = RunControl(time_limit=30.0, num_threads=1)
    seen: list[bool] = []

    def wait() -> None:
        while not control.flag[0]:
            time.sleep(0.001)
        seen.append(True)

    with control.part(0.05):
        control.run([(1, wait)])
        assert control.stopped
    assert not control.stopped and seen == [True]
    with control.part(None):
        control.cancel()
    assert control.stopped and control.stop_reason.startswith("cancelled")


def test_compiling_a_kernel_does_not_use_up_the_time_limit() -> None:
    control = RunControl(time_limit=0.2)
    before = control.time_left

    @numba.njit
    def kernel(x: float) -> float:
        # Many different operations, so that compiling takes longer than the limit.
        for _ in range(3):
            x = np.sort(np.array([x, np.sin(x), np.exp(x), x**3]))[::-1].sum()
        return x

    began = time.perf_counter()
    kernel(0.5)
    assert time.perf_counter() - began > 0.2
    assert before is not None and control.time_left is not None
    assert before - control.time_left < 0.15 and not control.stopped
    time.sleep(0.25)
    assert control.stopped
