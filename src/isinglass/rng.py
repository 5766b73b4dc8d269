"""How (seed, read index) becomes a random stream.

Everything random in a run is a function of one 64-bit seed. Each read has its own 64-bit key,
a hash of the seed and the read's index, so a read draws the same numbers however many others
run beside it, on however many threads (kernels/cpu/streams.py goes on from the key).
"""

from __future__ import annotations

import secrets
from typing import TypeVar

import numpy as np

from isinglass.errors import ParameterError

_MASK = (1 << 64) - 1
_SEED_STEP, _READ_STEP, _START_STEP = 0x9E3779B97F4A7C15, 0x632BE59BD9B4E019, 0xD1B54A32D192ED03

Words = TypeVar("Words", int, np.ndarray)
"""One 64-bit word, or an array of them."""


def resolve_seed(seed: int | None) -> int:
    """The seed itself (0 to 2^63 - 1), or a fresh one from the operating system for None."""
    if seed is None:
        return secrets.randbits(31)
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 1 << 63:
        raise ParameterError(f"seed={seed!r} is not an integer from 0 to 2^63 - 1")
    return int(seed)


def _splitmix64(z: Words) -> Words:
    """Finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): a bijection of 64-bit words.

    Of one word as an int, or of an array: a single one takes a tenth of the time as an int.
    """
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & _MASK
    mixed: Words = z ^ (z >> 31)
    return mixed


def read_keys(seed: int, first_read: int, num_reads: int) -> np.ndarray:
    """uint64[num_reads]: the keys of reads ``first_read`` to ``first_read + num_reads - 1``."""
    index = np.arange(first_read, first_read + num_reads, dtype=np.uint64)
    seed_word = _splitmix64((seed + _SEED_STEP) & _MASK)
    keys: np.ndarray = _splitmix64(seed_word ^ _splitmix64(index + np.uint64(_READ_STEP)))
    return keys


def read_key(seed: int, read: int) -> np.uint64:
    """The key of one read, as in ``read_keys``."""
    word = _splitmix64((seed + _SEED_STEP) & _MASK) ^ _splitmix64((read + _READ_STEP) & _MASK)
    return np.uint64(_splitmix64(word))


def start_bits(key: np.uint64, words: int) -> np.ndarray:
    """uint64[words]: the random start of a read, 64 spins a word; sweeps draw from elsewhere."""
    index = np.arange(words, dtype=np.uint64)
    return _splitmix64(_splitmix64(index ^ np.uint64(key)) + np.uint64(_START_STEP))


def start_word(key: int) -> np.uint64:
    """The first word of ``start_bits``."""
    return np.uint64(_splitmix64((_splitmix64(key & _MASK) + _START_STEP) & _MASK))
