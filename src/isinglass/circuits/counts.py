"""Counts, and the order of their bits: defined here, once.

A key of counts is written as Qiskit writes it: registers in reverse order of declaration, separated
by a space, and in each register the highest bit leftmost. So classical bit 0 of the register that
was declared first is the rightmost character. Bits that nothing was measured into are 0.

    creg a[2]; creg b[1];   a[0] = 1, a[1] = 0, b[0] = 0   ->   "0 01"

Classical bits are numbered from 0 through all registers in order of declaration: ``a[0]``, ``a[1]``,
``b[0]`` are bits 0, 1, 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

Counts = dict[str, int]
"""Bit string -> how many shots gave it; the values sum to the number of shots."""

_TABLE_WIDTH = 14
"""Widest register whose strings are all kept: 16384 of them take 1 MB."""


class Register(NamedTuple):
    """A classical register: its name, its size and the number of its bit 0."""

    name: str
    size: int
    first: int


@lru_cache(maxsize=64)
def columns(registers: tuple[Register, ...]) -> tuple[int, ...]:
    """The bit that each character of a key shows, from left to right; -1 for the space."""
    shown: list[int] = []
    for register in reversed(registers):
        shown += [-1] if shown else []
        shown += range(register.first + register.size - 1, register.first - 1, -1)
    return tuple(shown)


def counts_of_bits(bits: np.ndarray, times: np.ndarray, registers: tuple[Register, ...]) -> Counts:
    """Counts of bool or uint8[rows, clbits], row ``i`` seen ``times[i]`` times; rows may repeat.

    Keys are in ascending order.
    """
    shown = np.array(columns(registers), np.int64)
    characters = np.full((len(bits), len(shown)), ord(" "), np.uint8)
    written = shown >= 0
    characters[:, written] = bits[:, shown[written]] + np.uint8(ord("0"))
    counts: Counts = {}
    for key, seen in zip(_strings(characters), times.tolist(), strict=True):
        counts[key] = counts.get(key, 0) + seen
    return dict(sorted(counts.items()))


def counts_of_values(
    values: np.ndarray, times: np.ndarray, bits: Sequence[int], registers: tuple[Register, ...]
) -> Counts:
    """Counts of distinct integers in ascending order: bit ``k`` of a value is classical bit ``bits[k]``."""
    width = len(columns(registers))
    plain = len(registers) == 1 and list(bits) == list(range(width))
    if plain and width <= _TABLE_WIDTH:
        table = _table(width)
        return dict(zip([table[value] for value in values.tolist()], times.tolist(), strict=True))
    rows = np.zeros((len(values), sum(register.size for register in registers)), np.uint8)
    for k, bit in enumerate(bits):
        rows[:, bit] = values >> np.int64(k) & 1
    return counts_of_bits(rows, times, registers)


def bits_of_key(key: str, registers: tuple[Register, ...]) -> list[int]:
    """The classical bits of a key, bit 0 first: the inverse of what is written above."""
    bits = [0] * sum(register.size for register in registers)
    for character, bit in zip(key, columns(registers), strict=True):
        if bit >= 0:
            bits[bit] = int(character)
    return bits


@lru_cache(maxsize=_TABLE_WIDTH + 1)
def _table(width: int) -> list[str]:
    return [format(value, f"0{width}b") for value in range(1 << width)] if width else [""]


def _strings(characters: np.ndarray) -> list[str]:
    """Rows of uint8[rows, width] as strings."""
    rows, width = characters.shape
    text = characters.tobytes().decode("ascii")
    return [text[at : at + width] for at in range(0, rows * width, width)] if width else [""] * rows
