"""Reads on their way through path-integral Monte Carlo ("pimc"), one at a time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from isinglass.control import RunControl
from isinglass.kernels.cpu.anneal_worldlines import anneal_worldlines
from isinglass.qpu.noise import NoisyProblem
from isinglass.qpu.physics import Physics
from isinglass.qpu.program import Program
from isinglass.qpu.reads import Reads
from isinglass.qpu.sweeps import Moments, moments_of

_KERNEL: Callable[..., int] = anneal_worldlines
_WORDS: dict[int, type[np.unsignedinteger[Any]]] = {8: np.uint8, 16: np.uint16, 32: np.uint32, 64: np.uint64}


def anneal(
    program: Program, problem: NoisyProblem, physics: Physics, reads: Reads, control: RunControl
) -> np.ndarray:
    """int8[reads done, k], -1/+1 in time order, before readout: one slice of each read's paths."""
    moments = moments_of(program, physics)
    schedule = kernel_schedule(moments, physics)
    rows, h = problem.rows(), problem.h.astype(np.float32)
    word = _WORDS[physics.slices]
    done: dict[int, np.ndarray] = {}

    def one_task(chain: np.ndarray) -> None:
        state = None
        for number in chain[:, 0]:
            if number < 0:
                return
            start = reads.start(state)
            paths = _random_paths(h.size, word, reads.keys[number])
            if start is not None:
                paths = np.where(start[:, 0] > 0, word(~word(0)), word(0))
            flux = np.ascontiguousarray(reads.flux(np.array([number]), state)[:, 0])
            count = _KERNEL(*rows, h, flux, *schedule, paths, reads.keys[number], control.flag, control.row())
            if count < len(schedule[1]):
                return
            slice_ = word(int(reads.keys[number]) % physics.slices)
            state = ((paths >> slice_) & word(1)).astype(np.int8)[:, None] * np.int8(2) - np.int8(1)
            done[int(number)] = state[:, 0]

    tasks: list[tuple[int, Callable[[], None]]] = [
        (int((chain >= 0).sum()), partial(one_task, chain)) for chain in reads.chains(1)
    ]
    control.run(tasks)
    return np.array([done[r] for r in sorted(done)], np.int8).reshape(len(done), h.size)


def kernel_schedule(moments: Moments, physics: Physics) -> tuple[np.ndarray, ...]:
    """(group, c, K, gain, pull, rho) as ``anneal_worldlines`` wants them, while any spin moves."""
    still = moments.A_kt * (2.0 * physics.temperature_ghz) < physics.freeze_out_ghz
    moves: np.ndarray = ~np.all(still, axis=1)
    moments, still = moments.only(moves), still[moves]
    c = moments.B_kt[:, 0] / moments.share[:, 0] / physics.slices
    K = np.where(still, -1.0, -0.5 * np.log(np.tanh(moments.A_kt / physics.slices)))
    columns = (c, K, moments.gain, moments.pull, moments.share)
    return (moments.group, *(np.ascontiguousarray(x, dtype=np.float32) for x in columns))


def _random_paths(k: int, word: type[np.unsignedinteger[Any]], key: np.uint64) -> np.ndarray:
    drawn: np.ndarray = np.random.default_rng(int(key)).integers(
        0, np.iinfo(word).max, k, word, endpoint=True
    )
    return drawn
