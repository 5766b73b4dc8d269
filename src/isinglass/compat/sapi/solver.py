"""What a solver of this wire is: what is published of it, and how its jobs and answers translate."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from isinglass.errors import ParameterError, ServiceError
from isinglass.jobs.problems import Decoded
from isinglass.jobs.results import Result
from isinglass.jobs.spec import JobSpec


@dataclass(frozen=True)
class Asked:
    """A job as a client asks for it, its outer form checked."""

    kind: str
    """"ising", "qubo", "bqm", ...: the problem's type."""
    data: Mapping[str, Any]
    params: Mapping[str, Any]
    label: str | None


class SapiSolver(ABC):
    """One solver."""

    name: str
    description: str
    kinds: tuple[str, ...]
    """Types of problems."""

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Name, and version where a working graph belongs to it."""
        return {"name": self.name}

    @property
    @abstractmethod
    def properties(self) -> Mapping[str, Any]:
        """As published."""

    @abstractmethod
    def job(self, asked: Asked, upload: Callable[[str], bytes]) -> tuple[JobSpec, Any]:
        """(spec, problem) of what is asked.

        ``upload`` gives the bytes of an upload by its id. ProblemError, ParameterError (400) and
        ServiceError (403: a parameter of other solvers) where it is refused.
        """

    @abstractmethod
    def answer(self, result: Result, said: Mapping[str, Any], url: str) -> dict[str, Any]:
        """``answer`` of a job's result; ``said`` is what ``echo`` kept, ``url`` where ``file`` is."""

    def file(self, result: Result) -> bytes:
        """What an answer only points at; ServiceError (404) where answers hold all there is."""
        raise ServiceError("this problem's answer is no file: it is all in its status", 404)

    def data(self, problem: Decoded, said: Mapping[str, Any]) -> dict[str, Any]:
        """``data`` as it was submitted."""
        return {"format": "ref", "data": said["upload"]}

    def echo(self, asked: Asked, **more: Any) -> dict[str, Any]:
        """What is to be said again of the job."""
        return {"sapi": {"solver": self.identity, "type": asked.kind, **more}}

    def whole(self) -> dict[str, Any]:
        """Everything that is published of it."""
        return {
            "identity": self.identity, "status": "ONLINE", "description": self.description,
            "properties": self.properties, "avg_load": 0.0,
        }  # fmt: skip


def check_names(solver: SapiSolver, params: Mapping[str, Any], standard: Mapping[str, Any]) -> None:
    """Every parameter is one that the solver publishes.

    ServiceError (403) for one that is ``standard`` elsewhere, ParameterError (400) for any other.
    """
    published = solver.properties["parameters"]
    for name in params:
        if name not in published:
            message = f"invalid parameter {name[:80]}: {solver.name} takes {', '.join(sorted(published))}"
            raise ServiceError(message, 403) if name in standard else ParameterError(message)
