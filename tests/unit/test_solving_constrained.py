"""CQMs and DQMs through the public door: feasible, in the user's variables, judged by the user's model."""

from __future__ import annotations

import dimod
import numpy as np
import pytest

import isinglass
from isinglass.errors import ParameterError, ProblemError


def knapsack(items: int, seed: int) -> dimod.ConstrainedQuadraticModel:
    rng = np.random.default_rng(seed)
    value, size = rng.integers(1, 20, items), rng.integers(1, 20, items)
    cqm = dimod.ConstrainedQuadraticModel()
    x = [dimod.Binary(f"x{i}") for i in range(items)]
    cqm.set_objective(-sum(int(v) * b for v, b in zip(value, x, strict=True)))
    cqm.add_constraint(
        sum(int(s) * b for s, b in zip(size, x, strict=True)) <= int(size.sum()) // 3, label="room"
    )
    return cqm


def test_knapsack_reaches_the_exact_optimum() -> None:
    cqm = knapsack(12, 1)
    exact = dimod.ExactCQMSolver().sample_cqm(cqm)
    best = exact.filter(lambda row: row.is_feasible).first.energy
    result = isinglass.solve(cqm, seed=1)
    assert result.best.is_feasible and result.best.energy == best
    assert cqm.check_feasible(result.best.sample)


def test_every_read_is_kept_and_judged_by_the_users_model() -> None:
    cqm = knapsack(10, 2)
    result = isinglass.solve(cqm, num_reads=20, annealing_time=30, seed=3)
    assert len(result.record) == 20 * result.info["rounds"]
    for sample, energy, feasible, violation in zip(
        result.record.sample,
        result.record.energy,
        result.is_feasible,
        result.violations["room"],
        strict=True,
    ):
        named = dict(zip(result.variables, sample, strict=True))
        assert energy == cqm.objective.energy(named)
        assert feasible == cqm.check_feasible(named)
        assert violation == max(0.0, cqm.violations(named)["room"])


def test_weights_rise_until_the_constraint_holds() -> None:
    # Selling everything pays; only one may be sold, so the first weights are too low or just right.
    cqm = dimod.ConstrainedQuadraticModel()
    x = [dimod.Binary(f"x{i}") for i in range(8)]
    cqm.set_objective(-100 * dimod.quicksum(x))
    cqm.add_constraint(dimod.quicksum(x) == 1, label="one")
    result = isinglass.solve(cqm, seed=1)
    assert result.best.is_feasible and result.best.energy == -100
    weights = np.array(result.info["weights"])
    assert (np.diff(weights[:, 0]) >= 0).all()
    assert (weights <= np.array(result.info["encoding"]["safe_weights"]) + 1e-9).all()


def test_integers_come_back_as_integers() -> None:
    i, j = dimod.Integer("i", upper_bound=10), dimod.Integer("j", lower_bound=-3, upper_bound=7)
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective((i - 4) * (i - 4) + j * j + i * j)
    cqm.add_constraint(i + j >= 5, label="sum")
    exact = dimod.ExactCQMSolver().sample_cqm(cqm).filter(lambda row: row.is_feasible).first
    result = isinglass.solve(cqm, seed=2)
    assert result.best.energy == exact.energy and set(result.best.sample) == {"i", "j"}


def test_dqm_gives_cases() -> None:
    dqm = dimod.DiscreteQuadraticModel()
    nodes = [dqm.add_variable(3, label=f"node{k}") for k in range(6)]
    for a in range(6):
        b = (a + 1) % 6
        for case in range(3):
            dqm.set_quadratic_case(nodes[a], case, nodes[b], case, 1.0)
    result = isinglass.solve(dqm, seed=1)
    assert result.best.energy == 0.0 and result.is_feasible.all()
    assert set(np.unique(result.record.sample)) <= {0, 1, 2}
    assert np.allclose(dqm.energies((result.record.sample, list(result.variables))), result.record.energy)


def test_exact_solver_starts_at_the_safe_weights() -> None:
    cqm = knapsack(8, 4)
    exact = dimod.ExactCQMSolver().sample_cqm(cqm).filter(lambda row: row.is_feasible).first.energy
    result = isinglass.solve(cqm, solver="exact")
    assert result.best.energy == exact and result.info["certified"] and result.info["rounds"] == 1


def test_time_limit_and_target_hold_for_constrained_models() -> None:
    cqm = knapsack(30, 5)
    isinglass.solve(cqm, time_limit=0.2, seed=1)
    limited = isinglass.solve(cqm, time_limit=0.6, seed=1)
    assert 0.5 < limited.timing["total"] < 1.2 and "time limit" in limited.stop_reason
    assert limited.best.is_feasible and len(limited.trace) >= 1
    stopped = isinglass.solve(cqm, time_limit=20.0, target_energy=limited.best.energy, seed=1)
    assert stopped.stop_reason.startswith("target") and stopped.timing["total"] < 15.0


def test_the_same_seed_gives_the_same_samples() -> None:
    one, two = (isinglass.solve(knapsack(15, 6), seed=9, num_threads=t).record.sample for t in (1, 2))
    assert (one == two).all()


def test_an_infeasible_model_says_so() -> None:
    cqm = dimod.ConstrainedQuadraticModel()
    x, y = dimod.Binaries(["x", "y"])
    cqm.set_objective(x + y)
    cqm.add_constraint(x + y >= 1, label="some")
    cqm.add_constraint(x + y <= 0, label="none")
    result = isinglass.solve(cqm, seed=1)
    assert not result.is_feasible.any() and "no sample satisfies" in result.stop_reason


def test_what_cannot_be_solved_is_refused_in_one_sentence() -> None:
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.add_variable("REAL", "r", upper_bound=3)
    with pytest.raises(ProblemError, match="'r'"):
        isinglass.solve(cqm)
    with pytest.raises(ParameterError, match="initial_states"):
        isinglass.solve(knapsack(3, 1), initial_states=[[0, 0, 0]])
    with pytest.raises(ParameterError, match="target_cut"):
        isinglass.solve(knapsack(3, 1), target_cut=3)
    with pytest.raises(ProblemError, match="constraints"):
        isinglass.compile(knapsack(3, 1))


def test_repr_says_how_many_are_feasible() -> None:
    text = repr(isinglass.solve(knapsack(8, 1), seed=1))
    assert "feasible" in text and len(text.splitlines()) <= 10


class AfterLooks:
    """Says stop from the k-th time on that it is asked."""

    def __init__(self, looks: int) -> None:
        self.looks = looks

    def is_set(self) -> bool:
        self.looks -= 1
        return self.looks < 0


def test_a_round_that_begins_as_the_run_ends_has_a_read() -> None:
    """The end may come between the look for it and the round: it once was an error, as of np.stack."""
    cqm = dimod.ConstrainedQuadraticModel()
    x, y = dimod.Integer("x", upper_bound=5), dimod.Binary("y")
    cqm.set_objective(-x - y)
    cqm.add_constraint(x + y <= 3, label="most")
    for looks in range(60):
        result = isinglass.solve(
            cqm,
            solver="simulated_annealing",
            time_limit=30.0,
            num_threads=1,
            seed=1,
            cancel=AfterLooks(looks),
        )
        assert len(result), looks
