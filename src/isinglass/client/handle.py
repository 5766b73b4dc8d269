"""A job, wherever it runs: the same calls, events and results."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Protocol

from isinglass.client.notebook import watch
from isinglass.errors import JobError
from isinglass.jobs.events import JobEvent
from isinglass.jobs.results import Result, merge_shots
from isinglass.jobs.states import FINAL, JobState
from isinglass.jobs.status import JobStatus

_ASK_SECONDS = 30.0


class Link(Protocol):
    """What a handle needs of the place where its job runs."""

    id: str

    def status(self, wait: float) -> JobStatus:
        """The status, once it is final or after ``wait`` seconds."""

    def events(self, after: int) -> Iterator[JobEvent]:
        """Events after number ``after``, as they come, until the job is final."""

    def shot(self, shot: int) -> Result:
        """The result of a shot that is done."""

    def results(self, wait: float) -> tuple[JobStatus, dict[int, Result]]:
        """The status, and if it is final every shot that is done; at most ``wait`` seconds."""

    def cancel(self) -> JobStatus:
        """Ask the job to stop."""


class Handle:
    """A submitted job. ``session.job(handle.id)`` makes another one for it, anywhere."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self.watched = False
        """Show a live table while ``result`` waits, in a notebook."""

    @property
    def id(self) -> str:
        return self._link.id

    def status(self) -> JobStatus:
        """What is known now."""
        return self._link.status(0.0)

    def wait(self, timeout: float | None = None) -> JobStatus:
        """The status at the end of the job; TimeoutError where it has not come after ``timeout`` seconds."""
        until = None if timeout is None else time.monotonic() + timeout
        while True:
            left = _ASK_SECONDS if until is None else min(_ASK_SECONDS, until - time.monotonic())
            status = self._link.status(max(0.0, left))
            if status.final:
                return status
            self._check_time(until)

    def events(self, after: int = 0) -> Iterator[JobEvent]:
        """Events after number ``after``, as they come, until the job is final. Survives lost connections."""
        return self._link.events(after)

    def shots(self) -> Iterator[tuple[int, Result]]:
        """(number, result) of each shot as soon as it is done, in the order in which they are."""
        for event in self.events():
            if event.kind == "shot_done":
                number = int(event.data["shot"])
                yield number, self._link.shot(number)

    def result(self, timeout: float | None = None) -> Result:
        """All shots as one result (``merge_shots``), once the job has ended, however it did: a ``SampleSet``,
        ``CircuitResults`` or an ``Estimate``, by the type of the job.

        A job that was cancelled or timed out gives its best so far; ``info["job"]["state"]`` says so.

        Raises JobError where there is nothing to give, TimeoutError where the job has not ended after
        ``timeout`` seconds (it goes on).
        """
        if self.watched and timeout is None:
            watch(self)
        until = None if timeout is None else time.monotonic() + timeout
        while True:
            left = _ASK_SECONDS if until is None else min(_ASK_SECONDS, until - time.monotonic())
            status, shots = self._link.results(max(0.0, left))
            if status.final:
                return finished(status, shots)
            self._check_time(until)

    def cancel(self) -> JobStatus:
        """Stop the job; shots in work give their best so far. ``result`` then has it."""
        return self._link.cancel()

    def _check_time(self, until: float | None) -> None:
        if until is not None and time.monotonic() >= until:
            raise TimeoutError(f"job {self.id} has not ended yet; it goes on, ask again or cancel it")

    def __repr__(self) -> str:
        return f"<isinglass job {self.id}>"


def finished(status: JobStatus, shots: dict[int, Result]) -> Result:
    """The result of a job that has ended; JobError where it has none."""
    if shots and status.state is not JobState.FAILED:
        return merge_shots(shots, {**asdict(status), "state": str(status.state)})
    assert status.state in FINAL
    words = {
        JobState.CANCELLED: "it was cancelled before anything was found",
        JobState.TIMED_OUT: "its timeout passed before anything was found: give it a longer timeout",
        JobState.DEAD: "its workers were lost too often",
    }.get(status.state, "it failed")
    raise JobError(status.id, f"{words}: {status.error}" if status.error else words)
