"""One-flip tabu search, and the path between two states.

Glover, Lü, Hao, 4OR 8, 239 (2010) and Wang, Lü, Glover, Hao, EJOR 223, 595 (2012). Every iteration
flips the spin of largest gain that is not tabu, and then that spin is tabu for ``tenure`` iterations;
a tabu spin whose flip leads below the best energy is flipped all the same (aspiration). Heuristic.

A tabu spin's gain is stored less ``2 bound + 1``, which puts it below all free ones: the pass
that updates gains needs no look at the tabu list. Gains, couplings and energies are whole numbers,
exact. An iteration costs one ``add_row`` and a look at one block and at the tabu spins.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from isinglass.kernels.cpu.progress import BEST, STOP_TARGET, SWEEPS, TARGET
from isinglass.kernels.cpu.streams import uniform32
from isinglass.kernels.cpu.tabu_rows import add_row, all_peaks, lowest
from isinglass.kernels.cpu.vector import stop_requested

_MASK10 = np.uint32(1023)
_MASK11 = np.uint32(2047)
# The draw of an iteration: ten bits turn the block, eleven choose the first block, eleven the tenure.


@njit(cache=True)
def _strongest(gains, peaks, shift, draw):
    """A spin of largest gain; among equals one near a random place."""
    size = np.int64(1) << shift
    blocks = peaks.shape[0]
    peak = peaks[0]
    for b in range(blocks):
        peak = max(peak, peaks[b])
    block = (np.int64((draw >> np.uint32(10)) & _MASK11) * blocks) >> 11
    while peaks[block] != peak:
        block += 1
        if block == blocks:
            block = 0
    turn = np.int32(np.int64(draw & _MASK10) & (size - 1))
    wrap = np.int32(size - 1)
    block_gains = gains[block << shift : (block + 1) << shift]
    nearest = np.int32(size)
    for i in range(block_gains.shape[0]):
        behind = np.int32(np.int32(np.int32(i) - turn) & wrap)
        nearest = min(nearest, behind if block_gains[i] == peak else np.int32(size))
    return (block << shift) + np.int64((nearest + turn) & wrap)


@njit(cache=True)
def _best_tabu_gain(gains, recent, bound, lock):
    """The largest gain of the tabu spins, -bound - 1 if there is none."""
    best = -bound - 1
    for k in range(recent.shape[0]):
        # A spin that is free again comes out above the bound. No branch: it would go either way.
        gain = np.int64(gains[recent[k]]) + lock
        best = max(best, gain if gain <= bound else -bound - 1)
    return best


@njit(cache=True)
def _spin_of_gain(gains, recent, gain):
    for k in range(recent.shape[0]):
        if gains[recent[k]] == gain:
            return recent[k]
    return recent[0]


@njit(cache=True)
def _keep(signs, gains, bound, best_signs, best_gains):
    """Copy a state, the gains of tabu spins at their true value."""
    kind = gains.dtype.type
    lock = kind(2 * bound + 1)
    least = kind(-bound)
    padding = lowest(gains)
    for i in range(signs.shape[0]):
        gain = gains[i]
        if gain < least and gain != padding:
            gain = kind(gain + lock)
        best_gains[i] = gain
        best_signs[i] = signs[i]


@njit(nogil=True, cache=True)
def tabu_search(
    rows, signs, gains, energy, best_signs, best_gains, bound, shift, tenure, tenure_spread, patience,
    most_flips, key, unit, flag, progress,
):  # fmt: skip
    """Search from ``signs`` with its ``gains`` (both spoilt); returns (best energy, flips).

    Ends after ``patience`` flips without a better state, after ``most_flips``, or when stopped.
    ``rows``: see tabu_rows.py; ``bound``: no gain exceeds it in size, and 3 bound + 1 fits the gains'
    type; ``best_signs``, ``best_gains``: receive the best state seen, the start included. A tenure is
    ``tenure`` plus 0 to ``tenure_spread`` - 1 and below the number of spins. ``key``: uint64;
    ``unit``: float64, kernel units of energy for each unit here.
    """
    kind = gains.dtype.type
    lock = kind(2 * bound + 1)
    longest = tenure + tenure_spread
    slots = 1
    while slots < longest + 2:
        slots *= 2
    wrap = slots - 1
    recent = np.zeros(slots, np.int64)
    next_due = np.full(slots, -1, np.int64)
    first_due = np.full(slots, -1, np.int64)
    free_at = np.zeros(signs.shape[0], np.int64)
    peaks = np.empty(signs.shape[0] >> shift, gains.dtype)
    all_peaks(gains, peaks, shift)
    key_low, key_high = np.uint32(key), np.uint32(key >> np.uint64(32))
    best_energy = energy + 1
    best_at = 0
    t = 0
    while t < most_flips and t - best_at < patience and not stop_requested(flag):
        draw = uniform32(np.uint32(t), key_low, key_high)
        j = _strongest(gains, peaks, shift, draw)
        gain = np.int64(gains[j])
        tabu_gain = _best_tabu_gain(gains, recent, bound, lock)
        if tabu_gain > gain and energy - 2 * tabu_gain < min(best_energy, energy):
            j, gain = _spin_of_gain(gains, recent, tabu_gain - lock), tabu_gain
        if gain <= 0 and energy < best_energy:
            # Only where the descent ends: each state on the way down would be copied otherwise.
            best_energy, best_at = energy, t
            _keep(signs, gains, bound, best_signs, best_gains)
            progress[BEST] = min(progress[BEST], best_energy * unit)
            if progress[BEST] <= progress[TARGET]:
                flag[0] = STOP_TARGET
        change = kind(-2 * signs[j])
        signs[j] = -signs[j]
        gains[j] = kind(-gain - lock)
        energy -= 2 * gain
        free_at[j] = t + 1 + tenure + ((np.int64(draw >> np.uint32(21)) * tenure_spread) >> 11)
        slot, due = t & wrap, free_at[j] & wrap
        recent[slot], next_due[slot], first_due[due] = j, first_due[due], slot
        t += 1
        slot = first_due[t & wrap]
        first_due[t & wrap] = -1
        add_row(rows, j, change, signs, gains, peaks, shift)
        while slot >= 0:
            i = recent[slot]
            if free_at[i] == t:
                free_at[i] = 0
                gains[i] += lock
                peaks[i >> shift] = max(peaks[i >> shift], gains[i])
            slot = next_due[slot]
    if energy < best_energy:
        best_energy = energy
        _keep(signs, gains, bound, best_signs, best_gains)
        progress[BEST] = min(progress[BEST], best_energy * unit)
    progress[SWEEPS] += t / max(1, np.count_nonzero(signs))
    return best_energy, t


@njit(nogil=True, cache=True)
def relink(
    rows, signs, gains, energy, target, best_signs, best_gains, bound, shift, first, last, key, flag,
):  # fmt: skip
    """Walk from ``signs`` (spoilt, as ``gains``) towards ``target``; returns (energy, flips).

    Greedy path (Wang 2012, PR1): each step flips the spin of largest gain among those in which the
    states still differ. ``best_signs``, ``best_gains`` receive the state of lowest energy after step
    ``first``, ..., ``last`` (1 <= first <= last <= distance); the energy returned is its own.
    """
    kind = gains.dtype.type
    lock = kind(2 * bound + 1)
    peaks = np.empty(signs.shape[0] >> shift, gains.dtype)
    for i in range(signs.shape[0]):
        if signs[i] == target[i] and signs[i] != 0:
            gains[i] -= lock
    all_peaks(gains, peaks, shift)
    key_low, key_high = np.uint32(key), np.uint32(key >> np.uint64(32))
    best_energy = np.int64(0)
    step = 0
    while step < last and not stop_requested(flag):
        j = _strongest(gains, peaks, shift, uniform32(np.uint32(step), key_low, key_high))
        gain = np.int64(gains[j])
        change = kind(-2 * signs[j])
        signs[j] = -signs[j]
        gains[j] = kind(-gain - lock)
        energy -= 2 * gain
        add_row(rows, j, change, signs, gains, peaks, shift)
        step += 1
        if step == first or (step > first and energy < best_energy):
            best_energy = energy
            _keep(signs, gains, bound, best_signs, best_gains)
    if step < first:
        best_energy = energy
        _keep(signs, gains, bound, best_signs, best_gains)
    return best_energy, step
