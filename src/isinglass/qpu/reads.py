"""The reads of one programming cycle: their streams, what each feels of drift and bath, and in which order.

Reads that know nothing of each other run in any order. With a spin bath consecutive reads are a chain, so
that each feels the read before it; a cycle is cut into chains of at most ``CHAIN`` reads, whose first
finds a bath without memory. Where each read starts from the last one (``reinitialize_state=False``) all
reads are one chain.
None of this depends on the number of threads.
"""

from __future__ import annotations

from copy import copy

import numpy as np

from isinglass.control import RunControl
from isinglass.qpu import noise
from isinglass.qpu.physics import Physics
from isinglass.qpu.program import Program
from isinglass.qpu.sweeps import outside_fields
from isinglass.rng import read_keys

CHAIN = 8


class Reads:
    """What is drawn up front for a cycle's reads, as functions of the read's number."""

    def __init__(
        self, program: Program, physics: Physics, seed: int, cycle: int, control: RunControl | None = None
    ) -> None:
        self.keys = read_keys(noise.cycle_seed(seed, cycle), 0, program.num_reads)
        self._program, self._bath = program, physics.noise.bath_h
        self._outside = outside_fields(program, physics).astype(np.float32)
        self._drift = noise.drift(program, physics.noise, seed, cycle, control)
        self._memory_left = np.float32(np.exp(-program.read_spacing_us / physics.noise.bath_us))

    def part(self, first: int, program: Program) -> Reads:
        """Those from number ``first`` on, as the reads 0, 1, ... of ``program``."""
        some = copy(self)
        some._program = program
        some.keys, some._drift = (
            array[first : first + program.num_reads] for array in (self.keys, self._drift)
        )
        return some

    def chains(self, lanes: int) -> list[np.ndarray]:
        """int64[length, at most lanes] a task: a column is a chain of reads, -1 past the last read."""
        reads = self._program.num_reads
        if self._program.initial_state is not None and not self._program.reinitialize_state:
            return [np.arange(reads).reshape(reads, 1)]
        tasks = -(-reads // (lanes * (CHAIN if self._bath else 1)))
        length = -(-reads // (lanes * tasks))
        number = np.arange(tasks * lanes * length).reshape(tasks, lanes, length)
        number[number >= reads] = -1
        columns = (task[task[:, 0] >= 0].T for task in number)
        return [task for task in columns if task.size]

    def flux(self, reads: np.ndarray, before: np.ndarray | None) -> np.ndarray:
        """float32[k, reads]: fields from outside, as h at s = 1; ``before``: states of the reads before."""
        felt: np.ndarray = np.repeat(self._outside[:, None], reads.size, axis=1)
        if len(self._drift):
            felt += self._drift[np.maximum(reads, 0)].T
        if before is not None and self._bath:
            felt -= np.float32(self._bath) * self._memory_left * before
        return felt

    def start(self, before: np.ndarray | None) -> np.ndarray | None:
        """int8[k, 1 or reads]: what a reverse anneal starts from; None for a forward anneal."""
        state = self._program.initial_state
        if state is None:
            return None
        if before is None or self._program.reinitialize_state:
            return state[:, None]
        return before
