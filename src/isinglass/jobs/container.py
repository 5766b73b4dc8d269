"""Plain arrays and a header as bytes: how problems and results travel and lie on disks.

    b"ISG1" | uint32 header length | header, JSON, padded with spaces | array | array | ...

Every part begins at a multiple of 64 bytes, little-endian, so a file of it can be mapped into memory as it
is. The header has ``fields`` (anything JSON has) and ``arrays`` (name, type, shape); a reader checks all of
it against the number of bytes before it touches an array. There is no pickle, and nothing unfolds.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from isinglass.errors import ProblemError

MAGIC = b"ISG1"
LARGEST_HEADER = 1 << 28
MOST_ARRAYS = 20_000
TYPES = ("|i1", "|u1", "<i2", "<i4", "<i8", "<u8", "<f4", "<f8")
_ALIGNMENT = 64

Buffer = bytes | bytearray | memoryview


@dataclass(frozen=True)
class Blocks:
    """An array that is made block by block, so that it never lies in memory as a whole.

    ``make`` is called for each pass over it and must give the same blocks, in order.
    """

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    make: Callable[[], Iterable[np.ndarray]]


@dataclass(frozen=True)
class Content:
    """Something in this form, ready to be read from the start as often as needed."""

    header: bytes
    arrays: tuple[Blocks, ...]

    @property
    def size(self) -> int:
        """Bytes of it all."""
        return len(self.header) + sum(_padded(_nbytes(array)) for array in self.arrays)

    def chunks(self) -> Iterator[memoryview]:
        """The bytes in order, in pieces of any length."""
        yield memoryview(self.header)
        for array in self.arrays:
            for block in array.make():
                yield _bytes_of(block)
            yield memoryview(bytes(_padded(_nbytes(array)) - _nbytes(array)))

    def sha256(self) -> str:
        digest = hashlib.sha256()
        for chunk in self.chunks():
            digest.update(chunk)
        return digest.hexdigest()

    def to_bytes(self) -> bytes:
        return b"".join(self.chunks())


def pack(fields: Mapping[str, Any], arrays: Mapping[str, np.ndarray | Blocks]) -> Content:
    """``fields`` and ``arrays`` in this form; ProblemError for types that it does not have."""
    blocks = {name: a if isinstance(a, Blocks) else _whole(name, a) for name, a in arrays.items()}
    listed = [[name, array.dtype.str, list(array.shape)] for name, array in blocks.items()]
    try:
        header = json.dumps({"fields": fields, "arrays": listed}, separators=(",", ":"), default=_plain)
    except (TypeError, ValueError) as error:
        raise ProblemError(f"cannot be written down for the way to a service: {error}") from None
    text = header.encode("utf-8", "surrogatepass")
    length = _padded(8 + len(text)) - 8
    start = MAGIC + length.to_bytes(4, "little") + text.ljust(length)
    return Content(start, tuple(blocks.values()))


def unpack(data: Buffer | np.ndarray) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """(fields, arrays): the arrays are read-only views of ``data``. ProblemError for anything else."""
    view = _bytes_of(data).toreadonly()
    header, place = _header(view)
    arrays: dict[str, np.ndarray] = {}
    for entry in header["arrays"]:
        name, dtype, shape = _entry(entry)
        size = math.prod(shape) * dtype.itemsize
        if place + _padded(size) > len(view):
            raise ProblemError(f"the content ends inside of its array {name!r}")
        flat: np.ndarray = np.frombuffer(view[place : place + size], dtype)
        arrays[name] = flat.reshape(shape)
        place += _padded(size)
    if place != len(view):
        raise ProblemError(f"the content goes on for {len(view) - place} bytes after its last array")
    return header["fields"], arrays


def _header(view: memoryview) -> tuple[dict[str, Any], int]:
    if len(view) < 8 or bytes(view[:4]) != MAGIC:
        raise ProblemError("the content does not begin with ISG1: it is not in the container format")
    end = 8 + int.from_bytes(view[4:8], "little")
    if end > min(len(view), LARGEST_HEADER):
        raise ProblemError("the content ends inside of its header")
    try:
        header = json.loads(bytes(view[8:end]))
    except (ValueError, RecursionError):
        raise ProblemError("the header of the content is not JSON") from None
    well_formed = isinstance(header, dict) and isinstance(header.get("fields"), dict)
    if not well_formed or not isinstance(header.get("arrays"), list) or len(header["arrays"]) > MOST_ARRAYS:
        raise ProblemError("the header of the content does not have fields and arrays")
    return header, end


def _entry(entry: Any) -> tuple[str, np.dtype[Any], tuple[int, ...]]:
    match entry:
        case [str(name), str(kind), [*shape]] if kind in TYPES and len(shape) <= 3:
            if all(type(side) is int and 0 <= side < 1 << 48 for side in shape):
                return name, np.dtype(kind), tuple(shape)
    raise ProblemError(f"the header of the content lists {str(entry)[:80]}: no array of numbers")


def _whole(name: str, array: np.ndarray) -> Blocks:
    if array.dtype.kind == "b":
        array = array.view(np.uint8)
    kind = array.dtype.newbyteorder("<")
    if kind.str not in TYPES:
        wider = {"u2": "<i4", "u4": "<i8", "f2": "<f4"}.get(array.dtype.str[1:])
        if wider is None:
            raise ProblemError(f"an array {name!r} of {array.dtype} cannot travel to a service")
        kind = np.dtype(wider)
    array = array.astype(kind, copy=False)
    return Blocks(kind, array.shape, lambda: (array,))


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"a {type(value).__name__} is neither a number, a text, nor a list of them")


def _bytes_of(data: Buffer | np.ndarray) -> memoryview:
    if isinstance(data, np.ndarray):
        return np.ascontiguousarray(data).reshape(-1).view(np.uint8).data
    return memoryview(data).cast("B")


def _nbytes(array: Blocks) -> int:
    return math.prod(array.shape) * array.dtype.itemsize


def _padded(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT
