"""What a kind of work is: a module of this room with these functions, and its line in ``shots.py``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from isinglass.control import Cancel, Progress
from isinglass.jobs.problems import Decoded
from isinglass.jobs.results import Result
from isinglass.jobs.spec import JobSpec


@dataclass(frozen=True)
class Run:
    """What a run shares with who started it."""

    num_threads: int | None = None
    progress: Callable[[Progress], None] | None = None
    cancel: Cancel | None = None


class Executor(Protocol):
    """One kind of work."""

    def check(self, spec: JobSpec) -> None:
        """ParameterError where no worker could run it, whatever the problem: before anything is sent."""

    def check_problem(self, problem: Decoded, spec: JobSpec) -> None:
        """ProblemError or ParameterError where the problem cannot be run so; quick beside the run."""

    def run(self, problem: Any, spec: JobSpec, shot: int, how: Run) -> Result:
        """One shot, with its own seed."""
