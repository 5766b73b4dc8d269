"""From fused steps to passes over the state, and the numbers they need.

A ``Plan`` depends on the structure of a circuit only. ``numbers`` turns a table of angles into one
row of kernel data for each circuit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from isinglass.circuits.fusing import Fused, Layer, Step
from isinglass.circuits.gates import Factor, Linear, Turn, matrix, scaled, summed
from isinglass.kernels.cpu.amplitudes import FLIP, LAYER, MATRIX, PARITY, PHASE, REAL

BLOCK_QUBITS = 16
"""Qubits of a block: 2^16 amplitudes in double precision fill a second-level cache of 1 MB."""
_FEW_PHASES = 4
"""So many phases of one or two qubits take as long one by one as by a table of all pairs."""
_LOWEST = 6
"""Qubits that belong to every block, so that amplitudes travel by several cache lines."""


class Pass(NamedTuple):
    """Arguments of ``run_pass`` that do not depend on the circuit's numbers."""

    steps: np.ndarray
    bits: np.ndarray
    outside: np.ndarray
    offsets: np.ndarray
    blocks: int


@dataclass
class _Turns:
    """Turns with factors of the same kinds: their places in the data and their angles."""

    places: list[int] = field(default_factory=list)
    angles: list[Linear] = field(default_factory=list)


class Plan:
    """Passes for ``qubits`` qubits, to be run for any table of angles."""

    def __init__(self, fused: Fused, qubits: int) -> None:
        self.qubits = qubits
        self.wires = fused.wires
        self._constants: list[tuple[int, np.ndarray]] = []
        self._turns: dict[tuple[str, ...], _Turns] = {}
        self._phases: list[tuple[int, float, Linear]] = []
        """(place in the data, factor, angle): data[place] += i factor angle, then exp of it."""
        self._columns: list[tuple[int, tuple[Factor, ...]]] = []
        self.width = 0
        self.start = self._claim(np.tile([1.0, 0.0, 0.0, 0.0], qubits))
        for qubit, factors in fused.start.items():
            self._matrix(factors, self.start + 4 * qubit, column=True)
        steps: list[tuple[Step, list[list[int]]]] = [(step, self._rows(step)) for step in fused.steps]
        self.passes = [_lay_out(chosen, bits, qubits) for chosen, bits in _schedule(steps, qubits)]
        self._base = np.zeros(self.width)
        for place, values in self._constants:
            self._base[place : place + len(values)] = values
        self._by_place = _by_place(self._phases)

    def _claim(self, values: np.ndarray) -> int:
        place = self.width
        self._constants.append((place, values))
        self.width += len(values)
        return place

    def _rows(self, step: Step) -> list[list[int]]:
        """Kernel rows of a step: [kind, target, controls, place, mask], in qubits of the circuit."""
        if isinstance(step, Turn):
            kinds = [kind for kind, _ in step.factors]
            kind = FLIP if kinds == ["x"] else REAL if set(kinds) <= {"ry", "h", "x"} else MATRIX
            place = self._claim(np.zeros(8))
            self._matrix(step.factors, place, column=False)
            return [[kind, step.target, step.controls, place, 0]]
        return self._layer(step)

    def _layer(self, layer: Layer) -> list[list[int]]:
        """Few phases are rows of their own, many share one row with a table of all pairs."""
        rows: list[list[int]] = []
        n = self.qubits
        ands: dict[int, list[Linear]] = {}
        for mask, angle in layer.terms.items():
            if mask.bit_count() > 2:
                place = self._claim(np.array([1.0, 0.0]))
                self._phases.append((place, 1.0, angle))
                rows.append([PARITY, 0, 0, place, mask])
                continue
            low, high = mask & -mask, mask & (mask - 1)
            ands.setdefault(low, []).append(angle)
            if high:
                # parity(i, j) = i + j - 2 i j
                ands.setdefault(high, []).append(angle)
                ands.setdefault(mask, []).append(scaled(angle, -2.0))
        summed_up = {mask: total for mask, angles in ands.items() if (total := summed(*angles))}
        if len(summed_up) > _FEW_PHASES:
            table = self._claim(np.tile([1.0, 0.0], n * n))
            rows.append([LAYER, 0, 0, table, 0])
        for mask, total in summed_up.items():
            i, j = (mask & -mask).bit_length() - 1, mask.bit_length() - 1
            if len(summed_up) > _FEW_PHASES:
                place = table + 2 * (i * n + j)
            else:
                place = self._claim(np.array([1.0, 0.0]))
                rows.append([PHASE, 0, mask, place, 0])
            self._phases.append((place, 1.0, total))
        return rows

    def _matrix(self, factors: tuple[Factor, ...], place: int, column: bool) -> None:
        """Have the product of ``factors`` written to ``place``: all of it, or its first column."""
        if all(angle == () or angle[-1][0] == 0 for _, angle in factors):
            parts = np.array(_constant_matrix(factors))
            values = parts[[0, 2]] if column else parts
            self._constants.append((place, values.view(np.float64)))
            return
        key = ("column" if column else "matrix", *(kind for kind, _ in factors))
        turns = self._turns.setdefault(key, _Turns())
        turns.places.append(place)
        turns.angles += [angle for _, angle in factors]

    def numbers(self, angles: np.ndarray) -> np.ndarray:
        """float64[batch, width] of float64[batch, columns of the table of angles]."""
        data = np.tile(self._base, (len(angles), 1))
        if len(self._by_place.places):
            sums = _linear(angles, self._by_place.columns, self._by_place.factors, self._by_place.begins)
            data[:, self._by_place.places] = np.cos(sums)
            data[:, self._by_place.places + 1] = np.sin(sums)
        for (shape, *kinds), turns in self._turns.items():
            columns, factors, begins = _flat(turns.angles)
            values = _linear(angles, columns, factors, begins)
            product = _products(kinds, values.reshape(len(angles), len(turns.places), len(kinds)))
            parts = product[..., 0] if shape == "column" else product.reshape(*product.shape[:2], 4)
            flat = np.ascontiguousarray(parts).view(np.float64)
            where = np.array(turns.places)[:, None] + np.arange(flat.shape[-1])
            data[:, where] = flat
        return data


