"""The penalised problem of a CQM, brute-forced over all bits, against dimod's exact solver."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import dimod
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from isinglass.problems.constrained import encode
from isinglass.problems.given import EdgeList

MAX_BITS = 15


def all_states(num_bits: int) -> np.ndarray:
    numbers = np.arange(2**num_bits)
    return (numbers[:, None] >> np.arange(num_bits) & 1).astype(np.int8)


def energies(problem: EdgeList, states: np.ndarray) -> np.ndarray:
    """E(x) as given.py writes it, term by term."""
    total = np.full(len(states), problem.offset)
    total += states @ problem.linear
    for i, j, value in zip(problem.row, problem.col, problem.value, strict=True):
        total += value * (states[:, i] & states[:, j])
    return total


def minima(problem: EdgeList, states: np.ndarray) -> np.ndarray:
    found = energies(problem, states)
    return states[found <= found.min() + 1e-9 * max(1.0, np.abs(problem.value).max(initial=0.0))]


def check_minimum(cqm: dimod.CQM) -> None:
    """At the safe weights every minimum is a feasible optimum, if anything is feasible."""
    encoding = encode(cqm)
    assert (encoding.initial_weights() <= encoding.safe_weights).all()
    problem = encoding.penalised(encoding.safe_weights)
    assert (problem.num_variables, problem.vartype) == (encoding.num_bits, "BINARY")
    report = encoding.decode(minima(problem, all_states(encoding.num_bits)))
    exact = dimod.ExactCQMSolver().sample_cqm(cqm).record
    if encoding.infeasible:
        assert not exact.is_feasible.any()
    if exact.is_feasible.any():
        assert report.is_feasible.all()
        assert report.energies == pytest.approx(exact.energy[exact.is_feasible].min(), abs=1e-6)


def check_consistent(cqm: dimod.CQM) -> None:
    """At any weights, the least penalised energy of a feasible sample over slack is dimod's energy."""
    encoding = encode(cqm)
    states = all_states(encoding.num_bits)
    report = encoding.decode(states)
    found = energies(encoding.penalised(encoding.initial_weights()), states)
    plain = states[:, : encoding.num_variable_bits] @ (1 << np.arange(encoding.num_variable_bits))
    for sample in np.unique(plain[report.is_feasible]):
        same = plain == sample
        assert found[same].min() == pytest.approx(report.energies[same][0], abs=1e-7)


@st.composite
def cqms(draw: st.DrawFn, soft: bool = False, quadratic: bool = True) -> dimod.CQM:
    cqm = dimod.CQM()
    labels = []
    for name in "abcd"[: draw(st.integers(1, 4))]:
        vartype = draw(st.sampled_from(["BINARY", "SPIN", "INTEGER"]))
        low = draw(st.integers(-3, 3))
        cqm.add_variable(vartype, name, lower_bound=low, upper_bound=low + draw(st.integers(0, 4)))
        labels.append(name)
    coefficient = st.sampled_from([-3.0, -2.0, -1.0, -0.5, 0.0, 0.3, 1.0, 1.0, 2.0, 3.0])
    pairs = list(itertools.combinations(labels, 2))
    pairs += [(v, v) for v in labels if cqm.vartype(v) is dimod.INTEGER]

    def terms(with_pairs: bool) -> list[tuple[Any, ...]]:
        chosen = [(v, draw(coefficient)) for v in labels]
        if with_pairs and pairs:
            chosen += [
                (*pair, draw(coefficient)) for pair in draw(st.lists(st.sampled_from(pairs), max_size=2))
            ]
        return [*chosen, (draw(coefficient),)]

    cqm.set_objective(terms(True))
    for c in range(draw(st.integers(0, 2))):
        weight = draw(st.sampled_from([None, 0.5, 3.0])) if soft else None
        cqm.add_constraint(
            terms(quadratic and draw(st.booleans())),
            draw(st.sampled_from(["<=", ">=", "=="])),
            draw(st.sampled_from([-2.0, 0.0, 1.0, 1.4, 2.0, 4.0])),
            label=c,
        )
        if weight is not None:
            binary = all(cqm.vartype(v) is not dimod.INTEGER for v in labels)
            penalty = draw(st.sampled_from(["linear", "quadratic"])) if binary else "linear"
            cqm.constraints[c].lhs.set_weight(weight, penalty=penalty)
    return cqm


