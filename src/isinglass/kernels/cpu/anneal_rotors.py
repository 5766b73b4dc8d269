"""Spin-vector Monte Carlo: classical rotors in a transverse field that is turned off, sixteen reads at once.

Shin, Smith, Smolin, Vazirani, arXiv 1401.7087 (2014): each qubit is an angle, the energy over k T

    E = -sum a x_i + sum b g h_i z_i + sum b J_ij z_i z_j,     a = A(s) / 2kT, b = B(s) / 2kT,

and each sweep of Metropolis moves stands for a piece of the anneal. ``width`` is the range of a move: all
angles (SVMC) or pi min(1, A / B), so that rotors freeze as the transverse field goes (SVMC-TF: Albash,
Marshall, Phys. Rev. Applied 15, 014029 (2021), arXiv 2009.04934). Moves are reflected at the ends of
[-pi/2, pi/2], so that a move of half a turn is uniform over all angles: SVMC is a case of SVMC-TF.

Heuristic. A rotor's move costs its degree in vector multiply-adds and some 50 further vector operations,
for 16 replicas; memory four float32[n, 16].
"""

from __future__ import annotations

import numpy as np
from numba import njit

from isinglass.kernels.cpu.progress import SWEEPS
from isinglass.kernels.cpu.rotor_lanes import LANES, turn_rotor
from isinglass.kernels.cpu.streams import sweep_key
from isinglass.kernels.cpu.vector import stop_requested


@njit(nogil=True, cache=True, error_model="numpy")
def anneal_rotors(
    indptr, indices, weights, h, flux, group, a, b, gain, pull, width, rho, per_rho, z, x, phi,
    read_keys, num_reads, flag, progress,
):  # fmt: skip
    """Anneal 16 replicas in place; returns the number of sweeps done.

    ``indptr`` int64[n+1], all even; ``indices`` int32[nnz], ``weights`` float32[nnz]: J (rows of odd length
    end with a weight of 0). ``h`` float32[n]; ``flux`` float32[n, 16]: further fields of each replica, which
    ``pull`` multiplies as ``gain`` does h. ``group`` int32[n]: the column of the schedule that a rotor
    follows. ``a``, ``b``, ``width``, ``rho``, ``per_rho`` float32[sweeps, groups] and ``gain``, ``pull``
    float32[sweeps]: ``a`` and ``b`` over ln 2 (the kernel takes logarithms to base 2), ``width`` the range of
    a move over 2^31, ``rho`` the rotor's share in its couplings (``b`` holds it too), ``per_rho`` one over
    the sweep before's. ``z``, ``x``, ``phi`` float32[n, 16]: rho sin phi, cos phi and the angles.
    ``read_keys`` uint64[16]; ``num_reads``: replicas that count.
    """
    n = indptr.shape[0] - 1
    low = np.empty(LANES, np.uint32)
    high = np.empty(LANES, np.uint32)
    sweeps = a.shape[0]
    for t in range(sweeps):
        if stop_requested(flag):
            return t
        for r in range(LANES):
            key = sweep_key(read_keys[r], t)
            low[r] = np.uint32(key)
            high[r] = np.uint32(key >> np.uint64(32))
        for i in range(n):
            g = group[i]
            turn_rotor(
                z, x, phi, flux, indices, weights, indptr[i], indptr[i + 1], i, low, high,
                a[t, g], b[t, g], gain[t] * h[i], pull[t], width[t, g], rho[t, g], per_rho[t, g],
            )  # fmt: skip
        progress[SWEEPS] += num_reads
    return sweeps
