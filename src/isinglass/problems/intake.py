"""What a problem may be on its way in: one function a kind, each ending in a given problem."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import dimod
import numpy as np
import scipy.sparse

from isinglass.errors import ProblemError
from isinglass.problems.compiled import Given
from isinglass.problems.dense_given import DenseIsing, PackedGraph
from isinglass.problems.given import EdgeList, Kind, MatrixProblem, Vartype
from isinglass.problems.matrices import from_matrix, kernel_type


def to_given(problem: Any, kind: Kind | None) -> Given:
    """``problem`` as coefficients; the table in compile.py says what each form means."""
    if isinstance(problem, (str, Path)):
        from isinglass.problems.files import read_file

        return to_given(read_file(problem, kind=kind), kind)
    if isinstance(problem, (EdgeList, MatrixProblem, PackedGraph)):
        return problem
    if isinstance(problem, DenseIsing):
        return MatrixProblem(problem.matrix, True, 0.5, kind=problem.kind, facts=problem.facts)
    if isinstance(problem, dimod.BinaryQuadraticModel):
        return from_bqm(problem)
    if isinstance(problem, (dimod.ConstrainedQuadraticModel, dimod.DiscreteQuadraticModel)):
        raise ProblemError(
            f"a {type(problem).__name__} has constraints: isinglass.solve takes it as it is; "
            "compile takes unconstrained problems"
        )
    if isinstance(problem, Mapping):
        return from_qubo(problem)
    if isinstance(problem, np.ndarray) or scipy.sparse.issparse(problem):
        return from_matrix(problem, kind or "qubo")
    if isinstance(problem, (tuple, list)) and len(problem) == 2:
        return from_ising(*problem)
    if isinstance(problem, (tuple, list)) and len(problem) == 3:
        return from_edges(*problem, kind=kind or "maxcut")
    if hasattr(problem, "edges") and hasattr(problem, "nodes"):
        return from_graph(problem)
    raise ProblemError(
        f"a problem of type {type(problem).__name__} is not known; pass a dimod BQM, CQM or DQM, a QUBO "
        "dict, (h, J), (i, j, weight) arrays, a NumPy or SciPy matrix, a networkx.Graph or a file's path"
    )


def canonical_order(labels: Sequence[Hashable]) -> list[Hashable]:
    """Labels sorted, so that the order in which they were inserted does not change a result.

    Labels of several types are sorted by type name, then by their ``repr``.
    """
    try:
        return sorted(labels)  # type: ignore[type-var]  # tried, not known
    except TypeError:
        return sorted(labels, key=lambda label: (type(label).__name__, repr(label)))


def from_bqm(bqm: dimod.BinaryQuadraticModel) -> EdgeList:
    variables = bqm.variables
    plain = variables._is_range() if hasattr(variables, "_is_range") else False
    order = range(len(variables)) if plain else canonical_order(list(variables))
    vectors = bqm.to_numpy_vectors(variable_order=None if plain else order, sort_labels=False)
    row, col, value = vectors.quadratic
    return EdgeList(
        num_variables=bqm.num_variables,
        row=row,
        col=col,
        value=np.asarray(value, dtype=np.float64),
        linear=np.asarray(vectors.linear_biases, dtype=np.float64),
        offset=_finite_offset(vectors.offset),
        vartype="SPIN" if bqm.vartype is dimod.SPIN else "BINARY",
        kind="ising" if bqm.vartype is dimod.SPIN else "qubo",
        labels=order,
    )


def _finite_offset(offset: Any) -> float:
    if not np.isfinite(float(offset)):
        raise ProblemError(f"the offset is {offset}; it must be a finite number")
    return float(offset)


def from_qubo(qubo: Mapping[Any, Any]) -> EdgeList:
    for key in qubo:
        if not (isinstance(key, tuple) and len(key) == 2):
            raise ProblemError(f"QUBO key {key!r} is not a pair (u, v) of variables")
    labels = canonical_order(list(dict.fromkeys(v for key in qubo for v in key)))
    return _from_pairs(labels, {}, qubo, "BINARY", "qubo")


def from_ising(h: Any, J: Any) -> EdgeList | MatrixProblem:
    """(h, J) with dicts, or with arrays: J symmetric (a pair counted once) or one triangle."""
    if isinstance(J, np.ndarray) or scipy.sparse.issparse(J):
        given = from_matrix(J, "ising")
        n = given.num_variables
        if isinstance(h, Mapping):
            h = [h.get(i, 0.0) for i in range(n)]
        fields = _vector(h, "h")
        if fields.shape[0] not in (0, n):
            raise ProblemError(f"h has {fields.shape[0]} entries and J has {n} variables; they must agree")
        return MatrixProblem(
            given.matrix, given.symmetric, given.pair_factor, fields if fields.size else None
        )
    if not isinstance(J, Mapping):
        raise ProblemError(f"J is a {type(J).__name__}; pass a dict {{(u, v): bias}} or a matrix")
    linear_terms = dict(h) if isinstance(h, Mapping) else dict(enumerate(_vector(h, "h")))
    for key in J:
        if not (isinstance(key, tuple) and len(key) == 2):
            raise ProblemError(f"J key {key!r} is not a pair (u, v) of variables")
        if key[0] == key[1]:
            raise ProblemError(
                f"J has the key {key!r}; a spin squared is 1, so put it into an offset or into h"
            )
    labels = canonical_order(list(dict.fromkeys([*linear_terms, *(v for key in J for v in key)])))
    return _from_pairs(labels, linear_terms, J, "SPIN", "ising")


def _vector(values: Any, name: str) -> np.ndarray:
    try:
        vector = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ProblemError(f"{name} is not a vector of numbers: {error}") from None
    if vector.ndim != 1:
        raise ProblemError(f"{name} has {vector.ndim} dimensions; it must be a vector")
    return vector


def _from_pairs(
    labels: list[Hashable], linear: Mapping[Any, Any], pairs: Mapping[Any, Any], vartype: Vartype, kind: Kind
) -> EdgeList:
    index = {label: i for i, label in enumerate(labels)}
    h = np.zeros(len(labels))
    row, col, value = [], [], []
    for label, bias in linear.items():
        h[index[label]] += _number(bias, label)
    for (u, v), bias in pairs.items():
        if u == v:
            h[index[u]] += _number(bias, (u, v))
        else:
            row.append(index[u])
            col.append(index[v])
            value.append(_number(bias, (u, v)))
    return EdgeList(
        num_variables=len(labels),
        row=np.array(row, np.int32),
        col=np.array(col, np.int32),
        value=np.array(value, np.float64),
        linear=h,
        vartype=vartype,
        kind=kind,
        labels=range(len(labels)) if labels == list(range(len(labels))) else labels,
    )


def _number(bias: Any, where: Any) -> float:
    try:
        number = float(bias)
    except (TypeError, ValueError, OverflowError):
        raise ProblemError(f"the bias of {where!r} is {bias!r}, which is not a number") from None
    if not math.isfinite(number):
        raise ProblemError(f"the bias of {where!r} is {bias!r}; every bias must be a finite number")
    return number


def from_graph(graph: Any) -> EdgeList:
    """A networkx graph as Max-Cut of its ``weight`` attributes (1 where absent)."""
    if getattr(graph, "is_directed", lambda: False)():
        raise ProblemError("Max-Cut takes an undirected graph; pass graph.to_undirected()")
    for u, v in graph.edges():
        if u == v:
            raise ProblemError(f"the graph has a self-loop at {u!r}; a cut cannot contain it, remove it")
    labels = canonical_order(list(graph.nodes))
    weights = [((u, v), w) for u, v, w in graph.edges(data="weight", default=1)]
    index = {label: i for i, label in enumerate(labels)}
    return EdgeList(
        num_variables=len(labels),
        row=np.array([index[u] for (u, _), _ in weights], np.int32),
        col=np.array([index[v] for (_, v), _ in weights], np.int32),
        value=np.array([_number(w, pair) for pair, w in weights], np.float64),
        kind="maxcut",
        labels=range(len(labels)) if labels == list(range(len(labels))) else labels,
    )


def from_edges(row: Any, col: Any, weight: Any, *, kind: Kind) -> EdgeList:
    """Edge arrays (i, j, weight): 0-based integers and numbers of one length; n is the largest + 1."""
    row, col, value = np.asarray(row), np.asarray(col), np.asarray(weight)
    if value.ndim == 0:
        value = np.full(row.shape, value)
    if not (row.ndim == 1 and row.shape == col.shape == value.shape):
        raise ProblemError(
            f"edge arrays have shapes {row.shape}, {col.shape} and {value.shape}; "
            "pass three vectors of one length"
        )
    for name, ends in (("i", row), ("j", col)):
        if ends.size and ends.dtype.kind not in "iu":
            raise ProblemError(f"edge array {name} has type {ends.dtype}; node numbers must be integers")
        if ends.size and int(ends.min()) < 0:
            where = int(np.argmin(ends))
            raise ProblemError(f"edge array {name} has {ends[where]} at {where}; nodes are numbered from 0")
    if value.dtype.kind not in "iuf":
        raise ProblemError(f"edge weights have type {value.dtype}; they must be real numbers")
    value = value.astype(kernel_type(value.dtype), copy=False)
    n = int(max(row.max(initial=-1), col.max(initial=-1))) + 1
    vartype: Vartype = "BINARY" if kind == "qubo" else "SPIN"
    if kind == "qubo":
        loops = row == col
        linear = np.bincount(row[loops], value[loops], minlength=n).astype(np.float64)
        row, col, value = row[~loops], col[~loops], value[~loops]
        return EdgeList(n, row, col, value, linear, vartype=vartype, kind=kind)
    return EdgeList(n, row, col, value, vartype=vartype, kind=kind)
