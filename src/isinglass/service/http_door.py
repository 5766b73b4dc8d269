"""What every request passes: size, key, and how errors are told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from isinglass.errors import AccessError, IsinglassError, ParameterError, QuotaError, ServiceError
from isinglass.jobs.wire import PIECE_BYTES
from isinglass.service.core import JobService
from isinglass.service.keys import Principal
from isinglass.service.limits import JSON_BYTES, WORK_BYTES
from isinglass.service.refusals import refusal_of

_GRACE_SECONDS = 30.0
_SLOWEST = 10 << 10
"""Bytes a second that a body comes with at least, after the grace."""


Refuse = Callable[[Exception], Response]
"""How an error is told."""


class LimitBody:
    """ASGI: refuses bodies that are too long, by what they say and by what comes, or come too slowly.

    ``more``: path prefix -> (bytes, how errors are told), for rooms of peers.
    """

    def __init__(self, app: ASGIApp, more: Mapping[str, tuple[int, Refuse]] | None = None) -> None:
        self._app, self._more = app, more or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        largest, refuse = self._rules(scope["path"])
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > largest:
            await refuse(_too_long(largest))(scope, receive, send)
            return
        body = _Body(receive, largest)

        async def answered(message: Message) -> None:
            # Whatever was made of the body's error on its way, this is what it meant.
            if body.error is None:
                await send(message)
            elif message["type"] == "http.response.start":
                await refuse(body.error)(scope, receive, send)

        await self._app(scope, body.receive, answered)

    def _rules(self, path: str) -> tuple[int, Refuse]:
        if path.startswith("/v1/workers/exchange"):
            return WORK_BYTES, refuse
        if path.startswith(("/v1/blobs/", "/v1/workers/result")):
            return PIECE_BYTES + (1 << 16), refuse
        others = (rules for prefix, rules in self._more.items() if path.startswith(prefix))
        return next(others, (JSON_BYTES, refuse))


class _Body:
    """The body of one request, counted and timed as it comes."""

    def __init__(self, receive: Receive, largest: int) -> None:
        self._receive, self._largest = receive, largest
        self._began, self._came, self._more = time.monotonic(), 0, True
        self.error: ServiceError | None = None

    async def receive(self) -> Message:
        if not self._more:
            return await self._receive()
        try:
            async with asyncio.timeout(
                _GRACE_SECONDS + self._came / _SLOWEST - (time.monotonic() - self._began)
            ):
                message = await self._receive()
        except TimeoutError:
            self.error = ServiceError(f"the body comes slower than {_SLOWEST:,} bytes a second", 408)
            raise self.error from None
        self._came += len(message.get("body", b""))
        self._more = message.get("more_body", False)
        if self._came > self._largest:
            self.error = _too_long(self._largest)
            raise self.error
        return message


def _too_long(largest: int) -> QuotaError:
    return QuotaError(f"the body is longer than {largest:,} bytes", 413)


async def service_of(request: Request) -> JobService:
    """Asynchronous, for otherwise FastAPI would ask a thread."""
    service: JobService = request.app.state.service
    return service


_bearer = HTTPBearer(auto_error=False, description="an isinglass API key")


async def _who(
    request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Principal:
    if given is None:
        raise AccessError("there is no API key: send 'Authorization: Bearer <key>'", 401)
    return await (await service_of(request)).principal(given.credentials)


Service = Annotated[JobService, Depends(service_of)]
Who = Annotated[Principal, Depends(_who)]


def refuse(error: Exception) -> JSONResponse:
    """An error as JSON; the text is for people, ``kind`` for programs."""
    told = refusal_of(error)
    more = {401: {"WWW-Authenticate": "Bearer"}, 429: {"Retry-After": "1"}}.get(told.status)
    return JSONResponse({"error": {"kind": told.kind, "message": told.message}}, told.status, headers=more)


def install_errors(app: FastAPI, refuse: Refuse = refuse) -> None:
    """Every error becomes a status and a sentence; ``refuse`` says how, for rooms of peers."""

    async def told(_: Request, error: Exception) -> Response:
        return refuse(error)

    async def malformed(_: Request, error: Exception) -> Response:
        found = list(error.errors()) if isinstance(error, RequestValidationError) else []
        words = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in found[:5])
        return refuse(ParameterError(f"the request is malformed: {words}"))

    async def plain(_: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        words = str(error.detail) if isinstance(error, HTTPException) else "something went wrong"
        return refuse(ServiceError(words, status))

    app.add_exception_handler(HTTPException, plain)
    app.add_exception_handler(RequestValidationError, malformed)
    for kind in (IsinglassError, DBAPIError, OSError):
        app.add_exception_handler(kind, told)
