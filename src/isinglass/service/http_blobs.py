"""``/v1/blobs``: large problems, in pieces of 8 MiB, under the SHA-256 of the whole."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from isinglass.jobs.wire import PIECE_BYTES, unfold
from isinglass.service.asked import BlobHash, BlobSize, Offset
from isinglass.service.http_door import Service, Who

router = APIRouter(prefix="/v1/blobs", tags=["uploads"])


@router.get("/{sha256}")
async def arrived(sha256: BlobHash, size: BlobSize, service: Service, who: Who) -> JSONResponse:
    """How much of it has arrived: where to go on."""
    who.require("submit")
    count = await service.beside(service.blobs.arrived, who.user, sha256, size)
    return JSONResponse({"arrived": count, "size": size, "piece": PIECE_BYTES})


@router.put("/{sha256}")
async def append(
    sha256: BlobHash,
    size: BlobSize,
    offset: Offset,
    request: Request,
    service: Service,
    who: Who,
) -> JSONResponse:
    """The piece at ``offset`` as one zstd frame that says its length."""
    who.require("submit")
    frame = await request.body()
    count = await service.beside(
        lambda: service.blobs.append(who.user, sha256, size, offset, unfold(frame, PIECE_BYTES))
    )
    return JSONResponse({"arrived": count, "size": size, "piece": PIECE_BYTES})
