"""The cards of this machine as one: ``kernels.batch.BatchKernels`` by the kernels of this room.

A call takes a free card, so blocks of reads spread over all of them. What a run's problem needs is copied
to a card once and stays there for the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count, cycle
from queue import SimpleQueue
from threading import Lock
from typing import Any

import numpy as np

from isinglass.errors import ParameterError
from isinglass.kernels.cuda.bifurcations import bifurcate_reads, matrix_bytes, put_matrix, put_sparse
from isinglass.kernels.cuda.card import Card, Work
from isinglass.kernels.cuda.ladders import CardLadder, PackedLadder, SparseLadder
from isinglass.kernels.cuda.memories import BondsOnCard, memcompute_reads, memory_bytes
from isinglass.kernels.cuda.packed_anneals import anneal_packed
from isinglass.kernels.cuda.packed_replicas import PackedOnCard, packed_bytes
from isinglass.kernels.cuda.sparse_replicas import SparseOnCard, anneal_sparse, sparse_bytes
from isinglass.kernels.cuda.warps import LANES, SIMULATED

_TASKS_A_CARD = 16
"""Calls side by side on one card: a ladder alone does not fill it."""
_BLOCKS_A_MULTIPROCESSOR = 4
_SMALL = 8_192
"""Spins of a packed problem up to which a multiprocessor holds that many replicas."""


class Cards:
    """See the module's docstring.

    Args:
        cards: one at least.
    """

    name = "gpu"
    real = not SIMULATED
    """False in the CUDA simulator."""

    def __init__(self, cards: list[Card]) -> None:
        self.cards = cards
        self.tasks = 1 if SIMULATED else _TASKS_A_CARD * len(cards)
        self._turns = count()
        self._free: SimpleQueue[Card] = SimpleQueue()
        for _, card in zip(range(self.tasks), cycle(cards), strict=False):
            self._free.put(card)
        self._resident: dict[tuple[int, int, str], tuple[Any, Any]] = {}
        self._loading = Lock()

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

    def _problem(
        self, work: Work, couplings: Any, needed: float, put: Callable[[], Any], form: str = "rows"
    ) -> Any:
        """What ``put`` brings to the card, once a run and form; memory is looked at before it is taken."""
        place = (work.card.number, id(couplings[0]), form)
        with self._loading:
            if place not in self._resident:
                work.card.require(needed, "this problem with its reads")
                # The array is kept, so that its id stays its own.
                self._resident[place] = (couplings[0], put())
                work.wait()
            return self._resident[place][1]

    def anneal_sparse(
        self, couplings: Any, h: np.ndarray, words: np.ndarray, *arguments: Any
    ) -> tuple[np.ndarray, np.ndarray]:
        """See ``BatchKernels``."""
        with self._work() as work:
            needed = sparse_bytes(couplings, len(h), len(words))
            problem = self._problem(work, couplings, needed, lambda: SparseOnCard.put(work, couplings, h))
            return anneal_sparse(work, problem, words, *arguments)

    def ladder(
        self, couplings: Any, h: np.ndarray, words: np.ndarray, keys: np.ndarray, quantum: np.float32
    ) -> CardLadder:
        """See ``BatchKernels``; ladders take the cards in turn."""
        card = self.cards[next(self._turns) % len(self.cards)]
        packed = couplings[0].dtype == np.uint64
        with card.sentences("loading a problem"), card.work() as work:
            if packed:
                needed = packed_bytes(couplings[0], len(words))
                problem = self._problem(work, couplings, needed, lambda: PackedOnCard.put(work, couplings, h))
                if not problem.fits_shared(card):
                    raise ParameterError(
                        f"a ladder of {len(h)} spins does not fit a block of {card.name}: use "
                        "'simulated_annealing', which streams its couplings"
                    )
            else:
                needed = sparse_bytes(couplings, len(h), len(words))
                problem = self._problem(work, couplings, needed, lambda: SparseOnCard.put(work, couplings, h))
        return (PackedLadder if packed else SparseLadder)(card, problem, words, keys, quantum)

    def bifurcate(
        self, couplings: Any, h: np.ndarray, x: np.ndarray, y: np.ndarray, *arguments: Any
    ) -> tuple[np.ndarray, np.ndarray]:
        """See ``BatchKernels``."""
        with self._work() as work:
            sparse = len(couplings) == 4 and couplings[0].dtype != np.uint64
            put = put_sparse if sparse else put_matrix
            needed = sparse_bytes(couplings, len(h), 0) if sparse else matrix_bytes(len(h))
            problem = self._problem(
                work, couplings, needed + 24.0 * x.size, lambda: put(work, couplings, h), "product"
            )
            return bifurcate_reads(work, problem, x, y, *arguments)

    def memcompute(self, rows: Any, norm: float, v: np.ndarray, *arguments: Any) -> np.ndarray:
        """See ``BatchKernels``."""
        indptr, indices, couplings = rows
        with self._work() as work:
            problem = self._problem(
                work, rows, memory_bytes(len(indices), *v.shape),
                lambda: BondsOnCard.put(work, indptr, indices, couplings, norm), "bonds",
            )  # fmt: skip
            return memcompute_reads(work, problem, v, *arguments)

    def anneal_packed(
        self, couplings: Any, h: np.ndarray, words: np.ndarray, *arguments: Any
    ) -> tuple[np.ndarray, np.ndarray]:
        """See ``BatchKernels``."""
        with self._work() as work:
            needed = packed_bytes(couplings[0], len(words))
            problem = self._problem(work, couplings, needed, lambda: PackedOnCard.put(work, couplings, h))
            return anneal_packed(work, problem, words, *arguments)
