"""Digital memcomputing machine for clauses of up to three literals, with weights.

Bearden, Pei, Di Ventra, Sci. Rep. 10, 19741 (2020). For clause m with literals of sign q_i and
continuous variables v_i in [-1, 1], short-term memory x in [0, 1] and long-term memory y >= 1,

    C     = min_i (1 - q_i v_i) / 2                          unsatisfied where C > 1/2
    G_i   = q_i min_{j != i} (1 - q_j v_j) / 2
    R_i   = (q_i - v_i) / 2 for the first literal that attains the minimum, else 0
    dv_i/dt = sum_m w_m [ y x G_i + (1 + zeta y) (1 - x) R_i ]
    dx/dt = beta (x + epsilon) (C - gamma),    dy/dt = alpha (C - delta).

Forward Euler; each step is as long as the fastest variable takes for ``largest_move``, within the
bounds given. Clauses are padded to three literals with the constant false, variable n at -1.
The rounded state (v < 0 is false, v = 0 true) and its cost follow sign changes by counts of true
literals. O(clauses) a step; 40 bytes a clause. Heuristic; deterministic from its start.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from isinglass.kernels.cpu.progress import end_sweep
from isinglass.kernels.cpu.vector import stop_requested


@njit(nogil=True, cache=True, error_model="numpy")
def memcompute_clauses(
    variables, signs, costs, occurs_at, occurs, v, best_spins, offset, steps, stagnation,
    alpha, beta, gamma, delta, epsilon, zeta, most_y, largest_move, shortest, longest, flag, progress,
):  # fmt: skip
    """Integrate up to ``steps`` steps; returns (steps done, lowest energy).

    ``variables``: int32[clauses, 3]; ``signs``: float64[clauses, 3], -1 or 1; ``costs``: float64[clauses],
    > 0, energy of leaving the clause unsatisfied; ``occurs_at``: int64[n + 1] and ``occurs``: int64[3
    clauses]: the places 3 m + literal of each variable; ``v``: float64[n + 1], changed in place, v[n] = -1;
    ``best_spins``: int8[n]. The energy is ``offset`` plus the costs of unsatisfied clauses. After
    ``stagnation`` steps without a better state the memories start afresh. Ends early only by the flag.
    """
    n = best_spins.shape[0]
    clauses = costs.shape[0]
    force = np.zeros(n + 1)
    C = np.zeros(clauses)
    x = np.zeros(clauses)
    y = np.ones(clauses)
    true_literals = np.zeros(clauses, np.int8)
    spins = np.empty(n, np.int8)
    for i in range(n):
        spins[i] = -1 if v[i] < 0.0 else 1
    square = 0.0
    energy = offset
    for m in range(clauses):
        square += costs[m] * costs[m]
        for a in range(3):
            i = variables[m, a]
            if i < n and np.float64(spins[i]) == signs[m, a]:
                true_literals[m] += 1
        if true_literals[m] == 0:
            energy += costs[m]
    norm = 1.0 / np.sqrt(square / clauses) if clauses > 0 else 0.0
    best = end_sweep(energy, np.inf, spins, best_spins, flag, progress)
    fresh = True
    since = 0
    done = 0
    while done < steps and not stop_requested(flag):
        force[:] = 0.0
        for m in range(clauses):
            i, j, k = variables[m, 0], variables[m, 1], variables[m, 2]
            qi, qj, qk = signs[m, 0], signs[m, 1], signs[m, 2]
            ui, uj, uk = 1.0 - qi * v[i], 1.0 - qj * v[j], 1.0 - qk * v[k]
            C[m] = 0.5 * min(ui, min(uj, uk))
            if fresh:
                x[m], y[m] = C[m], 1.0
            w = costs[m] * norm
            strong = 0.5 * w * y[m] * x[m]
            rigid = 0.5 * w * (1.0 + zeta * y[m]) * (1.0 - x[m])
            force[i] += strong * qi * min(uj, uk)
            force[j] += strong * qj * min(ui, uk)
            force[k] += strong * qk * min(ui, uj)
            if ui <= uj and ui <= uk:
                force[i] += rigid * (qi - v[i])
            elif uj <= uk:
                force[j] += rigid * (qj - v[j])
            else:
                force[k] += rigid * (qk - v[k])
        fresh = False
        fastest = 0.0
        for i in range(n):
            # At a wall only the way inward is a move.
            if not (v[i] >= 1.0 and force[i] > 0.0) and not (v[i] <= -1.0 and force[i] < 0.0):
                fastest = max(fastest, abs(force[i]))
        dt = longest
        if fastest * longest > largest_move:
            dt = max(shortest, largest_move / fastest)
        for i in range(n):
            v[i] = min(1.0, max(-1.0, v[i] + dt * force[i]))
            spin = np.int8(-1 if v[i] < 0.0 else 1)
            if spin != spins[i]:
                spins[i] = spin
                for o in range(occurs_at[i], occurs_at[i + 1]):
                    m = occurs[o] // 3
                    if np.float64(spin) == signs[m, occurs[o] % 3]:
                        if true_literals[m] == 0:
                            energy -= costs[m]
                        true_literals[m] += 1
                    else:
                        true_literals[m] -= 1
                        if true_literals[m] == 0:
                            energy += costs[m]
        for m in range(clauses):
            x[m] = min(1.0, max(0.0, x[m] + dt * beta * (x[m] + epsilon) * (C[m] - gamma)))
            y[m] = min(most_y, max(1.0, y[m] + dt * alpha * (C[m] - delta)))
        done += 1
        since += 1
        if energy < best:
            since = 0
        elif since >= stagnation:
            fresh, since = True, 0
        best = end_sweep(energy, best, spins, best_spins, flag, progress)
    return done, best
