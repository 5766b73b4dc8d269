"""A problem on the qubits of a chip: checked against its working graph, and in Ising form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import dimod
import numpy as np

from isinglass.errors import ProblemError
from isinglass.problems.given import EdgeList
from isinglass.qpu.working_graph import WorkingGraph


class StructureError(ProblemError, dimod.exceptions.BinaryQuadraticModelStructureError):
    """The problem has a qubit or coupler that the working graph lacks.

    Also dimod's error of that meaning, for composites that embed what does not fit.
    """


@dataclass(frozen=True, eq=False)
class QubitProblem:
    """``sum linear x + sum quadratic x x`` on physical qubits, as submitted."""

    qubits: np.ndarray
    """int32[k], ascending: the active qubits, with biases of 0 too."""
    linear: np.ndarray
    """float64[k]"""
    row: np.ndarray
    """int32[m], positions 0..k-1, ``row < col``, each pair once."""
    col: np.ndarray
    quadratic: np.ndarray
    """float64[m]"""
    vartype: Literal["SPIN", "BINARY"]
    offset: float = 0.0
    """Added to nothing here: energies of an answer are without it, as the machine's are."""

    @cached_property
    def ising(self) -> tuple[np.ndarray, np.ndarray]:
        """(h, J): for a QUBO h_i = Q_ii / 2 + sum_j Q_ij / 4 and J_ij = Q_ij / 4."""
        if self.vartype == "SPIN":
            return self.linear, self.quadratic
        quarter = self.quadratic / 4.0
        h = self.linear / 2.0
        np.add.at(h, self.row, quarter)
        np.add.at(h, self.col, quarter)
        return h, quarter

    @property
    def given(self) -> EdgeList:
        """The problem as the energies of answers are computed from it, without the offset."""
        kind: Literal["ising", "qubo"] = "ising" if self.vartype == "SPIN" else "qubo"
        return EdgeList(
            len(self.qubits), self.row, self.col, self.quadratic, self.linear, 0.0, self.vartype, kind
        )


def from_biases(
    linear: Mapping[int, float],
    quadratic: Mapping[tuple[int, int], float],
    vartype: Literal["SPIN", "BINARY"],
) -> QubitProblem:
    """From {qubit: bias} and {(q1, q2): bias}; (a, b) and (b, a) add up; a QUBO may have (a, a)."""
    pairs = np.array([_pair(key) for key in quadratic], dtype=object).reshape(-1, 2)
    labels = list(dict.fromkeys([*linear, *pairs.ravel().tolist()]))
    qubits = _as_qubits(labels)
    place = {label: i for i, label in enumerate(labels)}
    bias = np.zeros(len(labels))
    for label, value in linear.items():
        bias[place[label]] += _finite(value, label)
    values = np.array([_finite(value, key) for key, value in quadratic.items()], dtype=np.float64)
    ends = np.array([place[label] for label in pairs.ravel().tolist()], dtype=np.int64).reshape(-1, 2)
    loops = ends[:, 0] == ends[:, 1]
    if loops.any():
        if vartype == "SPIN":
            q = labels[ends[loops][0, 0]]
            raise ProblemError(f"J has the key {(q, q)}; a spin squared is 1, so it belongs in no coupler")
        np.add.at(bias, ends[loops, 0], values[loops])
    return _sorted(qubits, bias, ends[~loops], values[~loops], vartype, 0.0)


