"""The service without its doors: store, blobs, bells and the sweep, behind asynchronous calls.

All that touches the database runs in one thread, so calls are done in the order in which they came.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np
from sqlalchemy import Connection

from isinglass.errors import AccessError, IsinglassError, ProblemError, VerificationError
from isinglass.executors.charging import charge
from isinglass.executors.sampling import small_problems
from isinglass.executors.shots import check_problem, check_spec, run_shot
from isinglass.jobs.problems import Decoded, problem_content, problem_of, variables_of
from isinglass.jobs.results import result_of
from isinglass.jobs.spec import JobSpec, JobType
from isinglass.jobs.states import FINAL
from isinglass.jobs.wire import SMALL_BYTES
from isinglass.service.bells import Bells, Queue, rung
from isinglass.service.blobs import Blobs
from isinglass.service.database import open_database, steady_clock
from isinglass.service.keys import Principal, principal_of
from isinglass.service.leasing import Checked, Delivery, Lease, Leasing
from isinglass.service.limits import Buckets, Limits
from isinglass.service.metrics import Metrics
from isinglass.service.roll import NOTE_SECONDS
from isinglass.service.sessions import close_session, principal_of_session
from isinglass.service.store import Problem, ShotResult, Store
from isinglass.service.store_thread import StoreThread
from isinglass.service.verify import check_result

log = logging.getLogger("isinglass.service")

P = ParamSpec("P")
T = TypeVar("T")

_END = "end "
"""Before a job's id: the bell of those who wait for its end, and not for every step."""
_MALFORMED = (ProblemError, TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError)
_SWEEP_SECONDS = 0.25
_KEY_SECONDS = 2.0
"""A key is looked up again after this long, so a revoked one opens nothing after it."""
_JUMP_SECONDS = 2.0
_LARGE_PROBLEMS_KEPT = 2
_POINTS_KEPT = 600
_UPLOAD_SWEEP_SECONDS = 3600.0


