"""What every request passes: size, key, and how errors are told."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from isinglass.errors import (
    AccessError,
    IsinglassError,
    OutOfMemoryError,
    ParameterError,
    ProblemError,
    QuotaError,
    ServiceError,
)  # fmt: skip
from isinglass.jobs.states import TransitionError
from isinglass.jobs.wire import PIECE_BYTES
from isinglass.service.core import JobService
from isinglass.service.keys import Principal
from isinglass.service.limits import JSON_BYTES, WORK_BYTES

log = logging.getLogger("isinglass.service")

_NO_SPACE = 28


class LimitBody:
    """ASGI: refuses bodies that are too long, by what they say and by what comes.

    ``more``: path prefix -> bytes, for rooms of peers.
    """

    def __init__(self, app: ASGIApp, more: Mapping[str, int] | None = None) -> None:
        self._app, self._more = app, more or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        largest = self._largest(scope["path"])
        refusal = refuse(QuotaError(f"the body is longer than {largest:,} bytes", 413))
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > largest:
            await refusal(scope, receive, send)
            return
        came = 0

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > largest:
                raise QuotaError("the body is too long", 413)
            return message

        async def answered(message: Message) -> None:
            # Whatever was made of the error above on its way, this is what it meant.
            if came <= largest:
                await send(message)
            elif message["type"] == "http.response.start":
                await refusal(scope, receive, send)

        await self._app(scope, counted, answered)

    def _largest(self, path: str) -> int:
        if path.startswith("/v1/work/exchange"):
            return WORK_BYTES
        if path.startswith("/v1/blobs/"):
            return PIECE_BYTES + (1 << 16)
        return next((size for prefix, size in self._more.items() if path.startswith(prefix)), JSON_BYTES)


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


def owner(who: Principal) -> str | None:
    """Whose jobs may be seen: one's own, or everybody's (None)."""
    return None if "admin" in who.scopes else who.user


def refuse(error: ServiceError | IsinglassError, status: int | None = None) -> JSONResponse:
    """An error as JSON; the text is for people, ``kind`` for programs."""
    code: int = getattr(error, "status", 500) if status is None else status
    headers = {"WWW-Authenticate": "Bearer"} if code == 401 else {"Retry-After": "1"} if code == 429 else {}
    # What was sent may be quoted, and it need not be text.
    words = str(error).encode("utf-8", "replace").decode()
    return JSONResponse({"error": {"kind": type(error).__name__, "message": words}}, code, headers=headers)


def install_errors(app: FastAPI) -> None:
    """Every error becomes a status and a sentence; nothing of the inside is told."""

    async def ours(_: Request, error: Exception) -> JSONResponse:
        match error:
            case ServiceError():
                return refuse(error)
            case TransitionError():
                return refuse(error, 409)
            case OutOfMemoryError():
                return refuse(error, 413)
            case ProblemError() | ParameterError():
                return refuse(error, 422)
        return _unexpected(error)

    async def malformed(_: Request, error: Exception) -> JSONResponse:
        found = list(error.errors()) if isinstance(error, RequestValidationError) else []
        words = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in found[:5])
        return refuse(ParameterError(f"the request is malformed: {words}"), 422)

    async def no_disk(_: Request, error: Exception) -> JSONResponse:
        full = "disk is full" in str(error) or getattr(error, "errno", None) == _NO_SPACE
        if full:
            log.error("the disk is full")
            return refuse(QuotaError("the service has no room left: try again later", 507))
        if isinstance(error, OperationalError):
            log.error("the database does not answer: %s", error)
            return refuse(ServiceError("the database does not answer: try again in a moment", 503))
        return _unexpected(error)

    async def plain(_: Request, error: Exception) -> JSONResponse:
        status = error.status_code if isinstance(error, HTTPException) else 500
        words = str(error.detail) if isinstance(error, HTTPException) else "something went wrong"
        return refuse(ServiceError(words, status))

    app.add_exception_handler(IsinglassError, ours)
    app.add_exception_handler(HTTPException, plain)
    app.add_exception_handler(RequestValidationError, malformed)
    app.add_exception_handler(OperationalError, no_disk)
    app.add_exception_handler(OSError, no_disk)


def _unexpected(error: Exception) -> JSONResponse:
    log.error("a request failed", exc_info=error)
    return refuse(ServiceError("something went wrong in the service; its log says what"), 500)
