"""Emulated annealers as solvers: a problem on qubits is a native job of a qpu worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from isinglass.compat.sapi.qp import decode_problem, encode_answer, encode_problem
from isinglass.compat.sapi.solver import Asked, SapiSolver, check_names
from isinglass.errors import ProblemError
from isinglass.jobs.problems import Decoded
from isinglass.jobs.results import Result
from isinglass.jobs.spec import JobSpec
from isinglass.problems.given import EdgeList
from isinglass.qpu.models import MODELS
from isinglass.qpu.parameters import PARAMETERS
from isinglass.qpu.solver import QPUSolver
from isinglass.results.sampleset import SampleSet


class EmulatedQPU(SapiSolver):
    """A machine of ``isinglass.qpu.MODELS``; its working graph is drawn when it is first asked for."""

    kinds = ("ising", "qubo")

    def __init__(self, model: str) -> None:
        self.name = model
        self.description = f"{MODELS[model].summary}, emulated by isinglass"

    @cached_property
    def machine(self) -> QPUSolver:
        return QPUSolver(self.name)

    @cached_property
    def identity(self) -> dict[str, Any]:
        return self.machine.identity

    @property
    def properties(self) -> Mapping[str, Any]:
        return self.machine.properties

    def job(self, asked: Asked, upload: Callable[[str], bytes]) -> tuple[JobSpec, Any]:
        if asked.data.get("format") != "qp":
            raise ProblemError("unable to parse problem data: the format of this solver's problems is qp")
        check_names(self, asked.params, PARAMETERS)
        problem, offset = decode_problem(asked.data, asked.kind, self.machine.graph)
        spec = JobSpec(
            backend="qpu", qpu_model=self.name, solver="native", parameters=asked.params,
            description=asked.label or "", echo=self.echo(asked, offset=offset),
        )  # fmt: skip
        return spec, replace(problem.given, labels=problem.qubits.tolist())

    def answer(self, result: Result, said: Mapping[str, Any], url: str) -> dict[str, Any]:
        assert isinstance(result, SampleSet)
        timing = result.info["timing"]
        return encode_answer(result, self.machine.graph.num_qubits, said["offset"], timing)

    def data(self, problem: Decoded, said: Mapping[str, Any]) -> dict[str, Any]:
        assert isinstance(problem, EdgeList)
        return encode_problem(problem, said["offset"], self.machine.graph)
