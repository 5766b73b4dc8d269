"""Digital memcomputing machine for spins: each bond remembers how long it has been frustrated.

Continuous spins v_i in [-1, 1] and one memory x_ij in [0, 1] a bond obey

    dv_i/dt  = - sum_j K_ij (1 + g x_ij) v_j - b v_i sum_j K_ij^2 x_ij
    dx_ij/dt = gamma (C_ij - theta),      C_ij = (1 + sign(J_ij) v_i v_j) / 2,

with K = J / rho and rho the root-mean-square row norm of J; C is 1 on a frustrated bond and 0 on a
satisfied one. A field h_i is a bond to a spin that stays up. The softening term b is that of Sheldon,
Traversa, Di Ventra, Phys. Rev. E 100, 053311 (2019), scaled by K^2 so that it means the same at any
degree. The gain g is the long-term memory of Bearden, Pei, Di Ventra, Sci. Rep. 10, 19741 (2020)
for bonds: frustrated ones pull harder until they give way. It falls to 0 along a read, so that the
trajectory ends in a point attractor of the bare problem.

Forward Euler, sixteen replicas a vector. A step costs one pass over the bonds (a spin's force is
complete once the rows before it have passed), and the degree for each rounded spin that changes sign,
by which the energy follows. Memory 64 bytes a bond. Heuristic; deterministic from its start.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from isinglass.kernels.cpu.memory_lanes import LANES, couple, move
from isinglass.kernels.cpu.progress import BEST, STOP_TARGET, SWEEPS, TARGET
from isinglass.kernels.cpu.vector import stop_requested


@njit(nogil=True, cache=True, error_model="numpy")
def memcompute_bonds(
    indptr, indices, couplings, upper, v, memory, best_down, best_energies, lanes, norm, gain,
    softening, rate, threshold, time_step, flag, progress,
):  # fmt: skip
    """Integrate ``gain.shape[0]`` steps in place; returns the steps done.

    ``indptr``: int64[n + 1], ``indices``: int32, ``couplings``: float64: rows of J, sorted, where
    neighbour n is the spin that stays up; ``upper``: int64[n], first entry of each row above its
    diagonal. ``v``: float32[n + 1, LANES], row n is 1; ``memory``: float32[bonds, LANES];
    ``best_down``: uint16[n], bit r set where spin is down in replica r's best rounded state (v < 0 is
    down); ``best_energies``: float64[LANES]. ``lanes``: replicas in use; those beyond hold v = 0.
    ``gain``: float32[steps]; the other constants float32, ``norm`` is 1 / rho.
    """
    n = upper.shape[0]
    half = np.float32(0.5)
    force = np.zeros((n + 1, LANES), np.float32)
    down = np.zeros(n + 1, np.uint16)
    for i in range(n):
        down[i] = move(v, force, i, np.float32(0))
    energies = np.zeros(LANES)
    for r in range(lanes):
        for i in range(n):
            energies[r] += 0.5 * _spin(down, i, r) * _field(indptr, indices, couplings, down, i, r)
            if indptr[i + 1] > indptr[i] and indices[indptr[i + 1] - 1] == n:
                energies[r] += 0.5 * _spin(down, i, r) * couplings[indptr[i + 1] - 1]
    _keep_best(energies, best_energies, down, best_down, lanes, flag, progress)
    done = 0
    for t in range(gain.shape[0]):
        if stop_requested(flag):
            break
        bond = 0
        improved = False
        for i in range(n):
            for k in range(upper[i], indptr[i + 1]):
                pull = np.float32(couplings[k] * norm)
                lean = half if pull > 0 else -half
                couple(
                    v, force, memory, i, np.int64(indices[k]), bond, pull, np.float32(gain[t] * pull),
                    np.float32(softening * np.float32(pull * pull)),
                    np.float32(np.float32(time_step * rate) * lean),
                    np.float32(np.float32(time_step * rate) * np.float32(half - threshold)),
                )  # fmt: skip
                bond += 1
            now = move(v, force, i, time_step)
            changed = np.uint16(now ^ down[i])
            if changed != 0:
                for r in range(lanes):
                    if (changed >> r) & 1:
                        held = _spin(down, i, r) * _field(indptr, indices, couplings, down, i, r)
                        energies[r] -= 2.0 * held
                        improved = True
                down[i] = now
        force[n] = np.float32(0)
        if improved:
            _keep_best(energies, best_energies, down, best_down, lanes, flag, progress)
        progress[SWEEPS] += lanes
        done += 1
    return done


@njit(cache=True)
def _spin(down, i, r):
    return 1.0 - 2.0 * np.float64((down[i] >> r) & 1)


@njit(cache=True)
def _field(indptr, indices, couplings, down, i, r):
    field = 0.0
    for k in range(indptr[i], indptr[i + 1]):
        field += couplings[k] * _spin(down, indices[k], r)
    return field


@njit(cache=True)
def _keep_best(energies, best_energies, down, best_down, lanes, flag, progress):
    """Copy the states of the replicas that are at their best."""
    better = 0
    for r in range(lanes):
        if energies[r] < best_energies[r]:
            best_energies[r] = energies[r]
            better |= 1 << r
            progress[BEST] = min(progress[BEST], energies[r])
    if better != 0:
        taken, kept = np.uint16(better), np.uint16(0xFFFF ^ better)
        for i in range(best_down.shape[0]):
            best_down[i] = (best_down[i] & kept) | (down[i] & taken)
        if progress[BEST] <= progress[TARGET]:
            flag[0] = STOP_TARGET
