"""PennyLane's operations as gates of Qiskit: names, parameters, adjoints and controls.

PennyLane counts the first wire as the most significant one of a matrix, a state and a Fourier transform;
Qiskit the last qubit. Where that matters the wires are reversed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Gate, library
from qiskit.quantum_info import Operator

from isinglass.errors import CircuitError

_MOST_OF_A_MATRIX = 6
"""Qubits of a matrix: taking it apart grows with the cube of its side."""
_MOST_OF_A_STATE = 12
_MOST_CONTROLS = 12
_LIBRARY = {
    "Identity": "IGate", "Hadamard": "HGate", "H": "HGate", "PauliX": "XGate", "X": "XGate",
    "PauliY": "YGate", "Y": "YGate", "PauliZ": "ZGate", "Z": "ZGate", "S": "SGate",
    "T": "TGate", "SX": "SXGate", "RX": "RXGate", "RY": "RYGate", "RZ": "RZGate", "PhaseShift": "PhaseGate",
    "U1": "PhaseGate", "U2": "U2Gate", "U3": "U3Gate",
    "CNOT": "CXGate", "CX": "CXGate", "CY": "CYGate", "CZ": "CZGate", "CH": "CHGate", "SWAP": "SwapGate",
    "ISWAP": "iSwapGate", "ECR": "ECRGate", "CRX": "CRXGate", "CRY": "CRYGate", "CRZ": "CRZGate",
    "ControlledPhaseShift": "CPhaseGate", "CPhase": "CPhaseGate", "IsingXX": "RXXGate", "IsingYY": "RYYGate",
    "IsingZZ": "RZZGate", "Toffoli": "CCXGate", "CSWAP": "CSwapGate", "CCZ": "CCZGate",
}  # fmt: skip
"""Operations that are the same gate there, wire by wire."""
NOTHING = ("Snapshot", "Barrier", "WireCut")


def append(circuit: QuantumCircuit, op: dict[str, Any]) -> None:
    """Add an operation to the circuit; CircuitError where it is unknown or malformed."""
    name = op["base_name"]
    if name in NOTHING:
        return
    try:
        if name == "MidMeasureMP":
            _measure(circuit, op)
            return
        wires = _wires(circuit, op["wires"])
        controls = (
            _wires(circuit, op.get("control_wires") or []) if op.get("ctrlD") or name == _CONTROLLED else []
        )
        targets = wires[len(controls) :]
        gate = _gate(name, op, len(targets))
        if op.get("adjointD", 0) % 2:
            gate = gate.inverse()
        if controls:
            gate = _controlled(gate, controls, _hyper(op, "control_values"))
        circuit.append(gate, [*controls, *targets])
    except CircuitError:
        raise
    except Exception as error:
        # Anything may be in a message: Qiskit's own checks say what does not fit.
        raise CircuitError(
            f"the operation {str(op.get('name', name))[:80]!r} is malformed: {error}"
        ) from None


_CONTROLLED = "ControlledQubitUnitary"


def _wires(circuit: QuantumCircuit, given: Any) -> list[int]:
    wires = [int(wire) for wire in given]
    if len(set(wires)) != len(wires) or not all(0 <= wire < circuit.num_qubits for wire in wires):
        raise CircuitError(
            f"the wires {str(wires)[:80]} are not different ones of 0 to {circuit.num_qubits - 1}"
        )
    return wires


def _gate(name: str, op: dict[str, Any], size: int) -> Gate:
    if name in _LIBRARY:
        return getattr(library, _LIBRARY[name])(*_real(op["params"]).ravel().tolist())
    if name not in _BUILDERS:
        raise CircuitError(f"the operation {name[:80]!r} is not known: decompose it into gates")
    parts = QuantumCircuit(size)
    _BUILDERS[name](parts, op)
    return parts.to_gate()


def _controlled(gate: Gate, controls: Sequence[int], values: Any) -> Gate:
    if len(controls) > _MOST_CONTROLS and not isinstance(gate, library.XGate):
        raise CircuitError(f"{len(controls)} controls of a gate; {_MOST_CONTROLS} are taken")
    state = "".join("1" if bit else "0" for bit in (values or [1] * len(controls)))
    return gate.control(len(controls), ctrl_state=state[::-1])


def _hyper(op: dict[str, Any], name: str, default: Any = None) -> Any:
    return (op.get("hyperparams") or {}).get(name, default)


def _real(values: Any) -> np.ndarray:
    return _finite(np.asarray(values, np.float64))


def _angle(op: dict[str, Any]) -> float:
    return float(_real(op["params"]).item())


def _complex(values: Any) -> np.ndarray:
    """Complex numbers are texts, such as "(1+0j)"."""
    return _finite(np.vectorize(complex, otypes=[complex])(np.asarray(values, object)))


def _finite(values: np.ndarray) -> np.ndarray:
    if not np.isfinite(values).all():
        raise CircuitError("a parameter is not a finite number")
    return values


def _measure(circuit: QuantumCircuit, op: dict[str, Any]) -> None:
    wire = _wires(circuit, op["wires"])[0]
    circuit.measure(wire, circuit.clbits[circuit.count_ops().get("measure", 0)])
    if _hyper(op, "reset") is True:
        circuit.reset(wire)


def _rot(parts: QuantumCircuit, wire: int, angles: Any) -> None:
    phi, theta, omega = angles
    parts.rz(phi, wire)
    parts.ry(theta, wire)
    parts.rz(omega, wire)


def _rotations(parts: QuantumCircuit, op: dict[str, Any]) -> None:
    _rot(parts, parts.num_qubits - 1, _real(op["params"]).ravel())


def _controlled_rotations(parts: QuantumCircuit, op: dict[str, Any]) -> None:
    inner = QuantumCircuit(1)
    _rotations(inner, op)
    parts.append(inner.to_gate().control(1), [0, 1])


def _root_of_iswap(parts: QuantumCircuit, op: dict[str, Any]) -> None:
    parts.append(library.iSwapGate().power(0.5), [0, 1])


def _ising_xy(parts: QuantumCircuit, op: dict[str, Any]) -> None:
    parts.append(library.XXPlusYYGate(-_angle(op)), [0, 1])


def _global_phase(parts: QuantumCircuit, op: dict[str, Any]) -> None:
    parts.global_phase = -_angle(op)


def _multi_rz(parts: QuantumCircuit, op: dict[str, Any]) -> None:
    chain = range(parts.num_qubits - 1)
    for i in chain:
        parts.cx(i, i + 1)
    parts.rz(_angle(op), parts.num_qubits - 1)
    for i in reversed(chain):
        parts.cx(i, i + 1)


def _pauli_rotation(parts: QuantumCircuit, op: dict[str, Any]) -> None:
    word = str(_hyper(op, "pauli_word"))
    acts = [i for i, letter in enumerate(word) if letter != "I"]
    for i in acts:
        {"X": parts.h, "Y": lambda q: parts.rx(np.pi / 2, q), "Z": parts.id}[word[i]](i)
    inner = QuantumCircuit(len(acts))
    _multi_rz(inner, op)
    parts.append(inner.to_gate(), acts)
    for i in acts:
        {"X": parts.h, "Y": lambda q: parts.rx(-np.pi / 2, q), "Z": parts.id}[word[i]](i)


def _fourier(parts: QuantumCircuit, op: dict[str, Any]) -> None:
    parts.append(library.QFTGate(parts.num_qubits), range(parts.num_qubits)[::-1])


def _flip(parts: QuantumCircuit, op: dict[str, Any], bits: Sequence[int]) -> None:
    """-1 for one state of the computational basis."""
    zeros = [i for i, bit in enumerate(bits) if not bit]
    last = parts.num_qubits - 1
    if zeros:
        parts.x(zeros)
    parts.h(last)
    if last:
        parts.mcx(list(range(last)), last)
    else:
        parts.x(last)
    parts.h(last)
    if zeros:
        parts.x(zeros)


def _flip_sign(parts: QuantumCircuit, op: dict[str, Any]) -> None:
    bits = [int(bit) for bit in _hyper(op, "arr_bin")]
    if len(bits) != parts.num_qubits:
        raise CircuitError("FlipSign does not have a bit for each of its wires")
    _flip(parts, op, bits)


def _grover(parts: QuantumCircuit, op: dict[str, Any]) -> None:
    everywhere = range(parts.num_qubits)
    parts.h(everywhere)
    _flip(parts, op, [0] * parts.num_qubits)
    parts.h(everywhere)
    parts.global_phase = np.pi


def _basis_state(parts: QuantumCircuit, op: dict[str, Any]) -> None:
    bits = _real(op["params"]).ravel()
    if len(bits) != parts.num_qubits or not np.isin(bits, (0, 1)).all():
        raise CircuitError("a basis state does not have a bit for each of its wires")
    for i in np.flatnonzero(bits):
        parts.x(int(i))


def _state(parts: QuantumCircuit, op: dict[str, Any]) -> None:
    _most(parts, _MOST_OF_A_STATE, "a state")
    amplitudes = _complex(op["params"]).ravel()
    parts.append(library.StatePreparation(amplitudes, normalize=True), range(parts.num_qubits)[::-1])


def _matrix(parts: QuantumCircuit, op: dict[str, Any]) -> None:
    _most(parts, _MOST_OF_A_MATRIX, "a matrix")
    matrix = np.squeeze(_complex(op["params"])).reshape(1 << parts.num_qubits, -1)
    parts.append(library.UnitaryGate(matrix), range(parts.num_qubits)[::-1])


def _diagonal(parts: QuantumCircuit, op: dict[str, Any]) -> None:
    _most(parts, _MOST_OF_A_MATRIX, "a matrix")
    values = _complex(op["params"]).ravel()
    parts.append(library.DiagonalGate(values.tolist()), range(parts.num_qubits)[::-1])


def _most(parts: QuantumCircuit, most: int, what: str) -> None:
    if parts.num_qubits > most:
        raise CircuitError(f"{what} of {parts.num_qubits} wires; {most} are taken")


def _axis(op: dict[str, Any], default: str) -> str:
    """The rotation that a template was made with: a letter, or the name of a class."""
    found = re.search(r"\bR?([XYZ])\b", str(_hyper(op, "rotation", default)))
    return (found[1] if found else default).lower()


def _angles(parts: QuantumCircuit, op: dict[str, Any]) -> None:
    rotate = getattr(parts, "r" + _axis(op, "X"))
    for i, angle in enumerate(_real(op["params"]).ravel().tolist()):
        rotate(angle, i)


def _strong_layers(parts: QuantumCircuit, op: dict[str, Any]) -> None:
    n = parts.num_qubits
    weights = _real(op["params"]).reshape(-1, n, 3)
    ranges = _hyper(op, "ranges") or [1 + layer % max(1, n - 1) for layer in range(len(weights))]
    entangle = parts.cz if "CZ" in str(_hyper(op, "imprimitive")) else parts.cx
    for layer, reach in zip(weights, ranges, strict=True):
        for i in range(n):
            _rot(parts, i, layer[i])
        for i in range(n if n > 1 else 0):
            entangle(i, (i + int(reach)) % n)


def _basic_layers(parts: QuantumCircuit, op: dict[str, Any]) -> None:
    n = parts.num_qubits
    rotate = getattr(parts, "r" + _axis(op, "X"))
    for layer in _real(op["params"]).reshape(-1, n):
        for i in range(n):
            rotate(layer[i], i)
        for i in range(n if n > 2 else n - 1):
            parts.cx(i, (i + 1) % n)


def _many_controls(parts: QuantumCircuit, op: dict[str, Any]) -> None:
    last = parts.num_qubits - 1
    parts.append(_controlled(library.XGate(), range(last), _hyper(op, "control_values")), range(last + 1))


def _phase_estimation(parts: QuantumCircuit, op: dict[str, Any]) -> None:
    """Places of ``parts`` are those of the operation's wires: targets and estimation wires, as they come."""
    wires = [int(wire) for wire in op["wires"]]
    counting = [wires.index(int(wire)) for wire in op["estimation_wires"]]
    targets = [place for place in range(len(wires)) if place not in counting]
    if len(counting) > _MOST_OF_A_STATE or len(targets) > _MOST_OF_A_MATRIX:
        raise CircuitError(f"a phase estimation of {len(counting)} and {len(targets)} wires is too large")
    given = op["unitary"]
    inner = QuantumCircuit(len(targets))
    if isinstance(given, dict):
        append(inner, {"base_name": given["name"], **given, "wires": list(range(len(targets)))})
    else:
        _matrix(inner, {"params": given})
    unitary = Operator(inner)
    parts.h(counting)
    for k, place in enumerate(counting):
        power = library.UnitaryGate(unitary.power(2 ** (len(counting) - 1 - k)))
        parts.append(power.control(1), [place, *targets])
    parts.append(library.QFTGate(len(counting)).inverse(), counting[::-1])


_BUILDERS: dict[str, Callable[[QuantumCircuit, dict[str, Any]], None]] = {
    "Rot": _rotations, "CRot": _controlled_rotations, "MultiRZ": _multi_rz, "PauliRot": _pauli_rotation,
    "SISWAP": _root_of_iswap,
    "IsingXY": _ising_xy,
    "GlobalPhase": _global_phase,
    "QFT": _fourier, "GroverOperator": _grover, "FlipSign": _flip_sign, "BasisEmbedding": _basis_state,
    "BasisState": _basis_state, "BasisStatePreparation": _basis_state, "StatePrep": _state,
    "AmplitudeEmbedding": _state, "MottonenStatePreparation": _state, "AngleEmbedding": _angles,
    "StronglyEntanglingLayers": _strong_layers, "BasicEntanglerLayers": _basic_layers,
    "QubitUnitary": _matrix, _CONTROLLED: _matrix, "DiagonalQubitUnitary": _diagonal,
    "MultiControlledX": _many_controls, "QuantumPhaseEstimation": _phase_estimation,
}  # fmt: skip
