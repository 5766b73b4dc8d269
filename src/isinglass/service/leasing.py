"""What workers do with shots: take, keep, deliver, lose. One call, one transaction.

Between users it is fair (start-time fair queueing; Goyal, Vin, Cheng, SIGCOMM 1996): each has a virtual time
that grows by worker seconds over weight, and the least goes first. Who comes back after a pause starts at
the time of those being served, not in the past.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, exists, or_, select, update

from isinglass.errors import ConflictError, UnknownJobError
from isinglass.jobs.spec import JobSpec, spec_of
from isinglass.jobs.states import JobState, ShotState
from isinglass.service.database import OvertakenError
from isinglass.service.prepared import Prepared, Row
from isinglass.service.roll import note_worker, strike_worker
from isinglass.service.store import Problem, Store
from isinglass.service.tables import jobs, shots, users
from isinglass.service.transitions import JobInHand

LEASE_SECONDS = 15.0
_GUESS_SECONDS = 1.0
"""Charged when a shot is taken and has no time limit; what it really took replaces it."""

_NEXT_SHOT = Prepared(
    select(shots)
    .where(
        shots.c.state == str(ShotState.QUEUED), shots.c.user == bindparam("the_user"),
        shots.c.backend == bindparam("the_backend"), shots.c.not_before <= bindparam("now"),
    )
    .order_by(shots.c.rank, shots.c.job, shots.c.shot)
    .limit(1)
)  # fmt: skip
_JOB = Prepared(
    select(
        jobs.c.spec, jobs.c.problem, jobs.c.problem_hash, jobs.c.problem_size, jobs.c.variables
    ).where(jobs.c.id == bindparam("wanted"))
)  # fmt: skip
_SHOT = Prepared(
    select(shots).where(shots.c.job == bindparam("the_job"), shots.c.shot == bindparam("the_shot"))
)
_CHARGE = Prepared(
    update(users)
    .where(users.c.name == bindparam("the_user"))
    .values(
        virtual_time=users.c.virtual_time + bindparam("virtual") / users.c.weight,
        used_seconds=users.c.used_seconds + bindparam("used"),
    )
)
_START_AT = Prepared(
    update(users).where(users.c.name == bindparam("the_user")).values(virtual_time=bindparam("start"))
)


@cache
def _next_user(backends: tuple[str, ...]) -> Prepared:
    """The user to be served next among those who have shots for these backends."""
    waiting = (
        exists()
        .where(
            shots.c.state == str(ShotState.QUEUED), shots.c.user == users.c.name,
            or_(*(shots.c.backend == backend for backend in backends)),
            shots.c.not_before <= bindparam("now"),
        )
        .correlate(users)
    )  # fmt: skip
    columns = (users.c.name, users.c.virtual_time, users.c.weight)
    return Prepared(select(*columns).where(waiting).order_by(users.c.virtual_time, users.c.name).limit(1))


@dataclass(frozen=True)
class Lease:
    """A shot that a worker may run, until ``lease_until`` unless it sends heartbeats."""

    job: str
    shot: int
    user: str
    token: str
    spec: JobSpec
    problem: Problem


class Checked(NamedTuple):
    """A result that is true."""

    energy: float | None
    """The lowest; None of other results than samples."""
    quota: float
    """Seconds that it takes off its user's quota."""


@dataclass(frozen=True)
class Delivery:
    """What a worker brings back: a result that was found true, or the error of the solver."""

    job: str
    shot: int
    token: str
    seconds: float
    energy: float | None = None
    content: bytes | None = None
    sha256: str | None = None
    error: str | None = None
    quota: float | None = None
    """Seconds it takes off the quota; None for those that it took."""


