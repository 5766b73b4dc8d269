"""The vendor's hybrid solvers as they are published: names, sizes, least times.

Values: D-Wave, "Solver properties" of the hybrid solvers BQM 2.2, CQM 1.12, DQM 1.12, NL 1.5; the terms of
the last's least time as dwave-system has them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import dimod
import numpy as np

from isinglass.control import check_positive
from isinglass.errors import ParameterError
from isinglass.problems.files.nl import NonlinearFile
from isinglass.qpu.parameter_checks import as_number

_LONGEST_HOURS = 24
_COMMON: dict[str, Any] = {
    "category": "hybrid",
    "quota_conversion_rate": 20,
    "maximum_time_limit_hrs": _LONGEST_HOURS,
    "parameters": {"time_limit": "Seconds of run time, at least the minimum for the problem's size."},
}


@dataclass(frozen=True)
class HybridKind:
    """One hybrid solver."""

    name: str
    problem_type: str
    """"bqm", "cqm", "dqm" or "nl"."""
    description: str
    limits: Mapping[str, Any]
    """Properties of its own."""
    least_seconds: Callable[[Any], float]
    """Of a model: the smallest ``time_limit`` that is taken."""
    most_samples: int
    """That an answer has."""
    firm: bool = True
    """A ``time_limit`` below the least is refused; else it is taken, as long as it is above 0."""

    @property
    def properties(self) -> dict[str, Any]:
        return {**_COMMON, "supported_problem_types": [self.problem_type], **self.limits}

    def time_limit(self, given: Any, model: Any) -> float:
        """Seconds; the least where none are given. ParameterError for too few or too many."""
        least = self.least_seconds(model)
        if given is None:
            return least
        seconds = as_number("time_limit", given)
        if not self.firm:
            check_positive("time_limit", seconds)
        elif seconds < least:
            raise ParameterError(
                f"Attempting to run a problem for less than the allowed minimum time_limit {least:.4g} s"
            )
        if seconds > 3600 * _LONGEST_HOURS:
            raise ParameterError(f"time_limit={seconds:g} is above maximum_time_limit_hrs, {_LONGEST_HOURS}")
        return seconds


def _interpolated(size: float, table: list[list[float]]) -> float:
    sizes, seconds = np.array(table).T
    return float(np.interp(size, sizes, seconds))


_BQM_SECONDS = [
    [1, 3.0], [1024, 3.0], [4096, 10.0], [10000, 40.0], [30000, 200.0], [100000, 600.0], [1000000, 600.0],
]  # fmt: skip
_DQM_SECONDS = [
    [20000, 5.0], [100000, 6.0], [200000, 13.0], [500000, 34.0], [1000000, 71.0], [2000000, 152.0],
    [5000000, 250.0], [20000000, 400.0], [250000000, 1200.0],
]  # fmt: skip
_CQM_LIMITS: dict[str, Any] = {
    "version": "1.12",
    "maximum_number_of_variables": 5_000_000,
    "maximum_number_of_biases": 750_000_000,
    "maximum_number_of_constraints": 100_000,
    "maximum_number_of_quadratic_variables": 15_000_000,
    "maximum_number_of_quadratic_variables_real": 0,
    "maximum_number_of_linear_biases_real": 75_000_000,
    "minimum_time_limit_s": 5.0,
    "num_variables_multiplier": 0.000157411458,
    "num_biases_multiplier": 4.65705646e-06,
    "num_constraints_multiplier": 6.44385747e-09,
}

_NL_LIMITS: dict[str, Any] = {
    "version": "1.5",
    "maximum_number_of_nodes": 2_000_000,
    "maximum_number_of_states": 1,
    "maximum_state_size": 786_432_000,
    "maximum_decision_state_size": 52_428_800,
    "min_time_limit": 5.0,
    "num_nodes_multiplier": 8.306792043756981e-05,
    "state_size_multiplier": 2.8379674360396316e-10,
    "num_nodes_state_size_multiplier": 2.1097317822863966e-12,
    "offset": 0.012671678446550175,
}


def _bqm_seconds(model: dimod.BinaryQuadraticModel) -> float:
    return _interpolated(model.num_variables, _BQM_SECONDS)


def _cqm_seconds(model: dimod.ConstrainedQuadraticModel) -> float:
    variables, constraints = len(model.variables), len(model.constraints)
    scaled = (
        _CQM_LIMITS["num_variables_multiplier"] * variables
        + _CQM_LIMITS["num_biases_multiplier"] * model.num_biases()
        + _CQM_LIMITS["num_constraints_multiplier"] * variables * constraints
    )
    return max(float(scaled), float(_CQM_LIMITS["minimum_time_limit_s"]))


def nonlinear_seconds(nodes: int, state_size: int) -> float:
    """The least of a nonlinear model with so many symbols, whose values have so many bytes."""
    scaled = (
        _NL_LIMITS["num_nodes_multiplier"] * nodes
        + _NL_LIMITS["state_size_multiplier"] * state_size
        + _NL_LIMITS["num_nodes_state_size_multiplier"] * nodes * state_size
        + _NL_LIMITS["offset"]
    )
    return max(float(scaled), float(_NL_LIMITS["min_time_limit"]))


def _nl_seconds(file: NonlinearFile) -> float:
    return nonlinear_seconds(file.nodes, file.state_size)


def _dqm_seconds(model: dimod.DiscreteQuadraticModel) -> float:
    pairs = model.num_variable_interactions() * model.num_cases() / max(model.num_variables(), 1)
    return max(5.0, _interpolated(pairs, _DQM_SECONDS))


BQM = HybridKind(
    "hybrid_binary_quadratic_model_version2", "bqm", "Binary quadratic models, solved by isinglass",
    {
        "version": "2.2", "maximum_number_of_variables": 1_000_000,
        "maximum_number_of_biases": 200_000_000, "minimum_time_limit": _BQM_SECONDS,
    },
    _bqm_seconds, 1,
)  # fmt: skip
CQM = HybridKind(
    "hybrid_constrained_quadratic_model_version1", "cqm", "Constrained quadratic models, solved by isinglass",
    _CQM_LIMITS, _cqm_seconds, 100,
)  # fmt: skip
DQM = HybridKind(
    "hybrid_discrete_quadratic_model_version1", "dqm", "Discrete quadratic models, solved by isinglass",
    {
        "version": "1.12", "maximum_number_of_variables": 5000, "maximum_number_of_cases": 500_000,
        "maximum_number_of_biases": 5_000_000_000, "minimum_time_limit": _DQM_SECONDS,
    },
    _dqm_seconds, 100,
)  # fmt: skip
NL = HybridKind(
    "hybrid_nonlinear_program_version1", "nl", "Nonlinear models, solved by isinglass", _NL_LIMITS,
    _nl_seconds, 1, firm=False,
)  # fmt: skip