@settings(deadline=None, max_examples=200, derandomize=True)
@given(cqms(quadratic=False))
def test_minimum_of_linear_constraints_is_the_feasible_optimum(cqm: dimod.CQM) -> None:
    assume(encode(cqm).num_bits <= MAX_BITS)
    check_minimum(cqm)


@settings(deadline=None, max_examples=200, derandomize=True)
@given(cqms())
def test_minimum_of_quadratic_constraints_is_the_feasible_optimum(cqm: dimod.CQM) -> None:
    assume(encode(cqm).num_bits <= MAX_BITS)
    check_minimum(cqm)


@settings(deadline=None, max_examples=200, derandomize=True)
@given(cqms(soft=True))
def test_minimum_with_soft_constraints_is_the_feasible_optimum(cqm: dimod.CQM) -> None:
    assume(encode(cqm).num_bits <= MAX_BITS)
    check_minimum(cqm)


@settings(deadline=None, max_examples=120, derandomize=True)
@given(cqms(soft=True))
def test_penalties_vanish_on_feasible_samples(cqm: dimod.CQM) -> None:
    assume(encode(cqm).num_bits <= MAX_BITS)
    check_consistent(cqm)


@settings(deadline=None, max_examples=120, derandomize=True)
@given(cqms(soft=True), st.integers(0, 2**32 - 1))
def test_decode_agrees_with_dimod(cqm: dimod.CQM, seed: int) -> None:
    encoding = encode(cqm)
    states = np.random.default_rng(seed).integers(0, 2, (20, encoding.num_bits), dtype=np.int8)
    report = encoding.decode(states)
    labelled = (report.samples, list(cqm.variables))
    reference = dimod.SampleSet.from_samples_cqm(labelled, cqm)
    assert report.objectives == pytest.approx(cqm.objective.energies(labelled))
    assert report.energies == pytest.approx(reference.record.energy)
    assert (report.is_feasible == reference.record.is_feasible).all()
    assert (report.is_satisfied == reference.record.is_satisfied).all()
    is_hard = [not cqm.constraints[label].lhs.is_soft() for label in cqm.constraints]
    for row, sample in enumerate(reference.samples(sorted_by=None)):
        expected = list(cqm.violations(sample, clip=True).values())
        assert report.violations[row] == pytest.approx(expected, abs=1e-5)
        if all(is_hard):
            assert report.is_feasible[row] == cqm.check_feasible(sample)
        for label, value in sample.items():
            assert cqm.lower_bound(label) <= value <= cqm.upper_bound(label)


def three_binaries() -> tuple[dimod.CQM, list[Any]]:
    cqm = dimod.CQM()
    x = [dimod.Binary(f"x{i}") for i in range(3)]
    cqm.set_objective(-3 * x[0] - 2 * x[1] - 4 * x[2] + x[0] * x[2])
    return cqm, x


def one_of_three() -> dimod.CQM:
    cqm, x = three_binaries()
    cqm.add_discrete(x[0] + x[1] + x[2] == 1)
    return cqm


def at_most_one_of_three() -> dimod.CQM:
    cqm, x = three_binaries()
    cqm.add_constraint(x[0] + x[1] + x[2] <= 1)
    return cqm


def overlapping_sets() -> dimod.CQM:
    cqm, x = three_binaries()
    cqm.add_constraint(x[0] + x[1] == 1)
    cqm.add_constraint(x[1] + x[2] == 1)
    return cqm


def scaled_one_of_three() -> dimod.CQM:
    cqm, x = three_binaries()
    cqm.add_constraint(0.1 * x[0] + 0.1 * x[1] + 0.1 * x[2] == 0.1)
    return cqm


def decimal_knapsack() -> dimod.CQM:
    cqm, x = three_binaries()
    cqm.add_constraint(0.1 * x[0] + 0.2 * x[1] + 0.25 * x[2] <= 0.3)
    return cqm


def irrational_equality() -> dimod.CQM:
    cqm, x = three_binaries()
    root = 2**0.5, 3**0.5, 5**0.5
    cqm.add_constraint(root[0] * x[0] + root[1] * x[1] + root[2] * x[2] == root[0] + root[1])
    return cqm


def product_of_integers() -> dimod.CQM:
    cqm = dimod.CQM()
    i, j = dimod.Integer("i", upper_bound=3), dimod.Integer("j", upper_bound=3)
    cqm.set_objective(i + 2 * j)
    cqm.add_constraint(i * j >= 6)
    return cqm


