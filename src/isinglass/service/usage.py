"""How much of the service is used, by whom: numbers for people, quotas and weights."""

from __future__ import annotations

import math
from typing import Any

from sqlalchemy import Connection, Integer, cast, func, select, update

from isinglass.errors import ParameterError
from isinglass.jobs.states import FINAL
from isinglass.service.tables import jobs, shots, users

_DAY = 86_400.0
_MOST_JOBS = 20_000
"""Days are told of so many of the newest jobs: to count them all would keep others waiting."""


def list_users(connection: Connection, only: str | None = None) -> list[dict[str, Any]]:
    """Every user, or one: name, weight, seconds used and allowed (None: any number), unfinished jobs."""
    active = (
        select(func.count())
        .where(jobs.c.user == users.c.name, jobs.c.state.not_in([str(state) for state in FINAL]))
        .scalar_subquery()
    )
    shown = (users.c.name, users.c.weight, users.c.used_seconds, users.c.quota_seconds, users.c.created)
    wanted = select(*shown, active.label("active_jobs")).order_by(users.c.name)
    if only is not None:
        wanted = wanted.where(users.c.name == only)
    return [dict(row) for row in connection.execute(wanted).mappings()]


def jobs_by_state(connection: Connection, user: str | None) -> dict[str, int]:
    """State -> number of jobs, of one user or (None) all."""
    wanted = select(jobs.c.state, func.count()).group_by(jobs.c.state)
    if user is not None:
        wanted = wanted.where(jobs.c.user == user)
    return {state: count for state, count in connection.execute(wanted)}


def seconds_by_day(
    connection: Connection, user: str | None, days: int, now: float
) -> list[tuple[int, float]]:
    """(day, worker seconds of the jobs submitted on it) of the last ``days`` days; days since 1970, UTC."""
    recent = select(jobs.c.id, jobs.c.created).order_by(jobs.c.id.desc()).limit(_MOST_JOBS)
    if user is not None:
        recent = recent.where(jobs.c.user == user)
    last = int(now // _DAY)
    chosen = recent.where(jobs.c.created >= (last - days + 1) * _DAY).subquery()
    day = cast(func.floor(chosen.c.created / _DAY), Integer)
    summed = select(day, func.sum(shots.c.seconds)).join(shots, shots.c.job == chosen.c.id).group_by(day)
    found = {number: seconds or 0.0 for number, seconds in connection.execute(summed)}
    return [(number, found.get(number, 0.0)) for number in range(last - days + 1, last + 1)]


def set_quota(connection: Connection, user: str, seconds: float | None) -> None:
    """Worker seconds that the user may use in all; None for any number."""
    if seconds is not None and not 0 <= seconds < math.inf:
        raise ParameterError(f"a quota of {seconds!r} is not a number of seconds from 0 up")
    _set(connection, user, quota_seconds=seconds)


def set_weight(connection: Connection, user: str, weight: float) -> None:
    """The user's share of busy workers, beside those of the others who wait."""
    if not 0 < weight <= 1000:
        raise ParameterError(f"a weight of {weight!r} is not a number above 0, up to 1000")
    _set(connection, user, weight=weight)


def forget_use(connection: Connection, user: str) -> None:
    """A new period begins: no seconds are used."""
    _set(connection, user, used_seconds=0.0)


def _set(connection: Connection, user: str, **values: float | None) -> None:
    if connection.execute(update(users).where(users.c.name == user).values(**values)).rowcount != 1:
        raise ParameterError(f"there is no user {user!r}; 'isinglass users list' shows them")
