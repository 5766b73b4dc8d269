"""What workers do: they take shots, keep them alive, bring results, which are not believed, and end."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from isinglass.errors import AccessError, IsinglassError, ProblemError, VerificationError
from isinglass.executors.charging import charge
from isinglass.jobs.problems import Decoded
from isinglass.jobs.results import result_of
from isinglass.jobs.spec import JobSpec
from isinglass.jobs.wire import SMALL_BYTES
from isinglass.problems.files.nl import NonlinearFile
from isinglass.service.bells import rung
from isinglass.service.leasing import Checked, Delivery, Lease
from isinglass.service.roll import NOTE_SECONDS
from isinglass.service.store import Problem
from isinglass.service.verify import check_result

if TYPE_CHECKING:
    from isinglass.service.core import JobService

log = logging.getLogger("isinglass.service")

_MALFORMED = (ProblemError, TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError)
_POINTS_KEPT = 600


@dataclass(frozen=True)
class Arrived:
    """A result that came in pieces: the name of its blob, which is its job's owner's."""

    sha256: str


class Work:
    """The side of a ``JobService`` that its workers see."""

    def __init__(self, service: JobService) -> None:
        self._service = service
        self._empty: dict[tuple[str, ...], int] = {}
        """By backends: the number of calls for workers when there was no shot for them."""
        self._liars: set[str] = set()
        self._noted: dict[str, float] = {}
        """By worker: when its row was written last, by the monotonic clock."""

    async def hear(self, worker: str, backends: Sequence[str]) -> None:
        """A worker asks for work or brings some: it is there."""
        now = time.monotonic()
        if now - self._noted.get(worker, -NOTE_SECONDS) >= NOTE_SECONDS:
            self._noted[worker] = now
            await self._service.in_store(self._service.leasing.note, worker, backends)

    async def lease(self, worker: str, backends: Sequence[str], wait: float, most: int = 1) -> list[Lease]:
        """Shots, as soon as there is one, or none after ``wait`` seconds.

        More than one, ``most`` of them, only where they are small and no other worker waits.
        """
        if worker in self._liars:
            raise AccessError(f"results of worker {worker} were not true: it gets no more work", 403)
        leases: list[Lease] = []
        seen = self._service.queue.calls
        if self._empty.get(tuple(backends)) != seen:
            count = 1 if len(self._service.queue) else most
            leases = await self._service.in_store(self._service.leasing.lease_some, worker, backends, count)
            if not leases:
                self._empty[tuple(backends)] = seen
        if (
            not leases
            and wait > 0
            and not self._service.closing
            and await self._service.queue.wait(backends, wait)
        ):
            return [] if self._service.closing else await self.lease(worker, backends, 0.0, most)
        for lease in leases:
            self._service.bells.ring(lease.job)
        return leases

    async def deliver(
        self, worker: str, job: str, shot: int, token: str, seconds: float, result: bytes | Arrived | str
    ) -> bool:
        """A result (bytes, or one that came in pieces) or the error of the solver (str).

        False where it had come before.

        ConflictError where nobody waits for it.
        """
        try:
            if isinstance(result, str):
                failure = Delivery(job, shot, token, seconds, error=result)
                new = await self._service.in_store(self._service.leasing.deliver, failure)
            else:
                new = await self._take(job, shot, token, seconds, result)
        except VerificationError as error:
            await self._was_a_lie(worker, job, shot, token, error)
            return True
        if new:
            self._service.metrics.shots.labels("failed" if isinstance(result, str) else "done").inc()
            self._service.metrics.seconds.inc(seconds)
        self._service.ring(job)
        return new

    async def _take(self, job: str, shot: int, token: str, seconds: float, result: bytes | Arrived) -> bool:
        if isinstance(result, bytes) and len(result) <= SMALL_BYTES:
            new = await self._service.in_store(self._take_small, job, shot, token, seconds, result)
            if new is not None:
                return new
        return await self._take_large(job, shot, token, seconds, result)

    def _take_small(self, job: str, shot: int, token: str, seconds: float, result: bytes) -> bool | None:
        """All of it in the store's thread: for a small problem that is quicker than another thread.

        None where the check takes a process of its own, however small the problem is.
        """
        delivery = Delivery(job, shot, token, seconds, content=result)

        def check(user: str, spec: JobSpec, problem: Problem) -> Checked | None:
            decoded = self._service.contents.decoded(user, problem)
            if isinstance(decoded, NonlinearFile):
                return None
            return self._checked(decoded, spec, shot, seconds, result)

        return self._service.leasing.deliver_checked(delivery, check)

    async def _take_large(
        self, job: str, shot: int, token: str, seconds: float, result: bytes | Arrived
    ) -> bool:
        held = await self._service.in_store(self._service.leasing.leased_problem, job, shot, token)
        if held is None:
            return False
        user, spec, problem = held
        decoded = await self._service.beside(self._service.contents.decoded, user, problem)
        if isinstance(result, Arrived):
            sha256 = result.sha256
            if self._service.blobs.size(user, sha256) is None:
                raise ProblemError(f"the result {sha256[:12]}… has not arrived: send its pieces first")
            content = self._service.blobs.read(user, sha256)
            energy, quota = await self._service.beside(self._checked, decoded, spec, shot, seconds, content)
        else:
            energy, quota = await self._service.beside(self._checked, decoded, spec, shot, seconds, result)
            sha256 = await self._service.beside(self._service.blobs.put, user, result)
        delivery = Delivery(job, shot, token, seconds, energy, sha256=sha256, quota=quota)
        return await self._service.in_store(self._service.leasing.deliver, delivery)

    def _checked(
        self, problem: Decoded, spec: JobSpec, shot: int, seconds: float, result: bytes | np.ndarray
    ) -> Checked:
        try:
            found = result_of(result)
            energy = check_result(problem, spec, shot, found)
            return Checked(energy, charge(spec, seconds, found, self._service.limits.quota_rates))
        except _MALFORMED as error:
            raise VerificationError(f"it is malformed: {error}") from None

    async def _was_a_lie(self, worker: str, job: str, shot: int, token: str, error: IsinglassError) -> None:
        about = {"job": job, "shot": shot, "worker": worker}
        words = "job %s: shot %d: the result of worker %s is not true: %s"
        log.warning(words, job, shot, worker, error, extra=about)
        self._liars.add(worker)
        self._service.metrics.lies.inc()
        await self._service.in_store(
            self._service.leasing.lose, job, shot, token, f"its worker lied: {error}"
        )
        self._service.ring(job)

    async def heartbeat(
        self, job: str, shot: int, token: str, wait: float, progress: dict[str, Any] | None
    ) -> bool:
        """Keep a shot; True, as soon as it is so, where its worker should stop. At most ``wait`` seconds."""
        with self._service.bells.listen(job) as bell:
            stop = await self._service.in_store(self._service.leasing.heartbeat, job, shot, token)
            if progress is not None:
                self._service.progress[job] = {"shot": shot, **progress}
                if {"elapsed", "best_energy"} <= progress.keys():
                    told = self._service.history.setdefault(job, deque(maxlen=_POINTS_KEPT))
                    told.append((progress["elapsed"], progress["best_energy"]))
                self._service.bells.ring(job)
                bell.clear()
            until = time.monotonic() + wait
            while not stop and not self._service.bells.closed and (left := until - time.monotonic()) > 0:
                if await rung(bell, left):
                    bell.clear()
                    stop = await self._service.in_store(self._service.leasing.heartbeat, job, shot, token)
            return stop

    async def give_back(self, job: str, shot: int, token: str, why: str | None = None) -> None:
        """A worker that ends hands its shot on; one that cannot run it says ``why``, and that counts."""
        words = "its worker ends" if why is None else why
        await self._service.in_store(
            self._service.leasing.lose, job, shot, token, words, penalty=why is not None
        )
        self._service.metrics.lost.labels("given back").inc()
        self._service.ring(job)
        self._service.queue.wake(None, 1)

    async def lose_worker(self, worker: str, why: str, *, penalty: bool = True) -> None:
        """A worker is known to hold nothing."""
        lost = await self._service.in_store(self._service.leasing.lose_worker, worker, why, penalty=penalty)
        self._service.metrics.lost.labels("worker").inc(len(lost))
        for job in lost:
            self._service.ring(job)
        if lost and not penalty:
            self._service.queue.wake(None, len(lost))

    async def worker_gone(self, worker: str, why: str, *, penalty: bool = True) -> None:
        """A worker has ended, with all it held."""
        self._noted.pop(worker, None)
        await self._service.in_store(self._service.leasing.strike, worker)
        await self.lose_worker(worker, why, penalty=penalty)
