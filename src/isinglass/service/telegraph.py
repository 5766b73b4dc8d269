"""Bells of the other servers on the same PostgreSQL, by LISTEN and NOTIFY.

Rows are the truth there, too: a message that is lost costs what a bell that was missed costs, a look at the
rows some seconds later. Messages are JSON: who sends, which bells rang with what the job's worker told last,
and for which backends ("" for any) there is work.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections import Counter
from typing import Any

import psycopg
from sqlalchemy import URL

from isinglass.service.bells import Bells, Queue

log = logging.getLogger("isinglass.service")

_CHANNEL = "isinglass"
_RINGS = 20
"""In a message: with what workers tell they stay below the 8000 bytes that PostgreSQL takes."""
_PAUSE_SECONDS = 0.5


class Telegraph:
    """Carries rings and wakes to the other servers, and theirs to here. ``run`` it until it is cancelled."""

    def __init__(self, url: URL, bells: Bells, queue: Queue, progress: dict[str, dict[str, Any]]) -> None:
        self._address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._bells, self._queue, self._progress = bells, queue, progress
        self._own = secrets.token_hex(8)
        self._rings: set[str] = set()
        self._wakes: Counter[str] = Counter()
        self._news = asyncio.Event()
        bells.tell, queue.tell = self._ring, self._wake

    def _ring(self, job: str) -> None:
        self._rings.add(job)
        self._news.set()

    def _wake(self, backend: str | None, count: int) -> None:
        self._wakes[backend or ""] += count
        self._news.set()

    async def run(self) -> None:
        await asyncio.gather(self._for_ever(self._listen), self._for_ever(self._send))

    async def _for_ever(self, work: Any) -> None:
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self._address, autocommit=True) as wire:
                    await work(wire)
            except psycopg.Error as error:
                log.warning("the other servers are not heard for a moment: %s", error)
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _listen(self, wire: psycopg.AsyncConnection[Any]) -> None:
        await wire.execute(f"LISTEN {_CHANNEL}")
        # What was said while nobody listened.
        self._bells.ring_all()
        async for notice in wire.notifies():
            said = json.loads(notice.payload)
            if said["from"] != self._own:
                self._hear(said["rings"], said["wakes"])

    def _hear(self, rings: dict[str, Any], wakes: dict[str, int]) -> None:
        for bell, progress in rings.items():
            if progress is not None:
                self._progress[bell] = progress
            else:
                self._progress.pop(bell, None)
            self._bells.ring(bell, far=True)
        for backend, count in wakes.items():
            self._queue.wake(backend or None, count, far=True)

    async def _send(self, wire: psycopg.AsyncConnection[Any]) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            rings, self._rings = sorted(self._rings), set()
            wakes, self._wakes = self._wakes, Counter()
            for first in range(0, max(1, len(rings)), _RINGS):
                some = {bell: self._progress.get(bell) for bell in rings[first : first + _RINGS]}
                said = {"from": self._own, "rings": some, "wakes": {} if first else wakes}
                await wire.execute("SELECT pg_notify(%s, %s)", (_CHANNEL, json.dumps(said)))
