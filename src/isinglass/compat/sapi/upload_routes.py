"""``bqm/multipart``: uploads of models of any kind."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from isinglass.compat.sapi.door import Body, Who
from isinglass.compat.sapi.media_types import UPLOAD
from isinglass.compat.sapi.uploads import Uploads
from isinglass.errors import ParameterError, ServiceError
from isinglass.service.http_door import Service

router = APIRouter(prefix="/bqm/multipart", tags=["uploads"])


def _uploads(request: Request) -> Uploads:
    uploads: Uploads = request.app.state.uploads
    return uploads


@router.post("")
async def begin(request: Request, body: Body, service: Service, who: Who) -> Response:
    """``{"size": bytes}``: the id of a new upload."""
    who.require("submit")
    UPLOAD["initiate"].check_accepted(request)
    size = body.get("size") if isinstance(body, dict) else None
    upload = await service.beside(_uploads(request).begin, who.user, size)
    return UPLOAD["initiate"].reply(request, {"id": upload})


@router.get("/{upload}/status")
async def status(request: Request, upload: str, service: Service, who: Who) -> Response:
    """Which parts have arrived."""
    who.require("submit")
    return UPLOAD["status"].reply(request, await service.beside(_uploads(request).status, who.user, upload))


@router.put("/{upload}/part/{part}")
async def put(
    request: Request, upload: str, part: Annotated[int, Path(ge=1, le=1_000_000)], service: Service, who: Who
) -> Response:
    """One part, under the MD5 that its head says."""
    who.require("submit")
    UPLOAD["upload"].check_accepted(request)
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/octet-stream":
        raise ServiceError("a part's Content-Type is application/octet-stream", 415)
    data, md5 = await request.body(), request.headers.get("content-md5")
    await service.beside(_uploads(request).put, who.user, upload, part, md5, data)
    return UPLOAD["upload"].reply(request, {})


@router.post("/{upload}/combine")
async def combine(request: Request, upload: str, body: Body, service: Service, who: Who) -> Response:
    """``{"checksum": hex}``: the MD5 of the parts' MD5s."""
    who.require("submit")
    UPLOAD["combine"].check_accepted(request)
    if not isinstance(body, dict):
        raise ParameterError('the body is not an object such as {"checksum": "…"}')
    await service.beside(_uploads(request).combine, who.user, upload, body.get("checksum"))
    return UPLOAD["combine"].reply(request, {})
