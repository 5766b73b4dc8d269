"""Moves of the nonlinear search, its clock, its words, and what it refuses."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from dwave.optimization import Model, exp
from dwave.optimization.generators import flow_shop_scheduling, knapsack, quadratic_assignment

import isinglass
from isinglass.errors import ParameterError, ProblemError
from isinglass.nonlinear.annealing import Annealing
from isinglass.nonlinear.evaluation import Evaluation, evaluate
from isinglass.problems.files.nl import read
from isinglass.solving_nonlinear import solve_nonlinear

rng = np.random.default_rng(5)
LARGE = rng.integers(1, 99, (2, 60, 60))


def every_decision(model: Model) -> None:
    """One of each kind, in sizes that leave little room, and empty ones."""
    model.binary(5)
    model.binary(lower_bound=1)
    model.binary((2, 0))
    model.integer((2, 2), lower_bound=[[-3, 0], [5, 1]], upper_bound=[[-3, 1], [9, 1000000]])
    model.integer(lower_bound=-(2**28), upper_bound=2**29)
    for n, least, most in ((6, 6, 6), (6, 0, 6), (6, 2, 4), (6, 3, 3), (1, 1, 1), (2, 0, 1)):
        model.list(n, min_size=least, max_size=most)
        model.set(n, min_size=least, max_size=most)
    model.list(0)
    model.disjoint_lists_symbol(6, 3)
    model.disjoint_lists_symbol(4, 1)
    model.disjoint_lists_symbol(0, 2)
    model.disjoint_bit_sets(6, 3)
    model.disjoint_bit_sets(4, 1)


def locked(build: Any) -> tuple[Model, Evaluation]:
    model = Model()
    build(model)
    model.states.resize(1)
    model.lock()
    return model, Evaluation(model)


def test_every_move_is_a_state_that_the_library_takes() -> None:
    model, evaluation = locked(every_decision)
    symbols = list(model.iter_decisions())
    for decision, symbol in zip(evaluation.decisions, symbols, strict=True):
        random = Random(1)
        for state in (decision.start(0), decision.random(random)):
            kept = [part.tolist() for part in state]
            decision.put(state, 0)
            if not decision.size:
                continue
            moved = state
            for _ in range(300):
                before, moved = moved, decision.neighbour(moved, random)
                assert moved is not before
                decision.put(moved, 0)
            assert [part.tolist() for part in state] == kept, "a state was changed in place"
        if decision.size:
            assert symbol.state_size() or symbol.has_state(0)


def test_moves_reach_every_state() -> None:
    def build(model: Model) -> None:
        model.list(4, min_size=1, max_size=3)
        model.set(4, min_size=1, max_size=3)
        model.disjoint_bit_sets(3, 2)
        model.integer(2, upper_bound=4)
        model.binary((2, 3), axes_sums_subject_to=[(0, "==", 1)])

    # Ordered choices of 1 to 3 of 4, choices of 1 to 3 of 4, 2^3, 5^2, and one of three in each of two rows.
    for decision, there_are in zip(locked(build)[1].decisions, (40, 14, 8, 25, 9), strict=True):
        random, seen = Random(2), set()
        state = decision.start(0)
        for _ in range(6000):
            moved = decision.neighbour(state, random)
            try:
                decision.put(moved, 0)
            except ValueError:
                continue
            state = moved
            seen.add(tuple(state.tolist()) if there_are != 14 else tuple(sorted(state.tolist())))
        assert len(seen) == there_are


def test_lists_reach_every_division() -> None:
    decision = locked(lambda model: model.disjoint_lists_symbol(3, 2))[1].decisions[0]
    random, seen, state = Random(2), set(), decision.start(0)
    for _ in range(3000):
        state = decision.neighbour(state, random)
        seen.add(tuple(tuple(part.tolist()) for part in state))
    assert len(seen) == 24  # 3! orders, each cut at one of 4 places


def test_what_is_tracked_is_what_the_library_says() -> None:
    model = knapsack(rng.integers(1, 30, 30), rng.integers(1, 30, 30), 100)
    model.states.resize(1)
    model.lock()
    evaluation = Evaluation(model)
    annealing = Annealing(evaluation, Random(1), np.zeros(1, np.int64))
    fraction = iter(np.linspace(0, 1, 40))
    annealing.read(lambda: float(next(fraction)), "random", lambda moves: None)
    best = annealing.best
    evaluation.put(best.states)
    assert evaluation.look() == (best.objective, best.violations) and best.feasible


def test_the_same_seed_gives_the_same_states() -> None:
    model = flow_shop_scheduling(rng.integers(1, 99, (4, 12)))
    first, second = (isinglass.solve(model, seed=9, annealing_time=20) for _ in range(2))
    states = []
    for result in (first, second):
        result.load(model)
        states.append(next(model.iter_decisions()).state(0).tolist())
    assert states[0] == states[1] and first.info["evaluations"] == second.info["evaluations"]
    assert first.info["seed"] == 9 and "best objective" in repr(first)


def test_the_time_limit_holds_and_progress_is_told() -> None:
    model, told = quadratic_assignment(*LARGE), []
    began = time.perf_counter()
    result = isinglass.solve(model, time_limit=0.5, seed=1, progress=told.append)
    assert 0.4 < time.perf_counter() - began < 1.5
    assert result.stop_reason.startswith("time limit") and told[-1].sweeps > 0
    assert told[-1].best_energy == result.objective[0] and result.info["trace"][-1][1] == result.objective[0]


def test_cancel_and_target_end_it() -> None:
    model, cancel = quadratic_assignment(*LARGE), threading.Event()
    threading.Timer(0.2, cancel.set).start()
    result = isinglass.solve(model, cancel=cancel, annealing_time=10**6)
    assert result.stop_reason.startswith("cancelled") and result.is_feasible.all()
    easy = isinglass.solve(model, target_energy=float(result.objective[0]) * 2, annealing_time=10**6)
    assert easy.stop_reason.startswith("target reached")


def test_the_search_begins_at_the_state_that_came_with_the_model() -> None:
    model = Model()
    order = model.list(40)
    model.minimize((order * model.constant(np.arange(40))).sum())
    model.states.resize(1)
    order.set_state(0, np.arange(40)[::-1])
    best = float(sum(np.arange(40) * np.arange(40)[::-1]))
    assert isinglass.solve(model, target_energy=best).info["evaluations"] < 200
    assert (order.state(0) == np.arange(40)[::-1]).all(), "the user's own states are left alone"


def test_a_client_of_an_older_format_gets_its_own_back() -> None:
    model = flow_shop_scheduling([[1, 2], [3, 4]])
    with model.to_file(version=(0, 1)) as file:
        old = read(Path("old"), file.read())
    result = solve_nonlinear(old, {"annealing_time": 10})
    assert result.files[0][4:6] == b"\x00\x01"
    result.load(model)
    with model.lock():
        assert model.objective.state(0) == result.objective[0]
    assert evaluate(old, result.files[0]) == (result.objective[0], 0)


def test_without_objective_or_decisions() -> None:
    model = Model()
    x = model.integer(3, upper_bound=50)
    model.add_constraint(x.sum() == model.constant(77))
    found = isinglass.solve(model, seed=1, annealing_time=10**6)
    assert found.is_feasible.all() and found.objective[0] == 0.0
    empty = Model()
    empty.minimize(empty.constant(3) + empty.constant(4))
    assert isinglass.solve(empty).objective[0] == 7.0


def test_what_no_state_obeys_is_said() -> None:
    model = Model()
    x = model.binary(3)
    model.minimize(x.sum())
    model.add_constraint(x.sum() >= model.constant(4))
    found = isinglass.solve(model, annealing_time=10)
    assert not found.is_feasible.any() and "breaks 1 of 1 constraints" in found.stop_reason
    assert found.objective[0] == 3.0, "the least broken state is given"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"solver": "exact"}, "solver='exact' is not for nonlinear models"),
        ({"backend": "gpu"}, "backend='gpu' is not for nonlinear models"),
        ({"kind": "qubo"}, "kind='qubo'"),
        ({"target_cut": 3.0}, "target_cut=3.0"),
        ({"num_threads": 2}, "num_threads=2"),
        ({"num_read": 2}, "did you mean 'num_reads'"),
        ({"num_reads": 0}, "num_reads=0"),
        ({"annealing_time": 1.5}, "annealing_time=1.5"),
        ({"seed": -1}, "seed=-1"),
        ({"target_energy": float("nan")}, "target_energy=nan"),
        ({"time_limit": 0}, "time_limit=0"),
    ],
)
def test_wrong_words_are_refused(words: dict[str, Any], said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        isinglass.solve(flow_shop_scheduling([[1, 2], [3, 4]]), **words)


def test_inputs_are_refused() -> None:
    model = Model()
    model.minimize(model.integer() + model.input())
    with pytest.raises(ProblemError, match="inputs, which nobody decides"):
        isinglass.solve(model)


def test_an_objective_that_is_not_finite_is_never_the_best() -> None:
    model = Model()
    x = model.integer(lower_bound=-3, upper_bound=3)
    model.minimize(exp(model.constant(1000) * x) + x)
    model.states.resize(1)
    x.set_state(0, 3)
    assert isinglass.solve(model, annealing_time=100, seed=1).objective[0] == -3.0
    model.minimize(exp(x + model.constant(1000)))
    with pytest.raises(ProblemError, match="no finite number in any state that was tried"):
        isinglass.solve(model, annealing_time=100, seed=1)


@pytest.mark.parametrize("scale", [1e-320, 1e306])
def test_objectives_of_any_size(scale: float) -> None:
    model = Model()
    x = model.integer(3, lower_bound=-9, upper_bound=9)
    model.minimize(x.sum() * model.constant(scale))
    model.add_constraint(x[0] + x[1] >= model.constant(3))
    found = isinglass.solve(model, annealing_time=200, seed=1)
    assert found.is_feasible.all() and found.objective[0] == pytest.approx(-6 * scale)


def test_a_slow_model_ends_in_time() -> None:
    model = Model()
    x = model.binary(500_000)
    for _ in range(20):
        x = x * x
    model.minimize(x.sum())
    began = time.perf_counter()
    assert isinglass.solve(model, time_limit=0.3, seed=1).stop_reason.startswith("time limit")
    assert time.perf_counter() - began < 3.0
