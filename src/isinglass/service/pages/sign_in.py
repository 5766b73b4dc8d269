"""Signing in with an API key, and out."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from isinglass.errors import AccessError
from isinglass.service.http_door import Service
from isinglass.service.pages.door import COOKIE, HOME, SIGN_IN, PageRoute, SignedForm, check_origin
from isinglass.service.pages.rendering import page
from isinglass.service.sessions import SESSION_SECONDS, open_session

router = APIRouter(prefix="/dashboard", route_class=PageRoute, include_in_schema=False)

_OURS = re.compile(r"/dashboard/[A-Za-z0-9/_.?=&%+-]*")


@router.get("/sign-in")
async def form(request: Request, next: str = HOME) -> Response:
    return page("sign_in.html", request, next=next, refusal=None)


@router.post("/sign-in")
async def sign_in(
    request: Request,
    service: Service,
    key: Annotated[str, Form(max_length=500)],
    next: Annotated[str, Form()] = HOME,
) -> Response:
    """A session for the owner of the key; its secret is in a cookie that only these pages are sent."""
    check_origin(request)
    try:
        (await service.principal(key.strip())).require("read")
        secret = await service.at_once(open_session, key.strip(), service.store.clock())
    except AccessError as error:
        return page("sign_in.html", request, status=error.status, next=next, refusal=str(error))
    answer = RedirectResponse(next if _OURS.fullmatch(next) else HOME, 303)
    answer.set_cookie(
        COOKIE, secret, max_age=int(SESSION_SECONDS), path="/dashboard", httponly=True, samesite="strict",
        secure=request.url.scheme == "https",
    )  # fmt: skip
    return answer


@router.post("/sign-out")
async def sign_out(service: Service, visit: SignedForm) -> Response:
    await service.sign_out(visit.session)
    answer = RedirectResponse(SIGN_IN, 303)
    answer.delete_cookie(COOKIE, path="/dashboard")
    return answer
