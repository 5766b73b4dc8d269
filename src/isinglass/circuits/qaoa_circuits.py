"""QAOA circuits: from a problem to gates, and from counts to spins.

Farhi, Goldstone, Gutmann, arXiv:1411.4028. Layer k applies exp(-i gamma_k H) and exp(i beta_k sum X);
all qubits begin in |+>. Qubit i is variable i; bit 1 is spin +1 (binary 1), so s_i = -Z_i. A gate
for each coupling, field and qubit in each layer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from isinglass.circuits.counts import Register
from isinglass.circuits.gate_list import BoundGate, GateList
from isinglass.problems.compiled import CompiledProblem
from isinglass.problems.energies import energies
from isinglass.problems.reduce.terms import terms_of


class QaoaCircuit:
    """The circuits of one problem; fields and couplings in the user's units."""

    def __init__(self, problem: CompiledProblem) -> None:
        self.problem = problem
        terms = terms_of(problem)
        row, col, value = terms.edges()
        value = problem.scale * value
        self.h = problem.scale * terms.h
        self.pairs = list(zip(row.tolist(), col.tolist(), value.tolist(), strict=True))
        squares = float((self.h**2).sum() + 2 * (value**2).sum())
        self.unit = math.sqrt(squares / problem.num_variables) or 1.0
        """Root-mean-square local field: gammas are of the size of its inverse."""

    @property
    def qubits(self) -> int:
        return self.problem.num_variables

    def gates(self, gammas: Sequence[float], betas: Sequence[float]) -> GateList:
        """The circuit for some angles, all qubits measured into one register."""
        n = self.qubits
        gates = [BoundGate("h", (), (q,)) for q in range(n)]
        for gamma, beta in zip(gammas, betas, strict=True):
            # s = -Z turns the sign of fields and keeps that of couplings.
            gates += [BoundGate("rz", (-2 * gamma * float(h),), (q,)) for q, h in enumerate(self.h) if h]
            gates += [BoundGate("rzz", (2 * gamma * value,), (i, j)) for i, j, value in self.pairs]
            gates += [BoundGate("rx", (-2 * beta,), (q,)) for q in range(n)]
        return GateList(n, tuple(gates), (Register("c", n, 0),), tuple((q, q) for q in range(n)))

    def observable(self) -> dict[str, float]:
        """The energy without its constant part, as Pauli strings (leftmost letter for qubit 0)."""
        letters = {self._string(q): -float(h) for q, h in enumerate(self.h) if h}
        return letters | {self._string(i, j): value for i, j, value in self.pairs}

    def _string(self, *qubits: int) -> str:
        return "".join("Z" if q in qubits else "I" for q in range(self.qubits))

    def samples(self, counts: Mapping[str, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(spins int8[samples, n], energies, occurrences) of counts."""
        text = "".join(key[::-1] for key in counts).encode()
        bits = np.frombuffer(text, np.uint8).reshape(len(counts), self.qubits) - ord("0")
        spins = (2 * bits.astype(np.int8) - 1).astype(np.int8)
        return spins, energies(self.problem.given, spins), np.fromiter(counts.values(), np.intp)
