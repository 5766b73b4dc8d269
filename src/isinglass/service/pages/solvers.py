"""The solvers with their parameters, and the emulated annealers with pictures of their working graphs."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response

import isinglass
from isinglass.errors import ServiceError
from isinglass.qpu.apollo import APOLLO_MODELS
from isinglass.qpu.models import MODELS, model_named
from isinglass.service.http_door import Service
from isinglass.service.pages.door import PageRoute, SignedIn
from isinglass.service.pages.rendering import page
from isinglass.solvers.registry import SOLVERS

router = APIRouter(prefix="/dashboard", route_class=PageRoute, include_in_schema=False)

_one_picture_at_a_time = asyncio.Lock()


@router.get("/solvers")
async def solvers(request: Request, visit: SignedIn) -> Response:
    return page(
        "solvers.html", request, visit, solvers=SOLVERS.values(), models=MODELS.values(),
        apollos=APOLLO_MODELS.values(), missing=_missing(),
    )  # fmt: skip


@router.get("/solvers/{model}.png")
async def picture(model: str, service: Service, visit: SignedIn) -> Response:
    """The working graph, drawn when it is first asked for and kept in the data folder."""
    place = service.data / "pictures" / f"{model_named(model).name}-{isinglass.__version__}.png"
    async with _one_picture_at_a_time:
        if not place.is_file():
            await _draw(model, place)
    return FileResponse(place, headers={"Cache-Control": "private, max-age=86400"})


async def _draw(model: str, place: Path) -> None:
    """In a process of its own: it takes seconds in which this one has jobs to serve."""
    place.parent.mkdir(exist_ok=True)
    drawn = place.with_suffix(".new.png")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "isinglass.cli.main", "qpu", "show", model, "--picture", str(drawn),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    if await process.wait():
        raise ServiceError(f"the working graph of {model} could not be drawn", 500)
    drawn.replace(place)


def _missing() -> list[str]:
    """Packages without which there are no pictures."""
    needed = ("matplotlib", "dwave.graphs")
    return [name for name in needed if not _installed(name)]


def _installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False
