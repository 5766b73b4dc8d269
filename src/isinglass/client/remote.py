"""Jobs on a service, whatever the wire."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from typing import Any

from isinglass.client.handle import Handle, finished
from isinglass.client.transport import pauses
from isinglass.client.wire import PATIENCE, BrokenOffError, Wire
from isinglass.errors import ServiceError, UnreachableError
from isinglass.jobs.events import JobEvent
from isinglass.jobs.problems import Decoded, problem_content, problem_of
from isinglass.jobs.results import Result, result_of
from isinglass.jobs.spec import JobSpec
from isinglass.jobs.states import FINAL
from isinglass.jobs.status import JobStatus, status_of
from isinglass.problems.given import Kind

_LONGEST_WAIT = 60.0


class RemoteJob:
    """A ``Link`` to a job on a service."""

    def __init__(self, wire: Wire, job: str) -> None:
        self._wire, self.id = wire, job

    def status(self, wait: float) -> JobStatus:
        return status_of(self._wire.status(self.id, wait))

    def shot(self, shot: int) -> Result:
        _, shots = self._wire.results(self.id, 0.0, shot)
        return result_of(shots[shot])

    def results(self, wait: float) -> tuple[JobStatus, dict[int, Result]]:
        status, shots = self._wire.results(self.id, wait)
        return status_of(status), {shot: result_of(data) for shot, data in shots.items()}

    def cancel(self) -> JobStatus:
        return status_of(self._wire.cancel(self.id))

    def problem(self) -> Decoded:
        """The problem as it was submitted."""
        return problem_of(self._wire.problem(self.id))

    def events(self, after: int) -> Iterator[JobEvent]:
        tries = pauses(PATIENCE)
        while True:
            try:
                for event in self._wire.events(self.id, after):
                    tries = pauses(PATIENCE)
                    after = max(after, event.seq)
                    yield event
                    if event.kind in FINAL:
                        return
                if self.status(0.0).final:
                    # The last event had been seen before this call.
                    return
            except (BrokenOffError, ServiceError) as error:
                if isinstance(error, ServiceError) and error.status < 500:
                    raise
            left = next(tries, None)
            if left is None:
                raise UnreachableError(f"the events of job {self.id} broke off: {self._wire.url} is gone")
            time.sleep(left[1])


class RemoteSession:
    """A service and a key. Safe in several threads; close it, or use it in a ``with``."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def submit(
        self, problem: Any, spec: JobSpec, kind: Kind | None = None, idempotency_key: str | None = None
    ) -> Handle:
        status, _ = self._submit(problem, spec, kind, idempotency_key, 0.0)
        return Handle(RemoteJob(self._wire, status.id))

    def solve(self, problem: Any, spec: JobSpec, kind: Kind | None = None) -> Result:
        """Submit and wait, in one request where the job takes less than a minute and its result is small."""
        status, shots = self._submit(problem, spec, kind, None, _LONGEST_WAIT)
        if shots is not None:
            return finished(status, shots)
        return Handle(RemoteJob(self._wire, status.id)).result()

    def _submit(
        self, problem: Any, spec: JobSpec, kind: Kind | None, key: str | None, wait: float
    ) -> tuple[JobStatus, dict[int, Result] | None]:
        content, words = problem_content(problem, kind), json.loads(spec.as_json())
        # The key makes it safe to send this again after a lost answer.
        status, shots = self._wire.submit(content, words, key or secrets.token_hex(16), wait)
        if shots is None:
            return status_of(status), None
        return status_of(status), {shot: result_of(data) for shot, data in shots.items()}

    def job(self, job: str) -> Handle:
        link = RemoteJob(self._wire, job)
        link.status(0.0)
        return Handle(link)

    def jobs(self, **filters: Any) -> list[JobStatus]:
        return [status_of(words) for words in self._wire.jobs(filters)]

    def rerun(self, job: str, seed: int | None = None) -> Handle:
        return Handle(RemoteJob(self._wire, str(self._wire.rerun(job, seed)["id"])))

    def close(self) -> None:
        self._wire.close()
