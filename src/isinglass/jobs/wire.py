"""zstd on the wire, with an end that is known before anything is unfolded."""

from __future__ import annotations

from isinglass.errors import MissingExtraError, ProblemError

try:
    import zstandard
except ImportError:
    raise MissingExtraError("zstandard", "client", "the job service") from None

PIECE_BYTES = 8 << 20
"""Of content in one piece of an upload, before it is compressed; only the last piece is shorter."""
SMALL_BYTES = 64 << 10
"""Content up to this travels inside of messages and lies in rows of the database."""
INLINE_BYTES = 4 * SMALL_BYTES
"""Results up to this, all together, come with the answer to the submission that waited for them."""
DELIVERED_BYTES = 1 << 20
"""Results up to this come with a worker's delivery; larger ones go ahead in pieces."""
MESSAGE_BYTES = 72 << 20
"""Of one message of gRPC: room for 64 MiB and what belongs to them."""

_LEVEL = 1


def fold(data: bytes | bytearray | memoryview) -> bytes:
    """``data`` as one zstd frame, which says how long it will become."""
    return zstandard.ZstdCompressor(level=_LEVEL).compress(data)


def unfold(frame: bytes, largest: int) -> bytes:
    """The inverse of ``fold``; ProblemError where it is damaged or longer than ``largest`` bytes.

    The frame must say its length. That much is allocated and no byte more is ever written.
    """
    try:
        declared = zstandard.frame_content_size(frame)
        if declared < 0:
            raise ProblemError("the zstd frame does not say its content size; write it into the frame")
        if declared > largest:
            raise ProblemError(
                f"the zstd frame unfolds to {declared:,} bytes and {largest:,} are allowed: split it"
            )
        data = zstandard.ZstdDecompressor().decompress(
            frame, max_output_size=max(1, declared), allow_extra_data=False
        )
    except zstandard.ZstdError as error:
        raise ProblemError(f"the zstd frame is damaged: {error}") from None
    if len(data) != declared:
        raise ProblemError(f"the zstd frame says {declared:,} bytes and holds {len(data):,}")
    return data