@dataclass(frozen=True)
class Arrived:
    """A result that came in pieces: the name of its blob, which is its job's owner's."""

    sha256: str


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
        self.blobs = _open_blobs(blobs, data / "blobs", self.limits.problem_bytes)
        self.bells, self.queue, self.metrics = Bells(), Queue(), Metrics()
        self.ready = self.closing = False
        self._empty: dict[tuple[str, ...], int] = {}
        """By backends: the number of calls for workers when there was no shot for them."""
        self.progress: dict[str, dict[str, Any]] = {}
        """By job: what the worker of one of its shots told last."""
        self._one = StoreThread(self.store)
        self.history: dict[str, deque[tuple[float, float]]] = {}
        """By job: (seconds, lowest energy) of what its workers told since a shot of it last ended."""
        self._many = ThreadPoolExecutor(2, thread_name_prefix="verify")
        self._buckets = Buckets(self.limits.requests_per_second)
        self._keys: dict[str, tuple[float, Principal]] = {}
        self._problems: OrderedDict[str, Decoded] = OrderedDict()
        self._liars: set[str] = set()
        self._noted: dict[str, float] = {}
        """By worker: when its row was written last, by the monotonic clock."""
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Give running shots a new term and begin to sweep."""
        await self.in_store(self.leasing.extend_all)
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
        if content is not None and spec.type is JobType.SAMPLE and spec.backend != "qpu":
            problem = _small_problem(spec, content)
        elif content is not None:
            # Working graphs are made and circuits read: others need not wait for that.
            problem = await self.beside(_small_problem, spec, content)
        else:
            problem = await self.beside(self._large_problem, spec, user, sha256 or "")
        status, new = await self.in_store(self.store.submit, user, spec, problem, idempotency_key)
        if new:
            self.metrics.submitted.labels(spec.type, spec.backend).inc()
            self.queue.wake(spec.backend, spec.shots)
            self.bells.ring(status["id"])
        return status, new

    def _large_problem(self, spec: JobSpec, user: str, sha256: str) -> Problem:
        check_spec(spec)
        size = self.blobs.size(user, sha256)
        if size is None:
            raise ProblemError(f"no problem {sha256[:12]}… was uploaded by this key's user: upload it first")
        self.blobs.touch(user, sha256)
        decoded = self._decoded(user, Problem(sha256, size, 0, None))
        check_problem(decoded, spec)
        return Problem(sha256, size, _count_variables(decoded, size), None)

    def _decoded(self, user: str, problem: Problem) -> Decoded:
        if problem.content is not None:
            return problem_of(problem.content)
        name = f"{user}/{problem.sha256}"
        if name not in self._problems:
            self._problems[name] = problem_of(self.problem_content(user, problem))
            while len(self._problems) > _LARGE_PROBLEMS_KEPT:
                self._problems.popitem(last=False)
        return self._problems[name]

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
        self, user: str | None, job: str, wait: float, *, fresh: bool = False
    ) -> tuple[dict[str, Any], list[ShotResult]]:
        """(status, results so far), as soon as the job is final or ``wait`` seconds have passed.

        ``fresh``: it was submitted in this very turn of the loop, so there is nothing to see yet.
        """
        until = time.monotonic() + wait
        with self.bells.listen(_END + job) as bell:
            if fresh:
                await rung(bell, min(wait, 5.0))
            while True:
                bell.clear()
                status, found = await self.in_store(self.store.results, user, job)
                left = until - time.monotonic()
                if status["state"] in FINAL or left <= 0 or self.bells.closed:
                    return status, found
                await rung(bell, min(left, 5.0))

    async def cancel(self, user: str | None, job: str) -> dict[str, Any]:
        status = await self.in_store(self.store.cancel, user, job)
        self._ring(job)
        return status

    async def rerun(self, user: str | None, job: str, seed: int | None) -> dict[str, Any]:
        status = await self.in_store(self.store.rerun, user, job, seed)
        self.queue.wake(status["spec"]["backend"], status["shots"])
        self.bells.ring(status["id"])
        return status

    def content_of(self, user: str, result: ShotResult) -> np.ndarray:
        """uint8[size]: what a shot left; a large one is mapped from its file."""
        if result.content is not None:
            return np.frombuffer(result.content, np.uint8)
        return self.blobs.read(user, result.sha256 or "")

    def problem_content(self, user: str, problem: Problem) -> np.ndarray:
        """uint8[size]: the container of a problem of this user's."""
        if problem.content is not None:
            return np.frombuffer(problem.content, np.uint8)
        return self.blobs.read(user, problem.sha256)

    # Work

    async def hear(self, worker: str, backends: Sequence[str]) -> None:
        """A worker asks for work or brings some: it is there."""
        now = time.monotonic()
        if now - self._noted.get(worker, -NOTE_SECONDS) >= NOTE_SECONDS:
            self._noted[worker] = now
            await self.in_store(self.leasing.note, worker, backends)

    async def lease(self, worker: str, backends: Sequence[str], wait: float) -> Lease | None:
        """A shot, as soon as there is one or None after ``wait`` seconds."""
        if worker in self._liars:
            raise AccessError(f"results of worker {worker} were not true: it gets no more work", 403)
        lease, seen = None, self.queue.calls
        if self._empty.get(tuple(backends)) != seen:
            lease = await self.in_store(self.leasing.lease, worker, backends)
            if lease is None:
                self._empty[tuple(backends)] = seen
        if lease is None and wait > 0 and not self.closing and await self.queue.wait(backends, wait):
            return None if self.closing else await self.lease(worker, backends, 0.0)
        if lease is not None:
            self.bells.ring(lease.job)
        return lease

    async def deliver(
        self, worker: str, job: str, shot: int, token: str, seconds: float, result: bytes | Arrived | str
    ) -> bool:
        """A result (bytes, or one that came in pieces) or the error of the solver (str).

        False where it had come before.

        ConflictError where nobody waits for it.
        """
        try:
            if isinstance(result, bytes) and len(result) <= SMALL_BYTES:
                new = await self.in_store(self._take_small, job, shot, token, seconds, result)
            elif isinstance(result, bytes | Arrived):
                new = await self._take_large(job, shot, token, seconds, result)
            else:
                failure = Delivery(job, shot, token, seconds, error=result)
                new = await self.in_store(self.leasing.deliver, failure)
        except VerificationError as error:
            await self._was_a_lie(worker, job, shot, token, error)
            return True
        if new:
            self.metrics.shots.labels("failed" if isinstance(result, str) else "done").inc()
            self.metrics.seconds.inc(seconds)
        self._ring(job)
        return new

    def _ring(self, job: str) -> None:
        """A shot or the job came to an end: what its worker told of it is old."""
        self.progress.pop(job, None)
        self.history.pop(job, None)
        self.bells.ring(job)
        self.bells.ring(_END + job)

    def _take_small(self, job: str, shot: int, token: str, seconds: float, result: bytes) -> bool:
        """All of it in the store's thread: for a small problem that is quicker than another thread."""
        delivery = Delivery(job, shot, token, seconds, content=result)

        def check(user: str, spec: JobSpec, problem: Problem) -> Checked:
            return self._checked(user, spec, problem, shot, seconds, result)

        return self.leasing.deliver_checked(delivery, check)

    async def _take_large(
        self, job: str, shot: int, token: str, seconds: float, result: bytes | Arrived
    ) -> bool:
        held = await self.in_store(self.leasing.leased_problem, job, shot, token)
        if held is None:
            return False
        if isinstance(result, Arrived):
            sha256 = result.sha256
            if self.blobs.size(held[0], sha256) is None:
                raise ProblemError(f"the result {sha256[:12]}… has not arrived: send its pieces first")
            content = self.blobs.read(held[0], sha256)
            energy, quota = await self.beside(self._checked, *held, shot, seconds, content)
        else:
            energy, quota = await self.beside(self._checked, *held, shot, seconds, result)
            sha256 = await self.beside(self.blobs.put, held[0], result)
        delivery = Delivery(job, shot, token, seconds, energy, sha256=sha256, quota=quota)
        return await self.in_store(self.leasing.deliver, delivery)

    def _checked(
        self, user: str, spec: JobSpec, problem: Problem, shot: int, seconds: float,
        result: bytes | np.ndarray,
    ) -> Checked:  # fmt: skip
        decoded = self._decoded(user, problem)
        try:
            found = result_of(result)
            energy = check_result(decoded, spec, shot, found)
            return Checked(energy, charge(spec, seconds, found, self.limits.quota_rates))
        except _MALFORMED as error:
            raise VerificationError(f"it is malformed: {error}") from None

    async def _was_a_lie(self, worker: str, job: str, shot: int, token: str, error: IsinglassError) -> None:
        about = {"job": job, "shot": shot, "worker": worker}
        words = "job %s: shot %d: the result of worker %s is not true: %s"
        log.warning(words, job, shot, worker, error, extra=about)
        self._liars.add(worker)
        self.metrics.lies.inc()
        await self.in_store(self.leasing.lose, job, shot, token, f"its worker lied: {error}")
        self._ring(job)

    async def heartbeat(
        self, job: str, shot: int, token: str, wait: float, progress: dict[str, Any] | None
    ) -> bool:
        """Keep a shot; True, as soon as it is so, where its worker should stop. At most ``wait`` seconds."""
        with self.bells.listen(job) as bell:
            stop = await self.in_store(self.leasing.heartbeat, job, shot, token)
            if progress is not None:
                self.progress[job] = {"shot": shot, **progress}
                if {"elapsed", "best_energy"} <= progress.keys():
                    told = self.history.setdefault(job, deque(maxlen=_POINTS_KEPT))
                    told.append((progress["elapsed"], progress["best_energy"]))
                self.bells.ring(job)
                bell.clear()
            until = time.monotonic() + wait
            while not stop and not self.bells.closed and (left := until - time.monotonic()) > 0:
                if await rung(bell, left):
                    bell.clear()
                    stop = await self.in_store(self.leasing.heartbeat, job, shot, token)
            return stop

    async def give_back(self, job: str, shot: int, token: str, why: str | None = None) -> None:
        """A worker that ends hands its shot on; one that cannot run it says ``why``, and that counts."""
        words = "its worker ends" if why is None else why
        await self.in_store(self.leasing.lose, job, shot, token, words, penalty=why is not None)
        self.metrics.lost.labels("given back").inc()
        self._ring(job)
        self.queue.wake(None, 1)

    async def lose_worker(self, worker: str, why: str, *, penalty: bool = True) -> None:
        """A worker is known to hold nothing."""
        lost = await self.in_store(self.leasing.lose_worker, worker, why, penalty=penalty)
        self.metrics.lost.labels("worker").inc(len(lost))
        for job in lost:
            self._ring(job)
        if lost and not penalty:
            self.queue.wake(None, len(lost))

    async def worker_gone(self, worker: str, why: str, *, penalty: bool = True) -> None:
        """A worker has ended, with all it held."""
        self._noted.pop(worker, None)
        await self.in_store(self.leasing.strike, worker)
        await self.lose_worker(worker, why, penalty=penalty)

    # Sweep

    async def _sweep_for_ever(self) -> None:
        clock = self.store.clock
        wall, steady, uploads = clock(), time.monotonic(), 0.0
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            try:
                jumped = (clock() - wall) - (time.monotonic() - steady)
                wall, steady = clock(), time.monotonic()
                if abs(jumped) > _JUMP_SECONDS:
                    log.warning("the clock jumped by %.1f s: leases and timeouts move with it", jumped)
                    await self.in_store(self.store.shift_clock, jumped)
                for job in await self.in_store(self._due):
                    self._ring(job)
                if len(self.queue):
                    self.queue.wake(None, await self.in_store(self.leasing.ready), far=True)
                if steady - uploads > _UPLOAD_SWEEP_SECONDS:
                    uploads = steady
                    await self.beside(self.blobs.forget_uploads)
            except Exception:
                # A full disk or a database that restarts: the next sweep is in a moment.
                log.exception("the sweep failed and will be tried again")

    def _due(self) -> list[str]:
        expired = self.leasing.lose_expired()
        self.metrics.lost.labels("expired").inc(len(expired))
        return [*expired, *self.store.time_out()]


