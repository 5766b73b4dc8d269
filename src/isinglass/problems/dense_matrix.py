"""The couplings of a compiled problem as one dense matrix, whatever their storage."""

from __future__ import annotations

import numpy as np
import scipy.sparse

from isinglass.problems.compiled import CompiledProblem, Dense, Packed
from isinglass.problems.energies import unpack_bits


def dense_matrix(problem: CompiledProblem) -> np.ndarray:
    """float64[n, n] couplings as compiled, in kernel units, symmetric with zero diagonal."""
    n, couplings = problem.num_variables, problem.couplings
    if isinstance(couplings, Dense):
        return couplings.matrix.astype(np.float64)
    if isinstance(couplings, Packed):
        matrix = couplings.low + couplings.step * unpack_bits(couplings.bits, n)
        np.fill_diagonal(matrix, 0.0)
        return matrix
    arrays = (0.5 * couplings.weights, couplings.indices, couplings.indptr)
    full: np.ndarray = scipy.sparse.csr_array(arrays, shape=(n, n)).toarray()
    return full
