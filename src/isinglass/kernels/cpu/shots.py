"""Shots from a state vector: sorted uniform numbers meet the running sum of probabilities.

n sorted uniform numbers are partial sums of n + 1 exponential ones over their total (Devroye,
Non-Uniform Random Variate Generation, 1986, V.3), so one pass over the state finds all shots
and outcomes come out in order. Chunks of the state without a shot are stepped over.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from isinglass.kernels.cpu.streams import sweep_key

CHUNK = 1 << 12
"""Amplitudes whose probabilities are summed together."""


@njit(nogil=True, cache=True)
def chunk_weights(re, im, weights):
    """``weights[k]`` = sum of |amplitude|^2 over chunk k; float64."""
    size = re.size
    for k in range(weights.size):
        begin, end = k * CHUNK, min(size, (k + 1) * CHUNK)
        x_re, x_im = re[begin:end], im[begin:end]
        # Sixteen sums, so that they can be made side by side.
        sums = np.zeros(16)
        full = x_re.size // 16 * 16
        for z in range(0, full, 16):
            for lane in range(16):
                sums[lane] += float(x_re[z + lane]) * x_re[z + lane] + float(x_im[z + lane]) * x_im[z + lane]
        total = 0.0
        for lane in range(16):
            total += sums[lane]
        for z in range(full, x_re.size):
            total += float(x_re[z]) * x_re[z] + float(x_im[z]) * x_im[z]
        weights[k] = total


@njit(nogil=True, cache=True)
def draw(re, im, weights, shots, key, sorted_uniforms, outcomes, times):
    """Distinct outcomes in ascending order and how often each was drawn; returns their number.

    ``sorted_uniforms``: float64[shots] of scratch; ``outcomes``, ``times``: int64[min(shots, 2^n)].
    O(shots + amplitudes in chunks that have a shot).
    """
    total = 0.0
    for k in range(weights.size):
        total += weights[k]
    reached = 0.0
    for shot in range(shots + 1):
        bits = sweep_key(key, shot) >> np.uint64(11)
        reached -= math.log((float(bits) + 0.5) / 9007199254740992.0)
        if shot < shots:
            sorted_uniforms[shot] = reached
    scale = total / reached

    found = 0
    shot = 0
    below = 0.0
    last = np.int64(-1)
    for k in range(weights.size):
        above = below + weights[k]
        if shot < shots and sorted_uniforms[shot] * scale < above:
            inside = below
            for z in range(k * CHUNK, min(re.size, (k + 1) * CHUNK)):
                weight = float(re[z]) * re[z] + float(im[z]) * im[z]
                inside += weight
                if weight > 0.0:
                    last = z
                hits = 0
                while shot < shots and sorted_uniforms[shot] * scale < inside:
                    hits += 1
                    shot += 1
                if hits:
                    outcomes[found], times[found] = z, hits
                    found += 1
                if shot == shots:
                    return found
            # Rounding can leave the chunk's own sum a hair above the sum of its parts.
            hits = 0
            while shot < shots and sorted_uniforms[shot] * scale < above:
                hits += 1
                shot += 1
            if hits:
                found = _again(outcomes, times, found, last, hits)
            if shot == shots:
                return found
        below = above
    if shot < shots:
        found = _again(outcomes, times, found, last, shots - shot)
    return found


@njit(nogil=True, cache=True)
def _again(outcomes, times, found, outcome, hits):
    """``hits`` more of the last outcome that has a probability; returns the number of outcomes."""
    if found and outcomes[found - 1] == outcome:
        times[found - 1] += hits
        return found
    outcomes[found], times[found] = outcome, hits
    return found + 1


@njit(nogil=True, cache=True)
def weight_of_one(re, im, qubit):
    """Sum of |amplitude|^2 over states in which ``qubit`` is 1."""
    run = 1 << qubit
    total = 0.0
    for begin in range(run, re.size, 2 * run):
        for z in range(begin, begin + run):
            total += float(re[z]) * re[z] + float(im[z]) * im[z]
    return total


@njit(nogil=True, cache=True)
def collapse(re, im, qubit, outcome, move_to_zero, scale):
    """Keep the half in which ``qubit`` is ``outcome``, times ``scale``; ``move_to_zero``: and reset it."""
    run = 1 << qubit
    for begin in range(0, re.size, 2 * run):
        for z in range(begin, begin + run):
            kept = z + run if outcome else z
            k_re, k_im = re[kept] * scale, im[kept] * scale
            re[z] = re[z + run] = 0
            im[z] = im[z + run] = 0
            if move_to_zero:
                kept = z
            re[kept], im[kept] = k_re, k_im


@njit(nogil=True, cache=True)
def gather_bits(values, places):
    """The bits ``places[k]`` of each value as bit k: int64[values] of int64[values]."""
    gathered = np.zeros_like(values)
    for k in range(places.size):
        for i in range(values.size):
            gathered[i] |= (values[i] >> places[k] & 1) << k
    return gathered
