"""State vectors: steps of a circuit on amplitudes, block by block.

Amplitude ``z`` of an n-qubit state is ``re[z] + i im[z]``; bit ``q`` of ``z`` is qubit ``q``. A pass
takes blocks of 2^b amplitudes that differ in ``b`` chosen qubits (``bits``, ascending) into a buffer
that stays in the cache, does all its steps there and writes them back: one trip through memory
for many gates (Haner, Steiger, arXiv:1704.01127). Only targets must be among the chosen
qubits; controls and phases may look at the others, which are constant in a block.

Steps are rows of int64[6]: kind, target, controls in the block, controls outside, where the step's
numbers begin in ``data``, and a mask (parities). Targets and controls in the block are places in
``bits``; controls outside and the mask are qubits.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from isinglass.kernels.cpu.amplitude_vector import (
    flip_vectors,
    multiply_vectors,
    phase_vectors,
    scale_vectors,
    turn_vectors,
    turn_vectors_real,
    turn_within,
)
from isinglass.kernels.cpu.vector import stop_requested

MATRIX, REAL, FLIP, LAYER, PARITY, PHASE = 0, 1, 2, 3, 4, 5
"""Kinds: complex 2x2 matrix, real one, X; many phases of one and two qubits; a phase where the parity of a
mask is odd; a phase where all controls are 1."""
LOW = 8
"""Qubits of the innermost table of a layer."""


@njit(nogil=True, cache=True)
def _turn(re, im, kind, target, controls, data, table):
    """A 2x2 matrix on ``target`` where the ``controls`` are 1: 8 to 16 multiplications a pair.

    Qubits within a vector become masks of lanes or (the target) a shuffle, so every step takes whole
    vectors. ``table``: float[4, lanes], scratch.
    """
    size = re.size
    lanes = 64 // re.itemsize
    span = np.int64(1) << target
    if size < lanes:
        for z in range(size):
            if z & span == 0 and z & controls == controls:
                y = z | span
                x_re, x_im, y_re, y_im = re[z], im[z], re[y], im[y]
                re[z] = data[0] * x_re - data[1] * x_im + data[2] * y_re - data[3] * y_im
                im[z] = data[0] * x_im + data[1] * x_re + data[2] * y_im + data[3] * y_re
                re[y] = data[4] * x_re - data[5] * x_im + data[6] * y_re - data[7] * y_im
                im[y] = data[4] * x_im + data[5] * x_re + data[6] * y_im + data[7] * y_re
        return
    chosen, high = _lanes_where(controls, lanes), controls & ~np.int64(lanes - 1)
    within = span < lanes
    if within:
        for k in range(lanes):
            own = 6 if k & span else 0
            other = 4 if k & span else 2
            if chosen >> k & 1:
                table[0, k], table[1, k] = data[own], data[own + 1]
                table[2, k], table[3, k] = data[other], data[other + 1]
            else:
                table[0, k], table[1, k], table[2, k], table[3, k] = 1, 0, 0, 0
    everywhere = chosen == (np.int64(1) << lanes) - 1
    involved = high if within else high | span
    run = involved & -involved if involved else np.int64(size)
    at = np.int64(0)
    # ``at`` goes through the multiples of ``run`` in which all involved bits are 0.
    while at < size:
        first = at | high
        if within:
            for k in range(first, first + run, lanes):
                turn_within(re, im, k, table, target)
        elif kind == FLIP and everywhere:
            for k in range(first, first + run, lanes):
                flip_vectors(re, im, k, k + span)
        elif kind == REAL and everywhere:
            a, c, e, g = data[0], data[2], data[4], data[6]
            for k in range(first, first + run, lanes):
                turn_vectors_real(re, im, k, k + span, a, c, e, g)
        else:
            a, b, c, d, e, f, g, h = data[0], data[1], data[2], data[3], data[4], data[5], data[6], data[7]
            for k in range(first, first + run, lanes):
                turn_vectors(re, im, k, k + span, a, b, c, d, e, f, g, h, chosen)
        at = ((at | involved | (run - 1)) + 1) & ~involved


@njit(nogil=True, cache=True)
def _lanes_where(controls, lanes):
    """Mask of the lanes whose index has all bits of ``controls`` that lie within a vector."""
    wanted = controls & (lanes - 1)
    chosen = np.int64(0)
    for k in range(lanes):
        if k & wanted == wanted:
            chosen |= np.int64(1) << k
    return chosen


@njit(nogil=True, cache=True)
def _phase(re, im, mask, c, s):
    """Multiply by c + i s where all bits of ``mask`` are 1."""
    size = re.size
    lanes = 64 // re.itemsize
    if size < lanes:
        for z in range(size):
            if z & mask == mask:
                re[z], im[z] = re[z] * c - im[z] * s, re[z] * s + im[z] * c
        return
    chosen, high = _lanes_where(mask, lanes), mask & ~np.int64(lanes - 1)
    run = high & -high if high else np.int64(size)
    at = np.int64(0)
    while at < size:
        first = at | high
        for k in range(first, first + run, lanes):
            phase_vectors(re, im, k, c, s, chosen)
        at = ((at | high | (run - 1)) + 1) & ~high


@njit(nogil=True, cache=True)
def _layer(re, im, bits, base, qubits, data, work):
    """Multiply by the phases of a quadratic form: 3 complex products an amplitude, whatever its terms.

    ``data``: complex E[i, j] as float[2 n n]; amplitude z gets the product of E[i, i] over set bits i
    and of E[i, j] over pairs i < j of set bits. ``base``: the bits of z outside the block. For
    each value m of the block's upper bits, from the value without m's lowest set bit, the
    phase S[m] and the linear form V[m] on the bits below; then a table of the ``LOW`` lowest bits
    by doubling. ``work``: float[4, (n + 2) (n + 1) + 2^LOW], of which rows 0 and 1 hold V, S and the
    table, rows 2 and 3 the pairs among the lowest bits.
    """
    b = bits.size
    low = min(LOW, b)
    upper = b - low
    stride = b + 1
    lanes = 64 // re.itemsize
    w_re, w_im, d_re, d_im = work[0], work[1], work[2], work[3]
    table = (upper + 1) * stride

    # Pairs among the lowest bits, by doubling: D[z | 1 << i] = D[z] times the linear form of bit i at z.
    one, zero = re.dtype.type(1), re.dtype.type(0)
    d_re[0], d_im[0] = one, zero
    for i in range(low):
        f_re, f_im = w_re[table:], w_im[table:]
        f_re[0], f_im[0] = one, zero
        for j in range(i):
            where = 2 * (bits[j] * qubits + bits[i])
            e_re, e_im = data[where], data[where + 1]
            for z in range(1 << j):
                f_re[z | 1 << j] = f_re[z] * e_re - f_im[z] * e_im
                f_im[z | 1 << j] = f_re[z] * e_im + f_im[z] * e_re
        for z in range(1 << i):
            d_re[z | 1 << i] = d_re[z] * f_re[z] - d_im[z] * f_im[z]
            d_im[z | 1 << i] = d_re[z] * f_im[z] + d_im[z] * f_re[z]

    # The root: what the bits outside the block contribute, at place ``upper``.
    root = upper * stride
    s_re, s_im = one, zero
    for i in range(b):
        where = 2 * bits[i] * (qubits + 1)
        w_re[root + i], w_im[root + i] = data[where], data[where + 1]
    rest = base
    while rest:
        q = np.int64(0)
        while not rest >> q & 1:
            q += 1
        rest &= rest - 1
        where = 2 * q * (qubits + 1)
        e_re, e_im = data[where], data[where + 1]
        s_re, s_im = s_re * e_re - s_im * e_im, s_re * e_im + s_im * e_re
        others = rest
        while others:
            r = q + 1
            while not others >> r & 1:
                r += 1
            others &= others - 1
            where = 2 * (q * qubits + r)
            e_re, e_im = data[where], data[where + 1]
            s_re, s_im = s_re * e_re - s_im * e_im, s_re * e_im + s_im * e_re
        for i in range(b):
            where = 2 * (min(bits[i], q) * qubits + max(bits[i], q))
            e_re, e_im = data[where], data[where + 1]
            v_re, v_im = w_re[root + i], w_im[root + i]
            w_re[root + i] = v_re * e_re - v_im * e_im
            w_im[root + i] = v_re * e_im + v_im * e_re
    w_re[root + b], w_im[root + b] = s_re, s_im

    for m in range(1 << upper):
        here = root
        if m:
            lowest = np.int64(0)
            while not m >> lowest & 1:
                lowest += 1
            parent = upper
            others = m & (m - 1)
            if others:
                parent = np.int64(0)
                while not others >> parent & 1:
                    parent += 1
            here, above = lowest * stride, parent * stride
            bit = low + lowest
            v_re, v_im = w_re[above + bit], w_im[above + bit]
            p_re, p_im = w_re[above + b], w_im[above + b]
            w_re[here + b] = p_re * v_re - p_im * v_im
            w_im[here + b] = p_re * v_im + p_im * v_re
            for i in range(bit):
                where = 2 * (bits[i] * qubits + bits[bit])
                e_re, e_im = data[where], data[where + 1]
                v_re, v_im = w_re[above + i], w_im[above + i]
                w_re[here + i] = v_re * e_re - v_im * e_im
                w_im[here + i] = v_re * e_im + v_im * e_re
        w_re[table], w_im[table] = w_re[here + b], w_im[here + b]
        for i in range(low):
            v_re, v_im = w_re[here + i], w_im[here + i]
            half = 1 << i
            if half < lanes:
                for z in range(table, table + half):
                    w_re[z + half] = w_re[z] * v_re - w_im[z] * v_im
                    w_im[z + half] = w_re[z] * v_im + w_im[z] * v_re
            else:
                for z in range(table, table + half, lanes):
                    scale_vectors(w_re, w_im, z, z + half, v_re, v_im)
        begin = m << low
        if 1 << low < lanes:
            for z in range(1 << low):
                f_re, f_im = w_re[table + z], w_im[table + z]
                t_re, t_im = f_re * d_re[z] - f_im * d_im[z], f_re * d_im[z] + f_im * d_re[z]
                y_re, y_im = re[begin + z], im[begin + z]
                re[begin + z], im[begin + z] = y_re * t_re - y_im * t_im, y_re * t_im + y_im * t_re
        else:
            for z in range(0, 1 << low, lanes):
                multiply_vectors(re, im, begin + z, work, table + z, z)


@njit(nogil=True, cache=True)
def _odd(word):
    """Is the number of set bits odd?"""
    word ^= word >> 32
    word ^= word >> 16
    word ^= word >> 8
    word ^= word >> 4
    word ^= word >> 2
    return (word ^ word >> 1) & 1


@njit(nogil=True, cache=True)
def _parity(re, im, bits, base, mask, c, s):
    """Multiply amplitudes with an odd number of ones in ``mask`` by c + i s."""
    inside = np.int64(0)
    for i in range(bits.size):
        inside |= (mask >> bits[i] & 1) << i
    outside = _odd(base & mask)
    for z in range(re.size):
        if _odd(z & inside) != outside:
            x_re, x_im = re[z], im[z]
            re[z] = x_re * c - x_im * s
            im[z] = x_re * s + x_im * c


@njit(nogil=True, cache=True)
def _product(re, im, bits, base, columns, qubits):
    """The product state of ``columns``: float[4 n], for each qubit the amplitudes of 0 and of 1."""
    p_re, p_im = re.dtype.type(1), re.dtype.type(0)
    chosen = np.int64(0)
    for i in range(bits.size):
        chosen |= np.int64(1) << bits[i]
    for q in range(qubits):
        if not chosen >> q & 1:
            where = 4 * q + 2 * (base >> q & 1)
            c_re, c_im = columns[where], columns[where + 1]
            p_re, p_im = p_re * c_re - p_im * c_im, p_re * c_im + p_im * c_re
    re[0], im[0] = p_re, p_im
    for i in range(bits.size):
        where = 4 * bits[i]
        a_re, a_im, b_re, b_im = (
            columns[where], columns[where + 1], columns[where + 2], columns[where + 3]
        )  # fmt: skip
        half = 1 << i
        x_re, x_im = re[:half], im[:half]
        y_re, y_im = re[half : 2 * half], im[half : 2 * half]
        for z in range(half):
            t_re, t_im = x_re[z], x_im[z]
            y_re[z] = t_re * b_re - t_im * b_im
            y_im[z] = t_re * b_im + t_im * b_re
            x_re[z] = t_re * a_re - t_im * a_im
            x_im[z] = t_re * a_im + t_im * a_re


@njit(nogil=True, cache=True)
def run_pass(re, im, steps, bits, outside, offsets, data, start, qubits, first, last, buffer, work, flag):
    """One pass over blocks ``first`` to ``last - 1``; where ``start`` >= 0 the product state comes first.

    ``re``, ``im``: float[2^n]; ``outside``: the qubits that are not in ``bits``, ascending; ``offsets``:
    int64, where runs of consecutive amplitudes of a block begin (relative to the block's lowest);
    ``data``: float, the circuit's numbers; ``start``: where the columns of the product state begin
    in it; ``buffer``: float[2, 2^b], unused where b = n; ``work``: see ``_layer``. Returns early
    once a stop is requested, with the state unfinished.
    """
    size = np.int64(1) << bits.size
    run = size // offsets.size
    whole = outside.size == 0
    table = np.empty((4, 64 // re.itemsize), re.dtype)
    x_re, x_im = (re, im) if whole else (buffer[0], buffer[1])
    for block in range(first, last):
        if stop_requested(flag):
            return
        base = np.int64(0)
        for i in range(outside.size):
            base |= (block >> i & 1) << outside[i]
        if start >= 0:
            _product(x_re, x_im, bits, base, data[start:], qubits)
        elif not whole:
            for k in range(offsets.size):
                begin = base + offsets[k]
                x_re[k * run : (k + 1) * run] = re[begin : begin + run]
                x_im[k * run : (k + 1) * run] = im[begin : begin + run]
        for step in range(steps.shape[0]):
            kind, target, inner, outer, where, mask = (
                steps[step, 0], steps[step, 1], steps[step, 2], steps[step, 3], steps[step, 4], steps[step, 5]
            )  # fmt: skip
            if kind == LAYER:
                _layer(x_re, x_im, bits, base, qubits, data[where:], work)
            elif kind == PARITY:
                _parity(x_re, x_im, bits, base, mask, data[where], data[where + 1])
            elif base & outer == outer:
                if kind == PHASE:
                    _phase(x_re, x_im, inner, data[where], data[where + 1])
                else:
                    _turn(x_re, x_im, kind, target, inner, data[where : where + 8], table)
        if not whole:
            for k in range(offsets.size):
                begin = base + offsets[k]
                re[begin : begin + run] = x_re[k * run : (k + 1) * run]
                im[begin : begin + run] = x_im[k * run : (k + 1) * run]
