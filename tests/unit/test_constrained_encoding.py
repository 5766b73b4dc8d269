"""What an encoding is made of, and what it says about itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dimod
import numpy as np
import pytest

from isinglass.problems.constrained import Encoding, encode
from isinglass.problems.constrained.grid import on_grid
from isinglass.problems.constrained.integers import variable_bits
from isinglass.problems.constrained.rows import constraint_rows
from isinglass.problems.constrained.weights import GROWTH


def binaries(count: int, objective: Sequence[float] | None = None) -> dimod.CQM:
    cqm = dimod.CQM()
    for v in range(count):
        cqm.add_variable("BINARY", v)
    cqm.set_objective([(v, bias) for v, bias in enumerate(objective or [1.0] * count)])
    return cqm


def with_constraint(biases: Sequence[float], sense: str, rhs: float, **options: Any) -> Encoding:
    cqm = binaries(len(biases))
    cqm.add_constraint(list(enumerate(biases)), sense, rhs, label="c", **options)
    return encode(cqm)


@pytest.mark.parametrize(
    ("biases", "sense", "rhs", "slack_bits"),
    [
        ([1, 2, 3], "<=", 4, 3),  # slack 0..4
        ([1, 2, 3], ">=", 2, 3),  # slack 0..4
        ([1, 2, 3], "==", 2, 0),
        ([-1, 2, -3], "<=", 0, 3),  # least value -4
        ([1, 1, 1], "<=", 1, 0),  # at most one: products of pairs
        ([5, 1, 1], ">=", 6, 0),  # one step below the most
        ([2, 2, 4], "<=", 7, 2),  # steps of 2: slack 0..3
        ([0.5, 0.25, 1.5], "<=", 1.0, 3),  # steps of 1/4: slack 0..4
        ([10, 1, 1], "<=", 0, 0),
    ],
)
def test_slack_is_sized_by_the_attainable_range(
    biases: list[float], sense: str, rhs: float, slack_bits: int
) -> None:
    encoding = with_constraint(biases, sense, rhs)
    assert (encoding.num_variable_bits, encoding.num_slack_bits) == (3, slack_bits)
    assert not encoding.tightened


def test_slack_of_a_square_starts_at_its_least_value() -> None:
    cqm = dimod.CQM()
    cqm.add_variable("INTEGER", "i", lower_bound=-3, upper_bound=3)
    cqm.add_constraint([("i", "i", 1)], "<=", 4)
    assert encode(cqm).num_slack_bits == 3  # 0..4


def test_rounding_in_the_coefficients_does_not_hide_the_step() -> None:
    cqm = dimod.CQM()
    for name in "st":
        cqm.add_variable("SPIN", name)
    cqm.add_constraint([("s", "t", 0.3), ("s", 0.1 + 0.2)], "<=", 0.1)
    encoding = encode(cqm)
    # 0.3 s (t + 1) is -0.6, 0 or 0.6: "at most one step above the least" needs no slack.
    assert encoding.num_slack_bits == 0 and not encoding.tightened


@pytest.mark.parametrize(("sense", "rhs"), [("<=", 6), (">=", 0), (">=", -1), ("<=", 100)])
def test_always_satisfied_constraints_cost_nothing(sense: str, rhs: float) -> None:
    encoding = with_constraint([1, 2, 3], sense, rhs)
    assert encoding.always_satisfied == ("c",)
    assert encoding.num_slack_bits == 0
    assert encoding.safe_weights.tolist() == encoding.initial_weights().tolist() == [0.0]
    assert len(encoding.penalised([7.0]).value) == 0


@pytest.mark.parametrize(("sense", "rhs"), [("<=", -1), (">=", 7), ("==", 7), ("==", -1), ("==", 2.5)])
def test_infeasible_constraints_are_named_and_keep_their_weight(sense: str, rhs: float) -> None:
    encoding = with_constraint([1, 2, 3], sense, rhs)
    assert encoding.infeasible == ("c",)
    report = encoding.decode(np.zeros((4, encoding.num_bits)))
    weights = encoding.initial_weights()
    assert (report.violations > 0).all()
    assert (encoding.raise_weights(weights, report) == weights).all()
    assert "'c'" in encoding.summary()


def test_dimod_tolerance_decides_what_is_infeasible() -> None:
    assert with_constraint([1, 2, 3], "==", 2 + 1e-7).infeasible == ()
    assert with_constraint([1, 2, 3], ">=", 6 + 1e-7).infeasible == ()
    assert with_constraint([1, 2, 3], ">=", 6 + 1e-3).infeasible == ("c",)


def test_constraints_without_a_common_step_are_named() -> None:
    biases = (np.sqrt(np.arange(2.0, 202.0)) / 3).tolist()
    encoding = with_constraint(biases, "<=", sum(biases) / 2)
    assert 0 < encoding.tightened["c"] < 1e-5 * sum(biases)
    assert "1 constraints rounded" in encoding.summary()


def test_sums_beyond_fifty_bits_are_rounded() -> None:
    cqm = dimod.CQM()
    for name in "ij":
        cqm.add_variable("INTEGER", name, upper_bound=2**28)
    cqm.add_constraint([("i", "j", 1)], "<=", 2**40, label="area")
    encoding = encode(cqm)
    assert encoding.num_slack_bits <= 25 and encoding.tightened.keys() == {"area"}


def test_rounding_keeps_a_tight_sum_and_rejects_what_dimod_rejects() -> None:
    biases = np.sqrt([2.0, 3.0, 5.0])
    rhs = float(biases[0] + biases[1])
    tolerance = 1e-6 * rhs
    cqm = binaries(5, [-1.0] * 5)
    too_much, just_right = rhs + 2 * tolerance, rhs + tolerance / 2
    cqm.add_constraint(list(enumerate([*biases, too_much, just_right])), "<=", rhs)
    encoding = encode(cqm)
    assert encoding.num_slack_bits > 20 and not encoding.tightened
    (row,) = constraint_rows(cqm, variable_bits(cqm)).rows
    grid = on_grid(row, rhs_on_grid=False)
    assert grid.coefficient[0] + grid.coefficient[1] <= grid.rhs
    assert grid.coefficient[4] <= grid.rhs < grid.coefficient[3]


def test_a_product_in_two_constraints_takes_one_bit() -> None:
    cqm = binaries(3)
    cqm.add_constraint([(0, 1, 1), (2, 1)], "<=", 1)
    cqm.add_constraint([(1, 0, 1), (2, 2)], "==", 1)
    assert encode(cqm).num_product_bits == 1


def test_one_hots_apart_need_only_their_own_weight() -> None:
    cqm = binaries(40, [-1.0, -2.0] * 20)
    for v in range(0, 40, 2):
        cqm.add_discrete([v, v + 1])
    assert encode(cqm).safe_weights == pytest.approx(2.0, rel=1e-2)
    cqm.add_constraint([(0, 1), (2, 1)], "<=", 1)
    assert encode(cqm).safe_weights[[0, 1, 20]] == pytest.approx(60.0, rel=1e-2)
    assert encode(cqm).safe_weights[2] == pytest.approx(2.0, rel=1e-2)


def test_safe_weight_counts_violations_in_the_users_units() -> None:
    fine, coarse = with_constraint([1, 2, 3], "==", 2), with_constraint([10, 20, 30], "==", 20)
    assert fine.safe_weights == pytest.approx(100 * coarse.safe_weights)
    assert fine.initial_weights() == pytest.approx(100 * coarse.initial_weights())
    assert fine.penalised(fine.safe_weights).value == pytest.approx(
        coarse.penalised(coarse.safe_weights).value
    )


def test_weights_start_below_the_safe_ones_and_rise_to_them() -> None:
    encoding = with_constraint([3, 5, 7], "<=", 8)
    weights = encoding.initial_weights()
    assert (weights > 0).all() and (weights < encoding.safe_weights).all()
    report = encoding.decode(np.ones((2, encoding.num_bits)))
    raised = encoding.raise_weights(weights, report)
    assert raised == pytest.approx(GROWTH * weights)
    for _ in range(30):
        raised = encoding.raise_weights(raised, report)
    assert (raised == encoding.safe_weights).all()


def test_start_of_bits_that_the_objective_does_not_touch() -> None:
    cqm = dimod.CQM()
    for name, vartype in {"s": "SPIN", "t": "SPIN", "x": "BINARY", "y": "BINARY"}.items():
        cqm.add_variable(vartype, name)
    cqm.set_objective([("s", "t", 1.0)])  # 4 in bits, but a range of only 2
    cqm.add_constraint([("x", 1), ("y", 2)], "==", 2)
    encoding = encode(cqm)
    assert encoding.safe_weights == pytest.approx(2.0, rel=1e-2)
    assert (encoding.initial_weights() == encoding.safe_weights).all()


def test_only_broken_hard_constraints_rise() -> None:
    cqm = binaries(4, [-1.0, -1.0, -1.0, -1.0])
    cqm.add_constraint([(0, 1), (1, 1)], "<=", 1)
    cqm.add_constraint([(2, 1), (3, 1)], "<=", 1)
    cqm.add_constraint([(0, 1), (2, 1)], "<=", 1, weight=2.5)
    encoding = encode(cqm)
    weights = np.array([0.01, 0.01, 0.0])
    slack = [0] * encoding.num_slack_bits
    both, first, neither = [1, 1, 1, 1, *slack], [1, 1, 1, 0, *slack], [1, 0, 1, 0, *slack]
    assert encoding.raise_weights(weights, encoding.decode([neither])).tolist() == weights.tolist()
    raised = encoding.raise_weights(weights, encoding.decode([both, first]))
    assert raised == pytest.approx([0.04, 0.025, 0.0])
    # Half of the reads are feasible: half of the growth.
    assert encoding.raise_weights(weights, encoding.decode([first, neither]))[0] == pytest.approx(0.025)


def test_soft_constraints_keep_the_users_weight() -> None:
    encoding = with_constraint([1, 1, 1], "<=", 1, weight=2.5)
    assert encoding.safe_weights.tolist() == encoding.initial_weights().tolist() == [2.5]
    assert (encoding.penalised([0.0]).value == encoding.penalised([2.5]).value).all()
    report = encoding.decode(np.ones((1, encoding.num_bits)))
    assert report.is_feasible.all() and not report.is_satisfied.any()
    assert report.energies - report.objectives == pytest.approx(2.5 * 2)


def test_penalised_problems_are_independent() -> None:
    encoding = with_constraint([1, 2, 3], "<=", 4)
    first, second = encoding.penalised([1.0]), encoding.penalised([2.0])
    assert second.value == pytest.approx(2 * first.value)
    first.value[:] = 0
    assert (encoding.penalised([2.0]).value == second.value).all()
    with pytest.raises(ValueError, match="read-only"):
        first.row[0] = 1


def test_info_and_summary_count_bits() -> None:
    cqm = binaries(2)
    cqm.add_variable("INTEGER", "i", lower_bound=2, upper_bound=7)
    cqm.add_constraint([(0, 1), ("i", 1)], "<=", 6, label="sum")
    cqm.add_constraint([(0, 1, 1)], "<=", 0, label="product")
    encoding = encode(cqm)
    info = encoding.info()
    assert (info["num_variable_bits"], info["num_product_bits"], info["num_slack_bits"]) == (5, 1, 3)
    assert info["num_bits"] == encoding.num_bits == 9
    assert info["safe_weights"] == encoding.safe_weights.tolist()
    assert "3 variables in 5 bits" in encoding.summary() and "9 in all" in encoding.summary()
