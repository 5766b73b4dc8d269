"""API keys, for admins: made (and shown once), listed, revoked."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from isinglass.errors import ParameterError
from isinglass.service.core import JobService
from isinglass.service.http_door import Service
from isinglass.service.keys import SCOPES, create_key, list_keys, revoke_key
from isinglass.service.pages.door import Admin, AdminForm, PageRoute, Visit
from isinglass.service.pages.rendering import page

router = APIRouter(prefix="/dashboard", route_class=PageRoute, include_in_schema=False)


@router.get("/keys")
async def keys(request: Request, service: Service, visit: Admin) -> Response:
    return await _page(request, service, visit)


@router.post("/keys")
async def create(
    request: Request,
    service: Service,
    visit: AdminForm,
    user: Annotated[str, Form(max_length=63)],
    scopes: Annotated[list[str] | None, Form()] = None,
    days: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """The page with the new key in it: nobody can see it again."""
    try:
        seconds = _seconds(days)
        key = await service.at_once(create_key, user.strip(), scopes or [], service.store.clock(), seconds)
    except ParameterError as error:
        return await _page(request, service, visit, status=422, refusal=str(error), user=user)
    return await _page(request, service, visit, made=key)


@router.post("/keys/{number}/revoke")
async def revoke(number: str, service: Service, visit: AdminForm) -> Response:
    await service.at_once(revoke_key, number)
    return RedirectResponse("/dashboard/keys", 303)


def _seconds(days: str) -> float | None:
    if not days.strip():
        return None
    try:
        count = float(days)
    except ValueError:
        count = 0.0
    if not 0 < count < 1e6:
        raise ParameterError(
            f"{days!r} is not a number of days above 0; leave it empty for a key that does not expire"
        )
    return 86_400 * count


async def _page(
    request: Request, service: JobService, visit: Visit, *, status: int = 200, refusal: str | None = None,
    made: str | None = None, user: str = "",
) -> Response:  # fmt: skip
    found = await service.at_once(list_keys)
    return page(
        "keys.html", request, visit, status=status, keys=found[::-1], scopes=SCOPES, refusal=refusal,
        made=made, user=user, now=service.store.clock(),
    )  # fmt: skip
