"""A tile of a packed problem: as many spins as a block has threads, tested at once, accepted in order.

What the kernels of anneal_packed.py, anneal_tiles.py and temper.py have in common; the first says how it
works.
"""

from __future__ import annotations

import numpy as np
from numba import cuda

from isinglass.kernels.cuda.warps import ballot

MOST_THREADS = 1024
NONE = 1 << 20
"""More than any number of a warp."""

MAGNETIZATION, COUNT, WINNER, STOP = range(4)
"""What a block shares (int32[4]): the sum of its spins, the flips of the tile so far, the first warp with an
acceptance, whether to stop."""


@cuda.jit(device=True)
def barrier_of(spin_words, word, lane, h, low, step, magnetization, g):
    s = 1.0 if (spin_words[word] >> lane) & 1 else -1.0
    return -s * (h + low * (np.float64(magnetization) - s) + step * np.float64(g))


@cuda.jit(device=True)
def visit_tile(
    square, spin_words, flipped, state, h, low, step, g, inside, tile, slack, thread, lane, warp
):  # fmt: skip
    """Visit the tile's spins in order; returns half the energy that this thread's spin climbed.

    ``square`` uint32[T T / 32]: the tile's rows in its own columns; ``spin_words``: spins of the replica, 32
    a word; ``flipped`` int32[T]: the spins that flipped, i if up and -1 - i if down now; ``state``: see
    ``MAGNETIZATION``, with COUNT 0 and WINNER ``NONE``; ``h``, ``g``, ``slack``: of the thread's spin.
    """
    words = cuda.blockDim.x >> 5
    word = (tile >> 5) + warp
    open_from = 0
    done = 0
    climbed = 0.0
    while True:
        barrier = barrier_of(spin_words, word, lane, h, low, step, state[MAGNETIZATION], g)
        accepted = ballot(inside and warp >= open_from and barrier <= slack)
        if lane == 0 and accepted:
            cuda.atomic.min(state, WINNER, warp)
        cuda.syncthreads()
        winner = state[WINNER]
        if winner == NONE:
            break
        if warp == winner:
            own = square[thread * words + warp]
            spins = spin_words[word]
            magnetization = state[MAGNETIZATION]
            count = state[COUNT]
            while accepted:
                b = cuda.ffs(accepted) - 1
                rises = (spins >> b) & 1 == 0
                change = 2 if rises else -2
                if lane == b:
                    climbed += barrier
                if lane == 0:
                    i = tile + 32 * warp + b
                    flipped[count] = i if rises else -1 - i
                if (own >> b) & 1:
                    g += change
                spins ^= np.uint32(1) << np.uint32(b)
                magnetization += change
                count += 1
                s = 1.0 if (spins >> lane) & 1 else -1.0
                barrier = -s * (h + low * (np.float64(magnetization) - s) + step * np.float64(g))
                accepted = ballot(inside and lane > b and barrier <= slack)
            if lane == 0:
                spin_words[word] = spins
                state[MAGNETIZATION] = magnetization
                state[COUNT] = count
        cuda.syncthreads()
        if warp != winner:
            for f in range(done, state[COUNT]):
                j = flipped[f]
                row = (j if j >= 0 else -1 - j) - tile
                if (square[row * words + warp] >> lane) & 1:
                    g += 2 if j >= 0 else -2
        done = state[COUNT]
        open_from = winner + 1
        cuda.syncthreads()
        if thread == 0:
            state[WINNER] = NONE
        cuda.syncthreads()
    return climbed


@cuda.jit(device=True)
def load_square(bits, square, tile, n, thread):
    """The tile's rows in its own columns."""
    threads = cuda.blockDim.x
    words = threads >> 5
    for q in range(thread, threads * words, threads):
        row, column = tile + q // words, (tile >> 5) + q % words
        square[q] = bits[row, column] if row < n and column < bits.shape[1] else np.uint32(0)


@cuda.jit(device=True)
def block_sum(parts, value, thread):
    """The sum of all threads' ``value``, in a fixed order; ``parts``: shared float64[threads]."""
    parts[thread] = value
    cuda.syncthreads()
    width = cuda.blockDim.x >> 1
    while width > 0:
        if thread < width:
            parts[thread] += parts[thread + width]
        cuda.syncthreads()
        width >>= 1
    total = parts[0]
    cuda.syncthreads()
    return total


@cuda.jit(device=True)
def masked_sum(bits, row_count, spins, replica, i, total, thread):
    """The sum of the spins under row ``i``, by the whole block; ``total``: shared int32[1]."""
    if thread == 0:
        total[0] = 0
    cuda.syncthreads()
    up = 0
    for w in range(thread, bits.shape[1], cuda.blockDim.x):
        up += cuda.popc(bits[i, w] & spins[replica, w])
    cuda.atomic.add(total, 0, up)
    cuda.syncthreads()
    return 2 * total[0] - row_count[i]
