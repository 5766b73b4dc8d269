"""Hybrid solvers: uploaded models, answered by this program's own solvers under ``time_limit``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from isinglass.compat.dwave.hybrid_kinds import HybridKind
from isinglass.compat.dwave.hybrid_samplers import hybrid_answer
from isinglass.compat.sapi.solver import Asked, SapiSolver, check_names
from isinglass.errors import ProblemError
from isinglass.jobs.results import Result
from isinglass.jobs.spec import JobSpec
from isinglass.problems.given import Kind
from isinglass.results.sampleset import SampleSet

Reader = Callable[[Path, bytes, Kind | None], Any]
"""Of ``isinglass.problems.files``."""


class HybridSolver(SapiSolver):
    """One kind of model, read from an upload."""

    def __init__(self, kind: HybridKind, reader: Reader) -> None:
        self.name, self.description, self.kinds = kind.name, kind.description, (kind.problem_type,)
        self._kind, self._reader = kind, reader
        self._properties = kind.properties

    @property
    def properties(self) -> Mapping[str, Any]:
        return self._properties

    def job(self, asked: Asked, upload: Callable[[str], bytes]) -> tuple[JobSpec, Any]:
        if asked.data.get("format") != "ref" or not isinstance(asked.data.get("data"), str):
            raise ProblemError("unable to parse problem data: format ref, with the id of an upload, is taken")
        check_names(self, asked.params, {})
        model = self._reader(Path("the upload"), upload(asked.data["data"]), None)
        seconds = self._kind.time_limit(asked.params.get("time_limit"), model)
        spec = JobSpec(
            parameters={"time_limit": seconds}, description=asked.label or "",
            echo=self.echo(asked, upload=asked.data["data"], params=asked.params),
        )  # fmt: skip
        return spec, model

    def answer(self, result: Result, said: Mapping[str, Any], url: str) -> dict[str, Any]:
        assert isinstance(result, SampleSet)
        return {"format": "bq", "data": hybrid_answer(self._kind, result).to_serializable()}
