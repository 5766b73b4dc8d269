"""What kind of problem is this: the few facts that decide which solver suits it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import scipy.sparse
from scipy.sparse.csgraph import reverse_cuthill_mckee

from isinglass.problems.compiled import CompiledProblem, Dense, Packed, Sparse
from isinglass.problems.dense_matrix import dense_matrix

_DENSE = 0.1
"""Share of all pairs that are coupled from which a problem counts as dense ..."""
_MANY_NEIGHBOURS = 48
"""... if a variable then has this many neighbours."""
_FEW_SIZES = 4
_LARGEST_CHAIN = 1024
_ENUMERABLE = 40
_LOW_DEGREE = 6.0
_WIDEST_BAND = 64
_CHAIN_DECAY = 1.0
"""Power of the distance, in the order of the variables, that couplings fall with at least in a chain."""


@dataclass(frozen=True)
class Portrait:
    """The facts, and the class they make: ``kind``."""

    variables: int
    mean_degree: float
    fields: bool
    coupling_sizes: int | None
    """Distinct absolute values, None for many."""
    decay: float
    """Power of the distance that couplings of a dense problem fall with; 0 where not looked at."""

    @property
    def dense(self) -> bool:
        """True where most of the work is in rows, not in neighbours."""
        return is_dense(self.variables, self.mean_degree)

    @property
    def kind(self) -> str:
        """ "chain", "dense QUBO", "dense glass" or "sparse"."""
        if self.decay >= _CHAIN_DECAY:
            return "chain"
        if not self.dense:
            return "sparse"
        return "dense QUBO" if self.fields or self.coupling_sizes is None else "dense glass"

    def facts(self) -> dict[str, Any]:
        """Plain data for a result's info."""
        return {"kind": self.kind, **asdict(self)}


def mean_degree(problem: CompiledProblem) -> float:
    """Neighbours of a variable."""
    return 2.0 * problem.num_interactions / max(1, problem.num_variables)


def is_dense(variables: int, degree: float) -> bool:
    """True where most of the work is in rows, not in neighbours."""
    return degree > max(_DENSE * variables, min(_MANY_NEIGHBOURS, variables / 2))


def classify(problem: CompiledProblem) -> Portrait:
    """Look at ``problem``; costs one pass over its couplings at most."""
    couplings = problem.couplings
    return Portrait(
        variables=problem.num_variables,
        mean_degree=mean_degree(problem),
        fields=bool(problem.h.any()),
        coupling_sizes=_coupling_sizes(couplings),
        decay=_decay(dense_matrix(problem)) if _may_be_chain(problem) else 0.0,
    )


def _coupling_sizes(couplings: Packed | Dense | Sparse) -> int | None:
    if isinstance(couplings, Packed):
        return len({abs(couplings.low), abs(couplings.low + couplings.step)} - {0.0})
    values = couplings.matrix if isinstance(couplings, Dense) else couplings.weights
    sample = np.abs(values.reshape(-1)[:: max(1, values.size // 4096)])
    sizes = np.unique(sample[sample > 0])
    return len(sizes) if len(sizes) <= _FEW_SIZES else None


def _may_be_chain(problem: CompiledProblem) -> bool:
    n = problem.num_variables
    most_pairs = problem.num_interactions > n * (n - 1) // 4
    return 3 < n <= _LARGEST_CHAIN and most_pairs and not isinstance(problem.couplings, Packed)


def _decay(matrix: np.ndarray) -> float:
    """Fit ``log mean |J| at distance d = c - decay log d``, d the distance around a ring, d up to n / 4."""
    n = len(matrix)
    row, col = np.triu_indices(n, 1)
    apart = np.minimum(col - row, n - (col - row))
    size = np.abs(matrix[row, col])
    mean = np.bincount(apart, size)[1:] / np.bincount(apart)[1:]
    reach = max(2, n // 4)
    distance = np.arange(1, reach + 1)
    known = mean[:reach] > 0
    if known.sum() < 2:
        return 0.0
    return float(-np.polyfit(np.log(distance[known]), np.log(mean[:reach][known]), 1)[0])


def may_be_narrow(problem: CompiledProblem) -> bool:
    """False where an exact method is out of reach, by a look that costs O(couplings) at most.

    A graph of high mean degree is narrow only if it is a band in some order, and then it is one
    in the order of Cuthill and McKee (1969).
    """
    n, couplings = problem.num_variables, problem.couplings
    if n <= _ENUMERABLE or 2.0 * problem.num_interactions <= _LOW_DEGREE * n:
        return True
    if not isinstance(couplings, Sparse) or problem.num_interactions > _WIDEST_BAND * n:
        return False
    graph = scipy.sparse.csr_array(
        (np.ones(len(couplings.indices), np.int8), couplings.indices, couplings.indptr), shape=(n, n)
    )
    place = np.empty(n, np.int64)
    place[reverse_cuthill_mckee(graph, symmetric_mode=True)] = np.arange(n)
    row = np.repeat(np.arange(n), np.diff(couplings.indptr))
    return bool(np.abs(place[row] - place[couplings.indices]).max(initial=0) <= _WIDEST_BAND)


def may_fold(couplings: Sparse) -> bool:
    """False where no spin without a field can be eliminated: none of degree 3 at most, no coupling as
    strong as all others of its spin together."""
    degree = np.diff(couplings.indptr)
    if degree.min(initial=4) <= 3:
        return True
    size = np.abs(couplings.weights.astype(np.float64))
    begins = couplings.indptr[:-1]
    largest, total = np.maximum.reduceat(size, begins), np.add.reduceat(size, begins)
    return bool((2.0 * largest >= total).any())
