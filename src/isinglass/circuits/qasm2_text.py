"""OpenQASM 2 texts as structure and numbers.

Circuits of an optimisation differ in their numbers only. ``split`` cuts those out of a text; what is
left is the structure, the same for all of them.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from isinglass.errors import QasmError

_HEADER = re.compile(r"(?:\s|//[^\n]*(?:\n|$))*OPENQASM\s+([\d.]+)\s*;")
_COMMENT = re.compile(r"//[^\n]*")
_REAL = r"(?:\d+\.\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+)"
# A sign belongs to the number where nothing else can be meant, so that signs do not multiply structures.
_NUMBER = re.compile(rf"((?:(?<=,)|^)-{_REAL}(?=\s*(?:[,*/]|$))|(?<![\w.]){_REAL})")
_PARENTHESES = re.compile(r"\(([^()]*)\)")
_PLAIN = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?").fullmatch


class Split(NamedTuple):
    """A text as structure and numbers."""

    structure: str
    """The text with ``#`` for each number that stands alone in parentheses and each real one among others."""
    numbers: list[str]


def version(text: str) -> str:
    """``"2.0"``, ``"3.0"``, ...; "2.0" where the text does not say."""
    match = _HEADER.match(text)
    return match.group(1) if match else "2.0"


def split(text: str) -> Split:
    """Structure and numbers; the header line and comments become blanks, so places stay the same."""
    match = _HEADER.match(text)
    if match:
        text = re.sub(r"[^\n]", " ", match.group()) + text[match.end() :]
    if "//" in text:
        text = _COMMENT.sub(lambda found: " " * len(found.group()), text)
    if "#" in text:
        raise QasmError("'#' means nothing in OpenQASM 2", *_line_and_column(text, text.index("#")))
    pieces = _PARENTHESES.split(text)
    if len(pieces) == 1:
        return Split(text, [])
    numbers: list[str] = []
    for k in range(1, len(pieces), 2):
        inside = pieces[k]
        if _PLAIN(inside):
            numbers.append(inside)
            pieces[k] = "(#)"
        else:
            found = _NUMBER.split(inside)
            numbers += found[1::2]
            pieces[k] = f"({'#'.join(found[::2])})"
    return Split("".join(pieces), numbers)


def place(text: Split, offset: int) -> tuple[int, int]:
    """Line and column, from 1, in the original text of an offset in the structure."""
    pieces = text.structure.split("#")
    whole = pieces[0] + "".join(n + p for n, p in zip(text.numbers, pieces[1:], strict=True))
    before = text.structure[:offset].count("#")
    return _line_and_column(whole, offset + sum(len(number) - 1 for number in text.numbers[:before]))


def _line_and_column(text: str, offset: int) -> tuple[int, int]:
    """1-based line and column."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)
