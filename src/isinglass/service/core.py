"""The service without its doors: store, blobs, bells and the sweep, behind asynchronous calls.

All that touches the database runs in one thread, so calls are done in the order in which they came.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from isinglass.circuits.qiskit_circuits import begin_to_load_qiskit
from isinglass.executors.sampling import small_problems
from isinglass.executors.shots import run_shot
from isinglass.jobs.problems import problem_content, problem_of
from isinglass.jobs.spec import MOST_SHOTS, JobSpec, JobType
from isinglass.jobs.states import FINAL
from isinglass.service.bells import Bells, Queue, rung
from isinglass.service.contents import Contents, open_blobs, small_problem
from isinglass.service.database import open_database, steady_clock
from isinglass.service.keys import Principal, principal_of
from isinglass.service.leasing import Leasing
from isinglass.service.limits import Buckets, Limits
from isinglass.service.metrics import Metrics
from isinglass.service.sessions import close_session, principal_of_session
from isinglass.service.store import ShotResult, Store
from isinglass.service.store_thread import StoreThread
from isinglass.service.verify import check_result
from isinglass.service.work import Work

log = logging.getLogger("isinglass.service")

P = ParamSpec("P")
T = TypeVar("T")

_END = "end "
"""Before a job's id: the bell of those who wait for its end, and not for every step."""
_SWEEP_SECONDS = 0.25
_KEY_SECONDS = 2.0
"""A key is looked up again after this long, so a revoked one opens nothing after it."""
_JUMP_SECONDS = 2.0
_UPLOAD_SWEEP_SECONDS = 3600.0