def from_bqm(bqm: dimod.BinaryQuadraticModel) -> QubitProblem:
    """From a dimod model whose variables are qubits."""
    if not isinstance(bqm, (dimod.BinaryQuadraticModel, dimod.DictBQM)):
        raise ProblemError(
            f"a {type(bqm).__name__} is no binary quadratic model; pass a dimod BQM, or call sample_ising or "
            "sample_qubo"
        )
    if not np.isfinite(float(bqm.offset)):
        raise ProblemError(f"the offset is {bqm.offset}; it must be a finite number")
    labels = list(bqm.variables)
    vectors = bqm.to_numpy_vectors(variable_order=labels, sort_labels=False)
    linear = np.asarray(vectors.linear_biases, dtype=np.float64)
    values = np.asarray(vectors.quadratic.biases, dtype=np.float64)
    ends = np.stack([vectors.quadratic.row_indices, vectors.quadratic.col_indices], axis=1).astype(np.int64)
    for array, what in ((linear, "linear bias"), (values, "quadratic bias")):
        if not np.isfinite(array).all():
            k = int(np.argmax(~np.isfinite(array)))
            where = labels[k] if what == "linear bias" else (labels[ends[k, 0]], labels[ends[k, 1]])
            raise ProblemError(f"the {what} of {where!r} is {array[k]}; every bias must be a finite number")
    vartype: Literal["SPIN", "BINARY"] = "SPIN" if bqm.vartype is dimod.SPIN else "BINARY"
    return _sorted(_as_qubits(labels), linear, ends, values, vartype, float(bqm.offset))


def from_edges(given: EdgeList) -> QubitProblem:
    """From a problem whose variables' labels are qubits."""
    labels = list(given.labels) or list(range(given.num_variables))
    linear = np.zeros(len(labels)) if given.linear is None else given.linear.astype(np.float64)
    ends = np.stack([given.row, given.col], axis=1).astype(np.int64)
    return _sorted(
        _as_qubits(labels), linear, ends, given.value.astype(np.float64), given.vartype, given.offset
    )


def check_structure(problem: QubitProblem, graph: WorkingGraph) -> None:
    """StructureError unless every qubit and coupler of the problem works."""
    name = f"{graph.kind} {list(graph.shape)}"
    inside = (problem.qubits >= 0) & (problem.qubits < graph.num_qubits)
    working = inside.copy()
    working[inside] = graph.works[problem.qubits[inside]]
    if not working.all():
        q = int(problem.qubits[np.argmin(working)])
        why = "is outside" if not 0 <= q < graph.num_qubits else "does not work in"
        raise StructureError(
            f"problem graph incompatible with solver: qubit {q} {why} the working graph of {name}; "
            "embed the problem (sample_embedded, or EmbeddingComposite)"
        )
    a, b = problem.qubits[problem.row], problem.qubits[problem.col]
    missing = graph.coupler_index(a, b) < 0
    if missing.any():
        k = int(np.argmax(missing))
        raise StructureError(
            f"problem graph incompatible with solver: there is no working coupler between qubits {a[k]} and "
            f"{b[k]} of {name}; embed the problem (sample_embedded, or EmbeddingComposite)"
        )


def _sorted(
    qubits: np.ndarray, linear: np.ndarray, ends: np.ndarray, values: np.ndarray,
    vartype: Literal["SPIN", "BINARY"], offset: float,
) -> QubitProblem:  # fmt: skip
    order = np.argsort(qubits)
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    pairs = np.sort(place[ends], axis=1)
    key = pairs[:, 0] * max(1, len(order)) + pairs[:, 1]
    distinct, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    total = np.zeros(len(distinct))
    np.add.at(total, inverse, values)
    row, col = pairs[first].T.astype(np.int32)
    return QubitProblem(qubits[order], linear[order], row, col, total, vartype, offset)


def _as_qubits(labels: list[Any]) -> np.ndarray:
    for label in labels:
        if isinstance(label, bool) or not isinstance(label, (int, np.integer)) or abs(int(label)) >= 1 << 31:
            raise StructureError(
                f"problem graph incompatible with solver: variable {label!r} is not a qubit's number; embed "
                "the problem (sample_embedded, or EmbeddingComposite)"
            )
    return np.array(labels, dtype=np.int32)


def _pair(key: Any) -> tuple[Any, Any]:
    if not isinstance(key, tuple) or len(key) != 2:
        raise ProblemError(f"key {key!r} is not a pair (q1, q2) of qubits")
    return key


def _finite(value: Any, where: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ProblemError(f"the bias of {where!r} is {value!r}, which is not a number") from None
    if not np.isfinite(number):
        raise ProblemError(f"the bias of {where!r} is {value!r}; every bias must be a finite number")
    return number
