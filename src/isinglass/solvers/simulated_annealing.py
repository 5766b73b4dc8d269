"""Simulated annealing: Metropolis sweeps at rising beta, reads side by side.

Kirkpatrick, Gelatt, Vecchi, Science 220, 671 (1983). A read is one anneal from its own start with
its own random stream; it returns its last state, or the best it saw if it was cut short. Heuristic:
no bound on the distance from the optimum.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from isinglass.control import RunControl
from isinglass.errors import ParameterError
from isinglass.kernels.cpu.anneal_dense import anneal_dense
from isinglass.kernels.cpu.anneal_lanes import anneal_lanes
from isinglass.kernels.cpu.anneal_packed import anneal_packed
from isinglass.kernels.cpu.anneal_sparse import anneal_sparse
from isinglass.problems.compiled import CompiledProblem, Dense, Packed, Sparse
from isinglass.problems.energies import unpack_spins
from isinglass.rng import read_keys
from isinglass.solvers import schedule
from isinglass.solvers.contract import Parameter, Samples, Solver, whole_number
from isinglass.solvers.start import StartStates, initial_states_check

DEFAULT_SWEEPS = 1000
MOST_DEFAULT_READS = 128
_DEFAULT_WORK_NS = 3e9
_CHECKS_PER_ANNEAL = 64
_FEWEST_SWEEPS_A_CHECK = 8
_GATHER_ABOVE = 5.0
_FEWEST_SWEEPS = 10

_LANE_WORDS: dict[int, type[np.unsignedinteger[Any]]] = {8: np.uint8, 32: np.uint32, 64: np.uint64}


@dataclass(frozen=True)
class _Read:
    """What one read came to."""

    spins: np.ndarray
    energy: float


class SimulatedAnnealing(Solver):
    """See the module's docstring."""

    name = "simulated_annealing"
    summary = "Metropolis sweeps at rising inverse temperature; the all-rounder"
    parameters: ClassVar[Mapping[str, Parameter]] = {
        "num_reads": Parameter(
            None,
            "anneals, 1 up; None: as many as take about three core-seconds, 128 at most; "
            "under a time_limit as many as fit, the best 128 of which are returned",
            whole_number(1),
        ),
        "annealing_time": Parameter(
            None,
            f"sweeps of each read, 1 up; None: {DEFAULT_SWEEPS}, or fewer or more as the time_limit allows",
            whole_number(1),
        ),
        "beta_range": Parameter(
            None,
            "(hot, cold) inverse temperatures in 1 / energy; None: from the fields of the problem",
            schedule.check_beta_range,
        ),
        "beta_schedule": Parameter(
            "geometric",
            '"geometric", "linear", or an array with one beta a sweep',
            schedule.check_beta_schedule,
        ),
        "initial_states": Parameter(
            None,
            "states to start from, in the problem's own values; None: random",
            initial_states_check,
        ),
        "seed": Parameter(0, "0 to 2^63 - 1; the same seed gives the same samples", whole_number(0)),
    }

    def run(self, problem: CompiledProblem, parameters: Mapping[str, Any], control: RunControl) -> Samples:
        shape = parameters["beta_schedule"]
        sweeps = parameters["annealing_time"]
        if not isinstance(shape, str):
            if sweeps not in (None, len(shape)):
                raise ParameterError(
                    f"annealing_time={sweeps} and beta_schedule has {len(shape)} betas; give one of them"
                )
            sweeps = len(shape)
        beta_range = parameters["beta_range"] or schedule.default_beta_range(problem)
        start = StartStates(problem, parameters["initial_states"], parameters["seed"])
        anneals = _Anneals(problem, start, parameters["seed"], control)

        def one_round(count: int, length: int) -> None:
            anneals.round(
                count, schedule.slack_scale(schedule.betas(shape, beta_range, length), problem.scale)
            )

        num_reads = parameters["num_reads"] or len(start) or None
        lengths = _run_rounds(one_round, anneals, num_reads, sweeps, control)
        reads = anneals.reads
        kept = reads
        if num_reads is None and len(reads) > MOST_DEFAULT_READS:
            kept = sorted(reads, key=lambda read: read.energy)[:MOST_DEFAULT_READS]
        return Samples(
            states=np.stack([read.spins for read in kept]),
            kernel_energies=np.array([read.energy for read in kept]),
            facts={
                "beta_range": tuple(float(b) for b in beta_range) if isinstance(shape, str) else None,
                "annealing_time": lengths,
                "reads_run": len(reads),
            },
        )


