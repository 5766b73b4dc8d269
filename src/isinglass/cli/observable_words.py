"""An observable as words of a command line: ``ZZ``, ``0.5*ZZI - 1.5*XII + 2``."""

from __future__ import annotations

import re

from isinglass.errors import ParameterError

_TERM = re.compile(r"([+-]?)\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)\s*\*?\s*)?([IXYZ]*)\s*")


def parse_observable(words: str) -> dict[str, float]:
    """Pauli string -> coefficient; a number alone is a constant, and strings that stand twice add up."""
    terms: list[tuple[str, float]] = []
    at = 0
    text = words.strip()
    while at < len(text):
        found = _TERM.match(text, at)
        if found is None or not (found[2] or found[3]) or (terms and not found[1]):
            raise ParameterError(
                f"--observable {words!r} is not a sum of Pauli strings at {text[at:]!r}: write '0.5*ZZ - XI'"
            )
        terms.append((found[3], float(f"{found[1]}{found[2] or 1}")))
        at = found.end()
    width = max((len(string) for string, _ in terms), default=0)
    total: dict[str, float] = {}
    for string, coefficient in terms:
        whole = string or "I" * max(1, width)
        total[whole] = total.get(whole, 0.0) + coefficient
    return total
