"""Simulated annealing of one replica of a dense problem whose couplings take two values.

``J_ij = low + step * bit_ij``: row i of the couplings is a bit mask. With ``g_i`` the sum of the
spins under the mask and ``M`` the sum of all spins, the local field is

    f_i = h_i + low (M - s_i) + step g_i.

Spins are visited in index order, 64 (one word) at a time; flips inside a word correct the word's
own fields at once, so the chain is the plain sequential one. The word's ``g`` come from one of two
places, whichever is cheaper in this sweep; the numbers, and so the answer, are the same:

* gathered: ``g_i = 2 popcount(row_i & spins) - popcount(row_i)``, n / 512 vector operations a
  visit whatever happens; best while more than a few spins of a word flip;
* maintained: int16 fields of all spins, to which each word's flipped rows are added under their
  masks, n / 32 vector operations a flip; best once flips are rare.

Metropolis 1953; Kirkpatrick, Gelatt, Vecchi 1983. Memory n^2 / 8 bytes of couplings (shared by all
replicas) and 2 n bytes of fields. Exact for integers below 2^53.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from isinglass.kernels.cpu.progress import end_sweep
from isinglass.kernels.cpu.streams import slack_of, sweep_key, uniform32
from isinglass.kernels.cpu.vector import add_rows, add_under_word, popcount, stop_requested

_INT16_MAX = 32767


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


@njit(nogil=True, cache=True)
def _fields_of_all(bits, row_count, spins, fields):
    """Fill the int16 fields; False where one would not fit."""
    fits = True
    for i in range(row_count.shape[0]):
        g = _masked_sum(bits[i], spins, row_count[i])
        fits = fits and -_INT16_MAX <= g <= _INT16_MAX
        fields[i] = g
    return fits


@njit(nogil=True, cache=True, error_model="numpy")
def anneal_packed(
    bits, row_count, low, step, h, spins, best_spins, read_key, slack_scale, quantum, first_sweep,
    gather_above, flag, progress,
):  # fmt: skip
    """Anneal ``spins`` (uint64[words]) in place; returns (sweeps done, energy, best energy).

    ``bits``: uint64[n, words], symmetric, zero diagonal, words a multiple of 8; ``row_count``:
    int32[n], set bits of each row; ``low``, ``step``: float64; ``h``: float64[n]; ``slack_scale``:
    float32[sweeps], 1 / (2 beta); ``quantum``: float32, see ``slack_of``. ``gather_above``: flips
    a word of the last sweep above which the next sweep gathers its fields. The best state is taken
    at ends of sweeps.
    """
    n = h.shape[0]
    words = bits.shape[1]
    fields = np.zeros(64 * words, np.int16)
    tile = np.zeros(64, np.int32)
    slack = np.zeros(64, np.float32)
    rows = np.zeros(64, np.int64)
    steps = np.zeros(64, np.int16)
    magnetization = _magnetization(spins, n)
    energy = packed_energy(bits, row_count, low, step, h, spins)
    best_energy = np.inf
    current = False
    room = 0
    flipped = n
    done = 0
    for t in range(slack_scale.shape[0]):
        if stop_requested(flag):
            break
        key = sweep_key(read_key, first_sweep + t)
        key_low, key_high = np.uint32(key), np.uint32(key >> np.uint64(32))
        scale = slack_scale[t]
        gather = 64.0 * flipped > gather_above * n
        if gather:
            current = False
        else:
            # A flip moves a field by 2 at most: after this many flips a check is due again.
            if not current or room < n:
                current = _fields_of_all(bits, row_count, spins, fields)
                room = (_INT16_MAX - np.int64(np.abs(fields).max())) // 2
            gather = not current or room < 64
        flipped = 0
        for w in range((n + 63) // 64):
            start = 64 * w
            size = min(64, n - start)
            if not gather and room < 64:
                gather, current = True, False
            if gather:
                for b in range(size):
                    tile[b] = _masked_sum(bits[start + b], spins, row_count[start + b])
            else:
                for b in range(64):
                    tile[b] = fields[start + b]
            for b in range(64):
                bits32 = uniform32(np.uint32(start + b), key_low, key_high)
                slack[b] = slack_of(bits32, scale, quantum)
            word = spins[w]
            count = 0
            for b in range(size):
                s = 2 * np.int64((word >> np.uint64(b)) & np.uint64(1)) - 1
                barrier = -s * (h[start + b] + low * (magnetization - s) + step * tile[b])
                if barrier <= slack[b]:
                    energy += 2.0 * barrier
                    magnetization -= 2 * s
                    word ^= np.uint64(1) << np.uint64(b)
                    add_under_word(tile, bits[start + b, w], np.int32(-2 * s))
                    rows[count] = start + b
                    steps[count] = -2 * s
                    count += 1
            spins[w] = word
            flipped += count
            if not gather and count > 0:
                add_rows(fields, bits, rows, steps, count)
                room -= count
        done += 1
        best_energy = end_sweep(energy, best_energy, spins, best_spins, flag, progress)
    return done, energy, best_energy