def _run_rounds(
    one_round: Callable[[int, int], None],
    anneals: _Anneals,
    num_reads: int | None,
    sweeps: int | None,
    control: RunControl,
) -> list[int]:
    """Run the reads asked for; returns the sweeps of each round.

    One round, unless a time limit leaves a number open. Then rounds go on until it is spent; where
    the sweeps are open too, the first is sized by timing one sweep and each further one doubles
    while it fits.
    """
    first_length = sweeps or DEFAULT_SWEEPS
    count = num_reads or default_reads(anneals.problem, first_length)
    if control.time_left is None or (num_reads is not None and sweeps is not None):
        one_round(count, first_length)
        return [first_length]
    if num_reads is None:
        # Replicas of a sparse problem share their instructions; others are better spent on sweeps.
        sparse = isinstance(anneals.problem.couplings, Sparse)
        count = max(count, control.num_threads) if sparse or sweeps else control.num_threads
    lengths: list[int] = []
    length = first_length
    if sweeps is None:
        # Twice: the first call loads or compiles the kernel.
        for _ in range(2):
            began = time.perf_counter()
            one_round(count, 1)
            sweep_seconds = time.perf_counter() - began
        anneals.forget_trial()
        length = _sweeps_that_fit(control, sweep_seconds, first_length)
    while not lengths or not control.stopped:
        began = time.perf_counter()
        one_round(count, length)
        lengths.append(length)
        if num_reads is not None or control.stopped:
            break
        if sweeps is None:
            fitting = _sweeps_that_fit(control, (time.perf_counter() - began) / length, 2 * length)
            if fitting < _FEWEST_SWEEPS:
                control.expire()
            length = fitting
    return lengths


def _sweeps_that_fit(control: RunControl, sweep_seconds: float, most: int) -> int:
    left = control.time_left or 0.0
    return max(1, min(most, int(0.85 * left / max(sweep_seconds, 1e-9))))


def default_reads(problem: CompiledProblem, sweeps: int) -> int:
    """Reads of ``sweeps`` sweeps that take about three core-seconds; 1 to 128."""
    n = max(1, problem.num_variables)
    if isinstance(problem.couplings, Sparse):
        visit_ns = 1.0 + problem.couplings.indices.shape[0] / n / 32
    elif isinstance(problem.couplings, Packed):
        visit_ns = 8.0 + n / 100
    else:
        visit_ns = 10.0 + n / 50
    return int(np.clip(_DEFAULT_WORK_NS / (visit_ns * n * sweeps), 1, MOST_DEFAULT_READS))


