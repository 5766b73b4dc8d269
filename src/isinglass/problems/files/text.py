"""The lines of a text file, with their numbers, and the numbers on them, checked to the letter.

Every reader of a text format goes through here when a line has to be named. It is exact and slow; what is
fast stands in ``table.py`` and comes back here when anything is out of the ordinary.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from isinglass.errors import FileFormatError

LARGEST_EXACT = 1 << 53
"""Up to this absolute value float64, in which energies are computed, holds every integer."""

_INTEGER = re.compile(rb"[+-]?[0-9]+\Z")
_DECIMAL = re.compile(rb"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z")
_INT64_DIGITS = 19
_EXACT_DIGITS = 16


class Line(NamedTuple):
    """One line that is neither blank nor a comment."""

    number: int
    """1-based, of the uncompressed text."""
    end: int
    """Offset of the byte after its newline."""
    content: bytes
    """Without white space at either end."""


START = Line(0, 0, b"")


@dataclass(frozen=True)
class Text:
    """The content of a text file and where it came from."""

    path: Path
    data: bytes

    def lines(self, *, after: Line = START, comments: bytes = b"") -> Iterator[Line]:
        """The lines behind ``after`` that are not blank and start with none of the bytes in ``comments``."""
        number, position = after.number, after.end
        while position < len(self.data):
            newline = self.data.find(b"\n", position)
            end = newline + 1 if newline >= 0 else len(self.data)
            number += 1
            content = self.data[position:end].strip()
            if content and content[0] not in comments:
                yield Line(number, end, content)
            position = end

    def head(self, comments: bytes) -> Line:
        """The last comment above the first line of content; ``START`` where there is none."""
        last = START
        for line in self.lines():
            if line.content[0] not in comments:
                break
            last = line
        return last

    def error(self, message: str, line: Line | None = None) -> FileFormatError:
        return FileFormatError(self.path, message, line.number if line else None)

    def node(self, token: bytes, line: Line) -> int:
        """An integer that fits 64 bits, or FileFormatError."""
        if len(token) < _INT64_DIGITS and token.isdigit():
            return int(token)
        if not _INTEGER.match(token):
            raise self.error(f"{shown(token)} stands where an integer is due", line)
        if _significant_digits(token) > _INT64_DIGITS or not -(1 << 63) <= int(token) < 1 << 63:
            raise self.error(f"{shown(token)} does not fit a 64-bit integer", line)
        return int(token)

    def weight(self, token: bytes, line: Line) -> int | float:
        """A finite number: an int where the token is an integer, otherwise a float; or FileFormatError."""
        if len(token) < _EXACT_DIGITS and token.isdigit():
            return int(token)
        if _INTEGER.match(token):
            if _significant_digits(token) > _INT64_DIGITS or abs(int(token)) > LARGEST_EXACT:
                raise self.error(
                    f"the integer {shown(token)} is beyond 2^53, where float64 cannot hold every integer; "
                    "scale the weights down or write it as a decimal",
                    line,
                )
            return int(token)
        if not _DECIMAL.match(token):
            raise self.error(f"{shown(token)} stands where a finite number is due", line)
        value = float(token)
        if value in (float("inf"), float("-inf")):
            raise self.error(f"{shown(token)} is too large for float64", line)
        return value


def _significant_digits(integer: bytes) -> int:
    return len(integer.lstrip(b"+-").lstrip(b"0"))


def shown(token: bytes, longest: int = 40) -> str:
    """The token as a message may quote it: printable, in quotes, cut where it is very long."""
    cut = token if len(token) <= longest else token[:longest] + b"..."
    return repr(cut.decode("utf-8", "replace"))
