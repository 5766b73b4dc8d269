"""The rows of jobs: submitting, reading, cancelling. One call, one transaction.

``leasing.py`` has what workers do with them and ``transitions.py`` every change of state.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, RowMapping, bindparam, func, insert, select, update

from isinglass.errors import ConflictError, QuotaError, UnknownJobError
from isinglass.jobs.events import JobEvent
from isinglass.jobs.spec import MOST_SHOTS, JobSpec, spec_of
from isinglass.jobs.states import FINAL, JobState, ShotState
from isinglass.rng import resolve_seed
from isinglass.service.database import commits_together
from isinglass.service.prepared import Prepared
from isinglass.service.roll import require_worker
from isinglass.service.tables import events, jobs, shots, users
from isinglass.service.transitions import INSERT_EVENT, JobInHand, log_events

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"

Row = TypeVar("Row", dict[str, Any], RowMapping)


@dataclass(frozen=True)
class Problem:
    """What a job solves: its content if it is small, else the name of its blob."""

    sha256: str
    size: int
    variables: int
    content: bytes | None


@dataclass(frozen=True)
class ShotResult:
    """What a shot left: ``content`` or the blob named ``sha256``."""

    shot: int
    energy: float | None
    content: bytes | None
    sha256: str | None


_STATUS = [
    jobs.c[name] for name in (
        "id", "user", "state", "stop_cause", "spec", "description", "shots", "shots_done", "variables",
        "problem_hash", "problem_size", "created", "started", "finished", "best_energy", "error", "last_seq",
        "rerun_of",
    )
]  # fmt: skip
_ONE = Prepared(select(*_STATUS).where(jobs.c.id == bindparam("wanted")))
_SOME = select(*_STATUS).where(jobs.c.id.in_(bindparam("wanted", expanding=True)))
_SAME_KEY = Prepared(
    select(jobs.c.id, jobs.c.problem_hash).where(
        jobs.c.user == bindparam("the_user"), jobs.c.idempotency_key == bindparam("key")
    )
)
_ACTIVE = select(func.count()).where(
    jobs.c.user == bindparam("the_user"), jobs.c.state.in_([str(s) for s in JobState if s not in FINAL])
)
_USER = Prepared(
    select(users.c.quota_seconds, users.c.used_seconds).where(users.c.name == bindparam("wanted"))
)
_RESULTS = Prepared(
    select(shots.c.shot, shots.c.energy, shots.c.result, shots.c.result_hash)
    .where(
        shots.c.job == bindparam("wanted"),
        shots.c.state == str(ShotState.DONE),
        shots.c.shot.between(bindparam("first"), bindparam("last")),
    )
    .order_by(shots.c.shot)
)
_EVENTS = (
    select(events)
    .where(events.c.job == bindparam("wanted"), events.c.seq > bindparam("after"))
    .order_by(events.c.seq)
    .limit(1000)
)


class Store:
    """Jobs in a database. Not for several threads at a time; several processes may share the database.

    Args:
        engine: of ``open_database``.
        most_active: jobs of one user that are not final, at most.
        clock: seconds since 1970; tests have their own.
    """

    def __init__(
        self, engine: Engine, *, most_active: int = 100_000, clock: Callable[[], float] = time.time
    ) -> None:
        self._engine = engine
        self._most_active = most_active
        self._submitted: dict[str, int] = {}
        self._of_thread = threading.local()
        self.clock = clock

    @property
    def url(self) -> URL:
        """Of the database."""
        return self._engine.url

    def transaction(self) -> AbstractContextManager[Connection]:
        """One transaction; inside of ``group`` it is a part of that one."""
        together: Connection | None = getattr(self._of_thread, "connection", None)
        return self._engine.begin() if together is None else nullcontext(together)

    @property
    def commits_together(self) -> bool:
        """May several calls be one ``group``?"""
        return commits_together(self._engine)

    @contextmanager
    def group(self) -> Iterator[None]:
        """All transactions of this thread inside of it are one, which commits or fails as a whole."""
        with self._engine.begin() as connection:
            self._of_thread.connection = connection
            try:
                yield
            finally:
                self._of_thread.connection = None

    def dispose(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def submit(
        self,
        user: str,
        spec: JobSpec,
        problem: Problem,
        idempotency_key: str | None = None,
        rerun_of: str | None = None,
    ) -> tuple[dict[str, Any], bool]:
        """(status, is it new). The same ``idempotency_key`` of a user gives the same job, whatever it holds.

        Raises QuotaError where the user's seconds are used up or too many jobs wait; ConflictError where
        the key was used for another problem; ParameterError where no worker has the backend.
        """
        now = self.clock()
        spec = replace(spec, seed=resolve_seed(spec.seed))
        with self.transaction() as connection:
            if idempotency_key is not None:
                same = _SAME_KEY.first(connection, the_user=user, key=idempotency_key)
                if same is not None and same["problem_hash"] != problem.sha256:
                    raise ConflictError("this idempotency key was used for a job with another problem")
                if same is not None:
                    return _status(self._row(connection, user, same["id"])), False
            self._check_quota(connection, user)
            require_worker(connection, spec.backend, now)
            job = new_id(now)
            row = {
                "id": job, "user": user, "idempotency_key": idempotency_key, "state": str(JobState.QUEUED),
                "spec": spec.as_json(), "description": spec.description, "shots": spec.shots, "shots_done": 0,
                "variables": problem.variables, "problem": problem.content, "problem_hash": problem.sha256,
                "problem_size": problem.size, "created": now, "last_seq": 1, "rerun_of": rerun_of,
                "deadline": None if spec.timeout is None else now + spec.timeout,
            }  # fmt: skip
            _INSERT_JOB.run(connection, **row)
            shot = {
                "job": job, "user": user, "backend": spec.backend, "rank": -spec.priority, "charged": 0.0,
                "state": str(ShotState.QUEUED), "attempts": 0, "not_before": 0.0,
            }  # fmt: skip
            _INSERT_SHOTS.run_each(connection, [{**shot, "shot": k} for k in range(spec.shots)])
            data = {} if rerun_of is None else {"rerun_of": rerun_of}
            submitted = {"job": job, "seq": 1, "at": now, "kind": "submitted", "data": json.dumps(data)}
            INSERT_EVENT.run(connection, **submitted)
            log_events(job, user, [submitted])
        missing = dict.fromkeys(("stop_cause", "started", "finished", "best_energy", "error"))
        return _status({**missing, **row}), True

    def _check_quota(self, connection: Connection, user: str) -> None:
        used = self._usage(connection, user)
        allowed = used["quota_seconds"]
        if allowed is not None and used["used_seconds"] >= allowed:
            raise QuotaError(f"all {allowed:g} seconds of {user}'s quota are used: ask for more", 402)
        # Counting takes longer the more there are, so a large number is checked now and then.
        self._submitted[user] = self._submitted.get(user, -1) + 1
        if self._submitted[user] % (1 + self._most_active // 100):
            return
        if connection.execute(_ACTIVE, {"the_user": user}).scalar_one() >= self._most_active:
            raise QuotaError(f"{self._most_active:,} jobs of {user} wait or run: wait for some to end", 429)

    def usage(self, user: str) -> dict[str, Any]:
        """Worker seconds used and allowed (None: any number)."""
        with self.transaction() as connection:
            return self._usage(connection, user)

    def _usage(self, connection: Connection, user: str) -> dict[str, Any]:
        found = _USER.first(connection, wanted=user)
        assert found is not None, "a key belongs to a user"
        return found

    def status(self, user: str | None, job: str) -> dict[str, Any]:
        """What is known of a job. ``user`` None may see everyone's; UnknownJobError for others' jobs."""
        with self.transaction() as connection:
            return _status(self._row(connection, user, job))

    def statuses(self, user: str | None, ids: Sequence[str]) -> list[dict[str, Any]]:
        """The status of each, in their order; UnknownJobError where one is not there, as of ``status``."""
        with self.transaction() as connection:
            rows = connection.execute(_SOME, {"wanted": list(set(ids))}).mappings()
            found = {row["id"]: _status(self._allowed(row, user, row["id"])) for row in rows}
        for job in ids:
            self._allowed(found.get(job), user, job)
        return [found[job] for job in ids]

    def _row(self, connection: Connection, user: str | None, job: str) -> Mapping[str, Any]:
        return self._allowed(_ONE.first(connection, wanted=job), user, job)

    def _allowed(self, row: Row | None, user: str | None, job: str) -> Row:
        if row is None or (user is not None and row["user"] != user):
            raise UnknownJobError(f"there is no job {job[:40]!r} of yours; 'isinglass jobs list' shows them")
        return row

    def list_jobs(
        self,
        user: str | None,
        *,
        state: str | None = None,
        search: str | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> list[dict[str, Any]]:
        """Newest first; ``search`` in descriptions and ids, ``before`` an id for the next page."""
        wanted = select(*_STATUS).order_by(jobs.c.id.desc()).limit(limit)
        if user is not None:
            wanted = wanted.where(jobs.c.user == user)
        if state is not None:
            wanted = wanted.where(jobs.c.state == state)
        if search is not None:
            found = jobs.c.description.icontains(search, autoescape=True) | (jobs.c.id == search)
            wanted = wanted.where(found)
        if before is not None:
            wanted = wanted.where(jobs.c.id < before)
        with self.transaction() as connection:
            return [_status(row) for row in connection.execute(wanted).mappings()]

    def events(self, user: str | None, job: str, after: int = 0) -> tuple[list[JobEvent], str]:
        """(events after number ``after``, at most 1000; the job's state)."""
        with self.transaction() as connection:
            state = self._row(connection, user, job)["state"]
            rows = connection.execute(_EVENTS, {"wanted": job, "after": after}).mappings()
            return [JobEvent(r["seq"], r["at"], r["kind"], json.loads(r["data"])) for r in rows], state

    def shots(self, user: str | None, job: str, limit: int) -> list[dict[str, Any]]:
        """The first ``limit`` shots: number, state, attempts, worker, seconds, lowest energy."""
        shown = [shots.c[name] for name in ("shot", "state", "attempts", "worker", "seconds", "energy")]
        wanted = select(*shown).where(shots.c.job == job).order_by(shots.c.shot).limit(limit)
        with self.transaction() as connection:
            self._row(connection, user, job)
            return [dict(row) for row in connection.execute(wanted).mappings()]

    def results(
        self, user: str | None, job: str, *, first: int = 0, last: int = MOST_SHOTS, if_final: bool = False
    ) -> tuple[dict[str, Any], list[ShotResult]]:
        """(status, what each shot from ``first`` to ``last`` that is done left).

        ``if_final``: nothing of the shots unless the job has ended.
        """
        with self.transaction() as connection:
            status = _status(self._row(connection, user, job))
            if if_final and status["state"] not in FINAL:
                return status, []
            rows = _RESULTS.all(connection, wanted=job, first=first, last=last)
            return status, [ShotResult(r["shot"], r["energy"], r["result"], r["result_hash"]) for r in rows]

    def best_results(self, user: str | None, job: str, limit: int) -> list[ShotResult]:
        """What the ``limit`` shots of lowest energy left, without a look at what the others did."""
        done = (shots.c.job == job, shots.c.state == str(ShotState.DONE))
        order = (shots.c.energy.is_(None), shots.c.energy, shots.c.shot)
        best = select(shots.c.shot).where(*done).order_by(*order).limit(limit)
        columns = (shots.c.shot, shots.c.energy, shots.c.result, shots.c.result_hash)
        with self.transaction() as connection:
            self._row(connection, user, job)
            numbers = connection.execute(best).scalars().all()
            rows = connection.execute(select(*columns).where(*done, shots.c.shot.in_(numbers)))
            return [ShotResult(*row) for row in rows]

    def problem(self, user: str | None, job: str) -> tuple[str, Problem]:
        """(owner, the job's problem)."""
        with self.transaction() as connection:
            row = self._row(connection, user, job)
            content = connection.execute(select(jobs.c.problem).where(jobs.c.id == job)).scalar_one()
            return row["user"], Problem(row["problem_hash"], row["problem_size"], row["variables"], content)

    def cancel(self, user: str | None, job: str) -> dict[str, Any]:
        """Stop a job; a final or stopping one stays as it is. The status after it."""
        with self.transaction() as connection:
            self._row(connection, user, job)
            hand = JobInHand(connection, job, self.clock())
            if hand.state not in FINAL and hand.state is not JobState.STOPPING:
                hand.stop("cancelled")
                hand.write()
            return _status(self._row(connection, user, job))

    def rerun(self, user: str | None, job: str, seed: int | None = None) -> dict[str, Any]:
        """A new job of the same problem, spec and (unless one is given) seed: the same samples."""
        owner, problem = self.problem(user, job)
        spec = spec_of(self.status(user, job)["spec"])
        status, _ = self.submit(owner, spec if seed is None else replace(spec, seed=seed), problem, None, job)
        return status

    def time_out(self) -> list[str]:
        """Stop every job past its deadline; their ids."""
        now = self.clock()
        going = (JobState.QUEUED, JobState.RUNNING)
        due = select(jobs.c.id).where(jobs.c.state.in_([str(s) for s in going]), jobs.c.deadline <= now)
        stopped: list[str] = []
        with self.transaction() as connection:
            for job in connection.execute(due.order_by(jobs.c.id)).scalars().all():
                hand = JobInHand(connection, job, now)
                # Another server may have been here since we looked.
                if hand.state in going:
                    hand.stop("timed_out", "its timeout has passed")
                    hand.write()
                    stopped.append(job)
        return stopped

    def shift_clock(self, seconds: float) -> None:
        """The wall clock jumped by this much: what is to happen later moves with it."""
        leased, queued = str(ShotState.LEASED), str(ShotState.QUEUED)
        with self.transaction() as connection:
            for table, column, alive in (
                (shots, "lease_until", shots.c.state == leased),
                (shots, "not_before", (shots.c.state == queued) & (shots.c.not_before > 0)),
                (jobs, "deadline", jobs.c.state.not_in([str(state) for state in FINAL])),
            ):
                moved = {column: table.c[column] + seconds}
                connection.execute(update(table).where(alive, table.c[column].is_not(None)).values(**moved))


_INSERT_JOB = Prepared(insert(jobs))
_INSERT_SHOTS = Prepared(insert(shots))


def new_id(now: float) -> str:
    """A ULID in lower case: 48 bits of milliseconds, 80 random ones. Sorted by time, never guessed."""
    number = (int(now * 1000) & (1 << 48) - 1) << 80 | int.from_bytes(os.urandom(10))
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


def _status(row: Mapping[str, Any] | RowMapping) -> dict[str, Any]:
    return {
        "id": row["id"], "user": row["user"], "state": row["state"], "stop_cause": row["stop_cause"],
        "spec": json.loads(row["spec"]), "shots": row["shots"], "shots_done": row["shots_done"],
        "variables": row["variables"], "problem": row["problem_hash"], "problem_bytes": row["problem_size"],
        "created": row["created"], "started": row["started"], "finished": row["finished"],
        "best_energy": row["best_energy"], "error": row["error"], "events": row["last_seq"],
        "rerun_of": row["rerun_of"],
    }  # fmt: skip
