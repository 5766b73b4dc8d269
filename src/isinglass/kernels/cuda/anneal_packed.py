"""Simulated annealing of dense problems whose couplings take two values: one replica a block.

``J_ij = low + step * bit_ij``, as in kernels/cpu/sweep_packed.py, and the same chain: spins in index order.
A tile of as many spins as the block has threads is tested at once, a thread a spin. The first warp with an
acceptance settles its 32 spins in order, by votes; what it flipped corrects the fields of the tile, and
the warps behind it are tested again. A tile without an acceptance, which is nearly every one in the cold,
costs one test.

Two homes for the fields ``g_i`` (the sum of the spins under row i):

* ``sweep_shared``: 16 bits a spin in shared memory, two in a word, biased so that they never borrow from
  each other; the flips of a tile are added to all of them under their rows. Rows of at most 32767 bits.
* ``sweep_tile``: only the fields of one tile, gathered from all couplings by ``gather_tile``, for
  problems beyond shared memory: a launch a tile, the couplings stream past once a sweep.

Metropolis, Rosenbluth, Rosenbluth, Teller, Teller, J. Chem. Phys. 21, 1087 (1953).

Two numbers. ``sweep_shared``: a sweep of a replica with F flips: 60 n + 2 n F instructions and, from L2,
F n / 8 bytes; at n = 2000 and F = 250 that is 1.1e6 instructions against 62 kB: an H100 (2.9e13 instructions
a second) cannot sweep faster than 39 ns a replica, and 1056 replicas side by side not faster than 41 us.
``sweep_tile``: n^2 / 8 bytes from memory a sweep: 18 ms at n = 700,000 and 3.35 TB/s.
"""

from __future__ import annotations

import numpy as np
from numba import cuda, types

from isinglass.kernels.cpu.streams import sweep_key, uniform32
from isinglass.kernels.cuda.streams import high_half, low_half, slack_of
from isinglass.kernels.cuda.warps import ballot, kernel

BIAS = 32768
MOST_THREADS = 1024
NONE = 1 << 20
"""More than any number of a warp."""

MAGNETIZATION, COUNT, WINNER, STOP = range(4)
"""What a block shares (int32[4]): the sum of its spins, the flips of the tile so far, the first warp with an
acceptance, whether to stop."""


@cuda.jit(device=True)
def field_place(column):
    """Where the 16-bit field of a column stands: columns c and c + 16 of a word share 32 bits."""
    return ((column >> 5) * 16 + (column & 15)) * 2 + ((column >> 4) & 1)


@cuda.jit(device=True)
def _barrier(spin_words, word, lane, h, low, step, magnetization, g):
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
        barrier = _barrier(spin_words, word, lane, h, low, step, state[MAGNETIZATION], g)
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
def _load_square(bits, square, tile, n, thread):
    """The tile's rows in its own columns."""
    threads = cuda.blockDim.x
    words = threads >> 5
    for q in range(thread, threads * words, threads):
        row, column = tile + q // words, (tile >> 5) + q % words
        square[q] = bits[row, column] if row < n and column < bits.shape[1] else np.uint32(0)


@cuda.jit(device=True)
def _add_flips(bits, fields, flipped, count, thread):
    """Add the flips of a tile to the fields of all spins, under their rows."""
    one_each = np.uint32(0x00010001)
    for pair in range(thread, 16 * bits.shape[1], cuda.blockDim.x):
        word, shift = pair >> 4, np.uint32(pair & 15)
        up, down = np.uint32(0), np.uint32(0)
        for f in range(count):
            j = flipped[f]
            if j >= 0:
                up += (bits[j, word] >> shift) & one_each
            else:
                down += (bits[-1 - j, word] >> shift) & one_each
        fields[pair] = np.uint32(fields[pair] - np.uint32(2) * down) + np.uint32(2) * up


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
def sweep_replica(
    bits, low, step, h, spin_words, fields, square, flipped, state, parts, key, scale, quantum, thread
):  # fmt: skip
    """One sweep of the replica whose spins and fields this block holds; returns what its energy climbed."""
    n = h.shape[0]
    lane, warp = thread & 31, thread >> 5
    climbed = 0.0
    for tile in range(0, n, cuda.blockDim.x):
        i = tile + thread
        inside = i < n
        own_h, g = 0.0, 0
        slack = np.float32(0.0)
        if inside:
            place = field_place(i)
            g = np.int32((fields[place >> 1] >> np.uint32(16 * (place & 1))) & np.uint32(0xFFFF)) - BIAS
            own_h = h[i]
            slack = slack_of(uniform32(np.uint32(i), low_half(key), high_half(key)), scale, quantum)
        barrier = _barrier(
            spin_words, (tile >> 5) + warp, lane, own_h, low, step, state[MAGNETIZATION], g
        )  # fmt: skip
        if thread == 0:
            state[COUNT], state[WINNER] = 0, NONE
        if not cuda.syncthreads_or(1 if inside and barrier <= slack else 0):
            continue
        _load_square(bits, square, tile, n, thread)
        cuda.syncthreads()
        climbed += visit_tile(
            square, spin_words, flipped, state, own_h, low, step, g, inside, tile, slack, thread, lane, warp
        )  # fmt: skip
        _add_flips(bits, fields, flipped, state[COUNT], thread)
        cuda.syncthreads()
    return 2.0 * block_sum(parts, climbed, thread)