class JobService:
    """See the module's docstring. ``start`` and ``stop`` belong to the event loop that uses it."""

    def __init__(
        self,
        data: Path,
        database: str | None = None,
        *,
        blobs: str | None = None,
        limits: Limits | None = None,
        durable: bool = False,
    ) -> None:
        self.limits, self.data = limits or Limits(), data
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        engine = open_database(database or f"sqlite:///{data / 'jobs.db'}", durable=durable)
        self.store = Store(engine, most_active=self.limits.active_jobs, clock=steady_clock(engine))
        self.leasing = Leasing(self.store)
        self.blobs = open_blobs(blobs, data / "blobs", self.limits.problem_bytes)
        self.contents, self.work = Contents(self.blobs), Work(self)
        self.bells, self.queue, self.metrics = Bells(), Queue(), Metrics()
        self.ready = self.closing = False
        self.progress: dict[str, dict[str, Any]] = {}
        """By job: what the worker of one of its shots told last."""
        self._one = StoreThread(self.store)
        self.history: dict[str, deque[tuple[float, float]]] = {}
        """By job: (seconds, lowest energy) of what its workers told since a shot of it last ended."""
        self._many = ThreadPoolExecutor(2, thread_name_prefix="verify")
        self._buckets = Buckets(self.limits.requests_per_second)
        self._keys: dict[str, tuple[float, Principal]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to sweep, which first gives running shots a new term."""
        begin_to_load_qiskit()
        await asyncio.get_running_loop().run_in_executor(self._many, _warm_up)
        self._tasks = [asyncio.create_task(self._sweep_for_ever())]
        if self.store.url.get_backend_name() == "postgresql":
            from isinglass.service.telegraph import Telegraph

            others = Telegraph(self.store.url, self.bells, self.queue, self.progress)
            self._tasks.append(asyncio.create_task(others.run()))
        self.ready = True

    async def stop(self) -> None:
        self.ready = False
        self.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._one.stop()
        self._many.shutdown(wait=True)
        self.store.dispose()

    def send_workers_home(self) -> None:
        """No more shots are given out; results are still taken."""
        self.closing = True
        self.queue.wake(None, len(self.queue), far=True)

    def close(self) -> None:
        """Wake everyone who waits: the service ends."""
        self.send_workers_home()
        self.bells.close()

    async def in_store(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """``call`` in the thread of the store; again where another server's transaction undid it."""
        return await self._one.run(lambda: call(*args, **kwargs))

    async def beside(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """``call`` in a thread that may take its time."""
        return await asyncio.get_running_loop().run_in_executor(self._many, lambda: call(*args, **kwargs))

    async def principal(self, key: str) -> Principal:
        """Who has this key; AccessError where nobody has, QuotaError where they ask too often."""
        return await self._known(key, principal_of)

    async def visitor(self, session: str) -> Principal:
        """Who is signed in under this session's secret; errors as of ``principal``."""
        return await self._known(session, principal_of_session)

    async def _known(self, secret: str, look_up: Callable[[Connection, str, float], Principal]) -> Principal:
        now = time.monotonic()
        known = self._keys.get(secret)
        if known is None or known[0] < now:
            self._keys.pop(secret, None)
            if len(self._keys) > 10_000:
                self._keys.clear()
            known = (now + _KEY_SECONDS, await self.at_once(look_up, secret, self.store.clock()))
            self._keys[secret] = known
        self._buckets.take(known[1].user)
        return known[1]

    async def at_once(
        self, call: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """``call(connection, ...)`` as one transaction, in the thread of the store."""

        def run() -> T:
            with self.store.transaction() as connection:
                return call(connection, *args, **kwargs)

        return await self.in_store(run)

    async def sign_out(self, session: str) -> None:
        """The session's secret opens nothing any more."""
        self._keys.pop(session, None)
        await self.at_once(close_session, session)

    # Jobs

    async def submit(
        self, user: str, spec: JobSpec, content: bytes | None, sha256: str | None, idempotency_key: str | None
    ) -> tuple[dict[str, Any], bool]:
        """(status, is it new); the problem as small content or as the name of a blob of the user's."""
        if content is not None and spec.type is JobType.SAMPLE and spec.qpu_model is None:
            problem = small_problem(spec, content)
        elif content is not None:
            # Working graphs are made and circuits read: others need not wait for that.
            problem = await self.beside(small_problem, spec, content)
        else:
            problem = await self.beside(self.contents.uploaded, spec, user, sha256 or "")
        status, new = await self.in_store(self.store.submit, user, spec, problem, idempotency_key)
        if new:
            self.metrics.submitted.labels(spec.type, spec.backend).inc()
            self.queue.wake(spec.backend, spec.shots)
            self.bells.ring(status["id"])
        return status, new

    async def status(self, user: str | None, job: str, wait: float = 0.0) -> dict[str, Any]:
        """The status, as soon as it is final or ``wait`` seconds have passed."""
        return (await self.statuses(user, [job], wait))[0]

    async def statuses(self, user: str | None, ids: Sequence[str], wait: float = 0.0) -> list[dict[str, Any]]:
        """The status of each, in their order, as soon as one is final or ``wait`` seconds have passed."""
        until = time.monotonic() + wait
        bell = asyncio.Event()
        with ExitStack() as listening:
            for job in set(ids):
                listening.enter_context(self.bells.listen(_END + job, bell))
            while True:
                bell.clear()
                found = await self.in_store(self.store.statuses, user, ids)
                left = until - time.monotonic()
                ended = any(status["state"] in FINAL for status in found)
                if ended or left <= 0 or self.bells.closed:
                    return found
                await rung(bell, min(left, 5.0))

    async def outcome(
        self,
        user: str | None,
        job: str,
        wait: float,
        *,
        first: int = 0,
        last: int = MOST_SHOTS,
        fresh: bool = False,
    ) -> tuple[dict[str, Any], list[ShotResult]]:
        """(status, results of shots ``first`` to ``last``), once the job is final or after ``wait`` seconds.

        ``fresh``: it was submitted in this very turn of the loop, so there is nothing to see yet.
        """
        until = time.monotonic() + wait
        with self.bells.listen(_END + job) as bell:
            if fresh:
                await rung(bell, min(wait, 5.0))
            while True:
                bell.clear()
                left = until - time.monotonic()
                waits = left > 0 and not self.bells.closed
                status, found = await self.in_store(
                    self.store.results, user, job, first=first, last=last, if_final=waits
                )
                if status["state"] in FINAL or not waits:
                    return status, found
                await rung(bell, min(left, 5.0))

    async def cancel(self, user: str | None, job: str) -> dict[str, Any]:
        status = await self.in_store(self.store.cancel, user, job)
        self.ring(job)
        return status

    async def rerun(self, user: str | None, job: str, seed: int | None) -> dict[str, Any]:
        status = await self.in_store(self.store.rerun, user, job, seed)
        self.queue.wake(status["spec"]["backend"], status["shots"])
        self.bells.ring(status["id"])
        return status

    def ring(self, job: str) -> None:
        """A shot or the job came to an end: what its worker told of it is old."""
        self.progress.pop(job, None)
        self.history.pop(job, None)
        self.bells.ring(job)
        self.bells.ring(_END + job)

    # Sweep

    async def _sweep_for_ever(self) -> None:
        clock = self.store.clock
        wall, steady, uploads = clock(), time.monotonic(), 0.0
        unheard, failing = True, False
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            try:
                now = time.monotonic()
                jumped = (clock() - wall) - (now - steady)
                if abs(jumped) > _JUMP_SECONDS:
                    log.warning("the clock jumped by %.1f s: leases and timeouts move with it", jumped)
                    await self.in_store(self.store.shift_clock, jumped)
                # As it was looked at above: a jump that was not written is met again.
                wall, steady = wall + jumped + now - steady, now
                if unheard or abs(jumped) > _JUMP_SECONDS:
                    # Heartbeats were not written, or by another clock: nobody loses a shot for that.
                    await self.in_store(self.leasing.extend_all)
                for job in await self.in_store(self._due):
                    self.ring(job)
                if len(self.queue):
                    self.queue.wake(None, await self.in_store(self.leasing.ready), far=True)
                if now - uploads > _UPLOAD_SWEEP_SECONDS:
                    uploads = now
                    await self.beside(self.blobs.forget_uploads)
                if failing:
                    log.warning("the sweep goes on")
                unheard = failing = False
            except Exception:
                # A full disk or a database that restarts: the next sweep is in a moment.
                if not failing:
                    log.exception("the sweep failed and is tried again until it goes on")
                unheard = failing = True

    def _due(self) -> list[str]:
        expired = self.leasing.lose_expired()
        self.metrics.lost.labels("expired").inc(len(expired))
        return [*expired, *self.store.time_out()]


def _warm_up() -> None:
    """Load the compiled kernels that count energies, so that the first job does not wait for them."""
    spec = JobSpec(seed=0, solver="steepest_descent")
    for problem in small_problems():
        result = run_shot(problem, spec, 0)
        check_result(problem_of(problem_content(problem).to_bytes()), spec, 0, result)
