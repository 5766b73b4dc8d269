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

from isinglass.kernels.cpu.vector import stop_requested

MATRIX, REAL, FLIP, LAYER, PARITY = 0, 1, 2, 3, 4
"""Kinds: complex 2x2 matrix, real one, X, quadratic phases, phase of a parity of more than two qubits."""
LOW = 6
"""Qubits of the innermost table of a layer."""


@njit(nogil=True, cache=True)
def _pair_matrix(re0, im0, re1, im1, a, b, c, d, e, f, g, h):
    """(x, y) -> (m00 x + m01 y, m10 x + m11 y) elementwise; a..h are the parts of m00, m01, m10, m11."""
    for k in range(re0.size):
        x_re, x_im, y_re, y_im = re0[k], im0[k], re1[k], im1[k]
        re0[k] = a * x_re - b * x_im + c * y_re - d * y_im
        im0[k] = a * x_im + b * x_re + c * y_im + d * y_re
        re1[k] = e * x_re - f * x_im + g * y_re - h * y_im
        im1[k] = e * x_im + f * x_re + g * y_im + h * y_re


@njit(nogil=True, cache=True)
def _pair_real(re0, im0, re1, im1, a, c, e, g):
    for k in range(re0.size):
        x_re, x_im, y_re, y_im = re0[k], im0[k], re1[k], im1[k]
        re0[k] = a * x_re + c * y_re
        im0[k] = a * x_im + c * y_im
        re1[k] = e * x_re + g * y_re
        im1[k] = e * x_im + g * y_im


@njit(nogil=True, cache=True)
def _pair_flip(re0, im0, re1, im1):
    for k in range(re0.size):
        x_re, x_im = re0[k], im0[k]
        re0[k], im0[k] = re1[k], im1[k]
        re1[k], im1[k] = x_re, x_im


@njit(nogil=True, cache=True)
def _turn(re, im, kind, target, controls, data):
    """A 2x2 matrix on ``target`` where the ``controls`` are 1. 8 to 16 multiplications a pair.

    Pairs come in runs of consecutive amplitudes, as long as the lowest qubit involved allows.
    """
    size = re.size
    involved = controls | np.int64(1) << target
    run = involved & -involved
    span = np.int64(1) << target
    a, b, c, d, e, f, g, h = data[0], data[1], data[2], data[3], data[4], data[5], data[6], data[7]
    if controls == 0 and target < 3:
        # Short runs: the other way round, with the pairs of a small period unrolled by the compiler.
        for first in range(span):
            x_re, x_im = re[first :: 2 * span], im[first :: 2 * span]
            y_re, y_im = re[first + span :: 2 * span], im[first + span :: 2 * span]
            if kind == REAL:
                _pair_real(x_re, x_im, y_re, y_im, a, c, e, g)
            elif kind == FLIP:
                _pair_flip(x_re, x_im, y_re, y_im)
            else:
                _pair_matrix(x_re, x_im, y_re, y_im, a, b, c, d, e, f, g, h)
        return
    lower = run - 1
    at = np.int64(0)
    # ``at`` runs through the multiples of ``run`` whose involved bits are zero.
    while at < size:
        low = at | controls
        high = low | span
        if run == 1:
            x_re, x_im, y_re, y_im = re[low], im[low], re[high], im[high]
            if kind == FLIP:
                re[low], im[low], re[high], im[high] = y_re, y_im, x_re, x_im
            else:
                re[low] = a * x_re - b * x_im + c * y_re - d * y_im
                im[low] = a * x_im + b * x_re + c * y_im + d * y_re
                re[high] = e * x_re - f * x_im + g * y_re - h * y_im
                im[high] = e * x_im + f * x_re + g * y_im + h * y_re
        elif kind == REAL:
            _pair_real(re[low : low + run], im[low : low + run], re[high : high + run],
                       im[high : high + run], a, c, e, g)  # fmt: skip
        elif kind == FLIP:
            _pair_flip(re[low : low + run], im[low : low + run], re[high : high + run],
                       im[high : high + run])  # fmt: skip
        else:
            _pair_matrix(re[low : low + run], im[low : low + run], re[high : high + run],
                         im[high : high + run], a, b, c, d, e, f, g, h)  # fmt: skip
        at = ((at | involved | lower) + 1) & ~involved


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
    w_re, w_im, d_re, d_im = work[0], work[1], work[2], work[3]
    table = (upper + 1) * stride

    # Pairs among the lowest bits, by doubling.
    one, zero = re.dtype.type(1), re.dtype.type(0)
    d_re[0], d_im[0] = one, zero
    for i in range(low):
        for z in range(1 << i):
            p_re, p_im = d_re[z], d_im[z]
            for j in range(i):
                if z >> j & 1:
                    where = 2 * (min(bits[i], bits[j]) * qubits + max(bits[i], bits[j]))
                    e_re, e_im = data[where], data[where + 1]
                    p_re, p_im = p_re * e_re - p_im * e_im, p_re * e_im + p_im * e_re
            d_re[z | 1 << i], d_im[z | 1 << i] = p_re, p_im

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
        f_re, f_im = w_re[table : table + (1 << low)], w_im[table : table + (1 << low)]
        f_re[0], f_im[0] = w_re[here + b], w_im[here + b]
        for i in range(low):
            v_re, v_im = w_re[here + i], w_im[here + i]
            half = 1 << i
            for z in range(half):
                f_re[half + z] = f_re[z] * v_re - f_im[z] * v_im
                f_im[half + z] = f_re[z] * v_im + f_im[z] * v_re
        x_re, x_im = re[m << low : (m + 1) << low], im[m << low : (m + 1) << low]
        for z in range(x_re.size):
            t_re = f_re[z] * d_re[z] - f_im[z] * d_im[z]
            t_im = f_re[z] * d_im[z] + f_im[z] * d_re[z]
            y_re, y_im = x_re[z], x_im[z]
            x_re[z] = y_re * t_re - y_im * t_im
            x_im[z] = y_re * t_im + y_im * t_re


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
                _turn(x_re, x_im, kind, target, inner, data[where : where + 8])
        if not whole:
            for k in range(offsets.size):
                begin = base + offsets[k]
                re[begin : begin + run] = x_re[k * run : (k + 1) * run]
                im[begin : begin + run] = x_im[k * run : (k + 1) * run]
