"""Parallel tempering and its moves."""

from __future__ import annotations

import itertools

import numpy as np

from isinglass.kernels.cpu.streams import exponential, sweep_key, uniform32
from isinglass.kernels.reference.annealing import anneal, halves
from isinglass.kernels.reference.energies import energy


def temper(
    J: np.ndarray,
    h: np.ndarray,
    spins: np.ndarray,
    replica_at: np.ndarray,
    beta: np.ndarray,
    keys: np.ndarray,
    sweeps: int,
    quantum: np.float32,
    cluster_every: int,
    segments: int = 0,
) -> tuple[np.ndarray, np.ndarray, float]:
    """Parallel tempering (Hukushima, Nemoto 1996): (spins, replica_at, best energy at ends of sweeps).

    ``spins`` [replicas, n]; ``replica_at`` [copies, rungs], coldest first. Cluster moves between
    copies 2c and 2c + 1 (Houdayer 2001) every ``cluster_every`` sweeps, 0 for none; ``segments``
    Metropolis flips of runs of spins after each replica's sweep; then swaps of
    rungs k and k + 1, k of the sweep's parity.
    """
    spins, replica_at = spins.copy(), replica_at.copy()
    copies, rungs = replica_at.shape
    best = np.inf
    for t in range(sweeps):
        for c, k in itertools.product(range(copies), range(rungs)):
            replica, scale = replica_at[c, k], np.array([0.5 / beta[k]], np.float32)
            spins[replica] = anneal(J, h, spins[replica], keys[replica], scale, quantum, t)
            for p in range(segments):
                _flip_segment(J, h, spins[replica], keys[replica], t, p, scale[0])
        if cluster_every and t % cluster_every == 0:
            for k in range(rungs):
                for c in range(0, copies - 1, 2):
                    _trade_cluster(J, h, spins, replica_at[c, k], replica_at[c + 1, k], keys, t)
        energies = [energy(J, h, state) for state in spins]
        for c in range(copies):
            _exchange(replica_at[c], beta, energies, keys[c], t)
        best = min(best, *energies)
    return spins, replica_at, best


def _exchange(
    replica_at: np.ndarray, beta: np.ndarray, energies: list[float], key: np.uint64, t: int
) -> None:
    low, high = halves(sweep_key(key, t))
    for k in range(t % 2, len(beta) - 1, 2):
        a, b = replica_at[k], replica_at[k + 1]
        u = exponential(uniform32(np.uint32(k), low, high))
        if (beta[k] - beta[k + 1]) * (energies[a] - energies[b]) >= -float(u):
            replica_at[k], replica_at[k + 1] = b, a


def _flip_segment(
    J: np.ndarray, h: np.ndarray, spins: np.ndarray, read_key: np.uint64, t: int, p: int, scale: np.float32
) -> None:
    """Propose to flip spins a to b - 1 of ``spins``, in place; the length is log-uniform from 2 to n."""
    n = len(h)
    low, high = halves(sweep_key(np.uint64(int(read_key) ^ 0x5E6D5E6D5E6D5E6D), t))
    where, length, u = (uniform32(np.uint32(3 * p + k), low, high) for k in range(3))
    a = int(where) * n >> 32
    b = min(n, a + int(2 * (n / 2) ** (int(length) / 2**32)))
    flipped = spins.copy()
    flipped[a:b] *= -1
    if (energy(J, h, flipped) - energy(J, h, spins)) / 2 <= exponential(u) * scale:
        spins[:] = flipped


def _trade_cluster(
    J: np.ndarray, h: np.ndarray, spins: np.ndarray, a: int, b: int, keys: np.ndarray, t: int
) -> None:
    """Flip in replicas a and b the connected cluster of (dis)agreeing spins of a random spin, in place."""
    n = len(h)
    low, high = halves(sweep_key(np.uint64(keys[a] ^ keys[b]), t))
    tries = [int(uniform32(np.uint32(k), low, high)) * n >> 32 for k in range(32)]
    differ = spins[a] != spins[b]
    counts = np.bincount(differ[tries].astype(int), minlength=2)
    kind = not (not h.any() and counts[0] < counts[1])
    begins = [i for i in tries if differ[i] == kind]
    if begins:
        cluster, reached = {begins[-1]}, [begins[-1]]
        while reached:
            near = np.flatnonzero((J[reached.pop()] != 0) & (differ == kind))
            reached += [int(j) for j in near if j not in cluster]
            cluster |= set(near.tolist())
        spins[np.ix_([a, b], sorted(cluster))] *= -1
