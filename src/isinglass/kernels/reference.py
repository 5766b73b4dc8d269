"""The slow, obvious version of every kernel: dense float64 arithmetic, one spin at a time.

Tests compare each fast kernel with these; nothing else uses them. They share with the fast kernels
the random streams only, and those have tests of their own.
"""

from __future__ import annotations

import itertools

import numpy as np

from isinglass.kernels.cpu.streams import exponential, slack_of, sweep_key, uniform32


def local_fields(J: np.ndarray, h: np.ndarray, spins: np.ndarray) -> np.ndarray:
    """``f_i = h_i + sum_j J_ij s_j``; J symmetric with zero diagonal."""
    fields: np.ndarray = h + J @ spins
    return fields


def energy(J: np.ndarray, h: np.ndarray, spins: np.ndarray) -> float:
    """``sum_i h_i s_i + sum_{i<j} J_ij s_i s_j``."""
    return float(h @ spins + 0.5 * spins @ J @ spins)


def settle(J: np.ndarray, h: np.ndarray, spins: np.ndarray) -> np.ndarray:
    """Open spins (0) one by one to the sign that lowers the energy, the largest field first."""
    spins = spins.astype(np.float64)
    while (spins == 0).any():
        fields = np.where(spins == 0, local_fields(J, h, spins), 0.0)
        certain = np.where(spins == 0, np.abs(fields), -1.0)
        i = int(np.argmax(certain))
        spins[i] = -1.0 if fields[i] > 0 else 1.0
    return spins.astype(np.int8)


def anneal(
    J: np.ndarray,
    h: np.ndarray,
    spins: np.ndarray,
    read_key: np.uint64,
    slack_scale: np.ndarray,
    quantum: np.float32,
    first_sweep: int = 0,
) -> np.ndarray:
    """Metropolis sweeps in index order (Metropolis 1953); returns the final spins.

    A flip of spin i costs ``-2 s_i f_i``; with u uniform it is accepted when
    ``exp(-beta cost) >= u``, that is when ``-s_i f_i <= -ln(u) / (2 beta)``. ``quantum``: see slack_of.
    """
    spins = spins.astype(np.float64)
    for t, scale in enumerate(slack_scale):
        low, high = _halves(sweep_key(read_key, first_sweep + t))
        for i in range(len(h)):
            slack = slack_of(uniform32(np.uint32(i), low, high), np.float32(scale), quantum)
            if -spins[i] * (h[i] + J[i] @ spins) <= slack:
                spins[i] = -spins[i]
    return spins.astype(np.int8)


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
                    trade_cluster(J, h, spins, replica_at[c, k], replica_at[c + 1, k], keys, t)
        energies = [energy(J, h, state) for state in spins]
        for c in range(copies):
            _exchange(replica_at[c], beta, energies, keys[c], t)
        best = min(best, *energies)
    return spins, replica_at, best


def _exchange(
    replica_at: np.ndarray, beta: np.ndarray, energies: list[float], key: np.uint64, t: int
) -> None:
    low, high = _halves(sweep_key(key, t))
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
    low, high = _halves(sweep_key(np.uint64(int(read_key) ^ 0x5E6D5E6D5E6D5E6D), t))
    where, length, u = (uniform32(np.uint32(3 * p + k), low, high) for k in range(3))
    a = int(where) * n >> 32
    b = min(n, a + int(2 * (n / 2) ** (int(length) / 2**32)))
    flipped = spins.copy()
    flipped[a:b] *= -1
    if (energy(J, h, flipped) - energy(J, h, spins)) / 2 <= exponential(u) * scale:
        spins[:] = flipped


def trade_cluster(
    J: np.ndarray, h: np.ndarray, spins: np.ndarray, a: int, b: int, keys: np.ndarray, t: int
) -> None:
    """Flip in replicas a and b the connected cluster of (dis)agreeing spins of a random spin, in place."""
    n = len(h)
    low, high = _halves(sweep_key(np.uint64(keys[a] ^ keys[b]), t))
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


def _halves(key: np.uint64) -> tuple[np.uint32, np.uint32]:
    return np.uint32(int(key) & 0xFFFFFFFF), np.uint32(int(key) >> 32)


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
        draw = int(uniform32(np.uint32(t), np.uint32(int(key) & 0xFFFFFFFF), np.uint32(int(key) >> 32)))
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


def ground_states(J: np.ndarray, h: np.ndarray) -> tuple[float, list[tuple[int, ...]]]:
    """(lowest energy, all states at it), by trying every state."""
    states = list(itertools.product((-1, 1), repeat=len(h)))
    energies = [energy(J, h, np.array(state, dtype=np.float64)) for state in states]
    lowest = min(energies)
    return lowest, [s for s, e in zip(states, energies, strict=True) if e <= lowest + 1e-9]


