"""The hybrid solver of nonlinear models: its answers are files that the client fetches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from isinglass.compat.dwave import hybrid_kinds
from isinglass.compat.dwave.hybrid_samplers import hybrid_times
from isinglass.compat.sapi.hybrid_solvers import HybridSolver
from isinglass.compat.sapi.solver import Asked
from isinglass.errors import ProblemError
from isinglass.jobs.results import Result
from isinglass.jobs.spec import JobSpec
from isinglass.problems.files import nl
from isinglass.problems.files.nl import NonlinearFile
from isinglass.results.nonlinear import NonlinearResult


class NonlinearSolver(HybridSolver):
    """Header and directory of a model are read here; the rest is read by who solves it."""

    def __init__(self) -> None:
        super().__init__(hybrid_kinds.NL, lambda path, data, kind: nl.read(path, data))

    def job(self, asked: Asked, upload: Callable[[str], bytes]) -> tuple[JobSpec, NonlinearFile]:
        spec, file = super().job(asked, upload)
        for what, size, name in (
            ("size of the states", file.state_size, "maximum_state_size"),
            ("size of the decision states", file.decision_state_size, "maximum_decision_state_size"),
            ("number of nodes", file.nodes, "maximum_number_of_nodes"),
        ):
            if size > self.properties[name]:
                raise ProblemError(f"The {what} must not exceed {self.properties[name]}.")
        return spec, file

    def answer(self, result: Result, said: Mapping[str, Any], url: str) -> dict[str, Any]:
        assert isinstance(result, NonlinearResult)
        timing = {**hybrid_times(result.info), "warnings": []}
        return {
            "format": "binary-ref", "auth_method": "sapi-token", "url": url, "timing": timing, "shape": {},
        }  # fmt: skip

    def file(self, result: Result) -> bytes:
        assert isinstance(result, NonlinearResult)
        return result.files[0]
