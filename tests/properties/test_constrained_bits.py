"""Integers cover their range exactly, expressions keep their value in bits, rounding stays safe."""

from __future__ import annotations

import itertools
from typing import Any

import dimod
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from isinglass.problems.constrained import encode
from isinglass.problems.constrained.expressions import read, to_bits
from isinglass.problems.constrained.grid import common_step, on_grid
from isinglass.problems.constrained.integers import MAX_BITS, bit_weights, variable_bits
from isinglass.problems.constrained.rows import constraint_rows

modest = settings(deadline=None, max_examples=100, derandomize=True)


def all_states(num_bits: int) -> np.ndarray[Any, np.dtype[np.int8]]:
    return (np.arange(2**num_bits)[:, None] >> np.arange(num_bits) & 1).astype(np.int8)


@modest
@given(st.integers(0, 600))
def test_weights_reach_exactly_the_span(span: int) -> None:
    weights = bit_weights(span)
    assert len(weights) == span.bit_length()
    assert set((all_states(len(weights)) @ weights).tolist()) == set(range(span + 1))


@modest
@given(st.integers(1, 2**MAX_BITS - 1))
def test_long_weights_leave_no_gap(span: int) -> None:
    weights = bit_weights(span).tolist()
    assert sum(weights) == span
    for reached, weight in zip(itertools.accumulate(sorted(weights)), sorted(weights)[1:], strict=False):
        assert 1 <= weight <= reached + 1


@modest
@given(st.integers(-40, 40), st.integers(0, 40))
def test_decoded_integers_are_exactly_those_between_the_bounds(low: int, span: int) -> None:
    cqm = dimod.CQM()
    cqm.add_variable("SPIN", "s")
    cqm.add_variable("INTEGER", "i", lower_bound=low - 0.3, upper_bound=low + span + 0.3)
    encoding = encode(cqm)
    assert encoding.num_bits == 1 + span.bit_length()
    samples = encoding.decode(all_states(encoding.num_bits)).samples
    assert set(samples[:, 0].tolist()) == {-1, 1}
    assert set(samples[:, 1].tolist()) == set(range(low, low + span + 1))


@st.composite
def objectives(draw: st.DrawFn) -> dimod.CQM:
    cqm = dimod.CQM()
    for name in "abc":
        low = draw(st.integers(-4, 4))
        vartype = draw(st.sampled_from(["BINARY", "SPIN", "INTEGER"]))
        cqm.add_variable(vartype, name, lower_bound=low, upper_bound=low + draw(st.integers(0, 6)))
    bias = st.integers(-5, 5)
    pairs = [("a", "b"), ("a", "c"), ("b", "c")]
    pairs += [(v, v) for v in "abc" if cqm.vartype(v) is dimod.INTEGER]
    cqm.set_objective(
        [(v, draw(bias)) for v in "abc"] + [(*pair, draw(bias)) for pair in pairs] + [(draw(bias),)]
    )
    return cqm


@modest
@given(objectives())
def test_bits_keep_the_value_and_bounds_hold_it(cqm: dimod.CQM) -> None:
    variables = variable_bits(cqm)
    expression = read(cqm.objective, {v: j for j, v in enumerate(cqm.variables)}, "the objective")
    bits = to_bits(expression, variables)
    assert (bits.row < bits.col).all()
    assert len(np.unique(bits.row * variables.num_bits + bits.col)) == len(bits.row)

    states = all_states(variables.num_bits)
    products = states[:, bits.row] * states[:, bits.col]
    values = bits.offset + states[:, bits.index] @ bits.linear + products @ bits.quadratic
    expected = cqm.objective.energies((variables.values(states), list(cqm.variables)))
    assert values == pytest.approx(expected)
    for low, high in (
        expression.bounds(variables.lowest.astype(float), variables.highest.astype(float)),
        bits.bounds(np.zeros(variables.num_bits), np.ones(variables.num_bits)),
    ):
        assert low <= expected.min() and expected.max() <= high


def test_bounds_of_a_square_through_zero() -> None:
    cqm = dimod.CQM()
    cqm.add_variable("INTEGER", "i", lower_bound=-2, upper_bound=3)
    for sign, bounds in ((1, (0.0, 9.0)), (-1, (-9.0, 0.0))):
        cqm.set_objective([("i", "i", sign)])
        square = read(cqm.objective, {"i": 0}, "the objective")
        assert square.bounds(np.array([-2.0]), np.array([3.0])) == bounds


@modest
@given(
    st.sampled_from([1.0, 0.01, 0.1, 1 / 3, 7.0, 2.5, 2**0.5, 1e-12, 1e12]),
    st.lists(st.integers(-1000, 1000).filter(bool), min_size=1, max_size=6),
)
def test_common_step_is_found(step: float, multiples: list[int]) -> None:
    found = common_step(step * np.array(multiples, dtype=float))
    assert found == pytest.approx(step * np.gcd.reduce(multiples), rel=1e-9)


def test_no_common_step_of_irrationals() -> None:
    assert common_step(np.sqrt([2.0, 3.0, 5.0, 7.0])) is None
    assert common_step(np.zeros(3)) == 1.0


coefficients = st.floats(-10, 10, allow_nan=False).filter(lambda c: abs(c) > 1e-3)


@modest
@given(
    st.lists(coefficients, min_size=3, max_size=7),
    st.integers(0, 127),
    st.floats(-1, 1),
    st.sampled_from(["<=", ">="]),
    st.booleans(),
)
@example([4.569101514729911, 7.043578692393986, 7.043578692393986], 0, 0.0, "<=", False)
def test_rounded_inequalities_never_admit_what_dimod_rejects(
    biases: list[float], pattern: int, shift: float, sense: str, is_tight: bool
) -> None:
    cqm = dimod.CQM()
    for v in range(len(biases)):
        cqm.add_variable("BINARY", v)
    chosen = sum(bias for v, bias in enumerate(biases) if pattern >> v & 1)
    cqm.add_constraint(list(enumerate(biases)), sense, chosen + (0.0 if is_tight else shift), label="c")
    (row,) = constraint_rows(cqm, variable_bits(cqm)).rows
    grid = on_grid(row, rhs_on_grid=False)
    assert (grid.coefficient == np.rint(grid.coefficient)).all()

    states = all_states(len(biases))
    on_the_grid = states[:, grid.bit] @ grid.coefficient
    assert grid.low <= on_the_grid.min() and on_the_grid.max() <= grid.high
    admitted = on_the_grid <= grid.rhs
    report = encode(cqm).decode(np.pad(states, ((0, 0), (0, encode(cqm).num_slack_bits))))
    assert not (admitted & ~report.is_feasible).any()
    sign = 1.0 if sense == "<=" else -1.0
    excess = sign * (states @ np.array(biases) - cqm.constraints["c"].rhs)
    well_inside = excess <= -grid.tightening - 1e-12 * np.abs(biases).sum()
    assert not (well_inside & ~admitted).any()
    if is_tight and grid.tightening == 0.0:
        assert admitted[pattern & (2 ** len(biases) - 1)]