def memcompute_bonds(
    J: np.ndarray,
    h: np.ndarray,
    v: np.ndarray,
    gain: np.ndarray,
    softening: float,
    rate: float,
    threshold: float,
    time_step: float,
) -> tuple[np.ndarray, float]:
    """Euler steps of the bond machine (kernels/cpu/memcompute_bonds.py): (last v, lowest rounded energy)."""
    n = len(h)
    full = np.zeros((n + 1, n + 1))
    full[:n, :n], full[:n, n], full[n, :n] = J, h, h
    K = full * np.sqrt(n / (J**2).sum()) if J.any() else full * np.sqrt(n / max(1e-300, (h**2).sum()))
    v, x = np.append(v, 1.0), np.zeros((n + 1, n + 1))
    lowest = energy(J, h, np.where(v[:n] < 0, -1.0, 1.0))
    for g in gain:
        force = -(K * (1 + g * x)) @ v - softening * v * (K**2 * x).sum(axis=1)
        frustration = 0.5 * (1 + np.sign(K) * np.outer(v, v))
        x = np.clip(x + time_step * rate * (frustration - threshold), 0, 1)
        v[:n] = np.clip(v[:n] + time_step * force[:n], -1, 1)
        lowest = min(lowest, energy(J, h, np.where(v[:n] < 0, -1.0, 1.0)))
    return v[:n], lowest


def memcompute_clauses(
    variables: np.ndarray,
    signs: np.ndarray,
    costs: np.ndarray,
    v: np.ndarray,
    steps: int,
    stagnation: int,
    alpha: float,
    beta: float,
    gamma: float,
    delta: float,
    epsilon: float,
    zeta: float,
    most_y: float,
    largest_move: float,
    shortest: float,
    longest: float,
) -> tuple[np.ndarray, list[float]]:
    """Euler steps of the clause machine (kernels/cpu/memcompute_clauses.py): (last v, cost after each)."""
    n, v = len(v) - 1, v.copy()
    w = costs / np.sqrt((costs**2).mean())

    def cost() -> float:
        rounded = np.append(np.where(v[:n] < 0, -1.0, 1.0), -1.0)
        return float(costs[(rounded[variables] != signs).all(axis=1)].sum())

    seen, since, fresh = [cost()], 0, True
    for _ in range(steps):
        u = 1 - signs * v[variables]
        C = 0.5 * u.min(axis=1)
        if fresh:
            x, y, fresh = C.copy(), np.ones_like(C), False
        force = np.zeros(n + 1)
        for m, row in enumerate(variables):
            for a in range(3):
                others = np.delete(u[m], a).min()
                pull = y[m] * x[m] * 0.5 * signs[m, a] * others
                if a == int(np.argmin(u[m])):
                    pull += (1 + zeta * y[m]) * (1 - x[m]) * 0.5 * (signs[m, a] - v[row[a]])
                force[row[a]] += w[m] * pull
        outward = ((v >= 1) & (force > 0)) | ((v <= -1) & (force < 0))
        fastest = max([0.0, *np.abs(force[:n][~outward[:n]])])
        dt = longest if fastest * longest <= largest_move else max(shortest, largest_move / fastest)
        v[:n] = np.clip(v[:n] + dt * force[:n], -1, 1)
        x = np.clip(x + dt * beta * (x + epsilon) * (C - gamma), 0, 1)
        y = np.clip(y + dt * alpha * (C - delta), 1, most_y)
        now = cost()
        since += 1
        if now < min(seen):
            since = 0
        elif since >= stagnation:
            fresh, since = True, 0
        seen.append(now)
    return v[:n], seen


def bifurcate(
    J: np.ndarray,
    h: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    variant: str,
    control: float,
    c0: float,
    dt: float,
    steps: int,
) -> tuple[np.ndarray, np.ndarray, list[float]]:
    """Simulated bifurcation of one replica, step by step; final x and y and the energy of every sign(x).

    ``variant``: "ballistic", "discrete" or "generalized" (Goto et al. 2021 and 2026, see
    kernels/cpu/bifurcate_move.py). Single precision but for the products, which are exact in double.
    """
    one, c0_, dt_ = np.float32(1), np.float32(c0), np.float32(dt)
    p = np.ones_like(x)
    energies = [energy(J, h, np.where(x >= 0, 1.0, -1.0))]
    for t in range(steps):
        signs = np.where(x >= 0, 1.0, -1.0)
        f = local_fields(J, h, signs if variant == "discrete" else x.astype(np.float64)).astype(np.float32)
        if variant == "generalized":
            rate = one / np.float32(steps - t)
            p = p - (one - np.float32(control) * (x * x)) * p * rate
        else:
            p = np.full_like(x, one - np.float32(t + 1) / np.float32(steps))
        y = y - (p * x + c0_ * f) * dt_
        x = x + y * dt_
        outside = np.abs(x) > 1
        x, y = np.where(outside, np.sign(x), x), np.where(outside, np.float32(0), y)
        energies.append(energy(J, h, np.where(x >= 0, 1.0, -1.0)))
    return x, y, energies
