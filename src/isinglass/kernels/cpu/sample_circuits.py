"""Many small circuits of one structure: state and shots of each, without a trip to Python between."""

from __future__ import annotations

from numba import njit

from isinglass.kernels.cpu.amplitudes import run_pass
from isinglass.kernels.cpu.shots import chunk_weights, draw
from isinglass.kernels.cpu.vector import stop_requested


@njit(nogil=True, cache=True)
def sample_circuits(
    re, im, steps, bits, outside, offsets, data, start, qubits, shots, keys, weights, buffer, work,
    sorted_uniforms, outcomes, times, found, flag,
):  # fmt: skip
    """For each row of ``data``: run the one pass of its circuit and draw its shots.

    ``keys``: uint64[batch]; ``outcomes``, ``times``: int64[batch, min(shots, 2^n)]; ``found``:
    int64[batch], the number of distinct outcomes of each, -1 where a stop came first. Other
    arguments as in ``run_pass`` and ``draw``; ``data`` is float[batch, width].
    """
    for circuit in range(data.shape[0]):
        found[circuit] = -1
        run_pass(
            re, im, steps, bits, outside, offsets, data[circuit], start, qubits, 0, 1, buffer, work, flag
        )
        if stop_requested(flag):
            continue
        chunk_weights(re, im, weights)
        found[circuit] = draw(
            re, im, weights, shots, keys[circuit], sorted_uniforms, outcomes[circuit], times[circuit]
        )
