"""The two state machines, as tables. A transition that is not in them is an error.

A job has shots; a shot is what a worker leases. ``docs/service-design.md`` says when each event happens.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from isinglass.errors import IsinglassError


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    STOPPING = "stopping"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    DEAD = "dead"
    """A shot was lost with its worker too often; what other shots found is kept."""


class ShotState(StrEnum):
    QUEUED = "queued"
    LEASED = "leased"
    DONE = "done"
    FAILED = "failed"
    DEAD = "dead"
    DROPPED = "dropped"


FINAL = frozenset({JobState.FINISHED, JobState.FAILED, JobState.CANCELLED, JobState.TIMED_OUT, JobState.DEAD})

STOP_CAUSES = ("cancelled", "timed_out", "failed", "dead")
"""Why a job stops before all its shots are done: also the event, and the state, that it ends with."""

_Q, _R, _S = JobState.QUEUED, JobState.RUNNING, JobState.STOPPING
JOB_TABLE: dict[tuple[JobState, str], JobState] = {
    (_Q, "started"): _R,
    (_Q, "cancelled"): JobState.CANCELLED,
    (_Q, "timed_out"): JobState.TIMED_OUT,
    (_R, "finished"): JobState.FINISHED,
    (_R, "stopping"): _S,
    (_R, "cancelled"): JobState.CANCELLED,
    (_R, "timed_out"): JobState.TIMED_OUT,
    (_R, "failed"): JobState.FAILED,
    (_R, "dead"): JobState.DEAD,
    (_S, "cancelled"): JobState.CANCELLED,
    (_S, "timed_out"): JobState.TIMED_OUT,
    (_S, "failed"): JobState.FAILED,
    (_S, "dead"): JobState.DEAD,
}

SHOT_TABLE: dict[tuple[ShotState, str], ShotState] = {
    (ShotState.QUEUED, "leased"): ShotState.LEASED,
    (ShotState.QUEUED, "dropped"): ShotState.DROPPED,
    (ShotState.LEASED, "done"): ShotState.DONE,
    (ShotState.LEASED, "failed"): ShotState.FAILED,
    (ShotState.LEASED, "lost"): ShotState.QUEUED,
    (ShotState.LEASED, "dead"): ShotState.DEAD,
    (ShotState.LEASED, "dropped"): ShotState.DROPPED,
}

State = TypeVar("State", JobState, ShotState)


class TransitionError(IsinglassError):
    """Something asked for a transition that the table does not have."""


def _next(table: dict[tuple[State, str], State], state: State, event: str, what: str) -> State:
    try:
        return table[state, event]
    except KeyError:
        known = ", ".join(name for before, name in table if before is state) or "nothing"
        raise TransitionError(
            f"a {what} that is {state} cannot become {event!r}; it can be: {known}"
        ) from None


def next_job_state(state: JobState, event: str) -> JobState:
    """The state after ``event``; TransitionError where the table has none."""
    return _next(JOB_TABLE, state, event, "job")


def next_shot_state(state: ShotState, event: str) -> ShotState:
    """The state after ``event``; TransitionError where the table has none."""
    return _next(SHOT_TABLE, state, event, "shot")
