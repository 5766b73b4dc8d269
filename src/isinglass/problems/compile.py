"""The one door in: any problem becomes the arrays that kernels read.

    compile(problem, kind=..., storage=...) -> CompiledProblem

What a problem may be, and what it means:

=============================================  ===================================================
dimod BQM                                      itself
``{(u, v): bias}``                             QUBO, ``E = sum bias x_u x_v`` over 0/1; (v, u) adds to (u, v)
``(h, J)``                                     Ising; h a dict or vector, J a dict or matrix
NumPy 2-D array, ``np.memmap``, SciPy sparse   QUBO ``E = x^T Q x``; symmetric, upper or lower triangular
``(i, j, weight)`` arrays                      edges of a graph, Max-Cut
``networkx.Graph``                             Max-Cut of its ``weight`` attributes (1 where absent)
path of a file                                 by its content (problems/files)
EdgeList, MatrixProblem, PackedGraph           what generators and files make
=============================================  ===================================================

For arrays ``kind`` says otherwise: "qubo", "ising" or "maxcut". With "ising" and "maxcut" a
symmetric matrix names each pair twice and means it once. A square matrix with both triangles
filled must be symmetric: nothing is dropped or averaged in silence.
"""

from __future__ import annotations

from typing import Any

from isinglass.errors import ParameterError, nearest
from isinglass.problems.compiled import CompiledProblem
from isinglass.problems.dense_given import PackedGraph
from isinglass.problems.given import Kind
from isinglass.problems.intake import to_given
from isinglass.problems.storage import compile_given, compile_packed

STORAGES = ("packed", "dense", "sparse")
KINDS = ("ising", "qubo", "maxcut")


def compile(problem: Any, *, kind: Kind | None = None, storage: str | None = None) -> CompiledProblem:
    """Compile ``problem`` (see the module's docstring) for the kernels.

    Args:
        problem: anything in the table above; a CompiledProblem is returned as it is.
        kind: meaning of bare arrays and of files that leave it open; None for their default.
        storage: "packed", "dense" or "sparse" to force one; None takes the cheapest.

    Raises:
        ProblemError: NaN, inf, wrong shapes, a contradiction, an index out of range, or a forced
            storage that cannot hold the problem.
        OutOfMemoryError: the arrays would not fit; says how much is needed and how much there is.
    """
    for name, value, known in (("kind", kind, KINDS), ("storage", storage, STORAGES)):
        if value is not None and value not in known:
            raise ParameterError(f"{name}={value!r} is not one of {', '.join(known)}{nearest(value, known)}")
    if isinstance(problem, CompiledProblem):
        if storage in (None, problem.storage):
            return problem
        problem = problem.given
    given = to_given(problem, kind)
    if isinstance(given, PackedGraph):
        return compile_packed(given, storage)
    return compile_given(given, storage)
