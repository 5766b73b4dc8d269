"""Path-integral Monte Carlo of one read: a word of bits is a spin's path through imaginary time.

Suzuki, Prog. Theor. Phys. 56, 1454 (1976); Santoro, Martonak, Tosatti, Car, Science 295, 2427 (2002). With P
slices (bits of the word), the weight of all paths is exp(-S),

    S = sum_k c E(s_k) - K sum_i,k s_ik s_ik+1,     c = B / 2kT P,     K = -ln tanh(A / 2kT P) / 2,

E the classical energy with its fields and couplings. A visit of a spin proposes a flip of each slice (even
ones, then odd ones: neither half interacts within itself) and a flip of its whole path, all by
Metropolis. One proposal in sixteen is refused whatever it costs: fixed orders that accept every flip of
cost zero are not ergodic (streams.slack_of). The fields of all slices come from one masked vector addition
a neighbour, and serve both kinds of moves, for a spin's slices act on it through time alone.

Discrete in time: errors of order A B / (kT P)^2, so P should be some times A / kT. A sweep costs
n (degree + ~45) vector operations for 16 slices. Heuristic. Memory: a word a spin beside the couplings.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from isinglass.kernels.cpu.lane_vector import lane_fields, lane_flips
from isinglass.kernels.cpu.progress import SWEEPS
from isinglass.kernels.cpu.streams import exponential, sweep_key, uniform32
from isinglass.kernels.cpu.vector import stop_requested

REFUSED = np.float32(-3e38)


@njit(cache=True, fastmath={"reassoc", "nsz"})
def path_field(fields, word):
    """``sum_k s_k fields[k]``: what a spin's whole path feels, times its direction."""
    total = np.float32(0.0)
    bits = np.uint64(word)
    for k in range(fields.shape[0]):
        up = (bits >> np.uint64(k)) & np.uint64(1)
        total += fields[k] if up else -fields[k]
    return total


@njit(cache=True)
def half_exponential(bits):
    """Half the action that a move may climb: -ln(u) / 2, or never for one draw in sixteen."""
    if (bits & np.uint32(15)) == np.uint32(0):
        return REFUSED
    return np.float32(0.5) * exponential(bits)


@njit(cache=True)
def scaled_couplings(indptr, indices, J, group, rho, weights, total):
    """``weights`` = 2 J_ij rho_i rho_j and ``total`` its half summed over each row."""
    for i in range(indptr.shape[0] - 1):
        own, half_sum = rho[group[i]], np.float32(0.0)
        for k in range(indptr[i], indptr[i + 1]):
            scaled = J[k] * own * rho[group[indices[k]]]
            weights[k] = scaled + scaled
            half_sum += scaled
        total[i] = half_sum


@njit(nogil=True, cache=True, error_model="numpy")
def anneal_worldlines(
    indptr, indices, J, h, flux, group, c, K, gain, pull, rho, paths, read_key, flag, progress
):
    """Anneal the paths in place; returns the number of sweeps done.

    ``indptr`` int64[n+1], ``indices`` int32[nnz], ``J`` float32[nnz]; ``h``, ``flux`` float32[n], times
    ``gain`` and ``pull``; ``group`` int32[n]: the column of the schedule that a spin follows. ``c``,
    ``gain``, ``pull`` float32[sweeps]; ``K``, ``rho`` float32[sweeps, groups], ``K`` negative for spins that
    stand still; ``rho``: a spin's share in its fields and couplings. ``paths`` unsigned[n], bit k is slice
    k, set for up.
    """
    n = h.shape[0]
    slices = 8 * paths.itemsize
    last = np.uint64(slices - 1)
    one, ends = np.uint64(1), np.uint64(slices)
    every = np.uint64(0xFFFFFFFFFFFFFFFF) >> np.uint64(64 - slices)
    even = np.uint64(0x5555555555555555) & every
    fields = np.zeros(slices, np.float32)
    alone = np.zeros(slices, np.float32)
    between = np.zeros(slices, np.float32)
    along = np.zeros(slices, np.float32)
    weights = np.empty_like(J)
    total = np.empty_like(h)
    sweeps = c.shape[0]
    for t in range(sweeps):
        if stop_requested(flag):
            return t
        if t == 0 or rho.shape[1] > 1:
            scaled_couplings(indptr, indices, J, group, rho[t], weights, total)
        key = sweep_key(read_key, t)
        low, high = np.uint32(key), np.uint32(key >> np.uint64(32))
        per_c = np.float32(1.0) / c[t]
        for i in range(n):
            g = group[i]
            if K[t, g] < np.float32(0.0):
                continue
            own = rho[t, g] * (gain[t] * h[i] + pull[t] * flux[i])
            lane_fields(paths, indices, weights, indptr[i], indptr[i + 1], own - total[i], fields)
            index = np.uint32(i * (slices + 1))
            stiff = np.float32(2.0) * K[t, g] * per_c
            for k in range(slices):
                slack = half_exponential(uniform32(np.uint32(index + np.uint32(k)), low, high)) * per_c
                between[k] = slack
                along[k] = slack - stiff
                alone[k] = slack + stiff if slack > REFUSED else slack
            path = np.uint64(paths[i])
            if_between = np.uint64(lane_flips(fields, paths[i], between))
            if_along = np.uint64(lane_flips(fields, paths[i], along))
            if_alone = np.uint64(lane_flips(fields, paths[i], alone))
            for half in (even, every ^ even):
                before = path ^ (((path << one) | (path >> last)) & every)
                after = path ^ (((path >> one) | (path << last)) & every)
                flips = if_between & (before ^ after)
                flips |= if_along & ~(before | after)
                flips |= if_alone & (before & after)
                path ^= flips & half
            path &= every
            limit = half_exponential(uniform32(np.uint32(index + np.uint32(ends)), low, high)) * per_c
            if -path_field(fields, path) <= limit:
                path ^= every
            paths[i] = path
        progress[SWEEPS] += 1
    return sweeps
