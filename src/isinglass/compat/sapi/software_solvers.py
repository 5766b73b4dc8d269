"""The small software samplers that a client finds with ``software=True``: Chimera C4, no physics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, cast

import dimod

from isinglass.compat.sapi.qp import decode_problem, encode_answer, encode_problem
from isinglass.compat.sapi.solver import Asked, SapiSolver, check_names
from isinglass.errors import ProblemError
from isinglass.jobs.problems import Decoded
from isinglass.jobs.results import Result
from isinglass.jobs.spec import JobSpec
from isinglass.problems.given import EdgeList
from isinglass.qpu.parameter_checks import inverse_temperature, number_in, one_of, whole_from
from isinglass.qpu.parameters import PARAMETERS
from isinglass.qpu.properties import graph_properties
from isinglass.qpu.working_graph import WorkingGraph, whole_graph
from isinglass.results.sampleset import SampleSet

_DEFAULT_BETA = 3.0
_LARGEST_BETA = 1.797e308
_HOTTEST = 100.0
"""Anneals of the sampler begin at so much less than ``beta``."""


class SoftwareSolver(SapiSolver):
    """``c4-sw_sample`` anneals to ``beta``, ``c4-sw_optimize`` as cold as it can."""

    kinds = ("ising", "qubo")

    def __init__(self, name: str) -> None:
        self.name = name
        self._samples = name.endswith("sample")
        self.description = "Simulated annealing on a Chimera C4 graph, by isinglass"

    @cached_property
    def graph(self) -> WorkingGraph:
        return whole_graph("chimera", [4, 4, 4])

    @cached_property
    def properties(self) -> Mapping[str, Any]:
        names = ["answer_mode", "max_answers", "num_reads", *(["beta"] if self._samples else [])]
        beta = {"default_beta": _DEFAULT_BETA, "beta_range": [0.0, _LARGEST_BETA]} if self._samples else {}
        return {
            "category": "software", "chip_id": self.name, "supported_problem_types": list(self.kinds),
            "parameters": {name: PARAMETERS[name].meaning for name in names}, "num_reads_range": [1, 1000],
            "quota_conversion_rate": 1, "tags": [], **beta, **graph_properties(self.graph),
        }  # fmt: skip

    def job(self, asked: Asked, upload: Callable[[str], bytes]) -> tuple[JobSpec, Any]:
        if asked.data.get("format") != "qp":
            raise ProblemError("unable to parse problem data: the format of this solver's problems is qp")
        check_names(self, asked.params, PARAMETERS)
        problem, offset = decode_problem(asked.data, asked.kind, self.graph)
        given = {name: value for name, value in asked.params.items() if value is not None}
        reads = number_in("num_reads_range", whole=True)(
            "num_reads", given.get("num_reads", 1), self.properties
        )
        mode = one_of("histogram", "raw")(
            "answer_mode", given.get("answer_mode", "histogram"), self.properties
        )
        most = whole_from(1)("max_answers", given.get("max_answers", reads), self.properties)
        parameters: dict[str, Any] = {"num_reads": reads}
        if self._samples:
            beta = inverse_temperature("beta", given.get("beta", _DEFAULT_BETA), self.properties)
            cold = max(beta, 1e-9)
            parameters["beta_range"] = [cold / _HOTTEST, cold]
        said = {"offset": offset, "params": asked.params, "answer_mode": mode, "max_answers": most}
        spec = JobSpec(
            solver="simulated_annealing", parameters=parameters, description=asked.label or "",
            echo=self.echo(asked, **said),
        )  # fmt: skip
        return spec, replace(problem.given, labels=problem.qubits.tolist())

    def answer(self, result: Result, said: Mapping[str, Any], url: str) -> dict[str, Any]:
        assert isinstance(result, SampleSet)
        rows = cast(dimod.SampleSet, result)
        if said["answer_mode"] == "histogram":
            rows = rows.aggregate()
            rows = rows.slice(len(rows), sorted_by="energy")
        rows = rows.slice(said["max_answers"], sorted_by=None)
        timing = {"total_real_time": 1e6 * result.info["timing"]["total"]}
        return encode_answer(rows, self.graph.num_qubits, said["offset"], timing)

    def data(self, problem: Decoded, said: Mapping[str, Any]) -> dict[str, Any]:
        assert isinstance(problem, EdgeList)
        return encode_problem(problem, said["offset"], self.graph)
