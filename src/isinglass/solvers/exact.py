"""Exact minimum of a small problem: every state visited in Gray-code order, so it is certified."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

import numpy as np

from isinglass.control import RunControl
from isinglass.errors import ProblemError
from isinglass.kernels.cpu.enumerate import enumerate_states
from isinglass.problems.compiled import CompiledProblem, Dense, Packed
from isinglass.problems.energies import unpack_bits
from isinglass.solvers.contract import Parameter, Samples, Solver, whole_number

LARGEST = 36
"""Variables: 2^35 states take some minutes a core. Beyond it, use a heuristic solver."""

_NS_PER_STATE = 12
_SPLIT_BITS = 6


class Exact(Solver):
    """See the module's docstring."""

    name = "exact"
    summary = f"visits every state (up to {LARGEST} variables); the answer is certified"
    parameters: ClassVar[Mapping[str, Parameter]] = {
        "num_reads": Parameter(1, "ground states to return at most, 1 up", whole_number(1)),
        "seed": Parameter(0, "unused: the answer does not depend on chance", whole_number(0)),
    }

    def run(self, problem: CompiledProblem, parameters: Mapping[str, Any], control: RunControl) -> Samples:
        n, wanted = problem.num_variables, parameters["num_reads"]
        if n > LARGEST:
            raise ProblemError(
                f"the exact solver visits all 2^n states and takes up to {LARGEST} variables; this problem "
                f"has {n}: use solver='simulated_annealing'"
            )
        if n == 0:
            return Samples(np.zeros((1, 0), np.int8), facts={"certified": True, "ground_states": 1})
        matrix, h = dense_matrix(problem), problem.h.astype(np.float64)
        tolerance = 0.0 if problem.integer else 1e-9 * float(np.abs(matrix).sum() + np.abs(h).sum())
        split = min(_SPLIT_BITS, n - 1)
        found: dict[int, tuple[float, int, bool, np.ndarray]] = {}

        def visit(part: int) -> None:
            spins = np.full(n, -1, np.int8)
            spins[n - split :] = 2 * ((part >> np.arange(split)) & 1) - 1
            best = np.empty((min(wanted, 1 << (n - split)), n), np.int8)
            row = control.row()
            outcome = enumerate_states(matrix, h, spins, n - split, best, tolerance, control.flag, row)
            found[part] = (*outcome, best)

        control.run([(1, partial(visit, part)) for part in range(1 << split)])
        lowest = min(energy for energy, *_ in found.values())
        winners = [found[p] for p in sorted(found) if found[p][0] <= lowest + tolerance]
        states = np.concatenate([best[: min(count, len(best))] for _, count, _, best in winners])
        certified = len(found) == 1 << split and all(done for _, _, done, _ in found.values())
        facts: dict[str, Any] = {"certified": certified}
        if certified:
            facts["ground_states"] = sum(count for _, count, _, _ in winners)
        return Samples(states[:wanted], facts=facts)


def dense_matrix(problem: CompiledProblem) -> np.ndarray:
    """float64[n, n] couplings in kernel units, symmetric with zero diagonal."""
    n, couplings = problem.num_variables, problem.couplings
    if isinstance(couplings, Dense):
        return couplings.matrix.astype(np.float64)
    if isinstance(couplings, Packed):
        matrix = couplings.low + couplings.step * unpack_bits(couplings.bits, n)
        np.fill_diagonal(matrix, 0.0)
        return matrix
    matrix = np.zeros((n, n))
    for i in range(n):
        row = slice(couplings.indptr[i], couplings.indptr[i + 1])
        matrix[i, couplings.indices[row]] = 0.5 * couplings.weights[row]
    return matrix
