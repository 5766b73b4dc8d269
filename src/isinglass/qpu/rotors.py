"""Reads on their way through spin-vector Monte Carlo ("svmc", "svmc-tf").

Sixteen reads go side by side. Reads that know nothing of each other are tasks of sixteen. With a spin
bath a lane takes consecutive reads, one after the other, so that each feels the read before it; to keep
the lanes full the reads of a cycle are cut into pieces of at most ``CHAIN``, whose first read finds a bath
without memory. Where each read starts from the last one (``reinitialize_state=False``) all are one chain
in one lane. None of this depends on the number of threads.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import scipy.sparse

from isinglass.control import RunControl
from isinglass.kernels.cpu.anneal_rotors import anneal_rotors
from isinglass.kernels.cpu.rotor_lanes import LANES
from isinglass.qpu import noise
from isinglass.qpu.noise import NoisyProblem
from isinglass.qpu.physics import Physics
from isinglass.qpu.program import Program
from isinglass.qpu.sweeps import Moments, moments_of, outside_fields
from isinglass.rng import read_keys

CHAIN = 8
_STRONG_FIELD = 4.0
_STILL = 0.05
_QUIET, _QUIET_SHARE = 5e-3, 4
"""Sweeps are left out in which A exceeds B ``_STRONG_FIELD`` times (rotors follow their fields at once) or
moves are narrower than ``_STILL`` of half a turn (rotors stand), and but one in ``_QUIET_SHARE`` where A is
below ``_QUIET`` of B: single qubits still turn there, the pattern of a glass has long been settled."""


def anneal(
    program: Program, problem: NoisyProblem, physics: Physics, seed: int, cycle: int, control: RunControl
) -> np.ndarray:
    """int8[reads done, k], -1/+1 in time order, before readout."""
    moments, width = _moves(program, physics)
    matrix = _even_rows(problem)
    schedule = _kernel_schedule(moments, width)
    h = problem.h.astype(np.float32)
    chains = _chains(program, physics)
    keys = read_keys(noise.cycle_seed(seed, cycle), 0, program.num_reads)
    drift = noise.drift(program, physics.noise, seed, cycle)
    outside = outside_fields(program, physics).astype(np.float32)
    memory_left = np.exp(-program.read_spacing_us / physics.noise.bath_us)
    done: dict[int, np.ndarray] = {}

    def one_block(lanes: np.ndarray) -> None:
        """``lanes`` int64[chain, reads side by side]: the reads of each lane, -1 where it has none."""
        flux, used = np.zeros((outside.size, LANES), np.float32), lanes.shape[1]
        bath = np.zeros((outside.size, used), np.float32)
        state = None
        for reads in lanes:
            there = reads >= 0
            block_keys = np.zeros(LANES, np.uint64)
            block_keys[:used] = keys[np.maximum(reads, 0)]
            flux[:, :used] = outside[:, None] - np.float32(physics.noise.bath_h) * bath
            if len(drift):
                flux[:, :used] += drift[np.maximum(reads, 0)].T
            rotors = _start(program, state)
            count = anneal_rotors(
                *matrix, h, flux, *schedule, *rotors, block_keys, int(there.sum()),
                control.flag, control.row(),
            )  # fmt: skip
            if count < len(schedule[1]):
                return
            up = rotors[2][:, :used] > 0
            state = np.where(up, np.int8(1), np.int8(-1))
            bath = np.float32(memory_left) * state
            done.update({int(r): state[:, lane] for lane, r in enumerate(reads) if r >= 0})

    tasks: list[tuple[int, Callable[[], None]]] = [
        (int((lanes >= 0).sum()), partial(one_block, lanes)) for lanes in chains
    ]
    control.run(tasks)
    return np.array([done[r] for r in sorted(done)], np.int8).reshape(len(done), outside.size)


def _moves(program: Program, physics: Physics) -> tuple[Moments, np.ndarray]:
    """(the sweeps in which something happens, float64[T, G]: the range of their moves)."""
    moments = moments_of(program, physics)
    if physics.dynamics == "svmc":
        width = np.full(moments.A_kt.shape, np.pi)
    else:
        own_B = moments.B_kt * moments.share
        width = np.pi * np.minimum(1.0, physics.move_width * moments.A_kt / own_B)
    happens = (moments.A_kt < _STRONG_FIELD * moments.B_kt) & (width > _STILL * np.pi)
    loud = (moments.A_kt > _QUIET * moments.B_kt) | (np.arange(len(moments.s)) % _QUIET_SHARE == 0)[:, None]
    kept = (happens & loud).any(axis=1)
    return moments.only(kept), width[kept]


def _kernel_schedule(moments: Moments, width: np.ndarray) -> tuple[np.ndarray, ...]:
    """(group, a, b, gain, pull, width, rho, per_rho) as ``anneal_rotors`` wants them."""
    before = np.concatenate([np.ones_like(moments.share[:1]), moments.share[:-1]])
    columns = (
        moments.A_kt / np.log(2.0), moments.B_kt / np.log(2.0), moments.gain, moments.pull,
        width / 2.0**31, moments.share, 1.0 / before,
    )  # fmt: skip
    return (moments.group, *(np.ascontiguousarray(c, dtype=np.float32) for c in columns))


def _even_rows(problem: NoisyProblem) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(indptr, indices, weights) of both directions, a weight of 0 after rows of odd length."""
    n = problem.h.size
    upper = scipy.sparse.csr_array((problem.J, (problem.row, problem.col)), shape=(n, n))
    matrix = (upper + upper.T).tocsr()
    matrix.sort_indices()
    lengths = np.diff(matrix.indptr)
    odd = np.flatnonzero(lengths % 2)
    ends = matrix.indptr[odd + 1]
    indptr = np.concatenate([[0], np.cumsum(lengths + lengths % 2)]).astype(np.int64)
    indices = np.insert(matrix.indices, ends, odd).astype(np.int32)
    return indptr, indices, np.insert(matrix.data, ends, 0.0).astype(np.float32)


def _chains(program: Program, physics: Physics) -> list[np.ndarray]:
    """The reads of each task, int64[chain, lanes]: see the module's docstring."""
    reads = program.num_reads
    if program.initial_state is not None and not program.reinitialize_state:
        return [np.arange(reads).reshape(reads, 1)]
    longest = CHAIN if physics.noise.bath_h else 1
    blocks = -(-reads // (LANES * longest))
    chain = -(-reads // (LANES * blocks))
    index = np.arange(blocks * LANES * chain).reshape(blocks, LANES, chain)
    index[index >= reads] = -1
    return [lanes[lanes[:, 0] >= 0].T for lanes in index]


def _start(program: Program, before: np.ndarray | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(z, x, phi) float32[k, LANES]: along the transverse field, or at the state that a reverse anneal begins with."""
    k = program.qubits.size
    phi = np.zeros((k, LANES), np.float32)
    if program.initial_state is not None:
        phi[:] = np.float32(0.5 * np.pi) * program.initial_state[:, None]
        if before is not None and not program.reinitialize_state:
            phi[:, : before.shape[1]] = np.float32(0.5 * np.pi) * before
    return np.sin(phi), np.cos(phi), phi
