"""What both doors send bit by bit: events as they come, content in pieces."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any

import numpy as np

from isinglass.jobs.events import JobEvent
from isinglass.jobs.states import FINAL
from isinglass.jobs.wire import PIECE_BYTES, fold
from isinglass.service.bells import rung
from isinglass.service.core import JobService

_QUIET_SECONDS = 10.0
"""A stream of events says that it is alive after so long."""


async def events_of(
    service: JobService, user: str | None, job: str, seen: int
) -> AsyncIterator[JobEvent | None]:
    """Events after number ``seen``, and news of progress, until the job is final; None: still here.

    UnknownJobError, at once, for jobs that ``user`` may not see.
    """
    told: dict[str, Any] | None = None
    with service.bells.listen(job) as bell:
        while True:
            bell.clear()
            found, state = await service.in_store(service.store.events, user, job, seen)
            for event in found:
                seen = event.seq
                yield event
            if (state in FINAL and not found) or service.bells.closed:
                return
            news = service.progress.get(job)
            if news is not None and news is not told:
                told = news
                yield JobEvent(0, service.store.clock(), "progress", news)
            if not found and not await rung(bell, _QUIET_SECONDS):
                yield None


async def folded_pieces(
    service: JobService, content: np.ndarray, start: int = 0
) -> AsyncIterator[tuple[int, bytes]]:
    """(offset, zstd frame) of each piece of uint8[size] from offset ``start`` on; one at a time in memory."""
    for offset in range(start, len(content), PIECE_BYTES):
        yield offset, await service.beside(fold, content[offset : offset + PIECE_BYTES].data)


async def plain_pieces(chunks: Iterable[memoryview]) -> AsyncIterator[bytes]:
    """The bytes of all chunks, at most 1 MiB at a time."""
    for chunk in chunks:
        for first in range(0, len(chunk), 1 << 20):
            yield bytes(chunk[first : first + (1 << 20)])
            await asyncio.sleep(0)
