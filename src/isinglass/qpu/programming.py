"""From a checked call to programming cycles: scaled, one gauge a cycle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from isinglass.qpu.call import Call
from isinglass.qpu.parameter_checks import UNUSED, refuse
from isinglass.qpu.problem import QubitProblem, StructureError
from isinglass.qpu.program import Program
from isinglass.qpu.scaling import check_ranges, scale_factor
from isinglass.qpu.timing import Timing
from isinglass.qpu.working_graph import WorkingGraph


@dataclass(frozen=True, eq=False)
class Cycle:
    """One programming cycle and what turns its samples back."""

    program: Program
    gauge: np.ndarray
    """int8[k] of -1/+1: a sample times this is a sample of the problem."""


def check_problem(problem: QubitProblem, call: Call, properties: Mapping[str, Any]) -> None:
    """What the parameters ask of the problem."""
    kind = "ising" if problem.vartype == "SPIN" else "qubo"
    if kind not in properties["supported_problem_types"]:
        raise StructureError(f"problem type {kind!r} is not supported by the solver")
    if call.fast:
        h, _ = problem.ising
        if np.any(h):
            q = int(problem.qubits[np.argmax(h != 0)])
            raise refuse(
                "fast_anneal", True, f"h must be 0 on every qubit, and h[{q}] is {h[np.argmax(h != 0)]:g}"
                + (" after conversion to Ising" if kind == "qubo" else "")
            )  # fmt: skip
    if call.initial_state is not None:
        _check_initial_state(problem, call.initial_state, properties)
    active = set(problem.qubits.tolist())
    for chain in call.chains:
        for q in chain:
            if q not in active:
                raise refuse("chains", chain, f"qubit {q} is not part of the problem")


def _check_initial_state(problem: QubitProblem, state: np.ndarray, properties: Mapping[str, Any]) -> None:
    allowed = (-1, 1) if problem.vartype == "SPIN" else (0, 1)
    kind = "ising" if problem.vartype == "SPIN" else "qubo"
    for q in problem.qubits.tolist():
        if state[q] not in allowed:
            rule = f"qubit {q} is part of this {kind} problem: its state must be {allowed[0]} or {allowed[1]}"
            raise refuse(f"initial_state[{q}]", int(state[q]), rule)
    for q in np.flatnonzero(state != UNUSED).tolist():
        if state[q] not in allowed:
            rule = f"states of {kind} problems are {allowed[0]}, {allowed[1]} and {UNUSED}"
            raise refuse(f"initial_state[{q}]", int(state[q]), rule)
    dead = np.ones(len(state), dtype=bool)
    dead[np.asarray(properties["qubits"], dtype=np.int64)] = False
    wrong = dead & (state != UNUSED)
    if wrong.any():
        q = int(np.argmax(wrong))
        raise refuse(
            f"initial_state[{q}]", int(state[q]), f"qubit {q} does not work: its state must be {UNUSED}"
        )


def factor_for(
    problem: QubitProblem, call: Call, graph: WorkingGraph, properties: Mapping[str, Any]
) -> float:
    """What h and J are divided by: 1 without auto_scale, where the ranges are checked instead."""
    gains = call.h_gain[:, 1]
    plain_j = call.spin_reversals > 0
    if call.auto_scale:
        return scale_factor(problem, graph, properties, gains, plain_j)
    check_ranges(problem, graph, properties, gains, plain_j)
    return 1.0


def cycles(
    problem: QubitProblem, call: Call, timing: Timing, factor: float, chip: WorkingGraph, seed: int
) -> list[Cycle]:
    """The programs of a call. Qubits and couplers that the chip lacks (VFYC) are left out.

    Gauges are drawn from the seed and the cycle's number, one bit for each qubit of the chip.
    """
    here = np.flatnonzero(chip.works[problem.qubits])
    place = np.full(len(problem.qubits), -1, np.int64)
    place[here] = np.arange(len(here))
    a, b = problem.qubits[problem.row], problem.qubits[problem.col]
    coupled = chip.coupler_index(a, b) >= 0
    row, col = place[problem.row[coupled]].astype(np.int32), place[problem.col[coupled]].astype(np.int32)
    h, J = problem.ising
    h, J = h[here] / factor, J[coupled] / factor
    qubits = problem.qubits[here]
    start = None
    if call.initial_state is not None:
        start = np.where(call.initial_state[qubits] > 0, 1, -1).astype(np.int8)
    count = max(1, call.spin_reversals)
    made = []
    for cycle in range(count):
        gauge = np.ones(len(qubits), np.int8)
        if call.spin_reversals:
            bits = np.random.default_rng([seed, cycle]).integers(0, 2, chip.num_qubits, np.int8)
            gauge = (2 * bits - 1)[qubits].astype(np.int8)
        program = Program(
            qubits=qubits, h=h * gauge, row=row, col=col, J=J * gauge[row] * gauge[col],
            waveform=call.waveform, fast=call.fast, h_gain=call.h_gain,
            anneal_offsets=call.anneal_offsets[qubits], flux_biases=call.flux_biases[qubits],
            initial_state=start, reinitialize_state=call.reinitialize_state,
            num_reads=call.num_reads // count + (cycle < call.num_reads % count),
            read_spacing_us=timing.read_spacing,
            programming_thermalization_us=call.programming_thermalization_us,
            flux_drift_compensation=call.flux_drift_compensation,
        )  # fmt: skip
        made.append(Cycle(program, gauge))
    return made
