"""Hybrid solvers: uploaded models, answered by this program's own solvers under ``time_limit``.

Sizes and least times are those of the vendor's solvers of the same names (BQM 2.2, CQM 1.12, DQM 1.12).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import dimod
import numpy as np

from isinglass.compat.sapi.solver import Asked, SapiSolver, check_names
from isinglass.errors import ParameterError, ProblemError
from isinglass.jobs.spec import JobSpec
from isinglass.problems.files import bqm, cqm, dqm
from isinglass.qpu.parameter_checks import as_number

_LONGEST_HOURS = 24
_COMMON: dict[str, Any] = {
    "category": "hybrid",
    "quota_conversion_rate": 20,
    "maximum_time_limit_hrs": _LONGEST_HOURS,
    "parameters": {"time_limit": "Seconds of run time, at least the minimum for the problem's size."},
}
_BQM_SECONDS = [
    [1, 3.0],
    [1024, 3.0],
    [4096, 10.0],
    [10000, 40.0],
    [30000, 200.0],
    [100000, 600.0],
    [1000000, 600.0],
]
_DQM_SECONDS = [
    [20000, 5.0], [100000, 6.0], [200000, 13.0], [500000, 34.0], [1000000, 71.0], [2000000, 152.0],
    [5000000, 250.0], [20000000, 400.0], [250000000, 1200.0],
]  # fmt: skip


class HybridSolver(SapiSolver):
    """One kind of model, read from an upload."""

    magic: bytes
    """How its files begin."""
    limits: Mapping[str, Any]
    """Properties of its own."""

    @cached_property
    def properties(self) -> Mapping[str, Any]:
        return {**_COMMON, "supported_problem_types": list(self.kinds), **self.limits}

    @abstractmethod
    def read(self, data: bytes) -> Any:
        """The model in a file."""

    @abstractmethod
    def least_seconds(self, model: Any) -> float:
        """The smallest ``time_limit`` for a model of this size."""

    def job(self, asked: Asked, upload: Callable[[str], bytes]) -> tuple[JobSpec, Any]:
        if asked.data.get("format") != "ref" or not isinstance(asked.data.get("data"), str):
            raise ProblemError(
                "unable to parse problem data: this solver takes the id of an upload, format ref"
            )
        check_names(self, asked.params, {})
        model = self.read(upload(asked.data["data"]))
        seconds = self._time_limit(asked.params, self.least_seconds(model))
        return JobSpec(
            parameters={"time_limit": seconds}, description=asked.label or "",
            echo=self.echo(asked, upload=asked.data["data"], params=asked.params),
        ), model  # fmt: skip

    def _time_limit(self, params: Mapping[str, Any], least: float) -> float:
        given = params.get("time_limit")
        if given is None:
            return least
        seconds = as_number("time_limit", given)
        if seconds < least:
            raise ParameterError(
                f"Attempting to run a problem for less than the allowed minimum time_limit {least:.4g} s"
            )
        if seconds > 3600 * _LONGEST_HOURS:
            raise ParameterError(
                f"time_limit={seconds:g} is more than maximum_time_limit_hrs {_LONGEST_HOURS}"
            )
        return seconds

    def answer(self, samples: dimod.SampleSet, said: Mapping[str, Any]) -> dict[str, Any]:
        run_time = 1e6 * samples.info["timing"]["total"]
        info = {"qpu_access_time": 0, "charge_time": run_time, "run_time": run_time}
        if "constraint_labels" in samples.info:
            info["constraint_labels"] = samples.info["constraint_labels"]
        plain = dimod.SampleSet(samples.record, samples.variables, info, samples.vartype)
        return {"format": "bq", "data": plain.to_serializable()}


class HybridBQM(HybridSolver):
    name, kinds, magic = "hybrid_binary_quadratic_model_version2", ("bqm",), bqm.MAGIC
    description = "Binary quadratic models, solved by isinglass"
    limits: Mapping[str, Any] = {
        "version": "2.2", "maximum_number_of_variables": 1_000_000, "maximum_number_of_biases": 200_000_000,
        "minimum_time_limit": _BQM_SECONDS,
    }  # fmt: skip

    def read(self, data: bytes) -> Any:
        return bqm.read(Path("the upload"), data, None)

    def least_seconds(self, model: Any) -> float:
        return _interpolated(model.num_variables, _BQM_SECONDS)


class HybridCQM(HybridSolver):
    name, kinds, magic = "hybrid_constrained_quadratic_model_version1", ("cqm",), cqm.MAGIC
    description = "Constrained quadratic models, solved by isinglass"
    limits: Mapping[str, Any] = {
        "version": "1.12", "maximum_number_of_variables": 5_000_000, "maximum_number_of_biases": 750_000_000,
        "maximum_number_of_constraints": 100_000, "maximum_number_of_quadratic_variables": 15_000_000,
        "maximum_number_of_quadratic_variables_real": 0, "maximum_number_of_linear_biases_real": 75_000_000,
        "minimum_time_limit_s": 5.0, "num_variables_multiplier": 0.000157411458,
        "num_biases_multiplier": 4.65705646e-06, "num_constraints_multiplier": 6.44385747e-09,
    }  # fmt: skip

    def read(self, data: bytes) -> Any:
        return cqm.read(Path("the upload"), data, None)

    def least_seconds(self, model: Any) -> float:
        variables, constraints = len(model.variables), len(model.constraints)
        scaled = (
            self.limits["num_variables_multiplier"] * variables
            + self.limits["num_biases_multiplier"] * model.num_biases()
            + self.limits["num_constraints_multiplier"] * variables * constraints
        )
        return max(float(scaled), float(self.limits["minimum_time_limit_s"]))


class HybridDQM(HybridSolver):
    name, kinds, magic = "hybrid_discrete_quadratic_model_version1", ("dqm",), dqm.MAGIC
    description = "Discrete quadratic models, solved by isinglass"
    limits: Mapping[str, Any] = {
        "version": "1.12", "maximum_number_of_variables": 5000, "maximum_number_of_cases": 500_000,
        "maximum_number_of_biases": 5_000_000_000, "minimum_time_limit": _DQM_SECONDS,
    }  # fmt: skip

    def read(self, data: bytes) -> Any:
        return dqm.read(Path("the upload"), data, None)

    def least_seconds(self, model: Any) -> float:
        pairs = model.num_variable_interactions() * model.num_cases() / max(model.num_variables(), 1)
        return max(5.0, _interpolated(pairs, _DQM_SECONDS))


def _interpolated(size: float, table: list[list[float]]) -> float:
    sizes, seconds = np.array(table).T
    return float(np.interp(size, sizes, seconds))
