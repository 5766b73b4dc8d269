"""The words of an LP file, and what dimod's parser of LP files would quietly read as something else.

It takes ``3 x y`` for 3x + y, a variable called ``st`` for the start of a section, ``0x1`` for a hexadecimal
number and ``nancy`` for NaN times cy; it drops what follows a semicolon, the sets of an SOS section and a
second objective; and it never returns from a line with a zero byte. All of that is an error here.
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from isinglass.errors import FileFormatError
from isinglass.problems.files.text import Line, Text, shown

COMMENTS = b"\\"

_OBJECTIVES = {"minimize", "minimum", "min", "maximize", "maximum", "max"}
_CONSTRAINTS = {"subject to", "such that", "st", "s.t."}
_LISTS = {
    "bounds",
    "bound",
    "binary",
    "binaries",
    "bin",
    "general",
    "generals",
    "gen",
    "integer",
    "integers",
    "end",
}
_REFUSED = {
    "sos": "special ordered sets",
    "semi": "semi-continuous variables",
    "semis": "semi-continuous variables",
}
_KEYWORDS = _OBJECTIVES | _CONSTRAINTS | _LISTS | _REFUSED.keys()

_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n|\Z)")
_WORD = re.compile(
    r"(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<sign>[-+*/^\[\]<>=:])"
    r"|(?P<name>[^ \t\r\\:+<>^=/*\[\]-]+)"
)
_HEXADECIMAL = re.compile(r"(?:^|[ \t:+<>^=/*\[\]-])0[xX]")
_INFINITE = {"inf", "infinity"}
_READ_AS_NUMBER = re.compile(r"nan|inf(?!\Z|inity\Z)", re.IGNORECASE)


class Word(NamedTuple):
    """A number, a sign or a name."""

    kind: str
    text: str


def opens(line: bytes) -> bool:
    """Whether a file whose first line of content is this one is an LP file."""
    return _keyword(_words(line))[0] in _OBJECTIVES | _CONSTRAINTS


def check(text: Text) -> None:
    """Raise FileFormatError, naming the line, for what dimod's parser would misread."""
    _check_characters(text)
    section, expression, objectives, previous = "", Expression(), 0, Word("", "")
    for line in text.lines(comments=COMMENTS):
        words = _words(line.content)
        keyword, length = _keyword(words)
        if keyword:
            section, expression = keyword, Expression()
            objectives += keyword in _OBJECTIVES
        if section in _REFUSED:
            raise text.error(f"{_REFUSED[section]} (section {section}) are not read", line)
        if objectives > 1:
            raise text.error("a second objective starts here; keep one", line)
        del words[:length]
        _check_words(text, line, words, previous)
        previous = words[-1] if words else previous
        if section in _OBJECTIVES | _CONSTRAINTS:
            for word, following in zip(words, [*words[1:], Word("", "")], strict=False):
                expression.take(text, line, word, following)
    if section != "end":
        raise text.error("the file does not finish with End: it has been cut off, or End is to be added")


class Expression:
    """Where in an objective or a constraint the last word has led: a number may only stand in some places."""

    def __init__(self) -> None:
        self.before = "start"

    def take(self, text: Text, line: Line, word: Word, following: Word) -> None:
        """Go on by one word; FileFormatError where a sign is missing in front of it."""
        if following.text == ":" or word.text == ":":
            self.before = "start"
        elif word.kind == "sign":
            self._take_sign(word.text)
        elif self.before == "operand" or (self.before, word.kind) == ("number", "number"):
            raise text.error(
                f"a sign is missing before {shown(word.text.encode())}: terms are joined by + or -, and "
                "factors by * in brackets, as in [ 2 x * y ] / 2",
                line,
            )
        elif word.kind == "number":
            # Behind a comparison a number ends the constraint; behind * ^ / it ends the term.
            self.before = {"compared": "start", "joined": "operand"}.get(self.before, "number")
        elif word.text.lower() in _INFINITE:
            raise text.error(f"{shown(word.text.encode())} is not a finite number", line)
        else:
            self.before = "operand"

    def _take_sign(self, sign: str) -> None:
        if sign in "+-":
            self.before = "compared" if self.before == "compared" else "sign"
        elif sign in "<>=":
            self.before = "compared"
        else:
            self.before = {"[": "start", "]": "operand"}.get(sign, "joined")


def _check_characters(text: Text) -> None:
    control = _CONTROL.search(text.data)
    try:
        text.data.decode("utf-8")
        bad = control.start() if control else -1
    except UnicodeDecodeError as error:
        bad = error.start
    if bad >= 0:
        number = text.data.count(b"\n", 0, bad) + 1
        raise FileFormatError(
            text.path, f"the byte {text.data[bad]:#04x} does not belong in an LP file", number
        )


def _words(content: bytes) -> list[Word]:
    plain = content.split(COMMENTS, 1)[0].decode("utf-8", "replace")
    return [Word(str(match.lastgroup), match[0]) for match in _WORD.finditer(plain)]


def _keyword(words: list[Word]) -> tuple[str, int]:
    """The keyword that the words start with, and how many of them it takes."""
    for length in (2, 1):
        start = " ".join(word.text for word in words[:length]).lower()
        if start in _KEYWORDS:
            return start, length
    return "", 0


def _check_words(text: Text, line: Line, words: list[Word], previous: Word) -> None:
    if _HEXADECIMAL.search(line.content.split(COMMENTS, 1)[0].decode("utf-8")):
        raise text.error("0x starts a hexadecimal number; put a blank between coefficient and variable", line)
    for at, word in enumerate(words):
        complaint = _complaint(word, previous)
        if _keyword(words[at : at + 2])[0]:
            complaint = "is the name of a section: start a line with it or rename the variable"
        if complaint:
            raise text.error(f"{shown(word.text.encode())} {complaint}", line)
        previous = word


def _complaint(word: Word, previous: Word) -> str | None:
    if word.kind == "number":
        return None if math.isfinite(float(word.text)) else "is too large for float64"
    if word.kind == "sign":
        return {
            "->": "after - makes an indicator constraint, which is not read",
            "+>": "after + is not a comparison",
            "/*": "after / starts a comment as in C; start it with a backslash",
        }.get(previous.text + word.text)
    if word.text.startswith(";"):
        return "starts with a semicolon, which hides the rest of the line; comments start with a backslash"
    if _READ_AS_NUMBER.match(word.text):
        return "starts like a number, as NaN and infinity do; rename the variable"
    return None