def circle() -> dimod.CQM:
    cqm = dimod.CQM()
    i, j = (dimod.Integer(name, lower_bound=-2, upper_bound=2) for name in "ij")
    cqm.set_objective(i + 3 * j)
    cqm.add_constraint(i * i + j * j == 4)
    return cqm


def shared_product() -> dimod.CQM:
    cqm, x = three_binaries()
    cqm.add_constraint(x[0] * x[1] + x[2] <= 1)
    cqm.add_constraint(x[0] * x[1] - x[2] >= -0.5)
    return cqm


def spins_with_a_soft_product() -> dimod.CQM:
    cqm = dimod.CQM()
    s, t = dimod.Spin("s"), dimod.Spin("t")
    cqm.set_objective(s + t)
    cqm.add_constraint(s * t == 1, weight=5, penalty="quadratic")
    cqm.add_constraint(s - t >= 1, weight=0.3)
    return cqm


def rewarded_one_of_three() -> dimod.CQM:
    """Each bit is worth 10: setting two costs a weight of no more than 10."""
    cqm = dimod.CQM()
    x = [dimod.Binary(f"x{i}") for i in range(3)]
    cqm.set_objective(-10 * x[0] - 10 * x[1] - 10 * x[2])
    cqm.add_constraint(x[0] + x[1] + x[2] == 1)
    return cqm


def costly_one_of_three() -> dimod.CQM:
    """Each bit costs 10: setting none saves it."""
    cqm = dimod.CQM()
    x = [dimod.Binary(f"x{i}") for i in range(3)]
    cqm.set_objective(10 * x[0] + 10 * x[1] + 10 * x[2])
    cqm.add_constraint(x[0] + x[1] + x[2] == 1)
    return cqm


def conflicting_ends() -> dimod.CQM:
    """Breaking the middle constraint, whose bits hardly matter, frees both ends."""
    cqm = dimod.CQM()
    x = [dimod.Binary(f"x{i}") for i in range(4)]
    cqm.set_objective(-10 * x[0] - 10 * x[3] + 0.1 * x[1] + 0.1 * x[2])
    for left, right in itertools.pairwise(x):
        cqm.add_constraint(left + right == 1)
    return cqm


def soft_against_hard() -> dimod.CQM:
    """Breaking the hard constraint saves the soft one's cost, which the objective does not show."""
    cqm = dimod.CQM()
    x, y = dimod.Binary("x"), dimod.Binary("y")
    cqm.set_objective(1.0 * x)
    cqm.add_constraint(x + y == 2)
    cqm.add_constraint(x + y <= 0, weight=50)
    return cqm


def unwanted_product() -> dimod.CQM:
    """A false auxiliary bit would save both bits' costs."""
    cqm = dimod.CQM()
    x, y = dimod.Binary("x"), dimod.Binary("y")
    cqm.set_objective(10 * x + 10 * y)
    cqm.add_constraint(x * y >= 1)
    return cqm


def unwanted_soft_product() -> dimod.CQM:
    cqm = dimod.CQM()
    x, y = dimod.Binary("x"), dimod.Binary("y")
    cqm.set_objective(3 * x + 3 * y)
    cqm.add_constraint(x * y >= 1, weight=5)
    return cqm


@pytest.mark.parametrize(
    "make",
    [
        one_of_three,
        at_most_one_of_three,
        overlapping_sets,
        scaled_one_of_three,
        decimal_knapsack,
        irrational_equality,
        product_of_integers,
        circle,
        shared_product,
        spins_with_a_soft_product,
        rewarded_one_of_three,
        costly_one_of_three,
        conflicting_ends,
        soft_against_hard,
        unwanted_product,
        unwanted_soft_product,
    ],
)
def test_minimum_of_named_models(make: Callable[[], dimod.CQM]) -> None:
    cqm = make()
    assert encode(cqm).num_bits <= MAX_BITS
    check_minimum(cqm)
    check_consistent(cqm)


def test_infeasible_model_yields_the_least_violation() -> None:
    cqm = dimod.CQM()
    i = dimod.Integer("i", upper_bound=5)
    cqm.set_objective(i)
    cqm.add_constraint(i >= 7, label="too high")
    encoding = encode(cqm)
    assert encoding.infeasible == ("too high",)
    report = encoding.decode(minima(encoding.penalised(encoding.safe_weights), all_states(encoding.num_bits)))
    assert (report.samples == 5).all() and (report.violations == 2).all() and not report.is_feasible.any()
