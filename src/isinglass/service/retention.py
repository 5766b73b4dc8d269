"""What is deleted, and when: old jobs with all of theirs, and content that no job names any more."""

from __future__ import annotations

import asyncio
import logging
import time
from itertools import groupby
from math import isfinite

from sqlalchemy import Connection, delete, select

from isinglass.jobs.states import FINAL
from isinglass.service.core import JobService
from isinglass.service.store import new_id
from isinglass.service.tables import events, jobs, shots

log = logging.getLogger("isinglass.service")

_DAY = 86_400.0
_PAUSE_SECONDS = 3600.0
_A_TIME = 200
"""Jobs deleted, and blobs looked up, in one transaction: others wait for it."""


async def tidy_for_ever(service: JobService, keep_days: float) -> None:
    """``tidy`` now and every hour."""
    while True:
        try:
            await tidy(service, keep_days)
        except Exception:
            log.exception("old jobs could not be deleted; it is tried again in an hour")
        await asyncio.sleep(_PAUSE_SECONDS)


async def tidy(service: JobService, keep_days: float) -> tuple[int, int]:
    """(jobs deleted, blobs deleted): jobs that ended more than so many days ago, blobs without a job.

    ``keep_days`` may be infinite. A blob is a day old before it goes: whoever uploads one submits its job
    within that time.
    """
    before, gone_jobs, gone_blobs = service.store.clock() - keep_days * _DAY, 0, 0
    while isfinite(before) and (count := await service.at_once(_forget_jobs, before)):
        gone_jobs += count
        await asyncio.sleep(0)
    old = [blob for blob in await service.beside(lambda: list(service.blobs.all())) if _is_old(blob.used)]
    for user, theirs in groupby(old, key=lambda blob: blob.user):
        names = [blob.sha256 for blob in theirs]
        for first in range(0, len(names), _A_TIME):
            some = names[first : first + _A_TIME]
            gone_blobs += await service.at_once(_forget_blobs, service, user, some)
    if gone_jobs or gone_blobs:
        log.info("%d old jobs and %d blobs without a job were deleted", gone_jobs, gone_blobs)
    return gone_jobs, gone_blobs


def _is_old(used: float) -> bool:
    return time.time() - used > _DAY


def _forget_jobs(connection: Connection, before: float) -> int:
    ended = jobs.c.state.in_([str(state) for state in FINAL]) & (jobs.c.finished < before)
    # Ids are sorted by time, so that younger jobs are not even looked at.
    old = jobs.c.id < new_id(before)
    due = select(jobs.c.id).where(old, ended).order_by(jobs.c.id).limit(_A_TIME)
    ids = connection.execute(due).scalars().all()
    for table, column in ((shots, shots.c.job), (events, events.c.job), (jobs, jobs.c.id)):
        connection.execute(delete(table).where(column.in_(ids)))
    return len(ids)


def _forget_blobs(connection: Connection, service: JobService, user: str, names: list[str]) -> int:
    """In the thread of the store, so that nobody names one of them meanwhile."""
    problems = select(jobs.c.problem_hash).where(jobs.c.user == user, jobs.c.problem_hash.in_(names))
    results = select(shots.c.result_hash).where(shots.c.user == user, shots.c.result_hash.in_(names))
    named = {*connection.execute(problems).scalars(), *connection.execute(results).scalars()}
    unnamed = [name for name in names if name not in named]
    for name in unnamed:
        service.blobs.remove(user, name)
    return len(unnamed)
