"""``regions``: the vendor's codes, all of them here."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from isinglass.compat.sapi.media_types import REGION, REGIONS
from isinglass.errors import ServiceError

router = APIRouter(prefix="/regions", tags=["regions"])

CODES = ("na-west-1", "na-east-1", "eu-central-1")


def _region(request: Request, code: str) -> dict[str, str]:
    here = f"{request.url.scheme}://{request.url.netloc}"
    return {"code": code, "name": f"isinglass ({code})", "endpoint": f"{here}/{code}/sapi/v2/"}


@router.get("")
async def listed(request: Request) -> Response:
    """Each region; no token is needed."""
    return REGIONS.reply(request, [_region(request, code) for code in CODES])


@router.get("/{code}")
async def one(request: Request, code: str) -> Response:
    """One region; 404 for other codes."""
    if code not in CODES:
        raise ServiceError(f"there is no region {code[:40]!r}: {', '.join(CODES)}", 404)
    return REGION.reply(request, _region(request, code))