def _open_blobs(url: str | None, folder: Path, largest: int) -> Blobs:
    if url is None:
        return Blobs(folder, largest)
    from isinglass.service.far_blobs import FarBlobs

    return FarBlobs(url, folder, largest)


def _small_problem(spec: JobSpec, content: bytes) -> Problem:
    check_spec(spec)
    if len(content) > SMALL_BYTES:
        raise ProblemError(f"content of {len(content):,} bytes is uploaded, not put into the submission")
    decoded = problem_of(content)
    variables = _count_variables(decoded, len(content))
    check_problem(decoded, spec)
    return Problem(hashlib.sha256(content).hexdigest(), len(content), variables, content)


def _count_variables(problem: Decoded, size: int) -> int:
    """ProblemError for far more variables than anything is said of: a few bytes that would fill a memory."""
    variables = variables_of(problem)
    if variables > size:
        raise ProblemError(
            f"{variables:,} variables in {size:,} bytes: most of them occur nowhere, leave those out"
        )
    return variables


def _warm_up() -> None:
    """Load the compiled kernels that count energies, so that the first job does not wait for them."""
    spec = JobSpec(seed=0, solver="steepest_descent")
    for problem in small_problems():
        result = run_shot(problem, spec, 0)
        check_result(problem_of(problem_content(problem).to_bytes()), spec, 0, result)
