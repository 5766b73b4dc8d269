"""The memcomputing solver: rules of its parameters, its limits, its answers on small problems."""

from __future__ import annotations

import time

import numpy as np
import pytest

import isinglass
from isinglass.errors import OutOfMemoryError, ParameterError
from tests.conftest import random_couplings

FORMS = ("bonds", "clauses")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("storage", ["sparse", "dense", "packed"])
def test_finds_the_ground_state_of_small_problems(form: str, storage: str) -> None:
    J = random_couplings(14, 1.0, "pm1", 7)
    exact = isinglass.solve(J, kind="ising", solver="exact").first.energy
    result = isinglass.solve(J, kind="ising", storage=storage, solver="memcomputing", form=form, seed=1)
    assert result.first.energy == exact


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("n", [1, 2, 6])
def test_fields_alone_are_followed(form: str, n: int) -> None:
    h = dict(enumerate((-1.5, 2.0, 0.25, -3.0, 0.0, 1.0)[:n]))
    result = isinglass.solve((h, {}), solver="memcomputing", form=form, seed=2)
    assert result.first.energy == -sum(abs(value) for value in h.values())


@pytest.mark.parametrize("form", FORMS)
def test_reads_do_not_depend_on_how_many_run(form: str) -> None:
    J = random_couplings(30, 0.3, "gaussian", 5)
    few = isinglass.solve(J, kind="ising", solver="memcomputing", form=form, steps=50, num_reads=3, seed=8)
    many = isinglass.solve(J, kind="ising", solver="memcomputing", form=form, steps=50, num_reads=19, seed=8)
    assert (few.record.sample == many.record.sample[:3]).all()
    assert len(np.unique(many.record.sample, axis=0)) > 1


@pytest.mark.parametrize("form", FORMS)
def test_starts_from_the_states_given(form: str) -> None:
    J = random_couplings(12, 0.8, "gaussian", 3)
    best = isinglass.solve(J, kind="ising", solver="exact")
    result = isinglass.solve(
        J, kind="ising", solver="memcomputing", form=form, initial_states=best, steps=1, seed=0
    )
    # The start counts among the states seen.
    assert len(result.record) == 1 and result.first.energy == pytest.approx(best.first.energy)


def test_every_read_ends_in_a_local_minimum() -> None:
    problem = isinglass.compile(random_couplings(60, 0.2, "small", 1), kind="ising")
    result = isinglass.solve(problem, solver="memcomputing", steps=5, seed=3)
    again = isinglass.solve(problem, solver="steepest_descent", initial_states=result)
    assert again.info["flips"] == [0] * 16


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("form", "gates"),
        ("steps", 0),
        ("time_step", 0),
        ("time_step", 11),
        ("memory_gain", -1),
        ("memory_rate", float("nan")),
        ("threshold", 1.5),
        ("softening", "x"),
        ("alpha", True),
        ("gamma", 2),
        ("most_memory", 0.5),
        ("stagnation", 0),
    ],
)
def test_bad_values_name_the_rule(name: str, value: object) -> None:
    with pytest.raises(ParameterError, match=name):
        isinglass.solve({(0, 1): 1.0}, kind="ising", solver="memcomputing", **{name: value})


@pytest.mark.clock
@pytest.mark.parametrize("form", FORMS)
def test_time_limit_is_filled_and_holds(form: str) -> None:
    problem = isinglass.compile(random_couplings(200, 0.1, "gaussian", 1), kind="ising")
    isinglass.solve(problem, solver="memcomputing", form=form, steps=2)  # loads the kernel
    began = time.perf_counter()
    result = isinglass.solve(problem, solver="memcomputing", form=form, time_limit=0.5)
    assert 0.3 < time.perf_counter() - began < 1.0
    assert "time limit" in result.stop_reason
    assert result.info["reads_run"] >= len(result.record) >= 1 and len(result.record) <= 128


def test_a_memory_that_cannot_fit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = isinglass.compile(random_couplings(40, 1.0, "pm1", 1), kind="ising")
    monkeypatch.setattr("isinglass.memory.SURELY_FREE", 0)
    monkeypatch.setattr("isinglass.memory.available_bytes", lambda: 10_000)
    with pytest.raises(OutOfMemoryError, match="780 bonds"):
        isinglass.solve(problem, solver="memcomputing")


@pytest.mark.clock
@pytest.mark.parametrize("form", FORMS)
def test_a_long_read_is_cut_at_its_limit(form: str) -> None:
    problem = isinglass.compile(random_couplings(400, 1.0, "gaussian", 1), kind="ising")
    given = {"solver": "memcomputing", "form": form, "steps": 10**6, "num_reads": 3}
    isinglass.solve(problem, time_limit=0.05, **given)  # loads the kernel
    began = time.perf_counter()
    result = isinglass.solve(problem, time_limit=0.4, **given)
    assert 0.4 <= time.perf_counter() - began < 0.8
    assert "time limit" in result.stop_reason and len(result.record) >= 1
    assert result.record.energy.min() == pytest.approx(result.trace[-1, 1], rel=1e-4)
