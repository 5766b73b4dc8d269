"""Counts in the wire's binary form "qh1" (up to 255 bits) and "qh2" (more).

"QH1" and the width as one byte, or "QH2" and the width as a LEB128 number; then LEB128 numbers: outcomes,
shots, gaps, the gaps between ascending outcomes (the first is the first outcome), bytes of the next block.
The block says which counts are 1, as alternating runs: their number, whether the first is of ones (a byte),
their lengths. Last the number of other counts, and each less 2. Outcomes are integers, bit 0 rightmost.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from itertools import groupby, pairwise
from typing import Any

_ONE_BYTE = 255


def histogram_words(counts: Mapping[str, int]) -> dict[str, Any]:
    """The JSON object of counts; keys are of one length and hold 0 and 1 only."""
    width = max(map(len, counts), default=1)
    encoding = "qh1" if width <= _ONE_BYTE else "qh2"
    head = b"QH1" + bytes([width]) if width <= _ONE_BYTE else b"QH2" + _number(width)
    payload = base64.b64encode(head + _body(counts)).decode()
    return {"encoding": encoding, "n_bits": width, "payload": payload}


def _body(counts: Mapping[str, int]) -> bytes:
    outcomes = sorted((int(key, 2), count) for key, count in counts.items())
    values = [value for value, _ in outcomes]
    gaps = values[:1] + [b - a for a, b in pairwise(values)]
    runs = [(one, len(list(same))) for one, same in groupby(count == 1 for _, count in outcomes)]
    block = _number(len(runs))
    if runs:
        block += bytes([runs[0][0]]) + b"".join(_number(length) for _, length in runs)
    others = [count - 2 for _, count in outcomes if count != 1]
    numbers = [len(outcomes), sum(counts.values()), len(gaps), *gaps, len(block)]
    return b"".join(map(_number, numbers)) + block + b"".join(map(_number, [len(others), *others]))


def _number(value: int) -> bytes:
    """Unsigned LEB128."""
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])
