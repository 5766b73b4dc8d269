"""The cards of this machine as one: ``kernels.batch.BatchKernels`` by the kernels of this room.

A call takes a free card, so blocks of reads spread over all of them. What a run's problem needs is copied to a
card once and stays there for the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any

import numpy as np

from isinglass.kernels.cuda.card import Card, Work
from isinglass.kernels.cuda.packed_anneals import anneal_packed
from isinglass.kernels.cuda.packed_replicas import PackedOnCard, packed_bytes
from isinglass.kernels.cuda.sparse_replicas import SparseOnCard, anneal_sparse, sparse_bytes
from isinglass.kernels.cuda.warps import LANES, SIMULATED

_BLOCKS_A_MULTIPROCESSOR = 8
_SMALL = 8_192
"""Spins of a packed problem up to which a multiprocessor holds that many replicas."""


class Cards:
    """See the module's docstring.

    Args:
        cards: one at least.
    """

    name = "gpu"

    def __init__(self, cards: list[Card]) -> None:
        self.cards = cards
        self.tasks = len(cards)
        self._free: SimpleQueue[Card] = SimpleQueue()
        for card in cards:
            self._free.put(card)
        self._resident: dict[tuple[int, int], tuple[Any, Any]] = {}

    def facts(self) -> dict[str, object]:
        """The cards by name."""
        return {"backend": self.name, "cards": [card.name for card in self.cards]}

    def reads_at_once(self, storage: str, variables: int) -> int:
        """Reads that fill one card."""
        blocks = self.cards[0].multiprocessors
        if storage == "sparse":
            return LANES * blocks * (1 if SIMULATED else _BLOCKS_A_MULTIPROCESSOR)
        return blocks * (_BLOCKS_A_MULTIPROCESSOR if variables <= _SMALL and not SIMULATED else 1)

    @contextmanager
    def _work(self) -> Iterator[Work]:
        card = self._free.get()
        try:
            with card.sentences("running a kernel"), card.work() as work:
                yield work
        finally:
            self._free.put(card)

    def _problem(self, work: Work, couplings: Any, needed: float, put: Callable[[], Any]) -> Any:
        """What ``put`` brings to the card, once a run; memory is looked at before it is taken."""
        place = (work.card.number, id(couplings[0]))
        if place not in self._resident:
            work.card.require(needed, "annealing this problem")
            # The array is kept, so that its id stays its own.
            self._resident[place] = (couplings[0], put())
        return self._resident[place][1]

    def anneal_sparse(
        self, couplings: tuple[np.ndarray, ...], h: np.ndarray, words: np.ndarray, *arguments: Any
    ) -> tuple[np.ndarray, np.ndarray]:
        """See ``BatchKernels``."""
        with self._work() as work:
            needed = sparse_bytes(couplings, len(h), len(words))
            problem = self._problem(work, couplings, needed, lambda: SparseOnCard.put(work, couplings, h))
            return anneal_sparse(work, problem, words, *arguments)

    def anneal_packed(
        self, couplings: tuple[np.ndarray, np.ndarray, float, float], h: np.ndarray, words: np.ndarray,
        *arguments: Any,
    ) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
        """See ``BatchKernels``."""
        with self._work() as work:
            needed = packed_bytes(couplings[0], len(words))
            problem = self._problem(work, couplings, needed, lambda: PackedOnCard.put(work, couplings, h))
            return anneal_packed(work, problem, words, *arguments)
