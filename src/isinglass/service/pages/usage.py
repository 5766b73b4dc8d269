"""What is used, and how much of it is left."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response

from isinglass.service.http_door import Service
from isinglass.service.keys import owner
from isinglass.service.pages.door import PageRoute, SignedIn
from isinglass.service.pages.drawing import columns
from isinglass.service.pages.rendering import page
from isinglass.service.usage import jobs_by_state, list_users, seconds_by_day

router = APIRouter(prefix="/dashboard", route_class=PageRoute, include_in_schema=False)

_DAYS = 14


@router.get("/usage")
async def usage(request: Request, service: Service, visit: SignedIn) -> Response:
    """Of oneself; an admin sees everybody."""
    user = owner(visit.who)
    (own,) = await service.at_once(list_users, visit.who.user)
    others = await service.at_once(list_users) if visit.is_admin else []
    states = await service.at_once(jobs_by_state, user)
    days = await service.at_once(seconds_by_day, user, _DAYS, service.store.clock())
    named = [(f"{datetime.fromtimestamp(86_400 * day, UTC):%d %b}", seconds) for day, seconds in days]
    return page(
        "usage.html", request, visit, own=own, others=others, states=sorted(states.items()),
        limits=service.limits, chart=columns(named, "worker seconds"), days=_DAYS,
    )  # fmt: skip
