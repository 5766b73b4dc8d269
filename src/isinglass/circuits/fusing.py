"""Fewer passes over the state: primitives in, fused steps out.

* CX, phases of the target, CX again is a phase of a parity: a QAOA cost term.
* Phases commute, so all those between two turns of their qubits become one ``Layer``: one pass,
  however many terms it has.
* Turns of one qubit are multiplied into one matrix; those before anything else touches the qubit
  make the product state in which the simulation starts.
* A swap renames qubits.

Exact up to rounding. Only the structure is looked at, never the values of slots.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from isinglass.circuits.gates import Factor, Linear, Phase, Primitive, Swap, Turn, summed

_ALONG_X = {"x", "rx", "sx", "sxdg"}
"""Factors that commute with each other, also where one of them is controlled."""
_LOOK_BACK = 400
"""Primitives that are searched for the CX that undoes another one."""


@dataclass
class Layer:
    """Commuting phases: mask of qubits whose parity counts -> angle."""

    terms: dict[int, Linear] = field(default_factory=dict)

    def add(self, mask: int, angle: Linear) -> None:
        self.terms[mask] = summed(self.terms.get(mask, ()), angle)

    @property
    def support(self) -> int:
        union = 0
        for mask in self.terms:
            union |= mask
        return union


Step = Turn | Layer


@dataclass
class Fused:
    """Steps for a state that begins as the product of ``start`` columns."""

    start: dict[int, tuple[Factor, ...]]
    """Qubit -> factors applied to |0>; qubits that are missing begin in |0>."""
    steps: list[Step]
    wires: list[int]
    """Where each qubit of the circuit lies in the state at the end."""


def fuse(primitives: Iterable[Primitive], qubits: int, from_zero: bool, measured: bool) -> Fused:
    """Fused steps.

    ``from_zero``: the state begins in |0...0>. ``measured``: only probabilities matter afterwards, so
    phases at the end are dropped.
    """
    renamed, wires = _rename(primitives, qubits)
    fusing = _Fusing(from_zero)
    for primitive in _cancel(renamed):
        if isinstance(primitive, Phase):
            fusing.phase(primitive)
        else:
            fusing.turn(primitive)
    return Fused(fusing.start, fusing.finish(measured), wires)


def _rename(primitives: Iterable[Primitive], qubits: int) -> tuple[list[Phase | Turn], list[int]]:
    """Without swaps: later primitives act on the wires that qubits have moved to."""
    wires = list(range(qubits))
    kept: list[Phase | Turn] = []
    moved = False
    for primitive in primitives:
        if isinstance(primitive, Swap):
            a, b = primitive
            wires[a], wires[b] = wires[b], wires[a]
            moved = True
        elif not moved:
            kept.append(primitive)
        elif isinstance(primitive, Phase):
            kept.append(Phase(_moved(primitive.mask, wires), primitive.angle))
        else:
            controls = _moved(primitive.controls, wires)
            kept.append(Turn(wires[primitive.target], controls, primitive.factors))
    return kept, wires


def _moved(mask: int, wires: list[int]) -> int:
    moved = 0
    while mask:
        moved |= 1 << wires[(mask & -mask).bit_length() - 1]
        mask &= mask - 1
    return moved


def _is_cx(turn: Turn) -> bool:
    return turn.factors[0][0] == "x" and turn.controls.bit_count() == 1


def _cancel(primitives: list[Phase | Turn]) -> list[Phase | Turn]:
    """Pairs of equal CX with nothing but phases on the target between them become parities."""
    out: list[Phase | Turn | None] = []
    for primitive in primitives:
        if isinstance(primitive, Turn) and _is_cx(primitive):
            partner = _partner(out, primitive)
            if partner is not None:
                target, control = 1 << primitive.target, primitive.controls
                for k in range(partner + 1, len(out)):
                    between = out[k]
                    if isinstance(between, Phase) and between.mask & target:
                        out[k] = Phase(between.mask ^ control, between.angle)
                out[partner] = None
                while out and out[-1] is None:
                    out.pop()
                continue
        out.append(primitive)
    return [primitive for primitive in out if primitive is not None]


def _partner(out: list[Phase | Turn | None], cx: Turn) -> int | None:
    """Index of the same CX if everything after it commutes with it or is a phase; None if not."""
    target = 1 << cx.target
    for k in range(len(out) - 1, max(-1, len(out) - 1 - _LOOK_BACK), -1):
        other = out[k]
        if other is None or isinstance(other, Phase):
            continue
        if other == cx:
            return k
        if other.controls & target or other.target == cx.target or 1 << other.target == cx.controls:
            return None
    return None


class _Fusing:
    def __init__(self, from_zero: bool) -> None:
        self.start: dict[int, tuple[Factor, ...]] = {}
        self.steps: list[Step] = []
        self.open = Layer()
        """The layer that still takes phases; it comes after all steps."""
        self.support = 0
        self.pending: dict[int, list[Factor]] = {}
        self.fresh = from_zero
        self.touched = 0

    def phase(self, phase: Phase) -> None:
        if phase.mask.bit_count() == 1:
            self.pending.setdefault(phase.mask.bit_length() - 1, []).append(("p", phase.angle))
            return
        self._settle(phase.mask)
        self._add(phase.mask, phase.angle)

    def turn(self, turn: Turn) -> None:
        if not turn.controls:
            self.pending.setdefault(turn.target, []).extend(turn.factors)
            return
        self._settle(turn.controls)
        along_x = {kind for kind, _ in self.pending.get(turn.target, ())} <= _ALONG_X
        begins = self.fresh and not self.touched >> turn.target & 1
        if begins or not along_x or turn.factors[0][0] not in _ALONG_X:
            self._flush(turn.target)
        self._emit(turn)

    def finish(self, measured: bool) -> list[Step]:
        for qubit in list(self.pending):
            if not measured or not _diagonal(self.pending[qubit]):
                self._flush(qubit)
        if not measured:
            self._close()
        return self.steps

    def _settle(self, mask: int) -> None:
        """Flush pending turns of these qubits; pending phases commute with what comes."""
        while mask:
            qubit = (mask & -mask).bit_length() - 1
            if not _diagonal(self.pending.get(qubit, ())):
                self._flush(qubit)
            mask &= mask - 1

    def _flush(self, qubit: int) -> None:
        factors = self.pending.pop(qubit, None)
        if not factors:
            return
        if self.fresh and not self.touched >> qubit & 1:
            self.start[qubit] = tuple(factors)
            self.touched |= 1 << qubit
        elif _diagonal(factors):
            self._add(1 << qubit, summed(*(angle for _, angle in factors)))
        else:
            self._emit(Turn(qubit, 0, tuple(factors)))

    def _add(self, mask: int, angle: Linear) -> None:
        self.open.add(mask, angle)
        self.support |= mask
        self.touched |= mask

    def _emit(self, turn: Turn) -> None:
        """A turn comes before the open layer unless that acts on its target."""
        if self.support >> turn.target & 1:
            self._close()
        self.touched |= 1 << turn.target | turn.controls
        self.steps.append(turn)

    def _close(self) -> None:
        if self.open.terms:
            self.steps.append(self.open)
        self.open, self.support = Layer(), 0


def _diagonal(factors: Iterable[Factor]) -> bool:
    return all(kind == "p" for kind, _ in factors)
