"""Parallel tempering: parameters, ladders and what it finds."""

from __future__ import annotations

import numpy as np
import pytest

import isinglass
from isinglass.errors import ParameterError
from isinglass.solvers import rungs
from tests.conftest import random_couplings


def temper(problem: object, **given: object) -> isinglass.SampleSet:
    return isinglass.solve(problem, solver="parallel_tempering", **given)


def test_equal_steps_of_the_barrier() -> None:
    beta = np.geomspace(8.0, 0.5, 9)
    even = rungs.equalize(beta, np.full(8, 0.3), 9)
    assert np.allclose(even, beta)
    # All refusals between the third and the fourth rung: that is where the new rungs go.
    rates = np.zeros(8)
    rates[2] = 0.9
    moved = rungs.equalize(beta, rates, 9)
    inside = (moved < beta[2]) & (moved > beta[3])
    assert inside.sum() >= 6 and moved[0] == beta[0] and moved[-1] == beta[-1]
    assert (np.diff(moved) < 0).all()


@pytest.mark.parametrize("storage", ["sparse", "dense", "packed"])
def test_reaches_the_ground_state_of_a_small_glass(storage: str) -> None:
    matrix = random_couplings(24, 1.0, "pm1", 7)
    ground = isinglass.solve(matrix, kind="ising", solver="exact").first.energy
    result = temper(isinglass.compile(matrix, kind="ising", storage=storage), seed=1)
    assert result.first.energy == ground
    assert len(result.record) == 2 and result.info["sweeps"] == [2000, 2000]
    betas = np.array(result.info["betas"])
    assert (np.diff(betas) < 0).all() and result.info["barrier"] >= 0


def test_a_lattice_that_single_flips_do_not_solve() -> None:
    # A 40 x 40 +-J torus of random signs, its ground state unknown here: two words of replicas against
    # annealing with the same sweeps of as many, which ends higher.
    lattice = isinglass.generate("lattice_2d", length=40, seed=3)
    result = temper(lattice, seed=1, sweeps=2000, num_reads=2)
    annealed = isinglass.solve(
        lattice, solver="simulated_annealing", seed=1, num_reads=128, annealing_time=2000
    )
    assert result.first.energy < annealed.first.energy


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"sweeps": 0}, "sweeps=0"),
        ({"num_temperatures": 65}, "num_temperatures=65"),
        ({"beta_range": (0.0, 1.0)}, "begins at 0"),
        ({"beta_range": (2.0, 1.0)}, "hot <= cold"),
        ({"segments": 1}, "segments=1"),
    ],
)
def test_bad_parameters(given: dict[str, object], said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        temper({("a", "b"): 1.0}, **given)


def test_sparse_ladders_share_a_word() -> None:
    matrix = random_couplings(40, 0.2, "pm1", 7)
    with pytest.raises(ParameterError, match="num_temperatures=9 does not divide 64"):
        temper(matrix, kind="ising", storage="sparse", num_temperatures=9)
    for count in (2, 64):
        result = temper(matrix, kind="ising", storage="sparse", num_temperatures=count, seed=1, sweeps=600)
        assert len(result.info["betas"]) == count


def test_temperatures_asked_for_are_kept() -> None:
    matrix = random_couplings(40, 1.0, "gaussian", 7)
    result = temper(matrix, kind="ising", storage="dense", num_temperatures=9, beta_range=(0.1, 2.0), seed=1)
    assert len(result.info["betas"]) == 9
    assert result.info["betas"][0] == pytest.approx(2.0) and result.info["betas"][-1] == pytest.approx(0.1)


def test_no_and_lone_variables() -> None:
    assert temper(isinglass.compile({}), seed=1).record.sample.shape == (2, 0)
    assert temper({("a", "a"): -1.0}, seed=1).first.sample == {"a": 1}
    free = isinglass.compile((np.zeros(3), {}), kind="ising")
    assert temper(free, seed=1).first.energy == 0.0


@pytest.mark.clock
def test_reads_share_the_time() -> None:
    matrix = random_couplings(200, 1.0, "pm1", 7)
    temper(matrix, kind="ising", sweeps=2, seed=1)
    result = temper(matrix, kind="ising", num_reads=3, num_threads=1, time_limit=0.9, seed=1)
    assert len(result.record) == 3 and min(result.info["sweeps"]) * 8 > max(result.info["sweeps"])
