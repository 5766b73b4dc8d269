"""Every way to ask for what cannot be encoded, and what the error says."""

from __future__ import annotations

from typing import Any

import dimod
import numpy as np
import pytest

from isinglass.errors import OutOfMemoryError, ParameterError, ProblemError
from isinglass.problems.constrained import encode


def model() -> dimod.CQM:
    cqm = dimod.CQM()
    x, y = dimod.Binary("x"), dimod.Binary("y")
    cqm.set_objective(x + y)
    cqm.add_constraint(x + y == 1, label="c")
    return cqm


def test_real_variables() -> None:
    cqm = model()
    cqm.add_variable("REAL", "length", lower_bound=0, upper_bound=1)
    with pytest.raises(ProblemError, match=r"'length' is REAL.*INTEGER variable times a step"):
        encode(cqm)


def test_unbounded_integers() -> None:
    cqm = model()
    cqm.add_variable("INTEGER", "i")
    with pytest.raises(ProblemError, match=r"'i' has bounds 0 to 9007199254740991, which take 53 bits"):
        encode(cqm)


def test_bounds_without_an_integer() -> None:
    cqm = model()
    cqm.add_variable("INTEGER", "i", lower_bound=0.2, upper_bound=0.8)
    with pytest.raises(ProblemError, match=r"'i' has no integer between its bounds 0.2 and 0.8"):
        encode(cqm)


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_are_not_finite(wrong: float) -> None:
    cqm = model()
    cqm.add_constraint([("x", 1)], "<=", wrong, label="bound")
    with pytest.raises(ProblemError, match="'bound' has the right-hand side"):
        encode(cqm)
    cqm = model()
    cqm.add_constraint([("x", wrong)], "<=", 1, label="slope")
    with pytest.raises(ProblemError, match="'slope' has the coefficient"):
        encode(cqm)
    cqm = model()
    cqm.objective.add_quadratic("x", "y", wrong)
    with pytest.raises(ProblemError, match="the objective has the coefficient"):
        encode(cqm)
    dqm = dimod.DQM()
    dqm.add_variable(2)
    dqm.set_linear(0, [0, wrong])
    with pytest.raises(ProblemError, match="the DQM has the bias"):
        encode(dqm)


def test_numbers_at_the_end_of_float64() -> None:
    cqm = model()
    cqm.set_objective([("x", 1.7e308), ("y", -1.7e308)])
    with pytest.raises(ProblemError, match="scale the objective down"):
        encode(cqm)
    for size in (1e200, 1e-200):
        cqm = model()
        cqm.add_constraint([("x", size), ("y", 2 * size)], "<=", 2 * size, label="c2")
        with pytest.raises(ProblemError, match=r"'c2' has numbers up to .* scale the constraint"):
            encode(cqm)


def test_slack_of_too_many_bits() -> None:
    cqm = model()
    cqm.add_variable("BINARY", "z")
    far_off = [("x", 2**0.5), ("y", 3**0.5), ("z", 5**0.5)]
    cqm.add_constraint(far_off, "<=", -1e12, label="far", weight=1.0)
    with pytest.raises(ProblemError, match=r"'far' needs a slack of \d\d bits where at most 50"):
        encode(cqm)


@pytest.mark.parametrize("wrong", [dimod.BQM("SPIN"), dimod.QM(), {("a", "b"): 1}, None])
def test_other_models(wrong: Any) -> None:
    with pytest.raises(ProblemError, match=f"{type(wrong).__name__} has no constraints"):
        encode(wrong)


@pytest.mark.parametrize("wrong", [[], [1, 2], [[1]], 1.0, [-1], [float("nan")], ["a"], [None, 1]])
def test_weights(wrong: Any) -> None:
    encoding = encode(model())
    with pytest.raises(ParameterError, match="weights"):
        encoding.penalised(wrong)
    with pytest.raises(ParameterError, match="weights"):
        encoding.raise_weights(wrong, encoding.decode([[0, 0]]))


@pytest.mark.parametrize("wrong", [[0, 1], [[0]], [[0, 1, 0]], [[0, -1]], [[0.5, 0]], [[0], [0, 1]], "ab"])
def test_states(wrong: Any) -> None:
    with pytest.raises(ParameterError, match="states"):
        encode(model()).decode(wrong)


def test_report_of_another_encoding() -> None:
    encoding = encode(model())
    other = encode(dimod.CQM()).decode(np.zeros((1, 0)))
    with pytest.raises(ParameterError, match="the report is on 0 constraints and the encoding has 1"):
        encoding.raise_weights([1.0], other)


def test_num_occurrences() -> None:
    encoding = encode(model())
    with pytest.raises(ParameterError, match="num_occurrences"):
        encoding.sampleset(encoding.decode([[0, 1]]), num_occurrences=[1, 2])


def test_penalties_larger_than_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("isinglass.memory.SURELY_FREE", 0)
    monkeypatch.setattr("isinglass.memory.available_bytes", lambda: 1000)
    cqm = dimod.CQM()
    for v in range(20):
        cqm.add_variable("BINARY", v)
    cqm.add_constraint([(v, 1) for v in range(20)], "==", 1)
    with pytest.raises(OutOfMemoryError, match="190 pairs of bits"):
        encode(cqm)
