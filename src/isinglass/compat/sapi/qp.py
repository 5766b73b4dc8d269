"""The ``qp`` format: problems on a working graph and their answers, as base64 of little-endian arrays.

``lin`` is a double for each working qubit in the published order, NaN for those that are not part of the
problem; ``quad`` one for each coupler, in the published order, whose ends both are.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping
from typing import Any, Literal

import dimod
import numpy as np

from isinglass.errors import ProblemError
from isinglass.problems.given import EdgeList
from isinglass.qpu.problem import QubitProblem
from isinglass.qpu.working_graph import WorkingGraph

_VARTYPES: dict[str, Literal["SPIN", "BINARY"]] = {"ising": "SPIN", "qubo": "BINARY"}


def decode_problem(data: Mapping[str, Any], kind: str, graph: WorkingGraph) -> tuple[QubitProblem, float]:
    """(problem, offset); ProblemError where an array has another length or holds what is no finite number.

    ``kind``: "ising" or "qubo". Couplers of value 0 are left out.
    """
    lin, quad = _doubles(data, "lin"), _doubles(data, "quad")
    if len(lin) != len(graph.qubits):
        raise _unreadable(f"lin has {len(lin)} numbers; the solver has {len(graph.qubits)} working qubits")
    active = ~np.isnan(lin)
    place = np.full(graph.num_qubits, -1, np.int64)
    place[graph.qubits[active]] = np.arange(int(active.sum()))
    ends = place[graph.couplers]
    between = ends[(ends >= 0).all(axis=1)]
    if len(quad) != len(between):
        raise _unreadable(
            f"quad has {len(quad)} numbers; {len(between)} couplers lie between the problem's qubits"
        )
    linear = lin[active]
    for name, values in (("lin", linear), ("quad", quad)):
        if not np.isfinite(values).all():
            raise _unreadable(f"{name} holds a number that is not finite")
    row, col = np.sort(between[quad != 0], axis=1).T.astype(np.int32)
    problem = QubitProblem(
        graph.qubits[active].astype(np.int32), linear, row, col, quad[quad != 0], _VARTYPES[kind]
    )
    return problem, _offset(data.get("offset"))


def _offset(value: Any) -> float:
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise _unreadable("offset is not a finite number")
    return float(value)


def _doubles(data: Mapping[str, Any], name: str) -> np.ndarray:
    try:
        raw = base64.b64decode(data[name], validate=True)
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise _unreadable(f"{name} is not base64") from None
    if len(raw) % 8:
        raise _unreadable(f"{name} has {len(raw)} bytes, which are no doubles")
    return np.frombuffer(raw, "<f8").astype(np.float64)


def _unreadable(why: str) -> ProblemError:
    return ProblemError(f"unable to parse problem data: {why}")


def encode_problem(given: EdgeList, offset: float, graph: WorkingGraph) -> dict[str, Any]:
    """``data`` of a problem whose labels are qubits: the inverse of ``decode_problem``."""
    qubits = np.array(list(given.labels) or range(given.num_variables), dtype=np.int64)
    full = np.full(graph.num_qubits, np.nan)
    full[qubits] = 0.0 if given.linear is None else given.linear
    active = ~np.isnan(full)
    values = np.zeros(len(graph.couplers))
    values[graph.coupler_index(qubits[given.row], qubits[given.col])] = given.value
    between = active[graph.couplers].all(axis=1)
    return {
        "format": "qp", "lin": _text(full[graph.qubits], "<f8"), "quad": _text(values[between], "<f8"),
        "offset": offset,
    }  # fmt: skip


def encode_answer(
    samples: dimod.SampleSet, num_variables: int, offset: float, timing: Mapping[str, Any]
) -> dict[str, Any]:
    """The answer of samples whose variables are qubits; energies are without the offset, which stands beside.

    ``num_variables``: of the whole chip.
    """
    qubits = np.array(list(samples.variables), dtype=np.int32)
    order = np.argsort(qubits)
    # The first active qubit is the highest bit of a state's first byte.
    states = np.packbits(samples.record.sample[:, order] > 0, axis=1)
    return {
        "format": "qp",
        "num_variables": num_variables,
        "active_variables": _text(qubits[order], "<i4"),
        "energies": _text(samples.record.energy, "<f8"),
        "num_occurrences": _text(samples.record.num_occurrences, "<i4"),
        "solutions": _text(states, "|u1"),
        "offset": offset,
        "timing": dict(timing),
    }


def _text(values: np.ndarray, kind: str) -> str:
    return base64.b64encode(np.ascontiguousarray(values, dtype=kind).tobytes()).decode()
