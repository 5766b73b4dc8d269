"""How (seed, read index) becomes a random stream.

Everything random in a run is a function of one 64-bit seed. Each read has its own 64-bit key,
a hash of the seed and the read's index, so a read draws the same numbers however many others
run beside it, on however many threads (kernels/cpu/streams.py goes on from the key).
"""

from __future__ import annotations

import secrets

import numpy as np

from isinglass.errors import ParameterError

_MASK = (1 << 64) - 1


def resolve_seed(seed: int | None) -> int:
    """The seed itself (0 to 2^63 - 1), or a fresh one from the operating system for None."""
    if seed is None:
        return secrets.randbits(31)
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 1 << 63:
        raise ParameterError(f"seed={seed!r} is not an integer from 0 to 2^63 - 1")
    return int(seed)


def _splitmix64(z: np.ndarray) -> np.ndarray:
    """Finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): a bijection of 64-bit words."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: np.ndarray = z ^ (z >> np.uint64(31))
    return mixed


def read_keys(seed: int, first_read: int, num_reads: int) -> np.ndarray:
    """uint64[num_reads]: the keys of reads ``first_read`` to ``first_read + num_reads - 1``."""
    seed_word = _splitmix64(np.array([(seed + 0x9E3779B97F4A7C15) & _MASK], dtype=np.uint64))
    index = np.arange(first_read, first_read + num_reads, dtype=np.uint64)
    keys: np.ndarray = _splitmix64(seed_word ^ _splitmix64(index + np.uint64(0x632BE59BD9B4E019)))
    return keys


def start_bits(key: np.uint64, words: int) -> np.ndarray:
    """uint64[words]: the random start of a read, 64 spins a word; sweeps draw from elsewhere."""
    index = np.arange(words, dtype=np.uint64)
    return _splitmix64(_splitmix64(index ^ np.uint64(key)) + np.uint64(0xD1B54A32D192ED03))
