"""Every route of the dashboard, and the files that its pages need."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from fastapi import APIRouter
from fastapi.responses import FileResponse, RedirectResponse, Response

from isinglass.service.pages import jobs, keys, sign_in, solvers, usage
from isinglass.service.pages.door import HOME, PageRoute

_STATIC = Path(__file__).with_name("static")

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/")
@router.get("/dashboard")
async def home() -> Response:
    return RedirectResponse(HOME, 303)


@router.get("/dashboard/static/{name}")
async def static(name: Literal["htmx.min.js", "pages.js", "pages.css", "mark.svg"]) -> Response:
    return FileResponse(_STATIC / name, headers={"Cache-Control": "public, max-age=86400"})


for part in (sign_in, jobs, solvers, usage, keys):
    router.include_router(part.router)
