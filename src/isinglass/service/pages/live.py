"""Server-sent events that say that a page is out of date; the page fetches itself anew."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from fastapi.responses import StreamingResponse

from isinglass.errors import IsinglassError
from isinglass.service.bells import rung
from isinglass.service.core import JobService

_QUIET_SECONDS = 5.0
"""Without a bell it looks after so long: another server may have changed the rows."""


def mark_of(*shown: Any) -> str:
    """A short text that is another one when what is shown is."""
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()[:16]


def changes(
    service: JobService, bell: str, seen: str, look: Callable[[], Awaitable[tuple[str, bool]]], pause: float
) -> StreamingResponse:
    """``changed`` whenever ``look`` gives another mark than ``seen``, at most once in ``pause`` seconds.

    ``look`` gives (mark, will it stay so for ever).
    """

    async def told() -> AsyncIterator[str]:
        last = seen
        with service.bells.listen(bell) as event:
            while not service.bells.closed:
                event.clear()
                try:
                    mark, over = await look()
                except IsinglassError:
                    return
                if mark != last:
                    last = mark
                    yield "event: changed\ndata: now\n\n"
                if over:
                    yield "event: over\ndata: now\n\n"
                    return
                if not await rung(event, _QUIET_SECONDS):
                    yield ": still here\n\n"
                await asyncio.sleep(pause)

    return StreamingResponse(told(), 200, {"X-Accel-Buffering": "no"}, "text/event-stream")
