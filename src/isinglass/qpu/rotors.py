"""Reads on their way through spin-vector Monte Carlo ("svmc", "svmc-tf"), sixteen side by side.

Rotors are softer than two-level systems: the sign of one follows its field with 2 / pi of the strength of
a spin, the product of two with the square of that. ``move_width`` lets them freeze late enough for single
ones to come out right; two coupled ones are then a third too hot. So rotors of "svmc-tf" that have passed the
freeze-out point are brought to rest there as the spins that they are read as: a few sweeps of heat bath at
the temperature of that point. The pattern of a glass stays as it is: energies fall by 0.01 % at most.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from isinglass.control import RunControl
from isinglass.kernels.cpu.anneal_rotors import anneal_rotors
from isinglass.kernels.cpu.relax_spins import relax_spins
from isinglass.kernels.cpu.rotor_lanes import LANES
from isinglass.qpu.noise import NoisyProblem
from isinglass.qpu.physics import Physics
from isinglass.qpu.program import Program
from isinglass.qpu.reads import Reads
from isinglass.qpu.sweeps import Moments, moments_of

_KERNEL: Callable[..., int] = anneal_rotors
_RELAX: Callable[..., None] = relax_spins
_STRONG_FIELD = 5.0
_STILL = 0.05
_QUIET, _QUIET_SHARE = 0.4, 8
"""Sweeps are left out in which A exceeds B ``_STRONG_FIELD`` times (rotors follow their fields at once) or
moves are narrower than ``_STILL`` of half a turn (rotors stand), and all but one in ``_QUIET_SHARE`` where
A is below ``_QUIET`` of B: the pattern of a glass has settled there. On Pegasus glasses 28 % of the
sweeps are left and the energies are the same, though leaving out those above A = 2.5 B costs 0.3 %."""
_REST, _REST_SHARE = 8, 300
"""Sweeps as spins: so many, and no more than one for so many as rotors (short anneals)."""


def anneal(
    program: Program, problem: NoisyProblem, physics: Physics, reads: Reads, control: RunControl
) -> np.ndarray:
    """int8[reads done, k], -1/+1 in time order, before readout."""
    whole = moments_of(program, physics)
    moments, width = _moves(whole, physics)
    matrix, schedule = _even_rows(problem), _kernel_schedule(moments, width)
    h = problem.h.astype(np.float32)
    rest = _Rest(whole, physics, h)
    done: dict[int, np.ndarray] = {}

    def one_task(chains: np.ndarray) -> None:
        flux, keys = _lanes(h.size), np.zeros(LANES, np.uint64)
        used = chains.shape[1]
        state = None
        for numbers in chains:
            flux[:, :used] = reads.flux(numbers, state)
            keys[:used] = reads.keys[np.maximum(numbers, 0)]
            rotors = _start(h.size, reads.start(state))
            count = _KERNEL(
                *matrix, h, flux, *schedule, *rotors, keys, int((numbers >= 0).sum()),
                control.flag, control.row(),
            )  # fmt: skip
            if count < len(moments.s):
                return
            spins = np.where(rotors[2] > 0, np.float32(1.0), np.float32(-1.0))
            rest.reach(matrix, flux, spins, keys, count)
            state = spins[:, :used].astype(np.int8)
            done.update({int(r): state[:, lane] for lane, r in enumerate(numbers) if r >= 0})

    tasks: list[tuple[int, Callable[[], None]]] = [
        (int((chains >= 0).sum()), partial(one_task, chains)) for chains in reads.chains(LANES)
    ]
    control.run(tasks)
    return np.array([done[r] for r in sorted(done)], np.int8).reshape(len(done), h.size)


class _Rest:
    """The sweeps as spins: each group at the field and temperature at which it froze."""

    def __init__(self, moments: Moments, physics: Physics, h: np.ndarray) -> None:
        free = moments.A_kt * (2.0 * physics.temperature_ghz) >= physics.freeze_out_ghz
        last = len(free) - 1 - np.argmax(free[::-1], axis=0)
        groups = np.arange(len(last))
        froze = free.any(axis=0) & (physics.dynamics == "svmc-tf")
        self._group = moments.group
        self._b = np.where(froze, moments.B_kt[last, groups], 0.0).astype(np.float32)
        self._share = moments.share[last].astype(np.float32)
        self._own = (moments.gain[last][moments.group] * h).astype(np.float32)[:, None]
        self._pull = moments.pull[last][moments.group].astype(np.float32)[:, None]
        self._sweeps = min(_REST, len(free) // _REST_SHARE) if froze.any() else 0

    def reach(
        self,
        matrix: tuple[np.ndarray, ...],
        flux: np.ndarray,
        spins: np.ndarray,
        keys: np.ndarray,
        first: int,
    ) -> None:
        """Bring ``spins`` float32[n, LANES] to rest in place; ``first``: sweeps that have drawn before."""
        if self._sweeps:
            fields = self._own + self._pull * flux
            _RELAX(*matrix, fields, self._group, self._b, self._share, spins, keys, first, self._sweeps)


def _moves(moments: Moments, physics: Physics) -> tuple[Moments, np.ndarray]:
    """(the sweeps in which something happens, float64[T, G]: the range of their moves)."""
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
    indptr, indices, J = problem.rows()
    lengths = np.diff(indptr)
    odd = np.flatnonzero(lengths % 2)
    ends = indptr[odd + 1]
    even = np.concatenate([[0], np.cumsum(lengths + lengths % 2)]).astype(np.int64)
    return even, np.insert(indices, ends, odd).astype(np.int32), np.insert(J, ends, np.float32(0.0))


def _start(k: int, state: np.ndarray | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(z, x, phi) float32[k, LANES]: along the transverse field, or at the state of a reverse anneal."""
    z, x, phi = (_lanes(k) for _ in range(3))
    if state is not None:
        phi[:, : max(1, state.shape[1])] = 0.5 * np.pi * state
        if state.shape[1] == 1:
            phi[:] = phi[:, :1]
    return np.sin(phi, out=z), np.cos(phi, out=x), phi


def _lanes(k: int) -> np.ndarray:
    """float32[k, LANES] of zeros, each row a line of the cache: across two lines a kernel takes longer."""
    size = LANES * 4
    room = np.zeros((k + 1) * LANES, np.float32)
    skipped = -room.ctypes.data % size // 4
    return room[skipped : skipped + k * LANES].reshape(k, LANES)