@cuda.jit(device=True)
def note_best(replica, energy, energies, best_energies, spin_words, best, target, stop, thread):
    """Keep the replica's state if it is its best so far; ask all to stop at the target."""
    better = energy < best_energies[replica]
    cuda.syncthreads()
    if better:
        for w in range(thread, best.shape[1], cuda.blockDim.x):
            best[replica, w] = spin_words[w]
    if thread == 0:
        energies[replica] = energy
        if better:
            best_energies[replica] = energy
            if energy <= target:
                cuda.atomic.max(stop, 0, 1)


@cuda.jit(device=True)
def shared_room(words, threads):
    """First uint32 of (fields, square, spins, flipped) in dynamic shared memory, and the end."""
    square = 16 * words
    spins = square + threads * (threads >> 5)
    flipped = spins + words
    return square, spins, flipped, flipped + threads


@kernel(512, 2)
def sweep_shared(
    bits, low, step, h, spins, best, fields, energies, best_energies, keys, slack_scale, quantum, first_sweep,
    target, stop, sweeps_done,
):  # fmt: skip
    """Sweep ``slack_scale.shape[0]`` times, or until ``stop``; block r has replica r.

    ``bits`` uint32[n, words], symmetric, zero diagonal; ``low``, ``step``: float64; ``h``: float64[n];
    ``spins``, ``best``: uint32[replicas, words]; ``fields``: uint32[replicas, 16 words], see
    ``field_place``, biased by ``BIAS``; ``energies``, ``best_energies``: float64[replicas]; ``keys``:
    uint64[replicas]; ``slack_scale``: float32[sweeps], 1 / (2 beta); ``target``: float64; ``stop``:
    int32[1]; ``sweeps_done``: int32[replicas], added to. Dynamic shared memory: see ``shared_room``.
    """
    replica, thread = cuda.blockIdx.x, cuda.threadIdx.x
    words = bits.shape[1]
    room = cuda.shared.array(0, types.uint32)
    at_square, at_spins, at_flipped, end = shared_room(words, cuda.blockDim.x)
    own_fields, square = room[:at_square], room[at_square:at_spins]
    spin_words, flipped = room[at_spins:at_flipped], room[at_flipped:end].view(np.int32)
    state = cuda.shared.array(4, np.int32)
    parts = cuda.shared.array(MOST_THREADS, np.float64)
    load_replica(spins, fields, replica, spin_words, own_fields, state, h.shape[0], thread)
    energy = energies[replica]
    for t in range(slack_scale.shape[0]):
        if thread == 0:
            state[STOP] = cuda.atomic.max(stop, 0, 0)
        cuda.syncthreads()
        if state[STOP] != 0:
            break
        key = sweep_key(keys[replica], first_sweep + t)
        energy += sweep_replica(
            bits, low, step, h, spin_words, own_fields, square, flipped, state, parts, key, slack_scale[t],
            quantum, thread,
        )  # fmt: skip
        note_best(replica, energy, energies, best_energies, spin_words, best, target, stop, thread)
        if thread == 0:
            sweeps_done[replica] += 1
        cuda.syncthreads()
    store_replica(spins, fields, replica, spin_words, own_fields, thread)


@cuda.jit(device=True)
def load_replica(spins, fields, replica, spin_words, own_fields, state, n, thread):
    """Spins, fields and magnetization of one replica into shared memory."""
    if thread == 0:
        state[MAGNETIZATION] = -n
    cuda.syncthreads()
    for w in range(thread, spins.shape[1], cuda.blockDim.x):
        spin_words[w] = spins[replica, w]
        cuda.atomic.add(state, MAGNETIZATION, 2 * cuda.popc(spins[replica, w]))
    for pair in range(thread, fields.shape[1], cuda.blockDim.x):
        own_fields[pair] = fields[replica, pair]
    cuda.syncthreads()


@cuda.jit(device=True)
def store_replica(spins, fields, replica, spin_words, own_fields, thread):
    """Spins and fields of one replica back to the card's memory."""
    for w in range(thread, spins.shape[1], cuda.blockDim.x):
        spins[replica, w] = spin_words[w]
    for pair in range(thread, fields.shape[1], cuda.blockDim.x):
        fields[replica, pair] = own_fields[pair]
    cuda.syncthreads()


@cuda.jit(device=True)
def _masked_sum(bits, row_count, spins, replica, i, total, thread):
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


@kernel(1024)
def packed_fields(bits, row_count, spins, fields):
    """Fields of all spins from nothing: ``fields`` uint16[replicas, 32 words]; a block a (row, replica)."""
    i, replica, thread = cuda.blockIdx.x, cuda.blockIdx.y, cuda.threadIdx.x
    total = cuda.shared.array(1, np.int32)
    g = _masked_sum(bits, row_count, spins, replica, i, total, thread)
    if thread == 0:
        fields[replica, field_place(i)] = g + BIAS


