"""Ladders on one card: their replicas stay there between calls."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from isinglass.kernels.cpu.progress import TARGET
from isinglass.kernels.cuda import temper
from isinglass.kernels.cuda.anneal_sparse import WARPS
from isinglass.kernels.cuda.card import Card, Work
from isinglass.kernels.cuda.launches import in_launches
from isinglass.kernels.cuda.packed_replicas import PackedOnCard, PackedReplicas
from isinglass.kernels.cuda.sparse_replicas import SparseOnCard, lanes_of, words_of
from isinglass.kernels.cuda.warps import LANES, SIMULATED


class CardLadder(ABC):
    """See ``kernels.batch.Ladder``.

    Args:
        card: where it lives.
        problem: on that card.
        words: uint64[replicas, words]: where its replicas start.
        keys: uint64[replicas].
        quantum: see streams.slack_of.
    """

    def __init__(
        self, card: Card, problem: Any, words: np.ndarray, keys: np.ndarray, quantum: np.float32
    ) -> None:
        self.card, self.problem, self.keys, self.quantum = card, problem, keys, quantum
        self.replicas, self.words = words.shape
        self._best: np.ndarray = words[0].copy()
        with card.sentences("starting a ladder"), card.work() as work:
            self.stop = work.put(np.zeros(1, np.int32))
            self._start(work, words)

    spins: Any
    best: Any
    best_energies: Any

    @abstractmethod
    def _start(self, work: Work, words: np.ndarray) -> None:
        """Replicas on the card."""

    @abstractmethod
    def _launch(self, work: Work, arguments: tuple[Any, ...]) -> None:
        """One launch; ``arguments``: those of the kernel from ``replica_at`` on."""

    @abstractmethod
    def _words(self, work: Work, states: Any) -> np.ndarray:
        """uint64[replicas, words]"""

    def advance(
        self, replica_at: np.ndarray, beta: np.ndarray, sweeps: int, first_sweep: int, best_energy: float,
        refused: np.ndarray, flag: np.ndarray, row: np.ndarray,
    ) -> tuple[int, float]:  # fmt: skip
        """See ``kernels.batch.Ladder``."""
        scale = np.empty(self.replicas, np.float32)
        scale[replica_at] = np.float32(0.5) / beta.astype(np.float64)
        target = float(row[TARGET])
        with self.card.sentences("tempering"), self.card.work() as work:
            there = [work.put(a) for a in (replica_at, beta, np.tile(refused, (len(replica_at), 1)), scale)]
            counted = work.put(np.zeros(1, np.int32))

            def launch(first: int, count: int) -> float:
                tail = (self.quantum, first_sweep + first, count, target, self.stop, counted)
                self._launch(work, (*there, *tail))
                return float(work.get(self.best_energies)[: self.replicas].min())

            in_launches(sweeps, launch, self.replicas, flag, row)
            replica_at[:] = work.get(there[0])
            refused += work.get(there[2]).sum(axis=0) - len(replica_at) * refused
            lowest = work.get(self.best_energies)[: self.replicas]
            winner = int(lowest.argmin())
            if lowest[winner] < best_energy:
                best_energy = float(lowest[winner])
                self._best = self._words(work, self.best)[winner]
            return int(work.get(counted)[0]), best_energy

    def states(self) -> np.ndarray:
        """See ``kernels.batch.Ladder``."""
        with self.card.sentences("reading states"), self.card.work() as work:
            words: np.ndarray = self._words(work, self.spins)
        return words

    def best_words(self) -> np.ndarray:
        """See ``kernels.batch.Ladder``."""
        return self._best


class SparseLadder(CardLadder):
    """64 replicas of a sparse problem, a block for each 32."""

    def _start(self, work: Work, words: np.ndarray) -> None:
        problem: SparseOnCard = self.problem
        start = lanes_of(words, problem.variables)
        lanes = LANES * len(start)
        self.spins, self.best = work.put(start), work.put(start)
        self.energies, self.best_energies = work.put(np.zeros(lanes)), work.put(np.full(lanes, np.inf))
        self.all_keys = work.put(np.resize(self.keys, lanes))
        self.groups = 1 if SIMULATED else len(start)

    def _launch(self, work: Work, arguments: tuple[Any, ...]) -> None:
        p: SparseOnCard = self.problem
        work.launch(
            temper.temper_sparse, self.groups, (LANES, 1 if SIMULATED else WARPS), p.order, p.starts,
            *p.couplings, p.h, self.spins, self.best, self.energies, self.best_energies, self.all_keys,
            *arguments,
        )  # fmt: skip

    def _words(self, work: Work, states: Any) -> np.ndarray:
        words: np.ndarray = words_of(work.get(states), self.replicas)
        return words


class PackedLadder(CardLadder):
    """One replica a rung of a packed problem, a block each."""

    def _start(self, work: Work, words: np.ndarray) -> None:
        self.there = PackedReplicas(work, self.problem, words, self.keys)
        self.spins, self.best = self.there.spins, self.there.best
        self.best_energies = self.there.best_energies

    def _launch(self, work: Work, arguments: tuple[Any, ...]) -> None:
        p: PackedOnCard = self.problem
        there = self.there
        work.launch(
            temper.temper_packed, 1 if SIMULATED else min(self.replicas, self.card.multiprocessors),
            p.threads(), p.bits, p.low, p.step, p.h, there.spins, there.best, there.fields, there.energies,
            there.best_energies, there.keys, *arguments, shared=p.shared_bytes(),
        )  # fmt: skip

    def _words(self, work: Work, states: Any) -> np.ndarray:
        words: np.ndarray = np.ascontiguousarray(work.get(states)).view(np.uint64)[:, : self.words]
        return words
