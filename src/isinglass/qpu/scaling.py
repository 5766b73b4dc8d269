"""Does the problem fit the chip's ranges, and by what is it divided so that it just fills them.

auto_scale divides h and J by one factor, the largest of

    max(h) / max(h_range), min(h) / min(h_range), max(J) / max(J range), min(J) / min(J range),
    the same two ratios of every qubit's total J (on Zephyr: every coupler group's) to its range,

each at least 0 (D-Wave, "Solver parameters", auto_scale; the J range is extended_j_range). An h-gain
schedule counts: what must fit is g h. Spin-reversal transforms turn signs, so with them J is fitted into
j_range.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from isinglass.errors import ParameterError
from isinglass.qpu.lattices import zephyr_coordinates
from isinglass.qpu.problem import QubitProblem
from isinglass.qpu.working_graph import WorkingGraph

_SLACK = 1e-9


def scale_factor(
    problem: QubitProblem,
    graph: WorkingGraph,
    properties: Mapping[str, Any],
    gains: np.ndarray,
    plain_j: bool,
) -> float:
    """The factor that auto_scale divides by; 1 where all biases are 0.

    ``gains``: the values of the h-gain schedule. ``plain_j``: fit J into j_range.
    """
    h, J = problem.ising
    ratios = [_ratio(np.outer([gains.min(), gains.max(), 1.0], h), properties["h_range"])]
    ratios.append(_ratio(J, properties["j_range" if plain_j else "extended_j_range"]))
    for name, totals, _ in coupling_totals(problem, graph, properties):
        ratios.append(_ratio(totals, properties[name]))
    return max(ratios) or 1.0


def check_ranges(
    problem: QubitProblem,
    graph: WorkingGraph,
    properties: Mapping[str, Any],
    gains: np.ndarray,
    plain_j: bool,
) -> None:
    """ParameterError naming the first value out of its range: auto_scale is off."""
    h, J = problem.ising
    qubits = problem.qubits
    way_out = "; bring it into the range or set auto_scale=True"
    k = _outside(h, properties["h_range"])
    if k >= 0:
        raise ParameterError(
            f"h[{qubits[k]}]={h[k]:g} is out of h_range {list(properties['h_range'])}" + way_out
        )
    for gain in (gains.min(), gains.max()):
        k = _outside(gain * h, properties["h_range"])
        if k >= 0:
            raise ParameterError(
                f"h_gain_schedule: gain {gain:g} makes h[{qubits[k]}]={h[k]:g} into {gain * h[k]:g}, out of "
                f"h_range {list(properties['h_range'])}" + way_out
            )
    name = "j_range" if plain_j else "extended_j_range"
    k = _outside(J, properties[name])
    if k >= 0:
        pair = f"J[{qubits[problem.row[k]]}, {qubits[problem.col[k]]}]={J[k]:g}"
        why = ": spin-reversal transforms cannot be used with the extended J range" if plain_j else ""
        raise ParameterError(f"{pair} is out of {name} {list(properties[name])}{why}{way_out}")
    for name, totals, owners in coupling_totals(problem, graph, properties):
        k = _outside(totals, properties[name])
        if k >= 0:
            low, high = properties[name]
            raise ParameterError(
                f"Total coupling {totals[k]:.3f} on qubit {owners[k]} is out of range ({low} {high}), {name}"
                + way_out
            )


def coupling_totals(
    problem: QubitProblem, graph: WorkingGraph, properties: Mapping[str, Any]
) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """(property, totals of J, the qubit of each) for every limit on totals that the solver has."""
    _, J = problem.ising
    k = len(problem.qubits)
    found: list[tuple[str, np.ndarray, np.ndarray]] = []
    if "per_qubit_coupling_range" in properties:
        totals = np.bincount(problem.row, J, k) + np.bincount(problem.col, J, k)
        found.append(("per_qubit_coupling_range", totals, problem.qubits))
    if "per_group_coupling_range" in properties and graph.kind == "zephyr":
        ends = ((problem.row, problem.col), (problem.col, problem.row))
        by_group = np.zeros(2 * k)
        for own, other in ends:
            group = coupler_groups(graph, problem.qubits[own], problem.qubits[other])
            by_group += np.bincount(2 * own + group, J, 2 * k)
        found.append(("per_group_coupling_range", by_group, np.repeat(problem.qubits, 2)))
    return found


def coupler_groups(graph: WorkingGraph, qubits: np.ndarray, neighbours: np.ndarray) -> np.ndarray:
    """int64: to which of its two groups (0, 1) each qubit's coupler to a neighbour belongs, on Zephyr.

    As dwave-system's ``coupling_groups``: about half of the couplers on either half of the qubit.
    """
    m, t = graph.shape
    u, _, _, j, z = zephyr_coordinates(m, t, qubits.astype(np.int64))
    u2, w2, _, j2, z2 = zephyr_coordinates(m, t, neighbours.astype(np.int64))
    internal, odd, external = 2 * z + j + 1 - w2, z + j - z2, (z2 - z) // 2
    group: np.ndarray = np.where(u != u2, internal, np.where(j != j2, odd, external)) % 2
    return group


def _ratio(values: np.ndarray, limits: Any) -> float:
    low, high = limits
    if not values.size:
        return 0.0
    above = values.max() / high if high > 0 else 0.0
    below = values.min() / low if low < 0 else 0.0
    return float(max(above, below, 0.0))


def _outside(values: np.ndarray, limits: Any) -> int:
    """The first place whose value is out of the limits, -1 for none."""
    low, high = limits
    wrong = (values < low - _SLACK) | (values > high + _SLACK)
    return int(np.argmax(wrong)) if wrong.any() else -1
