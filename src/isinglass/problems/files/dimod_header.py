"""What dimod's binary files have in common: a header in JSON, sections, and labels.

The layout is dimod's own (``dimod.serialization.fileview``). It is checked here before any of it reaches
dimod, whose compiled code takes sizes and indices at their word.
"""

from __future__ import annotations

import json
import math
import reprlib
from collections.abc import Hashable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from isinglass.errors import FileFormatError
from isinglass.problems.files.text import shown

DEEPEST_LABEL = 20
"""How many tuples in one another a label may be."""


class Header(NamedTuple):
    """The front of a file or of a member of one."""

    fields: dict[str, Any]
    version: tuple[int, int]
    end: int
    """Offset of the first byte behind it."""


def parse_json(path: Path, raw: bytes, what: str) -> Any:
    """The JSON in ``raw``, or FileFormatError."""
    try:
        return json.loads(raw.decode("ascii"))
    except (ValueError, RecursionError):
        raise FileFormatError(path, f"{what} is not the JSON that dimod writes: {shown(raw)}") from None


def read_header(path: Path, data: bytes, magic: bytes) -> Header:
    """The header behind ``magic``: version, length, and a JSON object of that length."""
    start = len(magic) + 6
    if not data.startswith(magic) or len(data) < start:
        raise FileFormatError(path, f"the header behind {magic.decode()} is cut off")
    end = start + int.from_bytes(data[start - 4 : start], "little")
    if len(data) < end:
        raise FileFormatError(path, f"the header behind {magic.decode()} is cut off")
    fields = parse_json(path, data[start:end], f"the header behind {magic.decode()}")
    if not isinstance(fields, dict):
        raise FileFormatError(path, f"the header behind {magic.decode()} is not a JSON object")
    return Header(fields, (data[start - 6], data[start - 5]), end)


def count(path: Path, fields: dict[str, Any], name: str) -> int:
    """A field of the header that counts something."""
    return as_count(path, fields.get(name), name)


def as_count(path: Path, value: object, name: str) -> int:
    """``value`` if it is an integer from 0 on, or FileFormatError."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise FileFormatError(path, f"its header says {name}={reprlib.repr(value)}, which is not a count")
    return value


def shape(path: Path, fields: dict[str, Any]) -> tuple[int, int]:
    """The field "shape": numbers of variables and of interactions."""
    pair = fields.get("shape")
    if not isinstance(pair, list) or len(pair) != 2:
        raise FileFormatError(path, "its header has no shape [variables, interactions]")
    return as_count(path, pair[0], "shape"), as_count(path, pair[1], "shape")


def number_type(path: Path, fields: dict[str, Any], name: str, known: tuple[str, ...]) -> np.dtype[Any]:
    """The field ``name`` as a NumPy type, one of ``known``."""
    if fields.get(name) not in known:
        raise FileFormatError(
            path,
            f"its header says {name}={reprlib.repr(fields.get(name))}, not one of {', '.join(known)}",
        )
    found: np.dtype[Any] = np.dtype(fields[name])
    return found


def section(path: Path, data: bytes, start: int, magic: bytes, length_bytes: int = 4) -> tuple[bytes, int]:
    """The content of a section behind its 4-letter name, and the offset of its end."""
    begin = start + 4 + length_bytes
    end = begin + int.from_bytes(data[start + 4 : begin], "little")
    if data[start : start + 4] != magic or len(data) < max(begin, end):
        raise FileFormatError(path, f"its section {magic.decode()} is missing or cut off")
    return data[begin:end], end


def records(path: Path, raw: bytes, dtype: np.dtype[Any], rows: int, what: str) -> np.ndarray:
    """``rows`` records from the front of ``raw``; behind them only the blanks that pad a section."""
    size = rows * dtype.itemsize
    if len(raw) < size or raw[size:].strip(b" "):
        raise FileFormatError(path, f"its {what} take {len(raw):,} bytes instead of {size:,}")
    return np.frombuffer(raw, dtype, count=rows)


def finite(path: Path, values: np.ndarray, what: str) -> np.ndarray:
    """``values``, or FileFormatError where one of them is NaN or infinite."""
    if not np.isfinite(values).all():
        raise FileFormatError(path, f"one of its {what} is NaN or infinite")
    return values


def label(path: Path, value: object, depth: int = 0) -> Hashable:
    """A label out of JSON as dimod reads it: a list becomes a tuple."""
    if isinstance(value, list) and depth < DEEPEST_LABEL:
        return tuple(label(path, item, depth + 1) for item in value)
    if isinstance(value, str):
        return value
    # dimod takes integers of 64 bits only, and NaN is no name, since it differs from itself.
    if isinstance(value, (int, float)) and math.isfinite(value) and abs(value) < 1 << 63:
        return value
    raise FileFormatError(path, f"{reprlib.repr(value)} cannot be a label")


def labels(path: Path, values: object, num_variables: int) -> list[Hashable]:
    """Distinct labels, one for each variable."""
    if not isinstance(values, list) or len(values) != num_variables:
        raise FileFormatError(path, f"it does not hold a list of {num_variables:,} labels")
    named = [label(path, value) for value in values]
    if len(set(named)) != num_variables:
        raise FileFormatError(path, "two of its variables have the same label")
    return named


def label_section(path: Path, data: bytes, start: int, num_variables: int) -> list[Hashable]:
    """The labels in a section "VARS"; nothing but blanks may follow it."""
    raw, end = section(path, data, start, b"VARS")
    expect_end(path, data, end)
    return labels(path, parse_json(path, raw, "the list of labels"), num_variables)


def expect_end(path: Path, data: bytes, end: int) -> None:
    """FileFormatError where anything but padding follows ``end``."""
    if data[end:].strip(b" \0"):
        raise FileFormatError(path, f"{len(data) - end:,} bytes follow the end of the model")
