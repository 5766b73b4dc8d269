"""What every request passes: size, key, and how errors are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from isinglass.errors import AccessError, IsinglassError, ParameterError, QuotaError, ServiceError
from isinglass.jobs.wire import PIECE_BYTES
from isinglass.service.core import JobService
from isinglass.service.keys import Principal
from isinglass.service.limits import JSON_BYTES, WORK_BYTES
from isinglass.service.refusals import refusal_of


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


def refuse(error: Exception) -> JSONResponse:
    """An error as JSON; the text is for people, ``kind`` for programs."""
    told = refusal_of(error)
    more = {401: {"WWW-Authenticate": "Bearer"}, 429: {"Retry-After": "1"}}.get(told.status)
    return JSONResponse({"error": {"kind": told.kind, "message": told.message}}, told.status, headers=more)


def install_errors(app: FastAPI, refuse: Callable[[Exception], Response] = refuse) -> None:
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
    for kind in (IsinglassError, OperationalError, OSError):
        app.add_exception_handler(kind, told)
