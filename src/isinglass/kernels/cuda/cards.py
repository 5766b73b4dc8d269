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
from isinglass.kernels.cuda.bifurcations import Start, bifurcate_reads
from isinglass.kernels.cuda.card import Card, Work
from isinglass.kernels.cuda.ladders import CardLadder, PackedLadder, SparseLadder
from isinglass.kernels.cuda.matrix_forms import Form, MatrixOnCard, form_of, matrix_bytes
from isinglass.kernels.cuda.matrix_particles import matrix_particles
from isinglass.kernels.cuda.memories import BondsOnCard, memcompute_reads, memory_bytes
from isinglass.kernels.cuda.packed_anneals import anneal_packed
from isinglass.kernels.cuda.packed_replicas import PackedOnCard, packed_bytes
from isinglass.kernels.cuda.rotors import anneal_rotor_reads, rotor_bytes
from isinglass.kernels.cuda.row_particles import RowParticles, RowsOnCard
from isinglass.kernels.cuda.sparse_replicas import SparseOnCard, anneal_sparse, sparse_bytes
from isinglass.kernels.cuda.warps import LANES, SIMULATED

_TASKS_A_CARD = 16
"""Calls side by side on one card: a ladder alone does not fill it."""
_BLOCKS_A_MULTIPROCESSOR = 4
_MOST_SPINS = 1 << 29
"""Of all reads of a call: their starts are made on the processor."""
_MOST_NUMBERS, _MOST_GROUPS = 1 << 26, 32
"""Real numbers of a kind in a call, and groups of 32 trajectories."""
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
        self.places = len(cards)
        self.tasks = 1 if SIMULATED else _TASKS_A_CARD * len(cards)
        self._turns = count()
        self._free: SimpleQueue[Card] = SimpleQueue()
        for _, card in zip(range(max(self.tasks, len(cards))), cycle(cards), strict=False):
            self._free.put(card)
        self._resident: dict[tuple[int, int, str], tuple[Any, Any]] = {}
        self._forms: dict[tuple[int, int, bool], tuple[Any, Form]] = {}
        self._loading = Lock()

    def facts(self) -> dict[str, object]:
        """The cards by name."""
        return {"backend": self.name, "cards": [card.name for card in self.cards]}

    def reads_at_once(self, storage: str, variables: int) -> int:
        """See ``BatchKernels``."""
        blocks = self.cards[0].multiprocessors
        several = 1 if SIMULATED else _BLOCKS_A_MULTIPROCESSOR
        if storage == "sparse":
            return LANES * max(1, min(several * blocks, _MOST_SPINS // (LANES * max(1, variables))))
        if variables > _SMALL:
            return max(1, min(blocks, _MOST_SPINS // variables))
        return blocks * several

    def trajectories_at_once(self, variables: int) -> int:
        """See ``BatchKernels``."""
        groups = _MOST_NUMBERS // (LANES * max(1, variables))
        return LANES * max(1, min(1 if SIMULATED else _MOST_GROUPS, groups))

    @contextmanager
    def _work(self) -> Iterator[Work]:
        card = self._free.get()
        try:
            with card.work("running a kernel") as work:
                yield work
        finally:
            self._free.put(card)

    def _problem(
        self, work: Work, couplings: Any, needed: Callable[[int], float], reads: int, put: Callable[[], Any],
        form: str = "rows",
    ) -> Any:  # fmt: skip
        """What ``put`` brings to the card, once a run and form; memory is looked at before it is taken.

        ``needed``: bytes for so many reads; with none, those of the problem.
        """
        place = (work.card.number, id(couplings[0]), form)
        with self._loading:
            resident = place in self._resident
            work.card.require(needed(reads) - (needed(0) if resident else 0), "this problem with its reads")
            if not resident:
                # The array is kept, so that its id stays its own.
                self._resident[place] = (couplings[0], put())
                work.wait()
            return self._resident[place][1]

    def _form(self, card: Card, couplings: Any, signs: bool) -> Form:
        """That of the couplings, for which all of them are looked at once."""
        place = (card.number, id(couplings[0]), signs)
        with self._loading:
            if place not in self._forms:
                self._forms[place] = (couplings[0], form_of(card, couplings, signs))
            return self._forms[place][1]

    def _sparse(self, work: Work, couplings: Any, h: np.ndarray, reads: int) -> SparseOnCard:
        problem: SparseOnCard = self._problem(
            work, couplings, lambda reads: sparse_bytes(couplings, len(h), reads), reads,
            lambda: SparseOnCard.put(work, couplings, h),
        )  # fmt: skip
        return problem

    def _packed(self, work: Work, couplings: Any, h: np.ndarray, reads: int) -> PackedOnCard:
        problem: PackedOnCard = self._problem(
            work, couplings, lambda reads: packed_bytes(couplings[0], reads), reads,
            lambda: PackedOnCard.put(work, couplings, h),
        )  # fmt: skip
        return problem

    def anneal_sparse(
        self, couplings: Any, h: np.ndarray, words: np.ndarray, *arguments: Any
    ) -> tuple[np.ndarray, np.ndarray]:
        """See ``BatchKernels``."""
        with self._work() as work:
            problem = self._sparse(work, couplings, h, len(words))
            return anneal_sparse(work, problem, words, *arguments)

    def ladder(
        self, couplings: Any, h: np.ndarray, words: np.ndarray, keys: np.ndarray, quantum: np.float32
    ) -> CardLadder:
        """See ``BatchKernels``; ladders take the cards in turn."""
        card = self.cards[next(self._turns) % len(self.cards)]
        packed = couplings[0].dtype == np.uint64
        problem: Any
        with card.work("loading a problem") as work:
            if packed:
                problem = self._packed(work, couplings, h, len(words))
                if not problem.fits_shared(card):
                    raise ParameterError(
                        f"a ladder of {len(h)} spins does not fit a block of {card.name}: use "
                        "'simulated_annealing', which streams its couplings"
                    )
            else:
                problem = self._sparse(work, couplings, h, len(words))
        return (PackedLadder if packed else SparseLadder)(card, problem, words, keys, quantum)

    def bifurcate(
        self, couplings: Any, h: np.ndarray, x: np.ndarray, y: np.ndarray, control: np.ndarray | None,
        discrete: bool, check_every: int, c0: np.float32, dt: np.float32, *arguments: Any,
    ) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
        """See ``BatchKernels``."""
        start = Start(x.T, y.T, control, discrete, c0, dt)
        n, reads = x.shape
        with self._work() as work:
            if len(couplings) == 4 and couplings[0].dtype != np.uint64:
                rows = self._problem(
                    work, couplings, lambda reads: sparse_bytes(couplings, n, 0) + 26.0 * n * reads, reads,
                    lambda: RowsOnCard.put(work, couplings, h), "bifurcation",
                )  # fmt: skip
                return bifurcate_reads(work, RowParticles(work, rows, start), check_every, *arguments)
            form = self._form(work.card, couplings, discrete)
            matrix = self._problem(
                work, couplings, lambda reads: matrix_bytes(form, couplings[0].nbytes, n, reads), reads,
                lambda: MatrixOnCard.put(work, couplings, h, form), "signs" if discrete else "positions",
            )  # fmt: skip
            with matrix_particles(work, matrix, start, couplings) as particles:
                return bifurcate_reads(work, particles, check_every, *arguments)

    def memcompute(self, rows: Any, norm: float, v: np.ndarray, *arguments: Any) -> np.ndarray:
        """See ``BatchKernels``."""
        indptr, indices, couplings = rows
        with self._work() as work:
            problem = self._problem(
                work, rows, lambda reads: memory_bytes(len(indices), len(v), reads), v.shape[1],
                lambda: BondsOnCard.put(work, indptr, indices, couplings, norm), "bonds",
            )  # fmt: skip
            return memcompute_reads(work, problem, v, *arguments)

    def anneal_rotors(self, rows: Any, h: np.ndarray, flux: np.ndarray, *arguments: Any) -> int:
        """See ``BatchKernels``."""
        with self._work() as work:
            work.card.require(rotor_bytes(len(rows[1]), *flux.shape), "these reads of an annealer")
            return anneal_rotor_reads(work, rows, h, flux, *arguments)

    def anneal_packed(
        self, couplings: Any, h: np.ndarray, words: np.ndarray, *arguments: Any
    ) -> tuple[np.ndarray, np.ndarray]:
        """See ``BatchKernels``."""
        with self._work() as work:
            problem = self._packed(work, couplings, h, len(words))
            return anneal_packed(work, problem, words, *arguments)
