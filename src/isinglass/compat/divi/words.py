"""Divi's names of job types, states and errors, of all its versions."""

from __future__ import annotations

from enum import StrEnum

from isinglass.errors import JobError
from isinglass.jobs.states import JobState


class JobType(StrEnum):
    SIMULATE = "SIMULATE"
    """Counts."""
    EXECUTE = "EXECUTE"
    """Counts; on a device where one is named."""
    ESTIMATE = "ESTIMATE"
    """Seconds of one shot on a device; nothing is run."""
    CIRCUIT_CUT = "CIRCUIT_CUT"
    """Counts of one circuit, cut into pieces that fit."""
    EXPECTATION = "EXPECTATION"
    """Expectation values of ``ham_ops``."""


class JobStatus(StrEnum):
    PENDING = "PENDING"
    SCHEDULED = "SCHEDULED"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    INSUFFICIENT_CREDITS = "INSUFFICIENT_CREDITS"
    TIMED_OUT = "TIMED_OUT"


STATUSES = {
    JobState.QUEUED: JobStatus.PENDING, JobState.RUNNING: JobStatus.RUNNING,
    JobState.STOPPING: JobStatus.RUNNING, JobState.FINISHED: JobStatus.COMPLETED,
    JobState.CANCELLED: JobStatus.CANCELLED, JobState.FAILED: JobStatus.FAILED,
    JobState.TIMED_OUT: JobStatus.TIMED_OUT, JobState.DEAD: JobStatus.FAILED,
}  # fmt: skip
"""Our states in Divi's words."""


class QoroJobError(JobError):
    """A job that ended without results; ``status`` says how, ``reason`` why."""

    status = JobStatus.FAILED

    def __init__(self, job_id: str, reason: str = "") -> None:
        self.reason = reason
        super().__init__(job_id, f"{self.status}{f': {reason}' if reason else ''}")


class JobFailedError(QoroJobError):
    pass


class JobCancelledError(QoroJobError):
    status = JobStatus.CANCELLED


class JobTimedOutError(QoroJobError):
    status = JobStatus.TIMED_OUT


class InsufficientCreditsError(QoroJobError):
    status = JobStatus.INSUFFICIENT_CREDITS
