"""What every request of this room passes: its token, its body, and how errors are told."""

from __future__ import annotations

import json
import zlib
from typing import Annotated, Any, NoReturn

from fastapi import Depends, Request
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from isinglass.errors import AccessError, ProblemError, QuotaError, ServiceError, UnknownJobError
from isinglass.service.http_door import Service
from isinglass.service.keys import Principal
from isinglass.service.refusals import refusal_of

LONGEST_BODY = 32 << 20
"""Bytes of a request, before and after it is inflated: twenty of the largest problems with every list."""

NO_SUCH_PROBLEM = "Problem does not exist or apitoken does not have access"
_NO_SECONDS_LEFT = (
    "Problem not accepted because user has insufficient remaining solver access time in project"
)


async def _who(request: Request, service: Service) -> Principal:
    token = request.headers.get("x-auth-token")
    if not token:
        raise AccessError("Unauthorized: there is no X-Auth-Token; an isinglass key is one", 401)
    return await service.principal(token)


Who = Annotated[Principal, Depends(_who)]


async def _json_body(request: Request) -> Any:
    """The body as JSON, whatever its Content-Type says; inflated where it says deflate."""
    body = await request.body()
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding == "deflate":
        body = _inflated(body)
    elif encoding != "identity":
        raise ServiceError(
            f"a body in Content-Encoding {encoding[:40]!r} is not taken: send deflate or none", 415
        )
    try:
        return json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise ProblemError(f"the body is not JSON: {error}") from None


Body = Annotated[Any, Depends(_json_body)]


def _inflated(body: bytes) -> bytes:
    """At most ``LONGEST_BODY`` bytes are ever written, however much would come."""
    stream = zlib.decompressobj()
    try:
        data = stream.decompress(body, LONGEST_BODY)
    except zlib.error as error:
        raise ProblemError(f"the body is not a zlib stream: {error}") from None
    if stream.unconsumed_tail:
        raise QuotaError(f"the body inflates to more than {LONGEST_BODY:,} bytes", 413)
    if not stream.eof or stream.unused_data:
        raise ProblemError("the body's zlib stream is cut off, or something follows it")
    return data


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")


def error_object(error: Exception) -> dict[str, Any]:
    """An error as the clients read it: HTTP status and text. Bad input is 400 on this wire."""
    told = refusal_of(error)
    status, words = 400 if told.status == 422 else told.status, told.message
    if isinstance(error, UnknownJobError):
        words = NO_SUCH_PROBLEM
    elif status == 402:
        status, words = 403, f"{_NO_SECONDS_LEFT}: {words}"
    return {"error_code": status, "error_msg": words}


def refuse(error: Exception) -> JSONResponse:
    """The answer to a request that failed."""
    words = error_object(error)
    return JSONResponse(words, words["error_code"])


class WithoutTrailingSlash:
    """ASGI: ``/problems/`` is ``/problems``; the clients send both."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].endswith("/"):
            scope = {**scope, "path": scope["path"].rstrip("/")}
        await self._app(scope, receive, send)
