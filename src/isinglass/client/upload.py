"""Content on its way to a service: what is small in the message itself, what is large in pieces."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from isinglass.client.transport import Transport
from isinglass.client.wire import MOST_RESUMPTIONS
from isinglass.errors import ConflictError
from isinglass.jobs.container import Content
from isinglass.jobs.wire import PIECE_BYTES, SMALL_BYTES, fold


def upload(transport: Transport, content: Content) -> dict[str, Any]:
    """What a submission says of the problem, after all of it that is large has arrived.

    Memory: two pieces of 8 MiB beside the problem itself, which is read twice.
    """
    if content.size <= SMALL_BYTES:
        return {"content": base64.b64encode(fold(content.to_bytes())).decode()}
    sha256 = content.sha256()
    send_pieces(transport, f"/v1/blobs/{sha256}", content)
    return {"sha256": sha256}


def send_pieces(transport: Transport, path: str, content: Content, **where: Any) -> None:
    """All of the content, from where an earlier try broke off; ``where``: further parameters of the path."""
    where["size"] = content.size
    for left in range(MOST_RESUMPTIONS, -1, -1):
        arrived = int(transport.request("GET", path, params=where).json()["arrived"])
        if arrived == content.size:
            return
        try:
            for offset, piece in pieces(content, arrived):
                here = {**where, "offset": offset}
                transport.request("PUT", path, params=here, content=fold(piece), wait=120.0)
        except ConflictError:
            # A piece that was sent twice after a lost answer, or somebody else sends the same content.
            if not left:
                raise


def pieces(content: Content, start: int = 0) -> Iterator[tuple[int, memoryview]]:
    """(offset, bytes) of each piece from offset ``start`` on, valid until the next is asked for."""
    piece, filled, place, first = bytearray(PIECE_BYTES), 0, 0, start
    for chunk in content.chunks():
        skipped = min(len(chunk), max(0, start - place))
        place += len(chunk)
        chunk = chunk[skipped:]
        while len(chunk):
            taken = min(len(chunk), PIECE_BYTES - filled)
            piece[filled : filled + taken] = chunk[:taken]
            filled, chunk = filled + taken, chunk[taken:]
            if filled == PIECE_BYTES:
                yield first, memoryview(piece)
                first, filled = first + PIECE_BYTES, 0
    if filled:
        yield first, memoryview(piece)[:filled]
