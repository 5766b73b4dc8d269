"""Simulated bifurcation on a matrix: numbers as tensor cores take them, and the step that writes them.

Arrays are [replicas, n], a thread a spin, so that the products of gemm.py read both operands along their
rows. A number stands in parts (matrix_forms.py says in how many), rounded when it is written:

* ``WHOLE``: whole numbers in base 256, balanced digits, int8, least first. Signs are one digit; positions are
  two, as whole numbers of ``GRAINS`` to the unit.
* ``HALF``: bfloat16, as its bits; the second part is what the first one's rounding left.
* ``SINGLE``: float32, for cards whose tensor cores have no bfloat16.

``move`` makes a step and writes the next operand in the same pass. Steps are those of bifurcate.py.

Two numbers, a step of one replica: ``move`` 45 n instructions and 26 n bytes with positions in two digits,
24 n in two parts of bfloat16 (8 n more when generalised), 21 n with signs of whole numbers; ``keep_best`` 8 n
bytes.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import cuda

from isinglass.kernels.cuda.bifurcate import controlled, moved, sign_of
from isinglass.kernels.cuda.packed_tile import MOST_THREADS, block_sum
from isinglass.kernels.cuda.streams import product
from isinglass.kernels.cuda.warps import kernel

GRAINS = 127 * 256 + 127
"""The largest size that two digits have for both signs; also what a position of 1 is."""


@cuda.jit(device=True)
def _write_whole(value, parts, row, column):
    """The nearest whole number's digits, the last of which takes what is left."""
    v = np.int32(math.floor(value + np.float32(0.5)))
    for p in range(parts.shape[0]):
        digit = ((v + 128) & 255) - 128
        parts[p, row, column] = np.int8(digit)
        v = (v - digit) >> 8


@cuda.jit(device=True)
def _bfloat16(value):
    """The 16 bits nearest to a float32, ties to even."""
    raw = np.float32(value).view(np.uint32)
    odd = (raw >> np.uint32(16)) & np.uint32(1)
    return np.uint32(raw + np.uint32(0x7FFF) + odd) >> np.uint32(16)


@cuda.jit(device=True)
def _write_half(value, parts, row, column):
    left = np.float32(value)
    for p in range(parts.shape[0]):
        half = np.uint32(_bfloat16(left))
        parts[p, row, column] = np.uint16(half)
        left = left - np.uint32(half << np.uint32(16)).view(np.float32)


@cuda.jit(device=True)
def _write_single(value, parts, row, column):
    parts[0, row, column] = np.float32(value)


@cuda.jit(device=True)
def _total(sums, r, i):
    """float64: what the digits of a product, least first, come to."""
    total, weight = 0.0, 1.0
    for p in range(sums.shape[0]):
        total += weight * np.float64(sums[p, r, i])
        weight *= 256.0
    return total


class Kernels(NamedTuple):
    """Those that write numbers in parts, of one kind."""

    unpack: Any
    fill: Any
    operand: Any
    move: Any


def _kernels(write: Any) -> Kernels:
    @kernel(256)
    def unpack(bits, low, step, n, parts):
        """``parts`` [parts, width, width]: ``low + step * bit`` off the diagonal.

        ``bits`` uint32[n, words]; zero past n.
        """
        i, j = cuda.blockIdx.x, cuda.blockIdx.y * cuda.blockDim.x + cuda.threadIdx.x
        if j < parts.shape[2]:
            value = 0.0
            if i < n and j < n and i != j:
                value = low
                if (bits[i, j >> 5] >> np.uint32(j & 31)) & np.uint32(1):
                    value = low + step
            write(value, parts, i, j)

    @kernel(256)
    def fill(matrix, n, parts):
        """The same from ``matrix`` [n, n]."""
        i, j = cuda.blockIdx.x, cuda.blockIdx.y * cuda.blockDim.x + cuda.threadIdx.x
        if j < parts.shape[2]:
            value = 0.0
            if i < n and j < n:
                value = np.float64(matrix[i, j])
            write(value, parts, i, j)

    @kernel(256)
    def operand(x, signs, grains, parts):
        """Positions times ``grains``, or their signs, in ``parts`` [parts, replicas, width]; else zero."""
        r, i = cuda.blockIdx.x, cuda.blockIdx.y * cuda.blockDim.x + cuda.threadIdx.x
        if i < parts.shape[2]:
            value = np.float32(0.0)
            if r < x.shape[0] and i < x.shape[1]:
                value = sign_of(x[r, i]) if signs else product(x[r, i], grains)
            write(value, parts, r, i)

    @kernel(256)
    def move(x, y, p, sums, grain, h, control, pressure, left, c0, dt, signs, grains, parts):
        """One step in place, and the next operand, see there; ``h`` float64[n].

        ``sums``: the products, of which ``grain`` (float64) is the unit, without ``h``.

        The others as in ``bifurcate.step``, with the axes exchanged.
        """
        r, i = cuda.blockIdx.x, cuda.blockIdx.y * cuda.blockDim.x + cuda.threadIdx.x
        if i < x.shape[1]:
            q = pressure
            if p.shape[0] > 0:
                q = controlled(p[r, i], x[r, i], control[r], left)
                p[r, i] = q
            field = np.float32(h[i] + grain * _total(sums, r, i))
            u, v = moved(x[r, i], y[r, i], q, field, c0, dt)
            x[r, i], y[r, i] = u, v
            write(sign_of(u) if signs else product(u, grains), parts, r, i)

    return Kernels(unpack, fill, operand, move)


WHOLE, HALF, SINGLE = (_kernels(write) for write in (_write_whole, _write_half, _write_single))


@kernel(256)
def keep_best(x, sums, h, best, best_energies):
    """Energies of the signs of ``x`` from their products ``sums``; the better states.

    ``best`` int8[replicas, n], ``best_energies`` float64[replicas], ``h`` float64[n].
    A block a replica, its threads a power of two; sums in a fixed order, in float64.
    """
    r, thread = cuda.blockIdx.x, cuda.threadIdx.x
    parts = cuda.shared.array(MOST_THREADS, np.float64)
    energy = 0.0
    for i in range(thread, x.shape[1], cuda.blockDim.x):
        energy += np.float64(sign_of(x[r, i])) * (0.5 * _total(sums, r, i) + h[i])
    energy = block_sum(parts, energy, thread)
    better = energy < best_energies[r]
    cuda.syncthreads()
    if better:
        for i in range(thread, x.shape[1], cuda.blockDim.x):
            best[r, i] = np.int8(sign_of(x[r, i]))
        if thread == 0:
            best_energies[r] = energy
