"""Who waits for what, in memory: rows are the truth, bells only say when to look again."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

EVERY = "every job"
"""The bell that rings with each of the others."""


class Bells:
    """One bell a job: whoever listens to it is woken by each ring."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[asyncio.Event]] = {}
        self.closed = False
        self.tell: Callable[[str], None] | None = None
        """Told of every ring, to carry it to other servers."""

    @contextmanager
    def listen(self, job: str, event: asyncio.Event | None = None) -> Iterator[asyncio.Event]:
        """An event that is set by every ring from now on; clear it before looking, wait after.

        Give the same ``event`` to the bells of several jobs to hear them all.
        """
        event = event or asyncio.Event()
        listeners = self._listeners.setdefault(job, set())
        listeners.add(event)
        try:
            yield event
        finally:
            listeners.discard(event)
            if not listeners:
                self._listeners.pop(job, None)

    def ring(self, job: str, *, far: bool = False) -> None:
        """Wake who listens; ``far``: it comes from another server, or is for this one alone."""
        for event in (*self._listeners.get(job, ()), *self._listeners.get(EVERY, ())):
            event.set()
        if self.tell is not None and not far:
            self.tell(job)

    def ring_all(self) -> None:
        """Wake everyone here: something may have been missed."""
        for job in list(self._listeners):
            self.ring(job, far=True)

    def close(self) -> None:
        """The service ends: wake everyone, for good."""
        self.closed = True
        self.ring_all()


class Queue:
    """Workers that wait for a shot, the longest waiting first."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[frozenset[str], asyncio.Future[None]]] = deque()
        self.calls = 0
        """How often there may have been work: while it stays, a queue that was empty is empty."""
        self.tell: Callable[[str | None, int], None] | None = None
        """Told of all work, to carry the news to other servers."""

    def __len__(self) -> int:
        return len(self._waiting)

    async def wait(self, backends: Sequence[str], timeout: float) -> bool:
        """True once there may be a shot for one of these backends; False after ``timeout`` seconds."""
        entry = (frozenset(backends), asyncio.get_running_loop().create_future())
        self._waiting.append(entry)
        try:
            await asyncio.wait_for(entry[1], timeout)
            return True
        except TimeoutError:
            return False
        finally:
            if entry in self._waiting:
                self._waiting.remove(entry)

    def wake(self, backend: str | None, count: int, *, far: bool = False) -> None:
        """Wake up to ``count`` workers of a backend (None: any); ``far`` as of ``Bells.ring``."""
        self.calls += count > 0
        if self.tell is not None and count and not far:
            self.tell(backend, count)
        for entry in list(self._waiting):
            if not count:
                return
            if backend is None or backend in entry[0]:
                self._waiting.remove(entry)
                if not entry[1].done():
                    entry[1].set_result(None)
                    count -= 1


async def rung(event: asyncio.Event, timeout: float) -> bool:
    """True where the bell rang within ``timeout`` seconds."""
    try:
        await asyncio.wait_for(event.wait(), timeout)
        return True
    except TimeoutError:
        return False
