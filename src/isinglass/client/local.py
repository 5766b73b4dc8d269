"""Jobs in this process: the same handle, with the middle folded away. No network, no database.

They run one after the other in a thread and are forgotten with the session.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from isinglass.client.handle import Handle
from isinglass.control import Progress
from isinglass.errors import IsinglassError, UnknownJobError
from isinglass.executors.contract import Run
from isinglass.executors.machine import require_backend
from isinglass.executors.shots import check_problem, check_spec, run_shot
from isinglass.jobs.container import Content
from isinglass.jobs.events import JobEvent
from isinglass.jobs.problems import problem_content, problem_of, variables_of
from isinglass.jobs.results import Result, best_energy
from isinglass.jobs.spec import JobSpec
from isinglass.jobs.states import FINAL, JobState, next_job_state
from isinglass.jobs.status import JobStatus
from isinglass.problems.given import Kind
from isinglass.results.sampleset import SampleSet
from isinglass.rng import resolve_seed


class LocalJob:
    """A ``Link`` to a job in this process."""

    def __init__(self, job: str, content: Content, spec: JobSpec) -> None:
        require_backend(spec.backend)
        check_spec(spec)
        # Through its bytes, so that what could not travel is refused here too.
        self.decoded = problem_of(content.to_bytes())
        check_problem(self.decoded, spec)
        self.id, self._spec = job, spec
        self._changed = threading.Condition()
        self._cancel = threading.Event()
        self._events: list[JobEvent] = []
        self._shots: dict[int, Result] = {}
        self._status = JobStatus(
            id=job, user="", state=JobState.QUEUED, stop_cause=None, spec=spec, shots=spec.shots,
            shots_done=0, variables=variables_of(self.decoded), problem=content.sha256(),
            problem_bytes=content.size, created=time.time(), started=None,
            finished=None, best_energy=None, error=None, events=0, rerun_of=None,
        )  # fmt: skip
        self._note("submitted")

    def run(self) -> None:
        """Run every shot; the thread of the session calls it."""
        if self._cancel.is_set():
            self._move("cancelled")
            return
        self._move("started")
        for shot in range(self._spec.shots):
            cause = self._stop_cause()
            if cause is not None:
                self._move(cause)
                return
            try:
                result = run_shot(self.decoded, self._spec, shot, Run(None, self._tell, self))
            except (IsinglassError, MemoryError) as error:
                # Circuits that a stop kept from running are an error of theirs, not of the job.
                cause = self._stop_cause()
                if cause is None:
                    self._move("failed", error=str(error))
                else:
                    self._move(cause)
                return
            with self._changed:
                self._shots[shot] = result
                energy, best = best_energy(result), self._status.best_energy
                if energy is not None:
                    best = energy if best is None else min(best, energy)
                self._status = replace(self._status, shots_done=len(self._shots), best_energy=best)
                self._note("shot_done", shot=shot, energy=energy)
        cause = self._stop_cause()
        self._move(cause or "finished")

    def is_set(self) -> bool:
        """Should the shot in work stop?"""
        return self._stop_cause() is not None

    def _stop_cause(self) -> str | None:
        limit = self._spec.timeout
        if self._cancel.is_set():
            return "cancelled"
        return "timed_out" if limit is not None and time.time() >= self._status.created + limit else None

    def _tell(self, progress: Progress) -> None:
        if progress.best_energy < float("inf"):
            data = {"elapsed": progress.elapsed, "best_energy": progress.best_energy}
            with self._changed:
                self._events.append(JobEvent(0, time.time(), "progress", data))
                self._changed.notify_all()

    def _move(self, event: str, **data: Any) -> None:
        with self._changed:
            state, now = next_job_state(self._status.state, event), time.time()
            started = now if event == "started" else self._status.started
            finished = now if state in FINAL else None
            self._status = replace(
                self._status, state=state, started=started, finished=finished, error=data.get("error")
            )
            self._note(event, **data)

    def _note(self, kind: str, **data: Any) -> None:
        with self._changed:
            self._status = replace(self._status, events=self._status.events + 1)
            self._events.append(JobEvent(self._status.events, time.time(), kind, data))
            self._changed.notify_all()

    def status(self, wait: float) -> JobStatus:
        with self._changed:
            self._changed.wait_for(lambda: self._status.final, wait)
            return self._status

    def shot(self, shot: int) -> Result:
        return self._shots[shot]

    def results(self, wait: float) -> tuple[JobStatus, dict[int, Result]]:
        status = self.status(wait)
        return status, {k: _own(shot) for k, shot in self._shots.items()} if status.final else {}

    def events(self, after: int) -> Iterator[JobEvent]:
        place = 0
        while True:
            with self._changed:
                self._changed.wait_for(lambda seen=place: len(self._events) > seen or self._status.final)  # type: ignore[misc]  # default
                news, place = self._events[place:], len(self._events)
            for event in news:
                if event.seq > after or not event.seq:
                    yield event
            if not news:
                return

    def cancel(self) -> JobStatus:
        self._cancel.set()
        return self._status


def _own(result: Result) -> Result:
    """One that its owner may change."""
    return result.copy() if isinstance(result, SampleSet) else result


class LocalSession:
    """Like ``RemoteSession``, in this process."""

    def __init__(self) -> None:
        self._jobs: dict[str, LocalJob] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="isinglass-jobs")

    def submit(
        self, problem: Any, spec: JobSpec, kind: Kind | None = None, idempotency_key: str | None = None
    ) -> Handle:
        name = idempotency_key or f"local-{len(self._jobs) + 1}"
        if name not in self._jobs:
            content = problem_content(problem, kind)
            self._jobs[name] = LocalJob(name, content, replace(spec, seed=resolve_seed(spec.seed)))
            self._thread.submit(self._jobs[name].run)
        return Handle(self._jobs[name])

    def solve(self, problem: Any, spec: JobSpec, kind: Kind | None = None) -> Result:
        return self.submit(problem, spec, kind).result()

    def job(self, job: str) -> Handle:
        if job not in self._jobs:
            raise UnknownJobError(f"there is no job {job!r} in this session")
        return Handle(self._jobs[job])

    def jobs(self, **filters: Any) -> list[JobStatus]:
        found = [job.status(0.0) for job in reversed(self._jobs.values())]
        words, state = filters.get("search"), filters.get("state")
        found = [s for s in found if words is None or words.lower() in s.spec.description.lower()]
        return [s for s in found if state is None or s.state == state][: filters.get("limit") or 50]

    def rerun(self, job: str, seed: int | None = None) -> Handle:
        spec = self.job(job).status().spec
        return self.submit(self._jobs[job].decoded, spec if seed is None else replace(spec, seed=seed))

    def close(self) -> None:
        for job in self._jobs.values():
            job.cancel()
        self._thread.shutdown(wait=True, cancel_futures=True)
