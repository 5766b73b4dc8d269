"""The one thread that touches the database: calls done in the order in which they came, several a commit.

What waits while a transaction is written goes into the next one together; it is answered after the commit.
Where one of them raises, all of that transaction is rolled back and each is done alone.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple, TypeVar

from isinglass.service.database import again_if_overtaken
from isinglass.service.store import Store

T = TypeVar("T")

_MOST_TOGETHER = 32


class _Call(NamedTuple):
    function: Callable[[], Any]
    future: asyncio.Future[Any]


class _Outcome(NamedTuple):
    call: _Call
    result: Any
    error: BaseException | None


class StoreThread:
    """Runs calls to a store; they begin and end no transactions of their own but by ``store.transaction``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._most = _MOST_TOGETHER if store.commits_together else 1
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="store", daemon=True)
        self._thread.start()

    async def run(self, function: Callable[[], T]) -> T:
        """``function()`` in the thread."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._calls.put(_Call(function, future))
        return await future

    def stop(self) -> None:
        """Do what waits, then end."""
        self._calls.put(None)
        self._thread.join()

    def _work(self) -> None:
        ended = False
        while not ended:
            waiting = [self._calls.get()]
            while len(waiting) < self._most:
                try:
                    waiting.append(self._calls.get_nowait())
                except Empty:
                    break
            ended = None in waiting
            calls = [call for call in waiting if call is not None]
            if calls:
                self._answer(self._together(calls) if len(calls) > 1 else [_alone(calls[0])])

    def _together(self, calls: Sequence[_Call]) -> list[_Outcome]:
        try:
            with self._store.group():
                return [_Outcome(call, call.function(), None) for call in calls]
        except Exception:
            return [_alone(call) for call in calls]

    def _answer(self, outcomes: Sequence[_Outcome]) -> None:
        loop = outcomes[0].call.future.get_loop()
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, outcomes)


def _alone(call: _Call) -> _Outcome:
    try:
        return _Outcome(call, again_if_overtaken(call.function), None)
    except BaseException as error:
        return _Outcome(call, None, error)


def _settle(outcomes: Sequence[_Outcome]) -> None:
    for call, result, error in outcomes:
        if call.future.done():
            continue
        if error is None:
            call.future.set_result(result)
        else:
            call.future.set_exception(error)
