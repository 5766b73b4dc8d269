"""Branch and cut: a certified minimum of sparse problems too wide for a tree decomposition.

Barahona, Grötschel, Jünger, Reinelt, Operations Research 36, 493 (1988). With x_e = 1 where the
ends of edge e differ, ``E = sum J - 2 sum J_e x_e``; fields are couplings to one further spin. The linear
relaxation over 0 <= x <= 1 gets violated odd-cycle inequalities (kernels/cpu/odd_cycles.py) until it has none
left or its value rounds up to the best state known; then it branches on an edge. The bound is not
the linear program's own word: from its multipliers y >= 0 one is computed that holds for any y,
``-y b + sum_e min over the box of (c + A^T y)_e x_e``. Exact; exponential in the worst case.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import scipy.optimize
import scipy.sparse

from isinglass.kernels.cpu.descend import descend_sparse
from isinglass.kernels.cpu.odd_cycles import round_to_cut, separate, separate_triangles
from isinglass.kernels.cpu.progress import ROW
from isinglass.problems.reduce.terms import Terms, from_edges

RELATIVE_GAP = 1e-9
"""Of the sum of all coefficients' sizes: a bound this close proves a minimum in double precision."""

_VIOLATION = 1e-4
_KEEP_SLACK = 0.05
"""Inequalities slacker than this leave the program; they come back when they are violated."""
_DENSE = 0.15
"""Couplings over n squared above which triangles are looked for before other cycles."""
_MOST_TRIANGLES = 1 << 20
_TRIANGLES_A_SPIN = 6
_TAIL = 0.02
"""Part of the gap that three rounds of inequalities must close, or the node branches."""


@dataclass(frozen=True)
class Bounded:
    """A state, and a proven bound on every state."""

    energy: float
    spins: np.ndarray
    lower_bound: float
    """No state lies below it; ``energy`` itself where the search ended."""
    nodes: int


@dataclass(order=True)
class _Node:
    bound: float
    number: int
    low: np.ndarray = field(compare=False)
    high: np.ndarray = field(compare=False)


