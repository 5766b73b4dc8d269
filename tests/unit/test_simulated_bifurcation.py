"""Simulated bifurcation: its parameters, its defaults, and what it finds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import isinglass
from isinglass.errors import ParameterError
from isinglass.solvers.bifurcations import VARIANTS, default_c0, default_time_step
from tests.conftest import kernel_form, random_couplings


def solve(problem: Any, **parameters: Any) -> Any:
    return isinglass.solve(problem, solver="simulated_bifurcation", seed=1, **parameters)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("storage", ["sparse", "dense", "packed"])
def test_finds_the_ground_state_of_small_glasses(storage: str, variant: str) -> None:
    matrix = random_couplings(16, 1.0, "pm1", 7)
    problem = isinglass.compile((np.full(16, 2.0), matrix), kind="ising", storage=storage)
    exact = isinglass.solve(problem, solver="exact").first.energy
    assert solve(problem, variant=variant, num_reads=32, steps=500).first.energy == exact


@pytest.mark.parametrize("storage", ["sparse", "dense"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_isolated_spins_follow_their_fields(storage: str, variant: str) -> None:
    h = np.array([1.0, -2.0, 0.0, 0.5])
    problem = isinglass.compile((h, {(0, 2): 0.0}), storage=storage)
    sample = solve(problem, variant=variant, num_reads=4, steps=100).first.sample
    assert [sample[v] for v in (0, 1, 3)] == [-1, 1, -1]


@pytest.mark.parametrize("storage", ["sparse", "dense", "packed"])
def test_other_reads_do_not_change_a_read(storage: str) -> None:
    problem = isinglass.compile(random_couplings(40, 1.0, "pm1", 3), kind="ising", storage=storage)
    for variant in VARIANTS:
        many = solve(problem, variant=variant, num_reads=19, steps=80, num_threads=2).record.sample
        few = solve(problem, variant=variant, num_reads=3, steps=80, num_threads=1).record.sample
        assert (many[:3] == few).all()


def test_initial_states_are_the_signs_of_the_start() -> None:
    # One step of a hair moves no sign.
    problem = isinglass.compile(random_couplings(20, 1.0, "pm1", 3), kind="ising")
    states = np.random.default_rng(1).choice([-1, 1], (3, 20))
    result = solve(problem, initial_states=states, steps=1, time_step=1e-9)
    assert (result.record.sample == states).all()


@pytest.mark.parametrize("storage", ["sparse", "dense", "packed"])
def test_c0_is_that_of_the_paper(storage: str) -> None:
    problem = isinglass.compile(random_couplings(30, 1.0, "pm1", 3), kind="ising", storage=storage)
    J, _ = kernel_form(problem)
    assert default_c0(problem) == pytest.approx(0.5 * np.sqrt(29) / np.sqrt((J**2).sum()))
    doubled = isinglass.compile(2.5 * random_couplings(30, 1.0, "pm1", 3), kind="ising", storage=storage)
    c0 = [solve(p, steps=1, num_reads=1).info["c0"] for p in (problem, doubled)]
    assert c0[0] == pytest.approx(2.5 * c0[1])


@pytest.mark.parametrize("storage", ["sparse", "dense", "packed"])
def test_time_step_is_stable_for_a_stiff_uniform_mode(storage: str) -> None:
    # Max-cut of K_n: largest eigenvalue n - 1, so dt < 2 / sqrt(1 + c0 (n - 1)).
    problem = isinglass.compile(np.triu(np.ones((64, 64)), 1), kind="ising", storage=storage)
    c0 = default_c0(problem)
    assert default_time_step(problem, c0) == pytest.approx(1.6 / np.sqrt(1 + 63 * c0), rel=1e-3)
    for variant in ("ballistic", "generalized"):
        assert solve(problem, variant=variant, num_reads=4, steps=400).first.energy == -32


def test_control_is_searched_for_by_the_first_reads() -> None:
    problem = isinglass.compile(random_couplings(60, 1.0, "pm1", 3), kind="ising")
    result = solve(problem, variant="generalized", num_reads=40, steps=300)
    best = result.info["control"]
    assert 0.1 <= best <= 0.8
    alone = solve(problem, variant="generalized", num_reads=16, steps=300, control=best)
    assert alone.first.energy == result.record.energy[:16].min()
    assert solve(problem, variant="generalized", num_reads=1, steps=3, control=0.3).info["control"] == 0.3


@pytest.mark.parametrize("storage", ["sparse", "dense", "packed"])
def test_variant_follows_the_storage(storage: str) -> None:
    problem = isinglass.compile(random_couplings(9, 1.0, "pm1", 3), kind="ising", storage=storage)
    expected = "discrete" if storage == "sparse" else "generalized"
    assert solve(problem, num_reads=1, steps=2).info["variant"] == expected


def test_time_limit_keeps_a_bounded_number_of_reads() -> None:
    problem = isinglass.compile(random_couplings(12, 1.0, "pm1", 3), kind="ising")
    result = solve(problem, time_limit=0.3, steps=10)
    assert 1 <= len(result.record) <= 128 < result.info["reads_run"]
    assert "time limit" in result.stop_reason


@pytest.mark.parametrize(
    "bad",
    [
        {"steps": 0},
        {"variant": "adiabatic"},
        {"time_step": 0},
        {"time_step": 2.5},
        {"c0": -1},
        {"c0": float("nan")},
        {"control": True},
    ],
)
def test_bad_parameters_name_value_and_rule(bad: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match=next(iter(bad))):
        solve({("a", "b"): 1.0}, **bad)