@kernel(1024)
def packed_energies(low, step, h, spins, fields, energies):
    """``sum_i h_i s_i + sum_{i<j} J_ij s_i s_j`` from up-to-date ``fields`` (uint16); a block a replica."""
    replica, thread = cuda.blockIdx.x, cuda.threadIdx.x
    parts = cuda.shared.array(MOST_THREADS, np.float64)
    linear, under_mask, magnetization = 0.0, 0.0, 0.0
    for i in range(thread, h.shape[0], cuda.blockDim.x):
        s = 1.0 if (spins[replica, i >> 5] >> (i & 31)) & 1 else -1.0
        linear += h[i] * s
        under_mask += s * (np.float64(fields[replica, field_place(i)]) - BIAS)
        magnetization += s
    linear = block_sum(parts, linear, thread)
    under_mask = block_sum(parts, under_mask, thread)
    magnetization = block_sum(parts, magnetization, thread)
    if thread == 0:
        everywhere = magnetization * magnetization - np.float64(h.shape[0])
        energies[replica] = linear + 0.5 * (low * everywhere + step * under_mask)


@kernel(1024)
def gather_tile(bits, row_count, spins, sums, tile):
    """``sums`` int32[replicas, T]: fields of a tile's spins from all couplings; a block a (row, replica)."""
    i, replica, thread = tile + cuda.blockIdx.x, cuda.blockIdx.y, cuda.threadIdx.x
    total = cuda.shared.array(1, np.int32)
    g = _masked_sum(bits, row_count, spins, replica, i, total, thread)
    if thread == 0:
        sums[replica, cuda.blockIdx.x] = g


@kernel(1024)
def add_tile_energy(low, step, h, spins, sums, magnetizations, energies, tile):
    """Add the share of a tile, ``sum_i s_i (h_i + pairs_i / 2)``, to ``energies``; a block a replica."""
    replica, thread = cuda.blockIdx.x, cuda.threadIdx.x
    parts = cuda.shared.array(MOST_THREADS, np.float64)
    i = tile + thread
    share = 0.0
    if i < h.shape[0]:
        s = 1.0 if (spins[replica, i >> 5] >> (i & 31)) & 1 else -1.0
        field = low * (np.float64(magnetizations[replica]) - s) + step * np.float64(sums[replica, thread])
        share = s * (h[i] + 0.5 * field)
    share = block_sum(parts, share, thread)
    if thread == 0:
        energies[replica] += share


@kernel(1024)
def sweep_tile(
    bits, low, step, h, spins, sums, magnetizations, energies, keys, scale, quantum, sweep, tile
):  # fmt: skip
    """Visit one tile of each replica; block r has replica r and ``sums`` of its tile.

    ``magnetizations`` int32[replicas] and ``energies`` float64[replicas] in place. Dynamic shared memory:
    uint32[T T / 32 + T].
    """
    replica, thread = cuda.blockIdx.x, cuda.threadIdx.x
    lane, warp, threads = thread & 31, thread >> 5, cuda.blockDim.x
    n = h.shape[0]
    room = cuda.shared.array(0, types.uint32)
    at_flipped = threads * (threads >> 5)
    square, flipped = room[:at_flipped], room[at_flipped : at_flipped + threads].view(np.int32)
    state = cuda.shared.array(4, np.int32)
    parts = cuda.shared.array(MOST_THREADS, np.float64)
    if thread == 0:
        state[MAGNETIZATION], state[COUNT], state[WINNER] = magnetizations[replica], 0, NONE
    _load_square(bits, square, tile, n, thread)
    cuda.syncthreads()
    i = tile + thread
    inside = i < n
    own_h, g = 0.0, 0
    slack = np.float32(0.0)
    if inside:
        key = sweep_key(keys[replica], sweep)
        own_h, g = h[i], sums[replica, thread]
        slack = slack_of(uniform32(np.uint32(i), low_half(key), high_half(key)), scale, quantum)
    own_spins = spins[replica]
    climbed = visit_tile(
        square, own_spins, flipped, state, own_h, low, step, g, inside, tile, slack, thread, lane, warp
    )  # fmt: skip
    climbed = 2.0 * block_sum(parts, climbed, thread)
    if thread == 0:
        magnetizations[replica] = state[MAGNETIZATION]
        energies[replica] += climbed


@kernel(1024)
def keep_better(spins, best, energies, best_energies):
    """Keep the states of the replicas that are at their best; a block a replica."""
    replica, thread = cuda.blockIdx.x, cuda.threadIdx.x
    better = energies[replica] < best_energies[replica]
    cuda.syncthreads()
    if better:
        for w in range(thread, spins.shape[1], cuda.blockDim.x):
            best[replica, w] = spins[replica, w]
        if thread == 0:
            best_energies[replica] = energies[replica]
