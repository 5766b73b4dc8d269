"""Problems as content: what ``isinglass.solve`` takes, and circuits, as ``container.py`` has it, and back.

Coefficients travel as they were given (``problems/given.py``), so the other side compiles, solves and
evaluates exactly the same problem. Of a dense symmetric matrix one triangle travels.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

import dimod
import numpy as np
import scipy.sparse

from isinglass.errors import ProblemError
from isinglass.jobs.circuits import Circuits, circuits_content, circuits_of
from isinglass.jobs.container import Blocks, Buffer, Content, pack, unpack
from isinglass.jobs.labels import labels_from_json, labels_to_json
from isinglass.memory import require
from isinglass.problems.compiled import CompiledProblem
from isinglass.problems.dense_given import PackedGraph
from isinglass.problems.files import cqm, dqm, nl, read_file
from isinglass.problems.files.nl import NonlinearFile
from isinglass.problems.given import EdgeList, Kind, MatrixProblem
from isinglass.problems.intake import to_given

Model = dimod.ConstrainedQuadraticModel | dimod.DiscreteQuadraticModel
Decoded = EdgeList | MatrixProblem | PackedGraph | Model | NonlinearFile | Circuits

_ROWS_AT_A_TIME = 1 << 20
"""Entries of a triangle that are copied at once."""


def problem_content(problem: Any, kind: Kind | None = None) -> Content:
    """Anything that ``solve`` takes, or ``Circuits``, as content.

    ProblemError for what ``compile`` would refuse too.
    """
    if isinstance(problem, Circuits):
        return circuits_content(problem)
    if isinstance(problem, str | Path):
        problem = read_file(problem, kind=kind)
    if isinstance(problem, CompiledProblem):
        problem = problem.given
    if isinstance(problem, dimod.ConstrainedQuadraticModel):
        return _file_content("cqm", len(problem.variables), problem)
    if isinstance(problem, dimod.DiscreteQuadraticModel):
        return _file_content("dqm", problem.num_variables(), problem)
    if nl.is_model(problem):
        problem = nl.written(problem)
    if isinstance(problem, NonlinearFile):
        data = np.frombuffer(problem.data, np.uint8)
        return pack({"form": "nl", "variables": problem.num_variables}, {"file": data})
    given = to_given(problem, kind)
    n = given.num_variables
    fields: dict[str, Any] = {"variables": n, "kind": given.kind}
    if isinstance(given, PackedGraph):
        return pack(
            {**fields, "form": "packed", "low": float(given.low), "high": float(given.high)},
            {"bits": given.bits},
        )
    fields |= {"vartype": given.vartype, "offset": float(given.offset), "maximized": given.maximized}
    fields["labels"] = labels_to_json(given.labels, n)
    linear: dict[str, np.ndarray | Blocks] = {} if given.linear is None else {"linear": given.linear}
    if isinstance(given, EdgeList):
        arrays = {"row": given.row, "col": given.col, "value": given.value}
        return pack({**fields, "form": "edges"}, {**arrays, **linear})
    fields |= {"symmetric": given.symmetric, "pair_factor": given.pair_factor}
    if isinstance(given.matrix, np.ndarray):
        lower = not given.symmetric and bool(np.tril(given.matrix, -1).any())
        triangle = _triangle(given.matrix.T if lower else given.matrix)
        return pack({**fields, "form": "triangle", "lower": lower}, {"triangle": triangle, **linear})
    rows = {"indptr": given.matrix.indptr, "indices": given.matrix.indices, "data": given.matrix.data}
    return pack({**fields, "form": "rows"}, {**rows, **linear})


def _file_content(form: str, variables: int, model: Model) -> Content:
    with model.to_file() as file:
        data = np.frombuffer(file.read(), np.uint8)
    return pack({"form": form, "variables": variables}, {"file": data})


def _triangle(matrix: np.ndarray) -> Blocks:
    """The upper triangle with the diagonal, row after row."""
    n = matrix.shape[0]
    kind = matrix.dtype if matrix.dtype.kind != "b" else np.dtype(np.int8)
    kind = {"u": np.dtype(np.int64)}.get(kind.kind, kind)
    kind = np.dtype(np.float32) if kind == np.float16 else kind

    def blocks() -> Iterable[np.ndarray]:
        rows = max(1, _ROWS_AT_A_TIME // max(1, n))
        for first in range(0, n, rows):
            block = matrix[first : first + rows].astype(kind, copy=False)
            yield np.concatenate([row[first + k :] for k, row in enumerate(block)])

    return Blocks(kind.newbyteorder("<"), (n * (n + 1) // 2,), blocks)


def problem_of(data: Buffer | np.ndarray) -> Decoded:
    """The problem in the content, every index and number checked; ProblemError where it is malformed."""
    fields, arrays = unpack(data)
    n = fields.get("variables")
    form = fields.get("form")
    if type(n) is not int or not 0 <= n < 1 << 31 or form not in _READERS:
        raise ProblemError(f"the content is of the unknown form {form!r} or has no number of variables")
    try:
        problem: Decoded = _READERS[form](n, fields, arrays)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ProblemError(f"the content lacks a part or has one of another type: {error!r}") from None
    return problem


def variables_of(problem: Decoded) -> int:
    """How many variables it has; of circuits, how many there are."""
    if isinstance(problem, Circuits):
        return len(problem)
    if isinstance(problem, dimod.ConstrainedQuadraticModel):
        return len(problem.variables)
    count: Any = problem.num_variables
    return int(count() if callable(count) else count)


def _common(n: int, fields: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
    linear = arrays.get("linear")
    if linear is not None:
        if linear.shape != (n,) or not np.isfinite(linear).all():
            raise ProblemError(f"the linear terms are not {n} finite numbers")
        linear = linear.astype(np.float64, copy=False)
    if fields["vartype"] not in ("SPIN", "BINARY"):
        raise ProblemError(f"the vartype {fields['vartype']!r} is neither SPIN nor BINARY")
    return {
        "linear": linear, "vartype": fields["vartype"], "kind": _kind(fields),
        "offset": _finite(fields, "offset"), "maximized": fields["maximized"] is True,
        "labels": labels_from_json(fields["labels"], n),
    }  # fmt: skip


def _kind(fields: Mapping[str, Any]) -> Kind:
    if fields["kind"] not in ("ising", "qubo", "maxcut"):
        raise ProblemError(f"the kind {fields['kind']!r} is not one of ising, qubo, maxcut")
    return cast(Kind, fields["kind"])


def _finite(fields: Mapping[str, Any], name: str) -> float:
    value = fields[name]
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ProblemError(f"{name} is {value!r}, not a finite number")
    return float(value)


def _edges(n: int, fields: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> EdgeList:
    row, col, value = arrays["row"], arrays["col"], arrays["value"]
    if not (row.ndim == 1 and row.shape == col.shape == value.shape):
        raise ProblemError("the edges' rows, columns and values are not three vectors of one length")
    for ends in (row, col):
        if ends.dtype.kind != "i" or (ends.size and not 0 <= ends.min() <= ends.max() < n):
            raise ProblemError(f"an edge ends outside of the {n} variables")
    if (row == col).any():
        raise ProblemError("an edge ends where it began; such terms are linear ones")
    _check_values(value)
    return EdgeList(n, row, col, value, **_common(n, fields, arrays))


def _check_values(value: np.ndarray) -> None:
    if value.dtype == np.uint64 or (value.dtype.kind == "f" and not np.isfinite(value).all()):
        raise ProblemError("a coefficient is not a finite number")


def _rows(n: int, fields: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> MatrixProblem:
    starts, indices, data = arrays["indptr"], arrays["indices"], arrays["data"]
    sound = starts.shape == (n + 1,) and starts.dtype.kind == indices.dtype.kind == "i"
    if not sound or starts[0] != 0 or (np.diff(starts) < 0).any():
        raise ProblemError(f"the matrix's row pointers are not {n + 1} integers that rise from 0")
    if not (indices.ndim == data.ndim == 1 and starts[-1] == len(indices) == len(data)):
        raise ProblemError("the matrix's row pointers do not end where its entries do")
    if len(indices) and not 0 <= indices.min() <= indices.max() < n:
        raise ProblemError(f"the matrix has a column outside of its {n}")
    _check_values(data)
    return _matrix(n, scipy.sparse.csr_array((data, indices, starts), shape=(n, n)), fields, arrays)


def _triangle_matrix(n: int, fields: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> MatrixProblem:
    flat = arrays["triangle"]
    if flat.shape != (n * (n + 1) // 2,):
        raise ProblemError(f"the triangle of a matrix of {n} rows does not have {n * (n + 1) // 2} entries")
    _check_values(flat)
    require(n * n * flat.itemsize, f"a matrix of {n} rows")
    matrix = np.zeros((n, n), flat.dtype)
    place = 0
    for i in range(n):
        row = flat[place : place + n - i]
        place += n - i
        if fields["symmetric"] is True or fields["lower"] is not True:
            matrix[i, i:] = row
        if fields["symmetric"] is True or fields["lower"] is True:
            matrix[i:, i] = row
    return _matrix(n, matrix, fields, arrays)


def _matrix(
    n: int, matrix: Any, fields: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
) -> MatrixProblem:
    """Checked as a matrix given by hand is, so that its symmetry is a fact and not a claim."""
    common = _common(n, fields, arrays)
    given = to_given(matrix, common["kind"])
    if not isinstance(given, MatrixProblem) or given.vartype != common["vartype"]:
        raise ProblemError("the matrix does not fit the vartype of the content")
    return MatrixProblem(given.matrix, given.symmetric, given.pair_factor, **common)


def _packed(n: int, fields: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> PackedGraph:
    return PackedGraph(n, arrays["bits"], _finite(fields, "low"), _finite(fields, "high"), _kind(fields))


def _model(n: int, fields: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Model:
    reader = cqm.read if fields["form"] == "cqm" else dqm.read
    return reader(Path("the content"), arrays["file"].astype(np.uint8, copy=False).tobytes(), None)


def _nonlinear(n: int, fields: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> NonlinearFile:
    """Its header and directory; what builds it reads the rest."""
    return nl.read(Path("the content"), arrays["file"].astype(np.uint8, copy=False).tobytes())


_READERS: dict[str, Any] = {
    "edges": _edges,
    "rows": _rows,
    "triangle": _triangle_matrix,
    "packed": _packed,
    "cqm": _model,
    "dqm": _model,
    "nl": _nonlinear,
    "circuits": circuits_of,
}
