"""The service's events of a job as the client's, each with a number that stays.

An event of the service may be several of the client's, so theirs are numbered ``ours * 2^20 + place``: a
client that comes back with the last number it saw misses nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from isinglass.compat.dynex.answers import Answers
from isinglass.compat.dynex.v2.sdk_pb2 import (
    ErrorInfo,
    JobEvent,
    JobStatus,
    Progress,
    QpuMatrixStats,
)
from isinglass.jobs.events import JobEvent as OurEvent
from isinglass.service.bells import rung
from isinglass.service.core import JobService
from isinglass.service.store import ShotResult
from isinglass.service.streams import events_of

_PLACES = 20
_QUIET_SECONDS = 10.0
_STATES = {"submitted": "queued", "started": "running", "stopping": "stopping", "finished": "finished"}
_ENDS = ("cancelled", "timed_out", "failed", "dead")
"""Ends without all shots: errors to the client, which else would wait for the rest until its own timeout."""


class Subscription:
    """The events of one job for one listener."""

    def __init__(self, service: JobService, user: str | None, answers: Answers) -> None:
        self._service, self._user, self._answers = service, user, answers
        self._job = str(answers.status["id"])
        self._shots_done = 0

    async def after(self, seq: int) -> AsyncIterator[JobEvent]:
        """Events with higher numbers, without end: the client closes the stream when it has what it wants."""
        last = seq
        async for event in events_of(self._service, self._user, self._job, max(0, (seq >> _PLACES) - 1)):
            if event is None:
                yield self._event(last, JobEvent.HEARTBEAT)
                continue
            place = 0
            async for words in self._words_of(event):
                number = last if event.seq == 0 else (event.seq << _PLACES) + place
                place += 1
                if event.seq == 0 or number > seq:
                    last = number
                    yield self._event(number, at=event.at, **words)
        with self._service.bells.listen(self._job) as bell:
            while not self._service.bells.closed:
                await rung(bell, _QUIET_SECONDS)
                bell.clear()
                yield self._event(last, JobEvent.HEARTBEAT)

    def _event(self, seq: int, type: Any, at: float | None = None, **payload: Any) -> JobEvent:
        at = self._service.store.clock() if at is None else at
        ts = Timestamp(seconds=int(at), nanos=int(at % 1 * 1e9))
        return JobEvent(job_id=self._job, seq=seq, ts=ts, type=type, **payload)

    async def _words_of(self, event: OurEvent) -> AsyncIterator[dict[str, Any]]:
        if event.kind == "shot_done":
            self._shots_done += 1
            for found in await self._service.beside(self._envelopes, await self._result(event.data["shot"])):
                yield {"type": JobEvent.SOLUTION_NEW, "envelope": found}
        elif event.kind == "progress":
            yield {"type": JobEvent.PROGRESS, "progress": self._progress(event)}
        elif event.kind in _STATES:
            yield {"type": JobEvent.JOB_STATUS, "status": JobStatus(state=_STATES[event.kind])}
            matrix = self._answers.spec["echo"].get("matrix")
            if event.kind == "started" and matrix is not None:
                stats = QpuMatrixStats(atomic_id=self._job, **matrix)
                yield {"type": JobEvent.QPU_MATRIX_STATS, "matrix_stats": stats}
        elif event.kind in _ENDS:
            why = str(event.data.get("error") or f"the job was {event.kind.replace('_', ' ')}")
            yield {"type": JobEvent.ERROR, "error": ErrorInfo(code=event.kind, message=why)}

    async def _result(self, shot: int) -> ShotResult:
        read = self._service.store.results
        _, (found,) = await self._service.in_store(read, self._user, self._job, first=shot, last=shot)
        return found

    def _envelopes(self, result: ShotResult) -> Any:
        content = self._service.contents.of_result(self._answers.status["user"], result)
        return self._answers.envelopes(result.shot, content)

    def _progress(self, event: OurEvent) -> Progress:
        spec, shots = self._answers.status["spec"], self._answers.status["shots"]
        total = int(spec["parameters"].get("num_reads") or 0)
        current = min(int(event.data.get("reads_done") or 0), total)
        part = current / total if total else 0.0
        return Progress(
            percent=100.0 * min(1.0, (self._shots_done + part) / shots), phase="step", layer="outer",
            current=current, total=total, backend=spec["backend"],
        )  # fmt: skip