class CutProgram:
    """The linear relaxation of one problem and the inequalities found so far."""

    def __init__(self, terms: Terms, flag: np.ndarray) -> None:
        n = terms.num_variables
        row, col, value = terms.edges()
        if terms.h.any():
            fields = np.flatnonzero(terms.h)
            row, col = np.r_[row, fields], np.r_[col, np.full(len(fields), n)]
            value = np.r_[value, terms.h[fields]]
            n += 1
        self.terms, self.flag, self.n, self.m = terms, flag, n, len(row)
        self.a, self.b, self.J = row.astype(np.int64), col.astype(np.int64), value
        self.constant = float(value.sum())
        # Twice the couplings, scaled to size 1 for the program's tolerances.
        self.unit = float(np.abs(value).max())
        self.cost = -2.0 * value / self.unit
        edge = scipy.sparse.csr_array(
            (np.r_[1 : self.m + 1, 1 : self.m + 1], (np.r_[row, col], np.r_[col, row])), shape=(n, n)
        )
        self.graph = (
            edge.indptr.astype(np.int64),
            edge.indices.astype(np.int32),
            edge.data.astype(np.int32) - 1,
        )
        self.dense = self.m > _DENSE * n * n
        if self.dense:
            self.number = np.full((n, n), -1, np.int32)
            self.number[self.a, self.b] = self.number[self.b, self.a] = np.arange(self.m)
        self.step = energy_step(terms)
        self.whole = from_edges(np.zeros(n), row, col, value, terms.whole)
        self.rows = scipy.sparse.csr_array((0, self.m))
        self.right = np.zeros(0)

    def relax(
        self, low: np.ndarray, high: np.ndarray, seconds: float | None
    ) -> tuple[float, np.ndarray | None]:
        """(bound on all cuts in the box, solution or None: no cut lies in it, or the time was up)."""
        options = {} if seconds is None else {"time_limit": max(0.01, seconds)}
        some = self.rows.shape[0] > 0
        result = scipy.optimize.linprog(
            self.cost, self.rows if some else None, self.right if some else None,
            bounds=np.column_stack([low, high]), method="highs-ds", options=options,
        )  # fmt: skip
        if result.status == 2:
            return np.inf, None
        if result.status != 0:
            return -np.inf, None
        y = np.maximum(0.0, -result.ineqlin.marginals) if some else np.zeros(0)
        reduced = self.cost + (self.rows.T @ y if some else 0.0)
        bound = -float(y @ self.right) + float(np.minimum(reduced * low, reduced * high).sum())
        if some:
            slack = self.right - self.rows @ result.x
            used = (slack <= _KEEP_SLACK) | (y > 0)
            self.rows, self.right = self.rows[used], self.right[used]
        return self.constant + self.unit * bound - self.rounding, result.x

    @property
    def rounding(self) -> float:
        """What double precision may have added to a bound."""
        return 1e-13 * self.m * self.unit

    def cut(self, x: np.ndarray) -> int:
        """Add violated inequalities; returns how many."""
        ptr, member, odd = self._triangles(x) if self.dense else self._cycles(x)
        if len(ptr) == 1 and self.dense:
            ptr, member, odd = self._cycles(x)
        count = len(ptr) - 1
        if not count:
            return 0
        sign = np.where(odd, 1.0, -1.0)
        new = scipy.sparse.csr_array((sign, member, ptr), shape=(count, self.m))
        new.sort_indices()
        # The same cycle is found from several of its vertices.
        keys = [
            (new.indices[i:j].tobytes(), new.data[i:j].tobytes()) for i, j in itertools.pairwise(new.indptr)
        ]
        fresh = np.array(sorted({key: k for k, key in enumerate(keys)}.values()))
        new = new[fresh]
        self.rows = scipy.sparse.vstack([self.rows, new], format="csr")
        self.right = np.r_[self.right, new.maximum(0).sum(axis=1) - 1.0]
        return len(fresh)

    def _cycles(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        most = 64 * self.n + 4 * self.m
        ptr, member, odd = separate(*self.graph, x, _VIOLATION, most, self.flag)
        return ptr, member, odd

    def _triangles(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        edges, odd, violations = separate_triangles(self.number, x, _VIOLATION, _MOST_TRIANGLES)
        worst = np.argsort(-violations, kind="stable")[: _TRIANGLES_A_SPIN * self.n]
        return np.arange(0, 3 * len(worst) + 1, 3), edges[worst].ravel(), odd[worst].ravel()

    def round(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """A state near ``x``: a spanning forest of its most decided edges, then steepest descent."""
        order = np.argsort(-np.abs(x - 0.5), kind="stable")
        spins = np.empty(self.n, np.int8)
        round_to_cut(order, self.a, self.b, x, spins)
        whole = self.whole
        descend_sparse(
            whole.indptr, whole.indices, 2.0 * whole.values, whole.h, spins, 1e-9 * self.unit,
            np.zeros(8, np.int64), np.zeros(ROW),
        )  # fmt: skip
        n = self.terms.num_variables
        if self.n > n:
            spins *= spins[n]
        return self.terms.energy(spins[:n]), spins[:n]


def energy_step(terms: Terms) -> float:
    """Energies of whole-number problems differ by multiples of this; 0 for others.

    A flip changes the energy by twice the spin's field, and all values of a field have the same
    remainder by twice the common divisor of its couplings.
    """
    if not terms.whole or not terms.num_variables:
        return 0.0
    scale = 1 << 24
    J = np.rint(terms.values * scale).astype(np.int64)
    owner = np.repeat(np.arange(terms.num_variables), np.diff(terms.indptr))
    fields = np.rint(terms.h * scale).astype(np.int64)
    np.add.at(fields, owner, J)
    divisor = np.gcd(np.gcd.reduce(2 * np.abs(J)) if len(J) else 0, np.gcd.reduce(np.abs(fields)))
    return 2.0 * int(divisor) / scale


def branch_and_cut(
    terms: Terms,
    energy: float,
    spins: np.ndarray,
    flag: np.ndarray,
    time_left: Callable[[], float | None],
    report: Callable[[float], None],
    most_rounds: int | None,
) -> Bounded:
    """Minimise a problem from a known state; ``report`` hears of every better one.

    ``most_rounds``: linear programs to solve at most; None for no limit.
    """
    program = CutProgram(terms, flag)
    best_energy, best = energy, spins
    # A bound above this proves that nothing better than the best is left.
    margin = program.step * (1 - 1e-9) if program.step else RELATIVE_GAP * terms.size

    def proven(bound: float) -> bool:
        return bound > best_energy - margin

    free = np.zeros(program.m), np.ones(program.m)
    open_nodes = [_Node(-terms.size, 0, *free)]
    settled = np.inf
    nodes = rounds = 0

    def spent() -> bool:
        return bool(flag[0]) or (most_rounds is not None and rounds >= most_rounds)

    while open_nodes and not spent():
        node = heapq.heappop(open_nodes)
        if proven(node.bound):
            settled = min(settled, node.bound)
            continue
        nodes += 1
        bound, history, x = node.bound, [], None
        while True:
            value, x = program.relax(node.low, node.high, time_left())
            rounds += 1
            bound = max(bound, value)
            if x is None or proven(bound):
                break
            candidate, state = program.round(x)
            if candidate < best_energy:
                best_energy, best = candidate, state.copy()
                report(best_energy)
                if proven(bound):
                    break
            history.append(bound)
            if spent() or not program.cut(x):
                break
            slow = len(history) > 8 and bound - history[-4] < _TAIL * (best_energy - bound)
            # A whole-number x that violates a cycle is no cut: nothing is left to branch on.
            if slow and np.abs(x - 0.5).min() < 0.499:
                break
        if proven(bound):
            settled = min(settled, bound)
            continue
        if x is None or spent():
            heapq.heappush(open_nodes, _Node(bound, 0, node.low, node.high))
            break
        undecided = np.abs(x - 0.5) / (0.1 + np.abs(program.J) / program.unit)
        undecided[node.low == node.high] = np.inf
        edge = int(np.argmin(undecided))
        if undecided[edge] == np.inf:
            # One cut is left and it has been seen; only rounding keeps the bound below it.
            settled = min(settled, bound)
            continue
        for number, side in enumerate((0.0, 1.0)):
            low, high = node.low.copy(), node.high.copy()
            low[edge] = high[edge] = side
            heapq.heappush(open_nodes, _Node(bound, 2 * nodes + number, low, high))
    lowest = min(settled, min((node.bound for node in open_nodes), default=np.inf), best_energy)
    if program.step:
        # Only energies that differ from the best by whole steps exist.
        lowest = best_energy - program.step * np.floor((best_energy - lowest) / program.step + 1e-9)
    return Bounded(best_energy, best, lowest, nodes)