class _Phases(NamedTuple):
    """Sums of factors times columns, one for each place; sum ``k`` begins at ``begins[k]``."""

    places: np.ndarray
    columns: np.ndarray
    factors: np.ndarray
    begins: np.ndarray


def _by_place(phases: list[tuple[int, float, Linear]]) -> _Phases:
    gathered: dict[int, list[tuple[int, float]]] = {}
    for place, factor, angle in phases:
        gathered.setdefault(place, []).extend((column, factor * value) for column, value in angle)
    columns, factors, begins = _flat([tuple(angle) for angle in gathered.values()])
    return _Phases(np.array(list(gathered), np.int64), columns, factors, begins)


def _flat(angles: Sequence[Linear]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(columns, factors, begins) of linear forms laid end to end; an empty one becomes 0 times column 0."""
    filled = [angle or ((0, 0.0),) for angle in angles]
    begins = np.cumsum([0, *(len(angle) for angle in filled)])[:-1]
    entries = [entry for angle in filled for entry in angle]
    columns = np.array([column for column, _ in entries], np.int64)
    return columns, np.array([value for _, value in entries]), begins


def _linear(angles: np.ndarray, columns: np.ndarray, factors: np.ndarray, begins: np.ndarray) -> np.ndarray:
    sums: np.ndarray = np.add.reduceat(angles[:, columns] * factors, begins, axis=1)
    return sums


def _products(kinds: Sequence[str], angles: np.ndarray) -> np.ndarray:
    """complex[batch, turns, 2, 2] of float64[batch, turns, factors]; the first factor acts first."""
    product = np.broadcast_to(np.eye(2, dtype=complex), (*angles.shape[:2], 2, 2))
    for k, kind in enumerate(kinds):
        product = _matrices(kind, angles[..., k]) @ product
    return product


def _matrices(kind: str, angle: np.ndarray) -> np.ndarray:
    """complex[..., 2, 2]: ``gates.matrix`` of arrays."""
    found = np.empty((*angle.shape, 2, 2), complex)
    if kind == "p":
        found[..., 0, 0], found[..., 0, 1], found[..., 1, 0] = 1, 0, 0
        found[..., 1, 1] = np.exp(1j * angle)
    elif kind in ("rx", "ry"):
        c, s = np.cos(angle / 2), np.sin(angle / 2)
        found[..., 0, 0] = found[..., 1, 1] = c
        found[..., 0, 1] = -1j * s if kind == "rx" else -s
        found[..., 1, 0] = -1j * s if kind == "rx" else s
    else:
        found[...] = np.array(matrix(kind, 0.0)).reshape(2, 2)
    return found


@lru_cache(maxsize=4096)
def _constant_matrix(factors: tuple[Factor, ...]) -> tuple[complex, ...]:
    product = np.eye(2, dtype=complex)
    for kind, angle in factors:
        product = np.array(matrix(kind, angle[0][1] if angle else 0.0)).reshape(2, 2) @ product
    return tuple(product.ravel())


def _schedule(
    steps: list[tuple[Step, list[list[int]]]], qubits: int
) -> list[tuple[list[tuple[Step, list[list[int]]]], list[int]]]:
    """Passes: the steps of each and the qubits of its blocks.

    Greedy: a pass takes each step in turn if its target is among the pass's qubits, or fits, and it
    does not touch the qubits of a step left behind.
    """
    if qubits <= BLOCK_QUBITS + 1:
        return [(steps, list(range(qubits)))]
    passes: list[tuple[list[tuple[Step, list[list[int]]]], list[int]]] = []
    while steps or not passes:
        chosen = (1 << _LOWEST) - 1
        blocked = 0
        taken, left = [], []
        for step in steps:
            target, touched = _reach(step[0])
            fits = (chosen | target).bit_count() <= BLOCK_QUBITS
            if fits and not touched & blocked:
                chosen |= target
                taken.append(step)
            else:
                blocked |= touched
                left.append(step)
        passes.append((taken, _filled(chosen, qubits)))
        steps = left
    return passes


def _reach(step: Step) -> tuple[int, int]:
    """(mask of the qubit that must be in the block, mask of all qubits touched)."""
    if isinstance(step, Turn):
        return 1 << step.target, 1 << step.target | step.controls
    return 0, step.support


def _filled(chosen: int, qubits: int) -> list[int]:
    """The qubits of the mask, and lowest others until the block is full."""
    for qubit in range(qubits):
        if chosen.bit_count() < BLOCK_QUBITS:
            chosen |= 1 << qubit
    return [qubit for qubit in range(qubits) if chosen >> qubit & 1]


def _lay_out(steps: list[tuple[Step, list[list[int]]]], bits: list[int], qubits: int) -> Pass:
    """Kernel rows, with targets and controls as places in the block."""
    place = {qubit: k for k, qubit in enumerate(bits)}
    rows = []
    for _, step_rows in steps:
        for kind, target, controls, where, mask in step_rows:
            inside = sum(1 << place[q] for q in bits if controls >> q & 1)
            outside = controls & ~sum(1 << q for q in bits)
            rows.append([kind, place.get(target, 0), inside, outside, where, mask])
    others = [qubit for qubit in range(qubits) if qubit not in place]
    consecutive = next((k for k, qubit in enumerate(bits) if k != qubit), len(bits))
    offsets = np.zeros(1, np.int64)
    for qubit in bits[consecutive:]:
        offsets = np.concatenate([offsets, offsets + (1 << qubit)])
    return Pass(
        np.array(rows, np.int64).reshape(-1, 6), np.array(bits, np.int64), np.array(others, np.int64),
        offsets, 1 << len(others),
    )  # fmt: skip
