"""A job in hand: its row, locked, and what happens to it in one transaction.

Everything that changes a state goes through here, so no state changes without its event. The row of a job is
the lock of its shots, too: whoever changes a shot's state holds its job first, and users' rows last.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from isinglass.errors import UnknownJobError
from isinglass.jobs.states import FINAL, JobState, ShotState, next_job_state, next_shot_state
from isinglass.service.database import OvertakenError
from isinglass.service.prepared import Prepared
from isinglass.service.tables import events, jobs, shots

log = logging.getLogger("isinglass.service")

_WORDS_KEPT = 2000
_RETRY_SECONDS = 0.5
MOST_ATTEMPTS = 3

_COLUMNS = (
    jobs.c.id, jobs.c.user, jobs.c.state, jobs.c.stop_cause, jobs.c.shots, jobs.c.shots_done, jobs.c.last_seq,
    jobs.c.best_energy, jobs.c.error,
)  # fmt: skip
_SELECT = Prepared(select(*_COLUMNS).where(jobs.c.id == bindparam("wanted")).with_for_update())
_LEASED = Prepared(
    select(func.count()).where(shots.c.job == bindparam("wanted"), shots.c.state == str(ShotState.LEASED))
)
INSERT_EVENT = Prepared(insert(events))


class JobInHand:
    """One job in a transaction. ``write`` must be called last.

    Raises UnknownJobError where there is no such job, TransitionError for what the tables do not have.
    """

    def __init__(self, connection: Connection, job: str, now: float) -> None:
        row = _SELECT.first(connection, wanted=job)
        if row is None:
            raise UnknownJobError(f"there is no job {job}")
        self._connection, self._now = connection, now
        self.id, self.user = job, str(row["user"])
        self.state = JobState(row["state"])
        self.stop_cause = row["stop_cause"]
        self._row, self._seq = row, int(row["last_seq"])
        self._changed: dict[str, Any] = {}
        self._events: list[dict[str, Any]] = []

    def note(self, kind: str, **data: Any) -> None:
        """One more event."""
        self._seq += 1
        words = json.dumps({name: _shortened(value) for name, value in data.items()})
        self._events.append({"job": self.id, "seq": self._seq, "at": self._now, "kind": kind, "data": words})

    def transition(self, event: str, **data: Any) -> None:
        self.state = next_job_state(self.state, event)
        self._changed["state"] = str(self.state)
        if event == "started":
            self._changed["started"] = self._now
        if self.state in FINAL:
            self._changed["finished"] = self._now
        self.note(event, **data)

    def change_shot(self, shot: int, state: ShotState, event: str, **values: Any) -> ShotState:
        """Write a shot's transition; the caller notes its event. OvertakenError unless it is in ``state``."""
        after = next_shot_state(state, event)
        update_shot = _update_shot(tuple(sorted(values)))
        where = {"the_job": self.id, "the_shot": shot, "before": str(state)}
        if update_shot.run(self._connection, **where, state=str(after), **values) != 1:
            raise OvertakenError(f"shot {shot} of job {self.id} is not {state} any more")
        return after

    def shot_done(self, energy: float | None) -> None:
        done = int(self._row["shots_done"]) + 1
        best = self._row["best_energy"]
        if energy is not None:
            best = energy if best is None else min(best, energy)
        self._changed |= {"shots_done": done, "best_energy": best}
        if self.state is JobState.RUNNING and done == self._row["shots"]:
            self.transition("finished", best_energy=self._changed["best_energy"])

    def stop(self, cause: str, error: str | None = None) -> None:
        """End the job before its time: queued shots are dropped, those in work are waited for."""
        dropped = self._connection.execute(
            update(shots)
            .where(shots.c.job == self.id, shots.c.state == str(ShotState.QUEUED))
            .values(state=str(next_shot_state(ShotState.QUEUED, "dropped")))
        ).rowcount
        if dropped:
            self.note("shots_dropped", count=dropped)
        if error is not None:
            self._changed["error"] = str(_shortened(error))
        self._changed["stop_cause"] = self.stop_cause = cause
        if self._leased():
            self.transition("stopping", cause=cause)
        else:
            self.transition(cause, **({} if error is None else {"error": error}))

    def settle(self) -> None:
        """A stopping job whose last shot in work is back ends now."""
        if self.state is JobState.STOPPING and not self._leased():
            self.transition(self.stop_cause)

    def lose_shot(self, row: Mapping[str, Any], why: str, *, penalty: bool = True) -> None:
        """A leased shot has no worker any more. It runs again, later and later, but not for ever."""
        shot, state = int(row["shot"]), ShotState(row["state"])
        free = {"worker": None, "token": None, "lease_until": None}
        attempts = int(row["attempts"]) + penalty
        if self.state is JobState.STOPPING:
            self.change_shot(shot, state, "dropped", **free)
            self.note("shot_dropped", shot=shot, why=why)
            self.settle()
        elif attempts >= MOST_ATTEMPTS:
            self.change_shot(shot, state, "dead", attempts=attempts, **free)
            self.note("shot_dead", shot=shot, why=why, attempts=attempts)
            self.stop("dead", f"shot {shot} was lost {attempts} times, at last because {why}")
        else:
            pause = _RETRY_SECONDS * 2**attempts if penalty else 0.0
            self.change_shot(shot, state, "lost", attempts=attempts, not_before=self._now + pause, **free)
            self.note("shot_lost", shot=shot, why=why, again_in=pause)

    def write(self) -> None:
        """The events and the row, as they are now."""
        if self._events:
            INSERT_EVENT.run_each(self._connection, self._events)
            log_events(self.id, self.user, self._events)
        changed = {"last_seq": self._seq, **self._changed}
        _update_job(tuple(sorted(changed))).run(self._connection, the_job=self.id, **changed)

    def _leased(self) -> int:
        return int(_LEASED.scalar(self._connection, wanted=self.id))


def log_events(job: str, user: str, written: Sequence[Mapping[str, Any]]) -> None:
    """Rows of events as lines of the log."""
    if log.isEnabledFor(logging.INFO):
        for row in written:
            about = {"job": job, "user": user, "event": row["kind"], "data": json.loads(row["data"])}
            log.info("job %s: %s %s", job, row["kind"], row["data"], extra=about)


@cache
def _update_shot(columns: tuple[str, ...]) -> Prepared:
    named: dict[str, Any] = {name: bindparam(name) for name in ("state", *columns)}
    where = (shots.c.job == bindparam("the_job"), shots.c.shot == bindparam("the_shot"))
    return Prepared(update(shots).where(*where, shots.c.state == bindparam("before")).values(**named))


@cache
def _update_job(columns: tuple[str, ...]) -> Prepared:
    named: dict[str, Any] = {name: bindparam(name) for name in columns}
    return Prepared(update(jobs).where(jobs.c.id == bindparam("the_job")).values(**named))


def _shortened(value: Any) -> Any:
    """A text that every database can hold."""
    if not isinstance(value, str):
        return value
    return value[:_WORDS_KEPT].encode("utf-8", "replace").decode().replace("\0", " ")
