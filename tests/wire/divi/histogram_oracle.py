"""The inverse of the room's histograms, written from the description of the form alone."""

from __future__ import annotations

import base64
from typing import Any


def counts_of(words: dict[str, Any]) -> dict[str, int]:
    """{bits: count} of {"encoding", "n_bits", "payload"}, with every check that clients make."""
    data = list(base64.b64decode(words["payload"]))

    def number() -> int:
        value = shift = 0
        while True:
            byte = data.pop(0)
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    magic = bytes(data.pop(0) for _ in range(3))
    assert {"qh1": b"QH1", "qh2": b"QH2"}[words["encoding"]] == magic
    width = data.pop(0) if magic == b"QH1" else number()
    unique, shots = number(), number()
    outcomes, total = [], 0
    for _ in range(number()):
        total += number()
        outcomes.append(total)
    assert width == words["n_bits"] and len(outcomes) == unique
    block, data[:] = data[1 : 1 + data[0]] if data[0] < 0x80 else [], data
    size = number()
    block, rest = data[:size], data[size:]
    data[:] = block
    runs, one, ones = number(), None, []
    for _ in range(runs):
        one = bool(data.pop(0)) if one is None else not one
        ones += [one] * number()
    assert data == [] and len(ones) == unique
    data[:] = rest
    others = [number() + 2 for _ in range(number())]
    assert data == []
    counts = [1 if is_one else others.pop(0) for is_one in ones]
    assert others == [] and sum(counts) == shots
    return {format(value, f"0{width}b"): count for value, count in zip(outcomes, counts, strict=True)}
