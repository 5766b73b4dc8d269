"""Answers in the user's variables, and models with nothing in them."""

from __future__ import annotations

import dimod
import numpy as np
import pytest

from isinglass.problems.constrained import encode


def mixed_model() -> dimod.CQM:
    cqm = dimod.CQM()
    cqm.add_variable("INTEGER", "z", lower_bound=-2, upper_bound=300)
    cqm.add_variable("SPIN", "a")
    cqm.add_variable("BINARY", "m")
    cqm.set_objective([("z", "z", 1), ("a", "m", 2), (5,)])
    cqm.add_constraint([("z", 1), ("a", 1)], ">=", 0, label="low")
    cqm.add_constraint([("m", 1)], "==", 1, label="set")
    cqm.constraints["set"].lhs.set_weight(4, penalty="quadratic")
    return cqm


def test_sampleset_is_the_one_that_dimod_builds() -> None:
    cqm = mixed_model()
    encoding = encode(cqm)
    states = np.random.default_rng(5).integers(0, 2, (50, encoding.num_bits))
    report = encoding.decode(states)
    made = encoding.sampleset(report, num_occurrences=np.arange(50), info={"seed": 3})
    expected = dimod.SampleSet.from_samples_cqm((report.samples, list(cqm.variables)), cqm, sort_labels=False)
    assert list(made.variables) == ["z", "a", "m"]
    for vector in ("sample", "energy", "is_feasible", "is_satisfied"):
        assert (made.record[vector] == expected.record[vector]).all(), vector
    assert made.info == {"seed": 3, "constraint_labels": ["low", "set"]}
    assert made.record.num_occurrences.tolist() == list(range(50))
    assert (made.record.violations == report.violations).all()
    assert made.vartype is expected.vartype


def test_reads_are_neither_merged_nor_sorted() -> None:
    encoding = encode(mixed_model())
    state = np.zeros((1, encoding.num_bits), dtype=np.int8)
    other = 1 - state
    made = encoding.sampleset(encoding.decode(np.concatenate([other, state, state, other])))
    assert made.record.sample[:, 0].tolist() == [300, -2, -2, 300]


def test_dqm_sampleset_holds_cases() -> None:
    dqm = dimod.DQM()
    dqm.add_variable(3, label="p")
    dqm.add_variable(2, label="o")
    dqm.set_linear("p", [3, 1, 2])
    encoding = encode(dqm)
    made = encoding.sampleset(encoding.decode([[0, 0, 1, 0, 1], [0, 0, 0, 1, 0]]))
    assert list(made.variables) == ["p", "o"]
    assert made.record.sample.tolist() == [[2, 1], [1, 0]]
    assert made.record.energy.tolist() == [2, 1]
    assert made.record.is_feasible.all() and made.record.repaired.tolist() == [0, 1]
    assert made.info["constraint_labels"] == []
    assert made.vartype == dimod.SampleSet.from_samples([[0]], "DISCRETE", energy=[0]).vartype


def test_case_labels_do_not_matter() -> None:
    dqm = dimod.CaseLabelDQM()
    colour = dqm.add_variable(["red", "green"], shared_labels=True)
    dqm.set_linear_case(colour, "green", -1.0)
    report = encode(dqm).decode([[1, 1]])
    assert report.samples.tolist() == [[1]] and report.energies.tolist() == [-1.0]


def test_no_reads() -> None:
    encoding = encode(mixed_model())
    report = encoding.decode(np.zeros((0, encoding.num_bits)))
    assert report.violations.shape == (0, 2) and len(encoding.sampleset(report)) == 0
    weights = encoding.initial_weights()
    assert (encoding.raise_weights(weights, report) == weights).all()


def test_cqm_without_anything() -> None:
    encoding = encode(dimod.CQM())
    problem = encoding.penalised([])
    assert (problem.num_variables, len(problem.row), problem.offset) == (0, 0, 0.0)
    report = encoding.decode(np.zeros((2, 0)))
    assert report.energies.tolist() == [0, 0] and report.is_feasible.all()
    assert len(encoding.sampleset(report)) == 2


def test_cqm_without_constraints() -> None:
    cqm = dimod.CQM()
    cqm.set_objective(dimod.Binary("x") - 3)
    encoding = encode(cqm)
    problem = encoding.penalised(encoding.initial_weights())
    assert problem.linear is not None and problem.linear.tolist() == [1.0] and problem.offset == -3.0
    assert encoding.decode([[0], [1]]).energies.tolist() == [-3, -2]


def test_constants_count_where_dimod_drops_them() -> None:
    """dimod evaluates an expression without variables to 0, whatever its constant."""
    cqm = dimod.CQM()
    cqm.add_variable("BINARY", "x")
    cqm.set_objective([(5,)])
    cqm.add_constraint([(3,)], "<=", 2, label="never")
    cqm.add_constraint([(1,)], "<=", 2, label="always")
    encoding = encode(cqm)
    assert encoding.infeasible == ("never",) and encoding.always_satisfied == ("always",)
    report = encoding.decode([[0], [1]])
    assert report.energies.tolist() == [5, 5]
    assert report.violations.tolist() == [[1, 0], [1, 0]] and not report.is_feasible.any()
    assert encoding.penalised([1.0, 1.0]).offset == pytest.approx(5 + 1)


def test_integer_with_one_value_takes_no_bit() -> None:
    cqm = dimod.CQM()
    cqm.add_variable("INTEGER", "i", lower_bound=4, upper_bound=4)
    cqm.set_objective([("i", "i", 2)])
    encoding = encode(cqm)
    assert encoding.num_bits == 0 and encoding.decode(np.zeros((1, 0))).energies.tolist() == [32]


def test_integers_too_large_for_int32_are_exact() -> None:
    cqm = dimod.CQM()
    cqm.add_variable("INTEGER", "i", lower_bound=-(2**52), upper_bound=-(2**52) + 2**50 - 1)
    encoding = encode(cqm)
    report = encoding.decode(np.stack([np.zeros(50), np.ones(50)]))
    assert report.samples[:, 0].tolist() == [-(2**52), -(2**52) + 2**50 - 1]


def test_dqm_without_variables() -> None:
    dqm = dimod.DQM()
    dqm.offset = 2.5
    encoding = encode(dqm)
    assert encoding.penalised([]).offset == 2.5
    assert encoding.decode(np.zeros((3, 0))).energies.tolist() == [2.5] * 3


def test_dqm_variable_with_one_case() -> None:
    dqm = dimod.DQM()
    dqm.add_variable(1, label="only")
    dqm.set_linear("only", [7.0])
    report = encode(dqm).decode([[0], [1]])
    assert report.samples.tolist() == [[0], [0]] and report.energies.tolist() == [7, 7]
    assert report.repaired.tolist() == [1, 0]
