"""Nonlinear models: how fast dwave-optimization evaluates them, and how good our search gets in some seconds.

    python bench/nonlinear.py [--seconds 5] [NAME ...]

Evaluations a second: the library alone (decisions set, objective and constraints asked for), and the search
with all it does. Objectives: ours over three seeds; the best of random states in the same seconds; and a
reference, which is an optimum (exact, or published) or another method's best in the same seconds.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
from dwave.optimization import Model
from dwave.optimization.generators import (
    capacitated_vehicle_routing,
    flow_shop_scheduling,
    job_shop_scheduling,
    knapsack,
    quadratic_assignment,
    traveling_salesperson,
)

import isinglass
from isinglass.nonlinear.evaluation import Evaluation

Case = tuple[Model, str, Callable[[float], float] | None]
"""(model, what the reference is, the reference in so many seconds)."""


def taillard(seed: int, machines: int, jobs: int) -> np.ndarray:
    """Processing times of Taillard's benchmark (EJOR 64, 1993), by his generator."""
    times = np.zeros((machines, jobs), int)
    for place in np.ndindex(times.shape):
        seed = 16807 * (seed % 127773) - seed // 127773 * 2836
        seed += 2147483647 * (seed < 0)
        times[place] = 1 + int(seed / 2147483647 * 99)
    return times


def two_opt(distances: np.ndarray, seconds: float) -> float:
    """The best tour of 2-opt descents from random tours."""
    rng, best, ends = np.random.default_rng(0), np.inf, time.perf_counter() + seconds
    while time.perf_counter() < ends:
        tour = rng.permutation(len(distances))
        while True:
            after = np.roll(tour, -1)
            steps = distances[tour, after]
            gain = distances[tour[:, None], tour] + distances[after[:, None], after]
            gain = np.triu(gain - steps[:, None] - steps, 1)
            i, j = divmod(int(gain.argmin()), len(tour))
            if gain[i, j] >= -1e-9:
                break
            tour[i + 1 : j + 1] = tour[i + 1 : j + 1][::-1]
        best = min(best, float(distances[tour, np.roll(tour, -1)].sum()))
    return best


def salesperson(n: int) -> Case:
    places = np.random.default_rng(n).random((n, 2)) * 1000
    away = np.rint(np.hypot(*(places[:, None] - places).transpose(2, 0, 1)))
    return traveling_salesperson(away), "2-opt, restarted", lambda seconds: two_opt(away, seconds)


def packing(n: int) -> Case:
    rng = np.random.default_rng(5)
    weights = rng.integers(10, 100, n)
    values, capacity = np.maximum(1, weights + rng.integers(-5, 15, n)), int(weights.sum() // 2)
    best = np.zeros(capacity + 1)
    for weight, value in zip(weights, values, strict=True):
        best[weight:] = np.maximum(best[weight:], best[:-weight] + value)
    return knapsack(values, weights, capacity), "optimum", lambda _: -float(best[-1])


def routing(n: int, vehicles: int) -> Case:
    rng = np.random.default_rng(3)
    demand = [0, *map(int, rng.integers(1, 10, n))]
    x, y = rng.random((2, n + 1)) * 100
    model = capacitated_vehicle_routing(
        demand=demand, number_of_vehicles=vehicles, vehicle_capacity=int(1.1 * sum(demand) / vehicles) + 1,
        locations_x=x, locations_y=y,
    )  # fmt: skip
    return model, "", None


def assignment(n: int) -> Case:
    both = np.triu(np.random.default_rng(7).integers(0, 100, (2, n, n)), 1)
    distances, flows = both + both.transpose(0, 2, 1)
    return quadratic_assignment(distances, flows), "", None


def shop(jobs: int, machines: int) -> Case:
    rng = np.random.default_rng(2)
    times, orders = rng.integers(1, 20, (jobs, machines)), [rng.permutation(machines) for _ in range(jobs)]
    longest = float(times.sum(axis=1).max())
    return job_shop_scheduling(times, np.array(orders)), "longest job", lambda _: longest


CASES: dict[str, Callable[[], Case]] = {
    "flow shop ta001, 20x5": lambda: (
        flow_shop_scheduling(taillard(873654221, 5, 20)), "optimum", lambda _: 1278.0,
    ),
    "flow shop ta031, 50x5": lambda: (
        flow_shop_scheduling(taillard(1328042058, 5, 50)), "optimum", lambda _: 2724.0,
    ),
    "salesperson 50": lambda: salesperson(50),
    "salesperson 200": lambda: salesperson(200),
    "knapsack 100": lambda: packing(100),
    "knapsack 1000": lambda: packing(1000),
    "routing 20, 4 vehicles": lambda: routing(20, 4),
    "routing 60, 6 vehicles": lambda: routing(60, 6),
    "assignment 20": lambda: assignment(20),
    "assignment 50": lambda: assignment(50),
    "job shop 6x4": lambda: shop(6, 4),
    "job shop 15x10": lambda: shop(15, 10),
}  # fmt: skip


def random_states(model: Model, seconds: float) -> tuple[float, float]:
    """(best feasible objective, evaluations a second of the library alone)."""
    model.states.resize(1)
    with model.lock():
        evaluation, rng, best = Evaluation(model), Random(1), np.inf
        spent, ends = 0.0, time.perf_counter() + seconds
        while time.perf_counter() < ends:
            states: list[Any] = [decision.random(rng) for decision in evaluation.decisions]
            began = time.perf_counter()
            evaluation.put(states)
            objective, violations = evaluation.look()
            spent += time.perf_counter() - began
            best = best if any(violations) else min(best, objective)
    return best, evaluation.count / spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="beginnings of names of cases")
    parser.add_argument("--seconds", type=float, default=5.0)
    asked = parser.parse_args()
    print(f"{'model':<24}{'symbols':>8}{'library/s':>11}{'search/s':>10}  objectives (random; reference)")
    for name, make in CASES.items():
        if asked.names and not any(name.startswith(one) for one in asked.names):
            continue
        model, what, reference = make()
        best, rate = random_states(model, asked.seconds)
        found: list[Any] = [isinglass.solve(model, time_limit=asked.seconds, seed=seed) for seed in (1, 2, 3)]
        searched = np.mean([one.info["evaluations"] / one.info["timing"]["solve"] for one in found])
        ours = " ".join(f"{one.objective[0]:.6g}" + "!" * int(one.violated[0]) for one in found)
        told = f"; {what} {reference(asked.seconds):.6g}" if reference else ""
        rates = f"{model.num_symbols():>8}{rate:>11,.0f}{searched:>10,.0f}"
        print(f"{name:<24}{rates}  {ours} ({best:.6g}{told})", flush=True)


if __name__ == "__main__":
    main()
