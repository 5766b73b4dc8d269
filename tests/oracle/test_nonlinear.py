"""Nonlinear models against all their states: the search finds the optimum, and what is said of it is true."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from dwave.optimization import Model
from dwave.optimization.generators import (
    bin_packing,
    capacitated_vehicle_routing,
    flow_shop_scheduling,
    job_shop_scheduling,
    knapsack,
    quadratic_assignment,
    traveling_salesperson,
)

import isinglass

rng = np.random.default_rng(3)
TIMES = rng.integers(1, 20, (3, 6))
FLOWS, DISTANCES = (np.triu(a, 1) + np.triu(a, 1).T for a in rng.integers(1, 20, (2, 6, 6)))
VALUES, WEIGHTS = rng.integers(1, 30, (2, 10))
PLACES = rng.integers(0, 100, (2, 6))
GAINS, COSTS, TABLE = rng.integers(10, 40, 6), rng.integers(-9, 9, 4), rng.integers(-9, 9, (3, 4))
DEMANDS = [0, 3, 4, 2, 5, 1]


def permutations(n: int) -> Iterator[np.ndarray]:
    return map(np.array, itertools.permutations(range(n)))


def subsets(n: int) -> Iterator[np.ndarray]:
    return (np.flatnonzero(bits) for bits in itertools.product([0, 1], repeat=n))


def divisions(n: int, parts: int) -> Iterator[list[np.ndarray]]:
    for order in permutations(n):
        for cuts in itertools.combinations_with_replacement(range(n + 1), parts - 1):
            yield np.split(order, cuts)


def partitions(n: int, parts: int) -> Iterator[np.ndarray]:
    for places in itertools.product(range(parts), repeat=n):
        yield np.array(places) == np.arange(parts)[:, None]


def grid(shape: tuple[int, ...], low: int, high: int) -> Iterator[np.ndarray]:
    for values in itertools.product(range(low, high + 1), repeat=int(np.prod(shape))):
        yield np.array(values).reshape(shape)


def sublists() -> Model:
    """Three of six cities at most, and two at least, in the best order."""
    model = Model()
    tour = model.list(6, min_size=2, max_size=3)
    away = model.constant(DISTANCES)
    gain = model.constant(GAINS)
    model.minimize(away[tour[:-1], tour[1:]].sum() - gain[tour].sum())
    return model


def curve() -> Model:
    """A parabola in two integers with an odd constraint."""
    model = Model()
    x = model.integer(2, lower_bound=-8, upper_bound=9)
    model.minimize(((x - model.constant([3, -5])) ** 2).sum())
    model.add_constraint(x[0] * x[1] == model.constant(-4))
    return model


def held_sums() -> Model:
    """Binaries whose rows are held to a sum by the decision itself."""
    model = Model()
    x = model.binary((3, 4), axes_sums_subject_to=[(0, "==", 2)])
    model.minimize((x * model.constant(TABLE)).sum() ** 2)
    return model


def two_decisions() -> Model:
    """What one decision is worth depends on the other."""
    model = Model()
    order, x = model.list(4), model.binary(4)
    costs = model.constant(COSTS)
    model.minimize((costs[order] * x * model.constant([1, 2, 3, 4])).sum())
    model.add_constraint(x.sum() <= model.constant(2))
    return model


MODELS: dict[str, tuple[Callable[[], Model], Callable[[], Iterator[Any]]]] = {
    "flow shop": (lambda: flow_shop_scheduling(TIMES), lambda: permutations(6)),
    "assignment": (lambda: quadratic_assignment(DISTANCES, FLOWS), lambda: permutations(6)),
    "salesperson": (lambda: traveling_salesperson(DISTANCES), lambda: permutations(6)),
    "knapsack": (lambda: knapsack(VALUES, WEIGHTS, 60), lambda: subsets(10)),
    "routing": (
        lambda: capacitated_vehicle_routing(
            demand=DEMANDS, number_of_vehicles=2, vehicle_capacity=8, locations_x=PLACES[0],
            locations_y=PLACES[1],
        ),
        lambda: divisions(5, 2),
    ),
    "job shop": (
        lambda: job_shop_scheduling(TIMES[:, :2], np.array([[0, 1], [1, 0], [0, 1]])),
        lambda: permutations(6),
    ),
    "bins": (lambda: bin_packing([3, 5, 4, 2, 6], 8), lambda: partitions(5, 5)),
    "sublists": (
        sublists,
        lambda: (np.array(p) for k in (2, 3) for p in itertools.permutations(range(6), k)),
    ),
    "curve": (curve, lambda: grid((2,), -8, 9)),
    "held sums": (
        held_sums,
        lambda: (x for x in grid((3, 4), 0, 1) if (x.sum(axis=1) == 2).all()),
    ),
    "two decisions": (
        two_decisions,
        lambda: itertools.product(permutations(4), grid((4,), 0, 1)),
    ),
}  # fmt: skip


def lowest(model: Model, states: Iterator[Any]) -> float:
    """The objective of the best feasible state of all."""
    decisions, constraints = list(model.iter_decisions()), list(model.iter_constraints())
    best = np.inf
    model.states.resize(1)
    with model.lock():
        for state in states:
            for decision, own in zip(decisions, state if len(decisions) > 1 else [state], strict=True):
                decision.set_state(0, own)
            if all(constraint.state(0).all() for constraint in constraints):
                best = min(best, float(model.objective.state(0)))
    return best


@pytest.mark.parametrize("name", MODELS)
def test_the_optimum_is_found(name: str) -> None:
    make, states = MODELS[name]
    model = make()
    result = isinglass.solve(model, seed=7, annealing_time=300)
    assert result.is_feasible.all() and result.objective[0] == pytest.approx(lowest(make(), states()))
    result.load(model)
    with model.lock():
        assert float(model.objective.state(0)) == result.objective[0]
        assert all(constraint.state(0).all() for constraint in model.iter_constraints())
