"""Circuits that do the same with more gates, so that a device's noise grows: G becomes G G^-1 G.

Digital zero-noise extrapolation: Giurgica-Tiron et al., arXiv:2005.10921, section III. Barriers stand
between a gate and its inverse, so that a transpiler leaves them.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from isinglass.circuits.gate_list import BoundGate, GateList
from isinglass.errors import ParameterError

_SELF_INVERSE = {
    "id", "u0", "x", "y", "z", "h", "cx", "CX", "cy", "cz", "ch", "swap", "ecr", "ccx", "ccz", "cswap",
    "rccx", "c3x", "mcx", "c4x", "barrier",
}  # fmt: skip
_DAGGERS = {"s": "sdg", "t": "tdg", "sx": "sxdg", "cs": "csdg"}
_DAGGERS |= {dagger: name for name, dagger in _DAGGERS.items()}
_BY_SIGN = {
    "rx", "ry", "rz", "p", "u1", "phase", "cp", "cu1", "cphase", "crx", "cry", "crz", "rzz", "rxx", "ryy",
    "rzx",
}  # fmt: skip
_ROOTS = {"csx": "cx", "c3sqrtx": "c3x"}
"""Square roots without a dagger of their own: the inverse is the root and then its square."""


def inverse(gate: BoundGate) -> list[BoundGate]:
    """Gates that undo ``gate``, up to a global phase."""
    name, angles, qubits = gate
    if name in _SELF_INVERSE:
        return [gate]
    if name in _DAGGERS:
        return [BoundGate(_DAGGERS[name], (), qubits)]
    if name in _BY_SIGN:
        return [BoundGate(name, (-angles[0],), qubits)]
    if name == "r":
        return [BoundGate(name, (-angles[0], angles[1]), qubits)]
    if name == "u2":
        return [BoundGate("u3", (-math.pi / 2, -angles[1], -angles[0]), qubits)]
    if name in ("u", "U", "u3", "cu3", "cu"):
        theta, phi, lam, *rest = angles
        return [BoundGate(name, (-theta, -lam, -phi, *(-angle for angle in rest)), qubits)]
    if name in _ROOTS:
        return [gate, BoundGate(_ROOTS[name], (), qubits)]
    if name == "dcx":
        return [BoundGate(name, (), qubits[::-1])]
    if name == "iswap":
        return [gate, *(BoundGate("z", (), (qubit,)) for qubit in qubits)]
    # The fourth power of rc3x is 1.
    return [gate] * 3


def fold_global(circuit: GateList, scale: float) -> tuple[GateList, float]:
    """U (U^-1 U)^k, and the last gates once more for what is left; with the scale reached.

    ``scale`` >= 1: number of gates over that of the circuit, inverses of several gates counted as one.
    """
    folds, rest, count = _folds(circuit, scale)
    whole = BoundGate("barrier", (), tuple(range(circuit.qubits)))
    back = [gate for one in reversed(circuit.gates) for gate in inverse(one)]
    gates = list(circuit.gates)
    for _ in range(folds):
        gates += [whole, *back, whole, *circuit.gates]
    if rest:
        last = _last(circuit.gates, rest)
        gates += [whole, *(gate for one in reversed(last) for gate in inverse(one)), whole, *last]
    return circuit.with_gates(gates), (count + 2 * (folds * count + rest)) / max(1, count)


def fold_local(circuit: GateList, scale: float) -> tuple[GateList, float]:
    """Each gate k times G^-1 G, and some, evenly spaced, once more; with the scale reached."""
    folds, rest, count = _folds(circuit, scale)
    gates: list[BoundGate] = []
    seen = 0
    for gate in circuit.gates:
        gates.append(gate)
        if gate.name == "barrier":
            continue
        more = (seen + 1) * rest // count - seen * rest // count
        seen += 1
        apart = BoundGate("barrier", (), gate.qubits)
        gates += [apart, *inverse(gate), apart, gate] * (folds + more)
    return circuit.with_gates(gates), (count + 2 * (folds * count + rest)) / max(1, count)


FOLDINGS: dict[str, Callable[[GateList, float], tuple[GateList, float]]] = {
    "global": fold_global,
    "local": fold_local,
}


def _folds(circuit: GateList, scale: float) -> tuple[int, int, int]:
    """(folds of everything, gates to be folded once more, gates)."""
    if not math.isfinite(scale) or scale < 1:
        raise ParameterError(f"scale factor {scale!r} is not a number of at least 1")
    count = sum(gate.name != "barrier" for gate in circuit.gates)
    folds, rest = divmod(round(count * (scale - 1) / 2), max(1, count))
    return folds, rest, count


def _last(gates: tuple[BoundGate, ...], count: int) -> tuple[BoundGate, ...]:
    """The end of ``gates`` that holds ``count`` gates, barriers not counted."""
    at = len(gates)
    while count:
        at -= 1
        count -= gates[at].name != "barrier"
    return gates[at:]