class Leasing:
    """The shots of a store. Like it, not for several threads at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._served = 0.0
        """Virtual time of the last user served."""

    def note(self, worker: str, backends: Sequence[str]) -> None:
        """The worker asked for work."""
        with self._store.transaction() as connection:
            note_worker(connection, worker, backends, self._store.clock())

    def strike(self, worker: str) -> None:
        """The worker has ended."""
        with self._store.transaction() as connection:
            strike_worker(connection, worker)

    def lease(self, worker: str, backends: Sequence[str]) -> Lease | None:
        """The next shot for a worker of these backends, or None."""
        return next(iter(self.lease_some(worker, backends, 1)), None)

    def lease_some(self, worker: str, backends: Sequence[str], most: int) -> list[Lease]:
        """The next shots, ``most`` at most; after the first only such as are likely to be quick."""
        leases: list[Lease] = []
        with self._store.transaction() as connection:
            while len(leases) < most:
                lease = self._lease(connection, worker, backends, quick=bool(leases))
                if lease is None:
                    break
                leases.append(lease)
        return leases

    def _lease(
        self, connection: Connection, worker: str, backends: Sequence[str], *, quick: bool
    ) -> Lease | None:
        now = self._store.clock()
        user = _next_user(tuple(backends)).first(connection, now=now)
        if user is None:
            return None
        name, virtual_time = user["name"], user["virtual_time"]
        row = self._next_shot(connection, name, backends, now)
        if row is None:
            return None
        spec, problem = self._problem(connection, row["job"])
        if quick and (problem.content is None or spec.parameters.get("time_limit") is not None):
            return None
        token, shot = secrets.token_hex(16), int(row["shot"])
        charge = float(spec.parameters.get("time_limit") or _GUESS_SECONDS)
        hand = JobInHand(connection, row["job"], now)
        hand.change_shot(
            shot, ShotState(row["state"]), "leased", worker=worker, token=token,
            lease_until=now + LEASE_SECONDS, charged=charge,
        )  # fmt: skip
        if hand.state is JobState.QUEUED:
            hand.transition("started")
        hand.note("shot_leased", shot=shot, worker=worker, attempt=row["attempts"] + 1)
        hand.write()
        if virtual_time < self._served:
            _START_AT.run(connection, the_user=name, start=self._served)
        self._served = max(self._served, virtual_time)
        _CHARGE.run(connection, the_user=name, virtual=charge, used=0.0)
        return Lease(row["job"], shot, name, token, spec, problem)

    def _next_shot(
        self, connection: Connection, user: str, backends: Sequence[str], now: float
    ) -> Row | None:
        found: list[Row] = []
        for backend in backends:
            found += _NEXT_SHOT.all(connection, the_user=user, the_backend=backend, now=now)
        return min(found, key=lambda row: (row["rank"], row["job"], row["shot"]), default=None)

    def leased_problem(self, job: str, shot: int, token: str) -> tuple[str, JobSpec, Problem] | None:
        """(owner, spec, problem) of a shot held under this token, None once it was delivered.

        ConflictError where it is held no more.
        """
        with self._store.transaction() as connection:
            row = self._undelivered(connection, job, shot, token)
            return None if row is None else (row["user"], *self._problem(connection, job))

    def _problem(self, connection: Connection, job: str) -> tuple[JobSpec, Problem]:
        found = _JOB.first(connection, wanted=job)
        assert found is not None, "a shot belongs to a job"
        problem = Problem(found["problem_hash"], found["problem_size"], found["variables"], found["problem"])
        return spec_of(json.loads(found["spec"])), problem

    def _undelivered(self, connection: Connection, job: str, shot: int, token: str) -> Row | None:
        """The row of a shot held under this token; None where it was delivered under it."""
        row = _SHOT.first(connection, the_job=job, the_shot=shot)
        ended = (str(ShotState.DONE), str(ShotState.FAILED))
        if row is not None and row["token"] is not None and secrets.compare_digest(row["token"], token):
            if row["state"] == str(ShotState.LEASED):
                return row
            if row["state"] in ended:
                return None
        raise ConflictError(f"shot {shot} of job {job} is not leased under this token any more")

    def _held(self, connection: Connection, job: str, shot: int, token: str) -> Row:
        row = self._undelivered(connection, job, shot, token)
        if row is None:
            raise ConflictError(f"shot {shot} of job {job} was delivered already")
        return row

    def heartbeat(self, job: str, shot: int, token: str) -> bool:
        """Keep a shot; True where its worker should stop and deliver what it has.

        A job that stops gives its workers no more time than their lease has left.
        """
        with self._store.transaction() as connection:
            self._held(connection, job, shot, token)
            stopping = connection.execute(select(jobs.c.state).where(jobs.c.id == job)).scalar_one()
            if stopping == str(JobState.STOPPING):
                return True
            until = {"lease_until": self._store.clock() + LEASE_SECONDS}
            mine = (shots.c.job == job, shots.c.shot == shot, shots.c.token == token)
            if connection.execute(update(shots).where(*mine).values(**until)).rowcount != 1:
                raise OvertakenError(f"shot {shot} of job {job} was given to somebody else")
            return False

    def deliver(self, delivery: Delivery) -> bool:
        """Take a result. False where this very delivery came before: its answer was lost on the way.

        ConflictError where the shot was given to somebody else meanwhile, or its job is over.
        """
        with self._store.transaction() as connection:
            hand = self._hand(connection, delivery.job)
            row = self._undelivered(connection, delivery.job, delivery.shot, delivery.token)
            return row is not None and self._deliver(connection, hand, row, delivery)

    def deliver_checked(
        self, delivery: Delivery, check: Callable[[str, JobSpec, Problem], Checked | None]
    ) -> bool | None:
        """``deliver`` in one transaction with ``check``, which raises for what is not true.

        Made for small problems: what the check takes, everybody waits for. Where it says None, it would take
        long: nothing is changed, and None comes back.
        """
        with self._store.transaction() as connection:
            hand = self._hand(connection, delivery.job)
            row = self._undelivered(connection, delivery.job, delivery.shot, delivery.token)
            if row is None:
                return False
            found = check(row["user"], *self._problem(connection, delivery.job))
            if found is None:
                return None
            return self._deliver(
                connection, hand, row, replace(delivery, energy=found.energy, quota=found.quota)
            )

    def _hand(self, connection: Connection, job: str) -> JobInHand:
        """The job, locked, so that its shots stay as they are; ConflictError where there is none."""
        try:
            return JobInHand(connection, job, self._store.clock())
        except UnknownJobError:
            raise ConflictError(f"there is no job {job}") from None

    def _deliver(self, connection: Connection, hand: JobInHand, row: Row, delivery: Delivery) -> bool:
        shot, state = delivery.shot, ShotState(row["state"])
        if delivery.error is None:
            kept = {"energy": delivery.energy, "result": delivery.content, "result_hash": delivery.sha256}
            hand.change_shot(shot, state, "done", seconds=delivery.seconds, **kept)
            hand.note("shot_done", shot=shot, energy=delivery.energy, seconds=round(delivery.seconds, 6))
            hand.shot_done(delivery.energy)
            hand.settle()
        else:
            hand.change_shot(shot, state, "failed", seconds=delivery.seconds)
            hand.note("shot_failed", shot=shot, error=delivery.error)
            if hand.state is JobState.STOPPING:
                hand.settle()
            else:
                hand.stop("failed", delivery.error)
        hand.write()
        quota = delivery.seconds if delivery.quota is None else delivery.quota
        virtual = delivery.seconds - row["charged"]
        _CHARGE.run(connection, the_user=row["user"], virtual=virtual, used=quota)
        return True

    def lose(self, job: str, shot: int, token: str, why: str, *, penalty: bool = True) -> None:
        """A shot has no worker any more; ``penalty`` False where nobody is to blame."""
        with self._store.transaction() as connection:
            self._lose(connection, [self._held(connection, job, shot, token)], why, penalty)

    def lose_worker(self, worker: str, why: str, *, penalty: bool = True) -> list[str]:
        """A worker is gone with all it held; the jobs that this changes."""
        gone = select(shots).where(shots.c.worker == worker, shots.c.state == str(ShotState.LEASED))
        with self._store.transaction() as connection:
            rows = [dict(row) for row in connection.execute(gone).mappings()]
            return self._lose(connection, rows, why, penalty)

    def lose_expired(self) -> list[str]:
        """Shots whose lease has run out are lost; the jobs that this changes."""
        leased = shots.c.state == str(ShotState.LEASED)
        due = select(shots).where(leased, shots.c.lease_until <= self._store.clock())
        with self._store.transaction() as connection:
            rows = [dict(row) for row in connection.execute(due).mappings()]
            return self._lose(connection, rows, "its worker was not heard of any more", True)

    def _lose(self, connection: Connection, rows: Sequence[Row], why: str, penalty: bool) -> list[str]:
        """Those of the rows that are still leased as they say; jobs in one order, users after all of them."""
        lost: list[Row] = []
        for seen in sorted(rows, key=lambda row: (row["job"], row["shot"])):
            hand = JobInHand(connection, seen["job"], self._store.clock())
            row = _SHOT.first(connection, the_job=seen["job"], the_shot=seen["shot"])
            if row is not None and row["state"] == str(ShotState.LEASED) and row["token"] == seen["token"]:
                hand.lose_shot(row, why, penalty=penalty)
                hand.write()
                lost.append(row)
        for row in sorted(lost, key=lambda row: row["user"]):
            _CHARGE.run(connection, the_user=row["user"], virtual=-row["charged"], used=0.0)
        return [row["job"] for row in lost]

    def extend_all(self) -> None:
        """Nobody could be heard for a while: whoever works has a whole term to be heard of again."""
        until = {"lease_until": self._store.clock() + LEASE_SECONDS}
        with self._store.transaction() as connection:
            connection.execute(update(shots).where(shots.c.state == str(ShotState.LEASED)).values(**until))

    def ready(self) -> int:
        """Shots that could be leased now, counted up to 100."""
        now = self._store.clock()
        some = select(shots.c.shot).where(
            shots.c.state == str(ShotState.QUEUED), shots.c.not_before <= now
        ).limit(100)  # fmt: skip
        with self._store.transaction() as connection:
            return len(connection.execute(some).all())
