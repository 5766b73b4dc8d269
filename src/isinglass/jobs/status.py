"""What is known of a job at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from isinglass.jobs.spec import JobSpec, spec_of
from isinglass.jobs.states import FINAL, JobState


@dataclass(frozen=True)
class JobStatus:
    """Times are seconds since 1970 by the service's clock."""

    id: str
    user: str
    state: JobState
    stop_cause: str | None
    """Why it stops or stopped before all shots were done, in one word."""
    spec: JobSpec
    shots: int
    shots_done: int
    variables: int
    problem: str
    """SHA-256 of its content."""
    problem_bytes: int
    created: float
    started: float | None
    finished: float | None
    best_energy: float | None
    error: str | None
    events: int
    """Number of the last one."""
    rerun_of: str | None

    @property
    def final(self) -> bool:
        return self.state in FINAL

    @property
    def seconds(self) -> float | None:
        """From start to end; None before."""
        return None if self.finished is None or self.started is None else self.finished - self.started


def status_of(words: Mapping[str, Any]) -> JobStatus:
    """A status of its JSON object; fields that a newer service adds are passed over."""
    given = {f.name: words[f.name] for f in fields(JobStatus)}
    return JobStatus(**{**given, "state": JobState(given["state"]), "spec": spec_of(given["spec"])})
