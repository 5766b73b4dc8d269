"""One Metropolis sweep of one replica of a dense problem whose couplings take two values.

``J_ij = low + step * bit_ij``: row i of the couplings is a bit mask. With ``g_i`` the sum of the
spins under the mask and ``M`` the sum of all spins, the local field is

    f_i = h_i + low (M - s_i) + step g_i.

Spins are visited in index order, 64 (one word) at a time. All 64 are tested at once; the first that
flips corrects the word's own fields, the ones behind it are tested again, and so on: the chain is
the plain sequential one at the price of its flips. The word's ``g`` come from one of two places,
whichever is cheaper in this sweep; the numbers, and so the answer, are the same:

* gathered: ``g_i = 2 popcount(row_i & spins) - popcount(row_i)``, n / 512 vector operations a
  visit whatever happens; best while more than a few spins of a word flip;
* maintained: int16 fields of all spins, to which each word's flipped rows are added under their
  masks, n / 32 vector operations a flip; best once flips are rare.

Metropolis, Rosenbluth, Rosenbluth, Teller, Teller, J. Chem. Phys. 21, 1087 (1953). Memory n^2 / 8
bytes of couplings (shared by all replicas) and 2 n bytes of fields. Exact for integers below 2^53.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from isinglass.kernels.cpu.packed_vector import add_rows, add_under_word
from isinglass.kernels.cpu.streams import slack_of, uniform32
from isinglass.kernels.cpu.vector import accepted_word, lowest_bit, popcount, stop_requested

_INT16_MAX = 32767
GATHER_ABOVE = 5.0
"""Flips a word of the last sweep above which this one gathers its fields (bench/README.md)."""

ENERGY, MAGNETIZATION, ROOM, FLIPPED = range(4)
"""What a replica carries from sweep to sweep (float64[4]): its energy, the sum of its spins, how many
flips its int16 fields can take before one might overflow (-1: they are not up to date) and how many
spins its last sweep flipped."""


@njit(cache=True)
def _masked_sum(row, spins, row_count):
    """``sum of s_j over set bits j of row``: 2 popcount(row & spins) - popcount(row)."""
    up = np.int64(0)
    for w in range(row.shape[0]):
        up += popcount(row[w] & spins[w])
    return 2 * up - np.int64(row_count)


@njit(cache=True)
def _magnetization(spins, n):
    up = np.int64(0)
    for w in range(spins.shape[0]):
        up += popcount(spins[w])
    return 2 * up - np.int64(n)


@njit(nogil=True, cache=True)
def packed_energy(bits, row_count, low, step, h, spins):
    """``sum_i h_i s_i + sum_{i<j} J_ij s_i s_j`` of spins packed as bits; exact for integers."""
    n = h.shape[0]
    magnetization = _magnetization(spins, n)
    linear = 0.0
    under_mask = np.int64(0)
    for i in range(n):
        s = np.int64((spins[i >> 6] >> np.uint64(i & 63)) & np.uint64(1)) * 2 - 1
        linear += h[i] * s
        under_mask += s * _masked_sum(bits[i], spins, row_count[i])
    everywhere = np.float64(magnetization) * np.float64(magnetization) - np.float64(n)
    return linear + 0.5 * (low * everywhere + step * np.float64(under_mask))


@njit(cache=True)
def packed_begin(bits, row_count, low, step, h, spins, replica):
    """Fill ``replica`` (see ENERGY) for spins that come from elsewhere."""
    n = h.shape[0]
    replica[ENERGY] = packed_energy(bits, row_count, low, step, h, spins)
    replica[MAGNETIZATION] = _magnetization(spins, n)
    replica[ROOM] = -1.0
    replica[FLIPPED] = n


@njit(cache=True)
def _fields_of_all(bits, row_count, spins, fields, flag):
    """Fill the int16 fields; returns the flips they can take, -1 where one would not fit or at a stop."""
    largest = np.int64(0)
    for i in range(row_count.shape[0]):
        if i & 63 == 0 and stop_requested(flag):
            return np.int64(-1)
        g = _masked_sum(bits[i], spins, row_count[i])
        largest = max(largest, abs(g))
        fields[i] = g
    # A flip moves a field by 2 at most.
    return (_INT16_MAX - largest) // 2 if largest <= _INT16_MAX else -1


@njit(cache=True, error_model="numpy")
def sweep_packed(
    bits, row_count, low, step, h, spins, fields, replica, key_low, key_high, scale, quantum, gather_above,
    tile, barriers, slack, rows, steps, flag,
):  # fmt: skip
    """Sweep ``spins`` (uint64[words]), ``fields`` (int16[64 words]) and ``replica`` in place.

    ``bits``: uint64[n, words], symmetric, zero diagonal, words a multiple of 8; ``row_count``:
    int32[n], set bits of each row; ``low``, ``step``: float64; ``h``: float64[n]; ``key_low``,
    ``key_high``: uint32, the sweep's key; ``scale``: float32, 1 / (2 beta); ``quantum``: float32, see
    ``slack_of``. Scratch: ``tile`` int32[64], ``barriers`` float64[64], ``slack`` float32[64],
    ``rows`` int64[64], ``steps`` int16[64]. A sweep of 300,000 spins takes seconds, so ``flag`` is
    looked at after each word, and a stop leaves the spins behind it unvisited.
    """
    n = h.shape[0]
    energy, magnetization = replica[ENERGY], replica[MAGNETIZATION]
    room = np.int64(replica[ROOM])
    gather = 64.0 * replica[FLIPPED] > gather_above * n
    if not gather:
        # A pass over all couplings: only where the room may not last for twice the last sweep's flips.
        if room < min(n, 2 * np.int64(replica[FLIPPED]) + 64):
            room = _fields_of_all(bits, row_count, spins, fields, flag)
        gather = room < 64
    flipped = 0
    for w in range((n + 63) // 64):
        if stop_requested(flag):
            break
        start = 64 * w
        size = min(64, n - start)
        gather = gather or room < 64
        if gather:
            for b in range(size):
                tile[b] = _masked_sum(bits[start + b], spins, row_count[start + b])
        else:
            for b in range(64):
                tile[b] = fields[start + b]
        for b in range(64):
            slack[b] = slack_of(uniform32(np.uint32(start + b), key_low, key_high), scale, quantum)
        word = spins[w]
        ahead = ~np.uint64(0) >> np.uint64(64 - size)
        count = 0
        while True:
            for b in range(size):
                s = np.float64((word >> np.uint64(b)) & np.uint64(1)) * 2.0 - 1.0
                barriers[b] = -s * (h[start + b] + low * (magnetization - s) + step * np.float64(tile[b]))
            accepted = accepted_word(barriers, slack) & ahead
            if accepted == np.uint64(0):
                break
            b = lowest_bit(accepted)
            bit = np.uint64(1) << np.uint64(b)
            change = np.int64(2) if word & bit == np.uint64(0) else np.int64(-2)
            energy += 2.0 * barriers[b]
            magnetization += change
            word ^= bit
            add_under_word(tile, bits[start + b, w], np.int32(change))
            rows[count] = start + b
            steps[count] = change
            count += 1
            # All above b; shifted twice because b may be 63.
            ahead &= (~np.uint64(0) << np.uint64(b)) << np.uint64(1)
        spins[w] = word
        flipped += count
        if not gather and count > 0:
            add_rows(fields, bits, rows, steps, count)
            room -= count
    replica[ENERGY], replica[MAGNETIZATION] = energy, magnetization
    replica[ROOM] = -1 if gather else room
    replica[FLIPPED] = flipped
