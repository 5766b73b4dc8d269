"""Numbers as text that reads back as the same number."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from isinglass.problems.files.text import LARGEST_EXACT

BLOCK_LINES = 1 << 16


def pair_lines(
    first: np.ndarray, second: np.ndarray, value: np.ndarray, *, whole: bool, positional: bool = False
) -> Iterator[bytes]:
    """Blocks of lines ``i j v``.

    ``whole`` writes integers without a decimal point wherever all of ``value`` are integers; without it
    every number has a point or an exponent, so that it reads back as float64. ``positional`` keeps to digits
    and a point, for readers that know no exponent.
    """
    as_integers = whole and bool(((value == np.floor(value)) & (np.abs(value) <= LARGEST_EXACT)).all())
    for start in range(0, len(value), BLOCK_LINES):
        block = slice(start, start + BLOCK_LINES)
        numbers = value[block].astype(np.int64 if as_integers else np.float64).tolist()
        written = map(_without_exponent, numbers) if positional and not as_integers else map(repr, numbers)
        triples = zip(first[block].tolist(), second[block].tolist(), written, strict=True)
        yield "".join(f"{i} {j} {v}\n" for i, j, v in triples).encode("ascii")


def _without_exponent(value: float) -> str:
    shortest = repr(value)
    return np.format_float_positional(value, trim="0") if "e" in shortest else shortest
