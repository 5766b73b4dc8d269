"""A packed problem and its replicas on one card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from isinglass.kernels.cuda import anneal_packed as packed
from isinglass.kernels.cuda.card import Card, Work
from isinglass.kernels.cuda.warps import SIMULATED

GATHER_THREADS = 2 if SIMULATED else 256
MOST_SHARED_ROW = 32767
"""Bits of a row whose sums fit 16 bits."""
_STATIC_SHARED = 9 << 10


@dataclass(frozen=True)
class PackedOnCard:
    """A packed problem on a card."""

    bits: Any
    row_count: Any
    low: float
    step: float
    h: Any
    variables: int
    words: int
    """uint32 words of a row."""
    longest_row: int

    @staticmethod
    def put(
        work: Work, couplings: tuple[np.ndarray, np.ndarray, float, float], h: np.ndarray
    ) -> PackedOnCard:
        bits, row_count, low, step = couplings
        half_words = bits.view(np.uint32)
        numbers = (float(low), float(step), work.put(h.astype(np.float64)))
        longest = int(row_count.max(initial=0))
        return PackedOnCard(
            work.put(half_words), work.put(row_count), *numbers, len(h), half_words.shape[1], longest
        )

    def threads(self) -> int:
        """Of a block that holds all fields of a replica."""
        if SIMULATED:
            return 64
        return 256 if self.variables < 16_384 else 512

    def shared_bytes(self) -> int:
        """Dynamic shared memory of that block."""
        threads = self.threads()
        return 4 * (16 * self.words + threads * (threads // 32) + self.words + threads)

    def fits_shared(self, card: Card) -> bool:
        """Whether a block can hold the fields of a replica."""
        return (
            self.longest_row <= MOST_SHARED_ROW and self.shared_bytes() + _STATIC_SHARED <= card.shared_bytes
        )


def packed_bytes(bits: np.ndarray, reads: int) -> float:
    """Memory of a card for ``reads`` reads."""
    return float(bits.nbytes + 160.0 * bits.shape[1] * reads + 16.0 * len(bits))


def start_words(problem: PackedOnCard, words: np.ndarray) -> np.ndarray:
    """uint32[reads, words]: ``words`` (uint64) as long as the rows of the couplings."""
    start = np.zeros((len(words), problem.words // 2), np.uint64)
    start[:, : words.shape[1]] = words
    return start.view(np.uint32)


class PackedReplicas:
    """Replicas of a packed problem on a card, with fields and energies that fit their spins."""

    def __init__(self, work: Work, problem: PackedOnCard, words: np.ndarray, keys: np.ndarray) -> None:
        self.work, self.problem, self.count = work, problem, len(words)
        start = start_words(problem, words)
        self.spins, self.best = work.put(start), work.put(start)
        fields = work.put(np.zeros((self.count, 32 * problem.words), np.uint16))
        self.energies = work.put(np.zeros(self.count))
        self.best_energies = work.put(np.full(self.count, np.inf))
        self.keys = work.put(keys.astype(np.uint64))
        self.stop = work.put(np.zeros(1, np.int32))
        p = problem
        work.launch(
            packed.packed_fields, (p.variables, self.count), GATHER_THREADS, p.bits, p.row_count, self.spins,
            fields,
        )  # fmt: skip
        work.launch(
            packed.packed_energies, self.count, p.threads(), p.low, p.step, p.h, self.spins, fields,
            self.energies,
        )  # fmt: skip
        self.fields = fields.view(np.uint32)
