"""Arrays out of a zip archive that somebody else wrote, such as NumPy's ``.npz``.

Everything is measured before it is believed: what the members unfold to against the memory available, and
each array's header against the bytes that follow it. Nothing is unpickled.
"""

from __future__ import annotations

import io
import lzma
import math
import re
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np

from isinglass.errors import FileFormatError
from isinglass.memory import require

MAGIC = b"PK\x03\x04"

_NPY_HEADER = re.compile(
    rb"\{'descr': '(?P<descr>[<>|=][biufcSU][0-9]{1,2})', 'fortran_order': (?P<fortran>True|False), "
    rb"'shape': \((?P<shape>[0-9, ]{0,100})\), *\} *\n\Z"
)

DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    KeyError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)
"""What ``zipfile`` raises on archives that are damaged, encrypted or compressed in an unknown way."""


def members(path: Path, data: bytes) -> dict[str, bytes]:
    """The uncompressed members of a zip archive by name.

    Raises FileFormatError where it is damaged, and OutOfMemoryError where it unfolds to more than the
    memory that is available.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            total = sum(entry.file_size for entry in archive.infolist())
            require(total, f"{path}, which says that it unfolds to {total:,} bytes,")
            return {entry.filename: archive.read(entry) for entry in archive.infolist()}
    except DAMAGE as error:
        raise FileFormatError(path, f"its zip archive is damaged or cut off: {error}") from None


def directory(path: Path, data: bytes) -> list[zipfile.ZipInfo]:
    """What a zip archive says of its members; FileFormatError where it is damaged."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return archive.infolist()
    except DAMAGE as error:
        raise FileFormatError(path, f"its zip archive is damaged or cut off: {error}") from None


def array_of(path: Path, name: str, member: bytes) -> np.ndarray:
    """The array in a ``.npy`` member, read-only; FileFormatError where its header and its size disagree."""
    start = {b"\x01": 10, b"\x02": 12}.get(member[6:7], 0)
    if not member.startswith(b"\x93NUMPY") or not start or len(member) < start:
        raise FileFormatError(path, f"its member {name!r} is not a NumPy array of format 1 or 2")
    end = start + int.from_bytes(member[8:start], "little")
    header = _NPY_HEADER.match(member[start:end])
    if header is None:
        raise FileFormatError(path, f"its member {name!r} is not an array of plain numbers")
    shape = tuple(int(size) for size in header["shape"].replace(b" ", b"").split(b",") if size)
    try:
        dtype = np.dtype(header["descr"].decode())
    except TypeError:
        raise FileFormatError(path, f"its member {name!r} has the unknown type {header['descr']!r}") from None
    if math.prod(shape) * dtype.itemsize != len(member) - end or not dtype.itemsize:
        raise FileFormatError(path, f"its member {name!r} does not hold as many bytes as its header says")
    flat: np.ndarray = np.frombuffer(member, dtype, offset=end)
    try:
        return flat.reshape(shape, order="F" if header["fortran"] == b"True" else "C")
    except (ValueError, OverflowError):
        # An array of no entries may still claim a side that no index reaches.
        raise FileFormatError(path, f"its member {name!r} has the impossible shape {shape}") from None


def arrays(path: Path, data: bytes) -> dict[str, np.ndarray]:
    """All arrays of an ``.npz`` archive by name, without the suffix ``.npy``."""
    found = members(path, data)
    return {name.removesuffix(".npy"): array_of(path, name, member) for name, member in found.items()}
