"""auto_scale on random problems: what is programmed just fits, and nothing larger would."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.errors import ParameterError
from isinglass.qpu.models import make_properties
from isinglass.qpu.problem import QubitProblem
from isinglass.qpu.scaling import check_ranges, scale_factor
from isinglass.qpu.working_graph import WorkingGraph, whole_graph

LIKE = {"chimera": "DW_2000Q_6", "pegasus": "Advantage_system4", "zephyr": "Advantage2_system1"}
SHAPES = {"chimera": [2, 2, 4], "pegasus": [2], "zephyr": [2, 4]}


@cache
def machine(kind: str) -> tuple[WorkingGraph, dict[str, Any]]:
    graph = whole_graph(kind, SHAPES[kind])
    return graph, make_properties(graph, LIKE[kind])


def problem_on(graph: WorkingGraph, seed: int, couplers: int, size: float, binary: bool) -> QubitProblem:
    rng = np.random.default_rng(seed)
    picked = np.sort(rng.choice(len(graph.couplers), min(couplers, len(graph.couplers)), replace=False))
    qubits = np.unique(graph.couplers[picked])
    row, col = np.searchsorted(qubits, graph.couplers[picked]).T.astype(np.int32)
    # One sign more often than the other, so that totals matter.
    J = size * (rng.random(len(picked)) - rng.choice([0.0, 0.5, 1.0]))
    h = size * rng.normal(size=len(qubits)) * rng.choice([0.0, 0.1, 3.0])
    return QubitProblem(qubits.astype(np.int32), h, row, col, J, "BINARY" if binary else "SPIN")


@given(
    kind=st.sampled_from(sorted(LIKE)),
    seed=st.integers(0, 10**6),
    couplers=st.integers(1, 200),
    exponent=st.integers(-6, 6),
    binary=st.booleans(),
    plain_j=st.booleans(),
    gain=st.sampled_from([1.0, 0.0, -0.7]),
)
def test_the_scaled_problem_just_fits(
    kind: str, seed: int, couplers: int, exponent: int, binary: bool, plain_j: bool, gain: float
) -> None:
    graph, properties = machine(kind)
    problem = problem_on(graph, seed, couplers, 10.0**exponent, binary)
    gains = np.array([1.0, gain])
    factor = scale_factor(problem, graph, properties, gains, plain_j)
    assert factor > 0
    h, J = problem.ising
    ends = (problem.qubits, h / factor, problem.row, problem.col, J / factor)
    check_ranges(QubitProblem(*ends, "SPIN"), graph, properties, gains, plain_j)
    larger = QubitProblem(ends[0], 1.001 * ends[1], ends[2], ends[3], 1.001 * ends[4], "SPIN")
    with pytest.raises(ParameterError):
        check_ranges(larger, graph, properties, gains, plain_j)
