"""Reads on their way through the annealing kernels: which kernel, how many at a time, from where.

Sparse problems anneal in blocks of up to 64 reads, one bit of a word each, or one by one where there
are too few; packed and dense ones read by read; ``control.batch`` takes as many as fill it. Blocks are
tasks for ``RunControl.run``; how reads are split into them changes the time and nothing else.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isinglass.kernels.cpu.anneal_dense import anneal_dense
from isinglass.kernels.cpu.anneal_lanes import anneal_lanes
from isinglass.kernels.cpu.anneal_packed import anneal_packed
from isinglass.kernels.cpu.anneal_sparse import anneal_sparse
from isinglass.kernels.cpu.sweep_packed import GATHER_ABOVE
from isinglass.problems.compiled import CompiledProblem, Dense, Packed, Sparse
from isinglass.problems.energies import unpack_spins
from isinglass.rng import read_keys
from isinglass.solvers.reads import Read, Reads, blocks_of

_CHECKS_PER_ANNEAL = 64
_FEWEST_SWEEPS_A_CHECK = 8
_LANE_WORDS: dict[int, type[np.unsignedinteger[Any]]] = {8: np.uint8, 32: np.uint32, 64: np.uint64}


class Anneals(Reads):
    """Reads of one run, in blocks that fit the storage's kernel."""

    def round(self, count: int, slack_scale: np.ndarray) -> None:
        """Run ``count`` further reads; those that a stop kept from beginning are left out."""
        if self.control.batch is not None:
            blocks = blocks_of(count, self.side_by_side)
            self.run(blocks, lambda read, size: self._batch(read, size, slack_scale))
            return
        lanes, sizes = 1, [1] * count
        if isinstance(self.problem.couplings, Sparse):
            lanes, sizes = _blocks(count, self.control.num_threads)
        self.run(sizes, lambda read, size: self._block(read, size, lanes, slack_scale))

    @property
    def side_by_side(self) -> int:
        """Reads that take hardly longer than one."""
        batch, problem = self.control.batch, self.problem
        if batch is None:
            return self.control.num_threads
        return batch.reads_at_once(problem.storage, problem.num_variables)

    def _batch(self, read: int, size: int, slack_scale: np.ndarray) -> list[Read]:
        batch, couplings = self.control.batch, self.problem.couplings
        assert batch is not None and not isinstance(couplings, Dense)
        anneal = batch.anneal_packed if isinstance(couplings, Packed) else batch.anneal_sparse
        words = np.stack([self.start.words(r) for r in range(read, read + size)])
        states, energies = anneal(
            couplings, self.problem.h, words, read_keys(self.seed, read, size), slack_scale,
            quantum_of(self.problem), self.control.flag, self.control.row(),
        )  # fmt: skip
        n = self.problem.num_variables
        return [Read(unpack_spins(s, n), float(e)) for s, e in zip(states, energies, strict=True)]

    def _block(self, read: int, size: int, lanes: int, slack_scale: np.ndarray) -> list[Read]:
        couplings = self.problem.couplings
        if isinstance(couplings, Packed):
            return [self._packed(couplings, read, slack_scale)]
        if isinstance(couplings, Dense):
            return [self._dense(couplings, read, slack_scale)]
        if lanes == 1:
            return [self._sparse(couplings, r, slack_scale) for r in range(read, read + size)]
        return self._lanes(couplings, read, size, _LANE_WORDS[lanes], slack_scale)

    def _lanes(
        self,
        couplings: Sparse,
        read: int,
        size: int,
        word: type[np.unsignedinteger[Any]],
        slack_scale: np.ndarray,
    ) -> list[Read]:
        n, lanes = self.problem.num_variables, 8 * np.dtype(word).itemsize
        spins = np.zeros(n, word)
        for lane in range(size):
            bits = np.unpackbits(self.start.words(read + lane).view(np.uint8), count=n, bitorder="little")
            spins |= bits.astype(word) << word(lane)
        best, energies = spins.copy(), np.zeros(lanes)
        best_energies = np.full(lanes, np.inf)
        done = anneal_lanes(
            *couplings, self.problem.h, spins, best, energies, best_energies,
            read_keys(self.seed, read, lanes), size, slack_scale, quantum_of(self.problem),
            slack_top(couplings.weights.dtype), 0, _check_every(slack_scale),
            self.control.flag, self.control.row(),
        )  # fmt: skip
        if done < len(slack_scale):
            spins, energies = best, best_energies
        one = word(1)
        return [
            Read(((spins >> word(r)) & one).astype(np.int8) * np.int8(2) - np.int8(1), float(energies[r]))
            for r in range(size)
        ]

    def _sparse(self, couplings: Sparse, read: int, slack_scale: np.ndarray) -> Read:
        spins = self.start.words(read)
        best = spins.copy()
        outcome = anneal_sparse(
            *couplings, self.problem.h, spins, best, read_keys(self.seed, read, 1)[0], slack_scale,
            quantum_of(self.problem), 0, self.control.flag, self.control.row(),
        )  # fmt: skip
        return self._bits(spins, best, outcome, slack_scale)

    def _packed(self, couplings: Packed, read: int, slack_scale: np.ndarray) -> Read:
        spins = np.zeros(couplings.bits.shape[1], np.uint64)
        words = self.start.words(read)
        spins[: words.shape[0]] = words
        best = spins.copy()
        outcome = anneal_packed(
            *couplings, self.problem.h, spins, best, read_keys(self.seed, read, 1)[0], slack_scale,
            quantum_of(self.problem), 0, GATHER_ABOVE, self.control.flag, self.control.row(),
        )  # fmt: skip
        return self._bits(spins, best, outcome, slack_scale)

    def _dense(self, couplings: Dense, read: int, slack_scale: np.ndarray) -> Read:
        spins = unpack_spins(self.start.words(read), self.problem.num_variables)
        best = spins.copy()
        done, energy, best_energy = anneal_dense(
            couplings.matrix, self.problem.h, spins, best, read_keys(self.seed, read, 1)[0],
            slack_scale, quantum_of(self.problem), 0, self.control.flag, self.control.row(),
        )  # fmt: skip
        if done == len(slack_scale):
            return Read(spins, energy)
        return Read(best, min(best_energy, energy))

    def _bits(
        self, spins: np.ndarray, best: np.ndarray, outcome: tuple[int, float, float], slack_scale: np.ndarray
    ) -> Read:
        done, energy, best_energy = outcome
        if done < len(slack_scale) and best_energy < np.inf:
            spins, energy = best, best_energy
        return Read(unpack_spins(spins, self.problem.num_variables), energy)


def _blocks(count: int, threads: int) -> tuple[int, list[int]]:
    """(lanes, sizes): even blocks in the narrowest word that holds a thread's share."""
    share = -(-count // threads)
    lanes = next((w for most, w in ((2, 1), (8, 8), (32, 32)) if share <= most), 64)
    number = -(-share // lanes) * threads if lanes > 1 else min(count, threads)
    edges = np.linspace(0, count, number + 1).astype(int)
    return lanes, [size for size in np.diff(edges).tolist() if size]


def quantum_of(problem: CompiledProblem) -> np.float32:
    """The smallest non-zero half cost of a flip; 0 for continuous couplings."""
    return np.float32(1.0 if problem.integer else 0.0)


def slack_top(kind: np.dtype[Any]) -> np.float32:
    """The largest number of the field type that single precision holds."""
    if kind == np.float32:
        return np.float32(3e38)
    return np.float32({1: 127, 2: 32767, 4: 2147483520}[kind.itemsize])


def _check_every(slack_scale: np.ndarray) -> int:
    return max(_FEWEST_SWEEPS_A_CHECK, len(slack_scale) // _CHECKS_PER_ANNEAL)
