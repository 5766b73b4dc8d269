"""The bytes of a file, whatever it is compressed with.

gzip, xz and bzip2 are told by their first bytes, never by the suffix. Streams may be concatenated, as
``cat a.gz b.gz`` makes them; a stream that ends early or is damaged is an error, never a shorter file.
Writing goes by the suffix: ``.gz``, ``.xz`` and ``.bz2`` compress, any other does not.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from isinglass.errors import FileFormatError, OutOfMemoryError, ParameterError, ProblemError
from isinglass.memory import available_bytes

PIECE_BYTES = 1 << 16
"""Compressed bytes fed at a time, so that a small file that unfolds to a huge one is noticed on the way."""

XZ_MEMORY_BYTES = 1 << 30
"""A header may ask for a dictionary of any size; ``xz -9`` asks for 64 MiB."""

UTF8_MARK = b"\xef\xbb\xbf"


class Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


class Compression(NamedTuple):
    """How one compression is recognised and undone."""

    name: str
    magic: bytes
    decompressor: Callable[[], Decompressor]


COMPRESSIONS = (
    Compression("gzip", b"\x1f\x8b", lambda: zlib.decompressobj(wbits=31)),
    Compression("xz", b"\xfd7zXZ\x00", lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, XZ_MEMORY_BYTES)),
    Compression("bzip2", b"BZh", bz2.BZ2Decompressor),
)


def as_path(path: str | Path) -> Path:
    """``path`` as a ``Path``; ParameterError for what is no path or none that this system has bytes for."""
    if not isinstance(path, (str, os.PathLike)):
        raise ParameterError(f"path={path!r} is not a path: give a string or a pathlib.Path")
    try:
        raw = os.fsencode(path)
    except UnicodeEncodeError:
        raw = b"\0"
    if b"\0" in raw:
        raise ParameterError(f"path={str(path)!a} is not a path that this system can open")
    return Path(path)


def read_bytes(path: Path) -> bytes:
    """The uncompressed content of the file, without a UTF-8 byte-order mark.

    Raises FileFormatError where the file cannot be opened or its compression is damaged, and
    OutOfMemoryError where the content would take more than half of the memory that is available.
    """
    try:
        with path.open("rb") as file:
            content = b"".join(_bounded(path, _uncompressed(path, file)))
    except FileNotFoundError:
        raise FileFormatError(path, "there is no such file") from None
    except IsADirectoryError:
        raise FileFormatError(path, "is a directory; name one problem file in it") from None
    except PermissionError:
        raise FileFormatError(path, "may not be read: permission denied") from None
    except OSError as error:
        raise FileFormatError(path, f"cannot be read: {error.strerror or error}") from None
    return content.removeprefix(UTF8_MARK)


def _bounded(path: Path, chunks: Iterable[bytes]) -> Iterator[bytes]:
    available, total = available_bytes(), 0
    for chunk in chunks:
        total += len(chunk)
        if available is not None and 2 * total > available:
            raise OutOfMemoryError(
                f"{path} holds more than {total:,} bytes uncompressed; reading it takes twice that and more, "
                f"but {available:,} bytes are available: use a machine with more memory"
            )
        yield chunk


def _uncompressed(path: Path, file: BinaryIO) -> Iterator[bytes]:
    first = file.read(PIECE_BYTES)
    for compression in COMPRESSIONS:
        if first.startswith(compression.magic):
            yield from _unfold(path, file, first, compression)
            return
    while first:
        yield first
        first = file.read(PIECE_BYTES * 16)


def _unfold(path: Path, file: BinaryIO, piece: bytes, compression: Compression) -> Iterator[bytes]:
    stream: Decompressor | None = None
    while piece:
        if stream is None:
            # Zero bytes may pad the space between two streams and after the last one.
            piece = piece.lstrip(b"\0") or file.read(PIECE_BYTES)
            if not piece or piece.startswith(b"\0"):
                continue
            stream = compression.decompressor()
        try:
            yield stream.decompress(piece)
        except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
            raise FileFormatError(path, f"its {compression.name} stream is damaged: {error}") from None
        piece = stream.unused_data if stream.eof else b""
        stream = None if stream.eof else stream
        piece = piece or file.read(PIECE_BYTES)
    if stream is not None:
        raise FileFormatError(path, f"its {compression.name} stream ends early: the file has been cut off")


def write_chunks(path: Path, chunks: Iterable[bytes]) -> None:
    """Write the chunks one after the other, compressed as the suffix says; equal content, equal bytes.

    Raises ProblemError, naming the file, where it cannot be written.
    """
    try:
        with path.open("wb") as file, _compressed(path, file) as sink:
            for chunk in chunks:
                sink.write(chunk)
    except OSError as error:
        raise ProblemError(f"{path}: cannot be written: {error.strerror or error}") from None


def _compressed(path: Path, file: BinaryIO) -> gzip.GzipFile | lzma.LZMAFile | bz2.BZ2File | BinaryIO:
    match path.suffix.lower():
        case ".gz":
            # No name and no time in the header, so that equal problems make equal files.
            return gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=6, mtime=0)
        case ".xz":
            return lzma.LZMAFile(file, "wb")
        case ".bz2":
            return bz2.BZ2File(file, "wb")
        case _:
            return file
