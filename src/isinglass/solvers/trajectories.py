"""Memcomputing reads on their way through the kernels: sixteen a block for bonds, one for clauses.

How reads are split into blocks changes the time and nothing else: replicas of a block do not touch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from isinglass.kernels.batch import BatchKernels
from isinglass.kernels.cpu.memcompute_bonds import memcompute_bonds
from isinglass.kernels.cpu.memcompute_clauses import memcompute_clauses
from isinglass.kernels.cpu.memory_lanes import LANES
from isinglass.kernels.cpu.progress import BEST
from isinglass.problems.energies import unpack_spins
from isinglass.rng import read_keys, start_bits
from isinglass.solvers.memcomputing_forms import Bonds, Clauses
from isinglass.solvers.reads import Read, Reads, blocks_of
from isinglass.solvers.steepest_descent import descend

_NS_PER_BOND = 10.0 / LANES
_NS_PER_CLAUSE = 15.0
_LONGEST_STEP, _STABLE = 0.2, 1.4
EPSILON, SHORTEST_STEP, LONGEST_CLAUSE_STEP, LARGEST_MOVE = 1e-3, 2.0**-7, 1e3, 1.0


class Machine(Protocol):
    """One of the two forms, ready to integrate."""

    lanes: int
    """Replicas a call."""
    time_step: float
    step_ns: float
    """Rough cost of one step of one replica."""

    def integrate(self, v: np.ndarray, steps: int, flag: np.ndarray, row: np.ndarray) -> np.ndarray:
        """From ``v`` (float32[n, reads], reads <= lanes) to the best rounded states, int8[reads, n]."""


class BondMachine:
    """See kernels/cpu/memcompute_bonds.py; the gain falls linearly to 0 over a read."""

    lanes = LANES

    def __init__(
        self, bonds: Bonds, parameters: Mapping[str, Any], batch: BatchKernels | None = None
    ) -> None:
        self.bonds, self.parameters, self.batch = bonds, parameters, batch
        if batch is not None:
            self.lanes = batch.reads_at_once("sparse", len(bonds.upper))
        stiffness = bonds.stiffness
        stable = min(_LONGEST_STEP, _STABLE / stiffness) if stiffness else _LONGEST_STEP
        self.time_step = parameters["time_step"] or stable
        self.step_ns = _NS_PER_BOND * bonds.number

    def integrate(self, v: np.ndarray, steps: int, flag: np.ndarray, row: np.ndarray) -> np.ndarray:
        n, reads = v.shape
        gain = (self.parameters["memory_gain"] * (1.0 - np.arange(steps) / steps)).astype(np.float32)
        softening, rate, threshold = (
            np.float32(self.parameters[name]) for name in ("softening", "memory_rate", "threshold")
        )
        indptr, indices, couplings, upper = self.bonds
        if self.batch is not None:
            return self.batch.memcompute(
                (indptr, indices, couplings), self.bonds.norm, v, gain, softening, rate, threshold,
                np.float32(self.time_step), flag, row,
            )  # fmt: skip
        lanes = np.zeros((n + 1, LANES), np.float32)
        lanes[:n, :reads] = v
        lanes[n, :reads] = 1.0
        best = np.zeros(n, np.uint16)
        memory = np.zeros((self.bonds.number, LANES), np.float32)
        memcompute_bonds(
            indptr, indices, couplings, upper, lanes, memory, best, np.full(LANES, np.inf), reads,
            self.bonds.norm, gain, softening, rate, threshold,
            np.float32(self.time_step), flag, row,
        )  # fmt: skip
        down = (best >> np.arange(reads, dtype=np.uint16)[:, None]) & np.uint16(1)
        spins: np.ndarray = np.int8(1) - np.int8(2) * down.astype(np.int8)
        return spins


class ClauseMachine:
    """See kernels/cpu/memcompute_clauses.py."""

    lanes = 1

    def __init__(self, clauses: Clauses, n: int, parameters: Mapping[str, Any]) -> None:
        self.clauses, self.parameters = clauses, parameters
        self.occurrences = clauses.occurrences(n)
        self.time_step = parameters["time_step"] or LARGEST_MOVE
        self.step_ns = _NS_PER_CLAUSE * len(clauses.costs)

    def integrate(self, v: np.ndarray, steps: int, flag: np.ndarray, row: np.ndarray) -> np.ndarray:
        best = np.zeros(len(v), np.int8)
        variables, signs, costs, offset = self.clauses
        alpha, beta, gamma, delta, zeta = (
            self.parameters[name] for name in ("alpha", "beta", "gamma", "delta", "zeta")
        )
        memcompute_clauses(
            variables, signs, costs, *self.occurrences, np.append(v[:, 0].astype(np.float64), -1.0), best,
            offset, steps, self.parameters["stagnation"], alpha, beta, gamma, delta, EPSILON, zeta,
            self.parameters["most_memory"], self.time_step, SHORTEST_STEP, LONGEST_CLAUSE_STEP,
            flag, row,
        )  # fmt: skip
        return best[None, :]


def start_voltages(spins: np.ndarray, key: np.uint64) -> np.ndarray:
    """float32[n] with the signs of ``spins`` and sizes uniform in (0, 1] from the read's key."""
    # The complement of the key: the key itself has drawn the signs.
    bits = start_bits(~np.uint64(key), len(spins)) >> np.uint64(40)
    sizes = (bits + np.uint64(1)).astype(np.float32) * np.float32(2.0**-24)
    voltages: np.ndarray = spins * sizes
    return voltages


@dataclass
class Trajectories(Reads):
    """Reads of one run."""

    machine: Machine

    def round(self, count: int, steps: int) -> None:
        """Run ``count`` further reads; those that a stop kept from beginning are left out."""
        self.run(blocks_of(count, self.machine.lanes), lambda read, size: self._block(read, size, steps))

    def _block(self, read: int, size: int, steps: int) -> list[Read]:
        n, flag = self.problem.num_variables, self.control.flag
        keys = read_keys(self.seed, read, size)
        starts = [start_voltages(unpack_spins(self.start.words(read + r), n), keys[r]) for r in range(size)]
        states = self.machine.integrate(np.stack(starts, axis=1), steps, flag, self.control.row())
        outcomes = []
        for spins in states:
            row = self.control.row()
            descend(self.problem, spins, flag, row)
            outcomes.append(Read(spins, float(row[BEST])))
        return outcomes