@dataclass
class _Anneals:
    """Reads of one run, in blocks that fit the storage's kernel."""

    problem: CompiledProblem
    start: StartStates
    seed: int
    control: RunControl
    reads: list[_Read] = field(default_factory=list)

    @property
    def quantum(self) -> np.float32:
        """The smallest non-zero half cost of a flip; 0 for continuous couplings."""
        return np.float32(1.0 if self.problem.integer else 0.0)

    def round(self, count: int, slack_scale: np.ndarray) -> None:
        """Run ``count`` further reads; those that a stop kept from beginning are left out."""
        first = len(self.reads)
        done: dict[int, list[_Read]] = {}
        tasks: list[tuple[int, Callable[[], None]]] = []
        if self.problem.num_variables == 0:
            self.reads += [_Read(np.zeros(0, np.int8), 0.0)] * count
            return
        if isinstance(self.problem.couplings, Sparse):
            lanes, blocks = _blocks(count, self.control.num_threads)
        else:
            lanes, blocks = 1, [(r, 1) for r in range(count)]
        for offset, size in blocks:

            def task(read: int = first + offset, size: int = size) -> None:
                done[read] = self._block(read, size, lanes, slack_scale)

            tasks.append((size, task))
        self.control.run(tasks)
        for read in sorted(done):
            self.reads += done[read]

    def forget_trial(self) -> None:
        """Drop the reads so far: they only took the time."""
        if not self.control.stopped:
            self.reads.clear()

    def _block(self, read: int, size: int, lanes: int, slack_scale: np.ndarray) -> list[_Read]:
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
    ) -> list[_Read]:
        n, lanes = self.problem.num_variables, 8 * np.dtype(word).itemsize
        spins = np.zeros(n, word)
        for lane in range(size):
            bits = np.unpackbits(self.start.words(read + lane).view(np.uint8), count=n, bitorder="little")
            spins |= bits.astype(word) << word(lane)
        best, energies = spins.copy(), np.zeros(lanes)
        best_energies = np.full(lanes, np.inf)
        done = anneal_lanes(
            *couplings, self.problem.h, spins, best, energies, best_energies,
            read_keys(self.seed, read, lanes), size, slack_scale, self.quantum,
            _slack_top(couplings.weights.dtype), 0, _check_every(slack_scale),
            self.control.flag, self.control.row(),
        )  # fmt: skip
        if done < len(slack_scale):
            spins, energies = best, best_energies
        one = word(1)
        return [
            _Read(((spins >> word(r)) & one).astype(np.int8) * np.int8(2) - np.int8(1), float(energies[r]))
            for r in range(size)
        ]

    def _sparse(self, couplings: Sparse, read: int, slack_scale: np.ndarray) -> _Read:
        spins = self.start.words(read)
        best = spins.copy()
        outcome = anneal_sparse(
            *couplings, self.problem.h, spins, best, read_keys(self.seed, read, 1)[0], slack_scale,
            self.quantum, 0, self.control.flag, self.control.row(),
        )  # fmt: skip
        return self._bits(spins, best, outcome, slack_scale)

    def _packed(self, couplings: Packed, read: int, slack_scale: np.ndarray) -> _Read:
        spins = np.zeros(couplings.bits.shape[1], np.uint64)
        words = self.start.words(read)
        spins[: words.shape[0]] = words
        best = spins.copy()
        outcome = anneal_packed(
            *couplings, self.problem.h, spins, best, read_keys(self.seed, read, 1)[0], slack_scale,
            self.quantum, 0, _GATHER_ABOVE, self.control.flag, self.control.row(),
        )  # fmt: skip
        return self._bits(spins, best, outcome, slack_scale)

    def _dense(self, couplings: Dense, read: int, slack_scale: np.ndarray) -> _Read:
        spins = unpack_spins(self.start.words(read), self.problem.num_variables)
        best = spins.copy()
        done, energy, best_energy = anneal_dense(
            couplings.matrix, self.problem.h, spins, best, read_keys(self.seed, read, 1)[0],
            slack_scale, self.quantum, 0, self.control.flag, self.control.row(),
        )  # fmt: skip
        if done == len(slack_scale):
            return _Read(spins, energy)
        return _Read(best, min(best_energy, energy))

    def _bits(
        self, spins: np.ndarray, best: np.ndarray, outcome: tuple[int, float, float], slack_scale: np.ndarray
    ) -> _Read:
        done, energy, best_energy = outcome
        if done < len(slack_scale) and best_energy < np.inf:
            spins, energy = best, best_energy
        return _Read(unpack_spins(spins, self.problem.num_variables), energy)


def _blocks(count: int, threads: int) -> tuple[int, list[tuple[int, int]]]:
    """(lanes, [(first read, reads)]): even blocks in the narrowest word that holds a thread's share."""
    share = -(-count // threads)
    lanes = next((w for most, w in ((2, 1), (8, 8), (32, 32)) if share <= most), 64)
    number = -(-share // lanes) * threads if lanes > 1 else min(count, threads)
    edges = np.linspace(0, count, number + 1).astype(int)
    return lanes, [(int(a), int(b - a)) for a, b in pairwise(edges) if b > a]


def _slack_top(kind: np.dtype[Any]) -> np.float32:
    """The largest number of the field type that single precision holds."""
    if kind == np.float32:
        return np.float32(3e38)
    return np.float32({1: 127, 2: 32767, 4: 2147483520}[kind.itemsize])


def _check_every(slack_scale: np.ndarray) -> int:
    return max(_FEWEST_SWEEPS_A_CHECK, len(slack_scale) // _CHECKS_PER_ANNEAL)
