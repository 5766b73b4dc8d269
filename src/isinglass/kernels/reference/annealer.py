"""The slow, obvious version of the kernels of the emulated annealer; Monte Carlo of rotors and of paths."""

from __future__ import annotations

import numpy as np

from isinglass.kernels.cpu.anneal_worldlines import half_exponential
from isinglass.kernels.cpu.rotor_lanes import TRIES, folded, next_word, turn_of
from isinglass.kernels.cpu.streams import exponential, sweep_key, uniform32
from isinglass.kernels.reference.annealing import halves


def anneal_rotors(
    J: np.ndarray,
    h: np.ndarray,
    schedule: dict[str, np.ndarray],
    share: np.ndarray,
    phi: np.ndarray,
    read_key: np.uint64,
) -> np.ndarray:
    """Spin-vector Monte Carlo (arXiv 1401.7087) of one read; returns the angles.

    ``E / kT = -sum a_i cos phi_i + sum b_i h_i sin phi_i + sum b_i share_j J_ij sin phi_i sin phi_j``.
    ``schedule``: "A", "B" [sweeps, n], a and b, and "width" [sweeps, n] in radians. ``share`` [sweeps, n]: 1
    without anneal offsets; a neighbour is felt with the share of its last visit.
    """
    phi = phi.astype(float)
    felt = share[0] * np.sin(phi)
    for t in range(len(share)):
        a, b, width = (schedule[name][t] for name in ("A", "B", "width"))
        low, high = halves(sweep_key(read_key, t))
        for i in range(len(h)):
            field = b[i] * (h[i] + J[i] @ felt)
            bits = uniform32(np.uint32(i), low, high)
            for _ in range(TRIES):
                new = folded(phi[i] + turn_of(int(bits)) / 2.0**31 * width[i])
                before, after = (-a[i] * np.cos(x) + field * np.sin(x) for x in (phi[i], new))
                if after - before <= -np.log((float(bits) + 1e-9) / 2.0**32):
                    phi[i] = new
                bits = next_word(bits)
            felt[i] = share[t, i] * np.sin(phi[i])
    return phi


def relax_spins(
    J: np.ndarray,
    h: np.ndarray,
    b: np.ndarray,
    spins: np.ndarray,
    read_key: np.uint64,
    first: int,
    sweeps: int,
) -> np.ndarray:
    """Heat bath of one read; returns the spins.

    ``b`` [n]: inverse temperatures, 0 for what stays. ``J`` [n, n]: row i is what i feels of the others.
    """
    spins = spins.astype(float)
    for t in range(first, first + sweeps):
        low, high = halves(sweep_key(read_key, t))
        for i in np.flatnonzero(b):
            bits = uniform32(np.uint32(i), low, high)
            threshold = exponential(bits) - exponential(np.uint32(0xFFFFFFFF - int(bits)))
            spins[i] = -1.0 if 2.0 * b[i] * (h[i] + J[i] @ spins) > threshold else 1.0
    return spins


def anneal_worldlines(
    J: np.ndarray, h: np.ndarray, c: np.ndarray, K: np.ndarray, paths: np.ndarray, read_key: np.uint64
) -> np.ndarray:
    """Path-integral Monte Carlo of one read: ``paths`` int[n, slices] of -1/+1; returns them moved.

    ``c``, ``K``: of each sweep, see kernels/cpu/anneal_worldlines.py.
    """
    paths = paths.astype(float)
    n, slices = paths.shape
    for t in range(len(c)):
        low, high = halves(sweep_key(read_key, t))

        def draw(i: int, k: int, low: np.uint32 = low, high: np.uint32 = high) -> float:
            return float(half_exponential(uniform32(np.uint32(i * (slices + 1) + k), low, high)))

        for i in range(n):
            field = c[t] * (h[i] + J[i] @ paths)
            for k in (*range(0, slices, 2), *range(1, slices, 2)):
                in_time = K[t] * (paths[i, k - 1] + paths[i, (k + 1) % slices])
                if -paths[i, k] * (field[k] - in_time) <= draw(i, k):
                    paths[i, k] *= -1
            if -paths[i] @ field <= draw(i, slices):
                paths[i] *= -1
    return paths
