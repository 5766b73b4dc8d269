"""Ladders of replicas on their way through the tempering kernels: one class for each storage.

A ladder holds the states of all its replicas between kernel calls. ``advance`` sweeps them,
``redraw`` moves the rungs; both are the whole of what the solver needs to know.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from isinglass.control import RunControl
from isinglass.kernels.batch import BatchKernels
from isinglass.kernels.cpu.sweep_packed import packed_begin
from isinglass.kernels.cpu.temper_dense import temper_dense
from isinglass.kernels.cpu.temper_lanes import temper_lanes
from isinglass.kernels.cpu.temper_packed import temper_packed
from isinglass.problems.compiled import CompiledProblem, Dense, Packed, Sparse
from isinglass.problems.energies import unpack_spins
from isinglass.rng import read_keys
from isinglass.solvers.anneals import quantum_of, slack_top
from isinglass.solvers.start import StartStates

LANES = 64
"""Replicas of a sparse ladder, and random streams set aside for each read."""

_CLUSTERS_EVERY = 3
"""Sweeps between cluster moves where clusters do not span the disagreement ..."""
_CLUSTERS_TRIED_EVERY = 48
"""... where they do, in case that changes ..."""
_CLUSTERS_TRIED_AT_LEAST_EVERY = 768
"""... and where they still do: four times as many after each call, up to this. A try costs 25 sweeps."""
_SPANNING = 0.9
"""A mean cluster of this share of all disagreeing spins spans them: flipping it swaps two replicas."""


class Ladder(ABC):
    """Replicas at rising temperatures. ``beta`` [rungs] in 1 / kernel energy, coldest first."""

    segments = 0
    """Segment flips proposed to each replica a sweep; dense storage only."""

    def __init__(self, problem: CompiledProblem, beta: np.ndarray, keys: np.ndarray, row: np.ndarray) -> None:
        self.problem = problem
        self.beta = beta
        self.keys = keys
        self.row = row
        self.done = 0
        self.best_energy = np.inf
        self.refused = np.zeros(len(beta) - 1)

    @abstractmethod
    def advance(self, sweeps: int, flag: np.ndarray) -> int:
        """Sweep all replicas; returns the sweeps done, fewer if stopped."""

    @abstractmethod
    def redraw(self, beta: np.ndarray) -> None:
        """Go on with these rungs; a new one begins with the state of an old one like it."""

    @abstractmethod
    def best_spins(self) -> np.ndarray:
        """int8[n], the state of ``best_energy``."""

    @abstractmethod
    def rungs_for(self, wanted: int) -> int:
        """The length of ladder nearest to ``wanted`` that this storage can have."""


def ladder_for(
    problem: CompiledProblem, start: StartStates, seed: int, read: int, beta_range: tuple[float, float],
    rungs: int, control: RunControl,
) -> Ladder:  # fmt: skip
    """The ladder of read ``read``; ``rungs`` as ``rungs_for`` allows."""
    hot, cold = beta_range
    keys = read_keys(seed, LANES * read, LANES)
    beta = np.geomspace(cold, hot, rungs)
    if control.batch is not None:
        count = LANES if isinstance(problem.couplings, Sparse) else rungs
        words = np.stack([start.words(LANES * read + r) for r in range(count)])
        return BatchLadder(problem, beta, keys, control.row(), words, control.batch)
    kind: type[LaneLadder] | type[DenseLadder] = LaneLadder
    if not isinstance(problem.couplings, Sparse):
        kind = PackedLadder if isinstance(problem.couplings, Packed) else DenseLadder
    replicas = LANES if kind is LaneLadder else rungs
    return kind(problem, beta, keys, control.row(), [start.words(LANES * read + r) for r in range(replicas)])


class LaneLadder(Ladder):
    """The 64 replicas of one word of a sparse problem: copies of one ladder, side by side."""

    def __init__(
        self, problem: CompiledProblem, beta: np.ndarray, keys: np.ndarray, row: np.ndarray,
        words: list[np.ndarray],
    ) -> None:  # fmt: skip
        super().__init__(problem, beta, keys, row)
        n = problem.num_variables
        self.spins = np.zeros(n, np.uint64)
        for lane, word in enumerate(words):
            bits = np.unpackbits(word.view(np.uint8), count=n, bitorder="little")
            self.spins |= bits.astype(np.uint64) << np.uint64(lane)
        self.best = unpack_spins(words[0], n)
        self.energies = np.zeros(LANES)
        small = problem.h.dtype in (np.int8, np.int16)
        self.climbed = np.zeros(LANES, np.int32 if small else np.float64)
        self.cluster_every = np.full(len(beta), _CLUSTERS_EVERY)
        self._lay(np.arange(LANES))

    def _lay(self, coldest_first: np.ndarray) -> None:
        rungs = len(self.beta)
        self.replica_at = np.ascontiguousarray(coldest_first.reshape(rungs, LANES // rungs).T)
        self.refused = np.zeros(rungs - 1)
        self.clusters = np.zeros((rungs, 2))
        # What spanned at every rung will do so at other rungs too.
        self.cluster_every = np.full(rungs, self.cluster_every.min())

    def advance(self, sweeps: int, flag: np.ndarray) -> int:
        couplings = self.problem.couplings
        assert isinstance(couplings, Sparse)
        self.refused[:], self.clusters[:] = 0.0, 0.0
        done, self.best_energy = temper_lanes(
            *couplings, self.problem.h, self.spins, self.best, self.energies, self.best_energy,
            self.replica_at, self.beta, self.keys, self.climbed, sweeps, self.done,
            quantum_of(self.problem), slack_top(couplings.weights.dtype), self.cluster_every,
            self.clusters, self.refused, flag, self.row,
        )  # fmt: skip
        self.done += done
        self.refused /= max(1.0, len(self.replica_at) * done / 2)
        tried = self.clusters[:, 1] > 0
        spanning = tried & (self.clusters[:, 0] > _SPANNING * self.clusters[:, 1])
        rarer = np.clip(4 * self.cluster_every, _CLUSTERS_TRIED_EVERY, _CLUSTERS_TRIED_AT_LEAST_EVERY)
        tried_rate = np.where(spanning, rarer, _CLUSTERS_EVERY)
        self.cluster_every = np.where(tried, tried_rate, self.cluster_every)
        return int(done)

    def redraw(self, beta: np.ndarray) -> None:
        same = len(beta) == len(self.beta)
        self.beta = beta
        if not same:
            self._lay(self.replica_at.T.reshape(-1))

    def best_spins(self) -> np.ndarray:
        return self.best

    def rungs_for(self, wanted: int) -> int:
        # Cluster moves need a pair of copies, and where they work they help more than further rungs.
        spanning = bool((self.cluster_every >= _CLUSTERS_TRIED_EVERY).all())
        return next((rungs for rungs in (8, 16, 32) if rungs >= wanted), 64 if spanning else 32)


class DenseLadder(Ladder):
    """One replica a rung of a dense problem."""

    def __init__(
        self, problem: CompiledProblem, beta: np.ndarray, keys: np.ndarray, row: np.ndarray,
        words: list[np.ndarray],
    ) -> None:  # fmt: skip
        super().__init__(problem, beta, keys, row)
        n = problem.num_variables
        self.best = unpack_spins(words[0], n)
        self._take(np.stack([unpack_spins(word, n) for word in words]))

    def _take(self, spins: np.ndarray) -> None:
        rungs = len(spins)
        self.spins = spins
        self.fields = np.empty(spins.shape, self.problem.h.dtype)
        self.replica_at = np.arange(rungs)
        self.refused = np.zeros(rungs - 1)
        self.stale = True

    def advance(self, sweeps: int, flag: np.ndarray) -> int:
        couplings = self.problem.couplings
        assert isinstance(couplings, Dense)
        self.refused[:] = 0.0
        done, self.best_energy = temper_dense(
            couplings.matrix, self.problem.h, self.spins, self.best, self.fields, self.stale,
            self.best_energy, self.replica_at, self.beta, self.keys, sweeps, self.done,
            quantum_of(self.problem), self.segments, self.refused, flag, self.row,
        )  # fmt: skip
        self.stale = False
        self.done += done
        self.refused /= max(1.0, done / 2)
        return int(done)

    def redraw(self, beta: np.ndarray) -> None:
        if len(beta) != len(self.beta):
            like = np.abs(np.log(beta)[:, None] - np.log(self.beta)).argmin(axis=1)
            self._take(self.spins[self.replica_at[like]].copy())
        self.beta = beta

    def best_spins(self) -> np.ndarray:
        return self.best

    def rungs_for(self, wanted: int) -> int:
        return min(max(wanted, 6), LANES)


class PackedLadder(DenseLadder):
    """One replica a rung of a dense problem with couplings of two values; spins as bits."""

    def __init__(
        self, problem: CompiledProblem, beta: np.ndarray, keys: np.ndarray, row: np.ndarray,
        words: list[np.ndarray],
    ) -> None:  # fmt: skip
        Ladder.__init__(self, problem, beta, keys, row)
        assert isinstance(problem.couplings, Packed)
        spins = np.zeros((len(words), problem.couplings.bits.shape[1]), np.uint64)
        for r, word in enumerate(words):
            spins[r, : len(word)] = word
        self.best = spins[0].copy()
        self._take(spins)

    def _take(self, spins: np.ndarray) -> None:
        super()._take(spins)
        self.fields = np.zeros((len(spins), 64 * spins.shape[1]), np.int16)
        self.replicas = np.zeros((len(spins), 4))
        couplings = self.problem.couplings
        assert isinstance(couplings, Packed)
        for spin, replica in zip(spins, self.replicas, strict=True):
            packed_begin(*couplings, self.problem.h, spin, replica)

    def advance(self, sweeps: int, flag: np.ndarray) -> int:
        couplings = self.problem.couplings
        assert isinstance(couplings, Packed)
        self.refused[:] = 0.0
        done, self.best_energy = temper_packed(
            *couplings, self.problem.h, self.spins, self.best, self.fields, self.replicas,
            self.best_energy, self.replica_at, self.beta, self.keys, sweeps, self.done,
            quantum_of(self.problem), self.refused, flag, self.row,
        )  # fmt: skip
        self.done += done
        self.refused /= max(1.0, done / 2)
        return int(done)

    def best_spins(self) -> np.ndarray:
        return unpack_spins(self.best, self.problem.num_variables)


class BatchLadder(Ladder):
    """A ladder whose replicas live on another machine: 64 of a sparse problem, else one a rung."""

    def __init__(
        self, problem: CompiledProblem, beta: np.ndarray, keys: np.ndarray, row: np.ndarray,
        words: np.ndarray, batch: BatchKernels,
    ) -> None:  # fmt: skip
        super().__init__(problem, beta, keys, row)
        self.batch = batch
        self._take(words)

    def _take(self, words: np.ndarray) -> None:
        self.there = self.batch.ladder(
            self.problem.couplings, self.problem.h, words, self.keys[: len(words)], quantum_of(self.problem)
        )
        self.best = self.there.best_words()
        self._lay(np.arange(len(words)))

    def _lay(self, coldest_first: np.ndarray) -> None:
        self.replica_at = np.ascontiguousarray(coldest_first.reshape(len(self.beta), -1).T)
        self.refused = np.zeros(len(self.beta) - 1)

    def advance(self, sweeps: int, flag: np.ndarray) -> int:
        self.refused[:] = 0.0
        before = self.best_energy
        done, self.best_energy = self.there.advance(
            self.replica_at, self.beta, sweeps, self.done, before, self.refused, flag, self.row
        )
        if self.best_energy < before:
            self.best = self.there.best_words()
        self.done += done
        self.refused /= max(1.0, len(self.replica_at) * done / 2)
        return done

    def redraw(self, beta: np.ndarray) -> None:
        old, self.beta = self.beta, beta
        if len(beta) == len(old):
            return
        if isinstance(self.problem.couplings, Sparse):
            self._lay(self.replica_at.T.reshape(-1))
            return
        like = np.abs(np.log(beta)[:, None] - np.log(old)).argmin(axis=1)
        best = self.best
        self._take(self.there.states()[self.replica_at[0][like]])
        self.best = best

    def best_spins(self) -> np.ndarray:
        return unpack_spins(self.best, self.problem.num_variables)

    def rungs_for(self, wanted: int) -> int:
        if isinstance(self.problem.couplings, Sparse):
            return next((rungs for rungs in (8, 16, 32) if rungs >= wanted), LANES)
        return min(max(wanted, 6), LANES)
