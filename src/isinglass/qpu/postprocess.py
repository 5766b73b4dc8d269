"""What the 2000Q's servers did to samples: majority over chains, then sampling or descent.

The walk is on the logical problem (a chain is one variable), starts at each sample and runs through our own
solvers. D-Wave, "Postprocessing methods on D-Wave systems".
"""

from __future__ import annotations

import numpy as np

from isinglass.control import RunControl
from isinglass.problems.compile import compile
from isinglass.problems.given import EdgeList
from isinglass.qpu.problem import QubitProblem
from isinglass.solvers.registry import solver_named

SWEEPS = 10
"""Metropolis sweeps of "sampling" from each sample."""


def postprocess(
    problem: QubitProblem,
    spins: np.ndarray,
    method: str,
    beta: float,
    chains: list[list[int]],
    seed: int,
    control: RunControl,
) -> np.ndarray:
    """int8[reads, k] after ``method``: "sampling" at ``beta`` or "optimization"."""
    if not spins.size:
        return spins
    group = _groups(problem, chains)
    first = np.unique(group, return_index=True)[1]
    logical = compile(_merged(problem, group))
    start = majority(spins, group)[:, first]
    solver = solver_named("simulated_annealing" if method == "sampling" else "steepest_descent")
    given = {"num_reads": len(start), "initial_states": start, "seed": seed}
    if method == "sampling":
        given["beta_schedule"] = np.full(SWEEPS, beta)
    control.measure_in(logical.scale, logical.offset)
    walked = solver.run(logical, solver.resolve(given), control).states
    done: np.ndarray = walked[:, group]
    return done


def majority(spins: np.ndarray, group: np.ndarray) -> np.ndarray:
    """int8[reads, k]: each qubit at the majority of its group; +1 where the halves are equal."""
    k = len(group)
    member = np.zeros((k, int(group.max(initial=-1)) + 1), np.int32)
    member[np.arange(k), group] = 1
    votes = spins.astype(np.int32) @ member
    agreed: np.ndarray = np.where(votes >= 0, 1, -1).astype(np.int8)[:, group]
    return agreed


def _groups(problem: QubitProblem, chains: list[list[int]]) -> np.ndarray:
    """int64[k]: the logical variable of each qubit, numbered by their first qubits."""
    owner = problem.qubits.astype(np.int64).copy()
    for chain in chains:
        owner[np.isin(problem.qubits, chain)] = min(chain)
    group: np.ndarray = np.unique(owner, return_inverse=True)[1]
    return group


def _merged(problem: QubitProblem, group: np.ndarray) -> EdgeList:
    h, J = problem.ising
    n = int(group.max()) + 1
    row, col = group[problem.row], group[problem.col]
    between = row != col
    return EdgeList(n, row[between], col[between], J[between], np.bincount(group, h, n))
