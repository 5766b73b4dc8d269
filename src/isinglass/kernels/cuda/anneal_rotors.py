"""Spin-vector Monte Carlo, 32 reads a block: the moves of kernels/cpu/anneal_rotors.py, a lane a read.

A warp turns one rotor of its 32 reads; rotors of a class (kernels/cpu/visit_order.py) side by side, a barrier
between classes. Arrays are [n, reads], so that every access is coalesced. Sines, cosines and logarithms are
the card's own in single precision, so angles agree with the processor's to some 1e-6 a move.

Shin, Smith, Smolin, Vazirani, arXiv 1401.7087 (2014); Albash, Marshall, arXiv 2009.04934.

Two numbers, a visit of one read: about 160 + 3 degree instructions (two tries of a sine, a cosine and a
logarithm); 28 + 4 degree bytes and 8 degree / 32, from L2 where n times reads fits. At degree 15 the floor of
an H100 is 7.1 ps of arithmetic, against 28 ps of bytes at 3.35 TB/s if nothing stays cached.
"""

from __future__ import annotations

import math

import numpy as np
from numba import cuda

from isinglass.kernels.cpu.rotor_lanes import ANGLE, TRIES
from isinglass.kernels.cpu.streams import sweep_key, uniform32
from isinglass.kernels.cuda.streams import high_half, low_half
from isinglass.kernels.cuda.warps import LANES, kernel

WARPS = 8
_WORD = np.uint64(0xFFFFFFFF)
_ODD = np.uint64(ANGLE)
_HALF_TURN = np.float32(math.pi)


@cuda.jit(device=True)
def _turn_of(bits):
    """``rotor_lanes.turn_of`` as float32; ``bits``: 32 of them in a uint64."""
    turn = np.int64((bits * _ODD) & _WORD)
    if turn >= 1 << 31:
        turn -= 1 << 32
    return np.float32(turn)


@cuda.jit(device=True)
def _next_word(bits):
    """``rotor_lanes.next_word``."""
    word = (bits + np.uint64(0x7F4A7C15)) & _WORD
    word = ((word ^ (word >> np.uint64(15))) * np.uint64(0x2C1B3C6D)) & _WORD
    return word ^ (word >> np.uint64(13))


@kernel(256)
def anneal_rotors(
    order, starts, indptr, indices, weights, h, flux, group, a, b, gain, pull, width, rho, per_rho, z, x, phi,
    read_keys, first, sweeps,
):  # fmt: skip
    """Sweeps ``first`` to ``first + sweeps - 1`` in place; block g has the reads 32 g to 32 g + 31.

    ``order``, ``starts``: as in anneal_sparse.py; the others as in the processor's kernel, with ``flux``,
    ``z``, ``x``, ``phi`` float32[n, reads] and ``read_keys`` uint64[reads], reads a multiple of 32. Blocks of
    (32, warps) threads.
    """
    lane, warp = cuda.threadIdx.x, cuda.threadIdx.y
    r = LANES * cuda.blockIdx.x + lane
    for t in range(first, first + sweeps):
        key = sweep_key(read_keys[r], t)
        for c in range(starts.shape[0] - 1):
            for place in range(starts[c] + warp, starts[c + 1], cuda.blockDim.y):
                i = order[place]
                g = group[i]
                field = gain[t] * h[i] + pull[t] * flux[i, r]
                for k in range(indptr[i], indptr[i + 1]):
                    field += weights[k] * z[indices[k], r]
                along = b[t, g] * field
                angle, cosine = phi[i, r], x[i, r]
                sine = z[i, r] * per_rho[t, g]
                bits = np.uint64(uniform32(np.uint32(i), low_half(key), high_half(key)))
                for _ in range(TRIES):
                    new = angle + _turn_of(bits) * width[t, g]
                    new = min(new, _HALF_TURN - new)
                    new = np.float32(max(new, -_HALF_TURN - new))
                    new_cosine, new_sine = np.float32(math.cos(new)), np.float32(math.sin(new))
                    climb = a[t, g] * (cosine - new_cosine) + along * (new_sine - sine)
                    if climb <= np.float32(32.0) - np.float32(
                        math.log2(np.float32(bits) + np.float32(1e-30))
                    ):
                        angle, cosine, sine = new, new_cosine, new_sine
                    bits = _next_word(bits)
                phi[i, r], x[i, r], z[i, r] = angle, cosine, rho[t, g] * sine
            cuda.syncthreads()
