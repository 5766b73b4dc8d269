"""``solvers/remote``: what there is, in whole or by field, with ETags."""

from __future__ import annotations

import gzip
import hashlib
import json
from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from isinglass.compat.sapi.catalogue import CATALOGUE, solver_named
from isinglass.compat.sapi.door import Who
from isinglass.compat.sapi.media_types import SOLVER, SOLVERS, MediaType
from isinglass.compat.sapi.solver_filter import filtered
from isinglass.service.http_door import Service

router = APIRouter(prefix="/solvers/remote", tags=["solvers"])

_KEPT = 64
_CACHE_CONTROL = "private, max-age=60"
"""Short, for a service that starts anew may have other working graphs; asking again costs an ETag."""
_WORTH_FOLDING = 1024

Filter = Annotated[str, Query(alias="filter", description="all or none, then ,+field or ,-field")]


@router.get("")
async def listed(request: Request, service: Service, who: Who, wanted: Filter = "all") -> Response:
    """Every solver."""
    who.require("read")
    return _reply(request, SOLVERS, await service.beside(_description, None, wanted))


@router.get("/{name}")
async def one(request: Request, name: str, service: Service, who: Who, wanted: Filter = "all") -> Response:
    """One solver by its name."""
    who.require("read")
    return _reply(request, SOLVER, await service.beside(_description, solver_named(name).name, wanted))


@lru_cache(_KEPT)
def _description(name: str | None, wanted: str) -> tuple[bytes, bytes, str]:
    """(JSON, the same folded by gzip, ETag) of one solver or (None) of all."""
    solvers = [filtered(s.whole(), wanted) for s in CATALOGUE.values() if name in (None, s.name)]
    body = json.dumps(solvers if name is None else solvers[0], separators=(",", ":")).encode()
    digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
    return body, gzip.compress(body, 1, mtime=0), f'W/"{digest}"'


def _reply(request: Request, media: MediaType, description: tuple[bytes, bytes, str]) -> Response:
    plain, folded, tag = description
    headers = {"ETag": tag, "Cache-Control": _CACHE_CONTROL, "Vary": "Accept, Accept-Encoding"}
    known = [one.strip() for one in request.headers.get("if-none-match", "").split(",")]
    if tag in known or tag.removeprefix("W/") in known or "*" in known:
        return Response(status_code=304, headers=headers)
    if len(plain) < _WORTH_FOLDING or "gzip" not in request.headers.get("accept-encoding", ""):
        return media.reply(request, plain, headers=headers)
    return media.reply(request, folded, headers={**headers, "Content-Encoding": "gzip"})
