"""The two memcomputing machines."""

from __future__ import annotations

import numpy as np

from isinglass.kernels.reference.energies import energy


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
