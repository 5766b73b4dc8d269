"""Sessions and handles for asyncio: the same calls, each in a thread, so there is one client and not two."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self, TypeVar

from isinglass.client.handle import Handle
from isinglass.client.session import Session, connect
from isinglass.jobs.events import JobEvent
from isinglass.jobs.results import Result
from isinglass.jobs.status import JobStatus

T = TypeVar("T")

_CALLS_AT_A_TIME = 64


class AsyncHandle:
    """``Handle`` with calls to await."""

    def __init__(self, handle: Handle, session: AsyncSession) -> None:
        self._handle, self._session = handle, session

    @property
    def id(self) -> str:
        return self._handle.id

    async def status(self) -> JobStatus:
        return await self._session.call(self._handle.status)

    async def wait(self, timeout: float | None = None) -> JobStatus:
        return await self._session.call(self._handle.wait, timeout)

    async def result(self, timeout: float | None = None) -> Result:
        return await self._session.call(self._handle.result, timeout)

    async def cancel(self) -> JobStatus:
        return await self._session.call(self._handle.cancel)

    def events(self, after: int = 0) -> AsyncIterator[JobEvent]:
        return self._session.iterate(self._handle.events(after))

    def shots(self) -> AsyncIterator[tuple[int, Result]]:
        return self._session.iterate(self._handle.shots())


class AsyncSession:
    """``Session`` with calls to await; at most 64 at a time, others wait for their turn."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._threads = ThreadPoolExecutor(_CALLS_AT_A_TIME, thread_name_prefix="isinglass-client")

    async def call(self, function: Callable[..., T], *args: Any, **words: Any) -> T:
        """``function`` in a thread of this session."""
        call = functools.partial(function, *args, **words)
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    async def iterate(self, items: Iterator[T]) -> AsyncIterator[T]:
        """The items, each awaited in a thread."""
        nothing = object()
        while (item := await self.call(next, items, nothing)) is not nothing:
            yield item

    async def submit(self, problem: Any, **words: Any) -> AsyncHandle:
        return AsyncHandle(await self.call(self._session.submit, problem, **words), self)

    async def submit_circuits(self, circuits: Any, **words: Any) -> AsyncHandle:
        return AsyncHandle(await self.call(self._session.submit_circuits, circuits, **words), self)

    async def solve(self, problem: Any, **words: Any) -> Result:
        return await self.call(self._session.solve, problem, **words)

    async def job(self, job: str) -> AsyncHandle:
        return AsyncHandle(await self.call(self._session.job, job), self)

    async def jobs(self, **filters: Any) -> list[JobStatus]:
        return await self.call(self._session.jobs, **filters)

    async def close(self) -> None:
        await self.call(self._session.close)
        self._threads.shutdown(wait=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def connect_async(*args: Any, **words: Any) -> AsyncSession:
    """Like ``connect``, for asyncio."""
    return AsyncSession(connect(*args, **words))
