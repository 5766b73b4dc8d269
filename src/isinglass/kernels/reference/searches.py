"""Searches without temperature: steepest descent, tabu search and path relinking."""

from __future__ import annotations

import numpy as np

from isinglass.kernels.cpu.streams import uniform32
from isinglass.kernels.reference.annealing import halves
from isinglass.kernels.reference.energies import energy, local_fields


def descend(J: np.ndarray, h: np.ndarray, spins: np.ndarray) -> np.ndarray:
    """Flip the spin with the largest gain, the first of equals, until none gains."""
    spins = spins.astype(np.float64)
    while True:
        gains = spins * local_fields(J, h, spins)
        if len(gains) == 0 or gains.max() <= 0:
            return spins.astype(np.int8)
        spins[int(np.argmax(gains))] *= -1


def tabu_search(
    J: np.ndarray,
    h: np.ndarray,
    spins: np.ndarray,
    tenure: int,
    tenure_spread: int,
    patience: int,
    most_flips: int,
    key: np.uint64,
    shift: int,
) -> tuple[np.ndarray, float, int]:
    """(best spins, best energy, flips) of one-flip tabu search, as kernels/cpu/tabu.py describes it.

    Of equal gains that one wins which comes first from a random place on: blocks of ``2^shift`` spins
    in turn from a random one, spins of a block in turn from a random one.
    """
    n, size, blocks = len(h), 1 << shift, -(-len(h) >> shift)
    spins, now, best_energy, best_at, t = spins.copy(), energy(J, h, spins), np.inf, 0, 0
    best = spins.copy()
    free_at = np.zeros(n, int)
    recent = [0] * (1 << int(np.ceil(np.log2(tenure + tenure_spread + 2))))
    while t < most_flips and t - best_at < patience:
        draw = int(uniform32(np.uint32(t), *halves(key)))
        turn, first, extra = draw & 1023, (draw >> 10 & 2047) * blocks >> 11, draw >> 21
        gains = spins * local_fields(J, h, spins)
        order = sorted(range(n), key=lambda i: ((i // size - first) % blocks, (i - turn) % size))
        j = max((i for i in order if free_at[i] <= t), key=lambda i: gains[i])
        tabu = [i for i in recent if free_at[i] > t]
        if tabu:
            i = max(tabu, key=lambda i: gains[i])
            if gains[i] > gains[j] and now - 2 * gains[i] < min(best_energy, now):
                j = i
        if gains[j] <= 0 and now < best_energy:
            best, best_energy, best_at = spins.copy(), now, t
        spins[j] = -spins[j]
        now -= 2 * gains[j]
        free_at[j] = t + 1 + tenure + (extra * tenure_spread >> 11)
        recent[t % len(recent)] = j
        t += 1
    if now < best_energy:
        best, best_energy = spins.copy(), now
    return best, best_energy, t


def relink(
    J: np.ndarray, h: np.ndarray, spins: np.ndarray, target: np.ndarray, first: int, last: int
) -> np.ndarray:
    """Path relinking: the best state from step ``first`` to ``last`` of the greedy path to ``target``."""
    spins, path = spins.copy(), []
    for _ in range(last):
        gains = spins * local_fields(J, h, spins)
        left = np.flatnonzero(spins != target)
        spins[left[np.argmax(gains[left])]] *= -1
        path.append(spins.copy())
    return min(path[first - 1 :], key=lambda state: energy(J, h, state))


def settle(J: np.ndarray, h: np.ndarray, spins: np.ndarray) -> np.ndarray:
    """Open spins (0) one by one to the sign that lowers the energy, the largest field first."""
    spins = spins.astype(np.float64)
    while (spins == 0).any():
        fields = np.where(spins == 0, local_fields(J, h, spins), 0.0)
        certain = np.where(spins == 0, np.abs(fields), -1.0)
        i = int(np.argmax(certain))
        spins[i] = -1.0 if fields[i] > 0 else 1.0
    return spins.astype(np.int8)
