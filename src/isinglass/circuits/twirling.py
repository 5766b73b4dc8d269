"""Pauli twirling: random Paulis round two-qubit gates, which leave the circuit what it does.

Averaged over many twirls, the noise of those gates becomes a Pauli channel (Wallman, Emerson, PRA 94, 052325,
2016), which extrapolates and inverts better than coherent errors.
"""

from __future__ import annotations

import numpy as np

from isinglass.circuits.batch import Circuit
from isinglass.circuits.gate_list import BoundGate, GateList
from isinglass.circuits.runner import whole_number
from isinglass.rng import resolve_seed

TWIRLED = ("cx", "CX", "cz", "swap")
"""Clifford gates of two qubits that are twirled; others stay as they are."""
_NAMES = {(0, 1): "z", (1, 0): "x", (1, 1): "y"}


def pauli_twirls(circuit: Circuit, count: int, *, seed: int | None = None) -> dict[str, str]:
    """ "twirl 0", ... -> OpenQASM 2 texts that do what ``circuit`` does, up to a global phase.

    Args:
        circuit: gates, measured at the end or not at all.
        count: twirls, 1 up; average what comes of them.
        seed: of the Paulis, 0 to 2^63 - 1; None draws one.
    """
    gates = GateList.of(circuit)
    rng = np.random.default_rng(resolve_seed(seed))
    texts = {}
    for k in range(whole_number("count", count)):
        twirled: list[BoundGate] = []
        for gate in gates.gates:
            if gate.name not in TWIRLED:
                twirled.append(gate)
                continue
            xa, za, xb, zb = rng.integers(2, size=4).tolist()
            twirled += [*_paulis(gate.qubits, xa, za, xb, zb), gate]
            twirled += _paulis(gate.qubits, *_through(gate.name, xa, za, xb, zb))
        texts[f"twirl {k}"] = gates.with_gates(twirled).qasm()
    return texts


def _through(name: str, xa: int, za: int, xb: int, zb: int) -> tuple[int, int, int, int]:
    """The Pauli X^xa Z^za on the first qubit and X^xb Z^zb on the second, moved through a gate."""
    if name == "swap":
        return xb, zb, xa, za
    if name == "cz":
        return xa, za ^ xb, xb, zb ^ xa
    return xa, za ^ zb, xb ^ xa, zb


def _paulis(qubits: tuple[int, ...], xa: int, za: int, xb: int, zb: int) -> list[BoundGate]:
    letters = ((qubits[0], (xa, za)), (qubits[1], (xb, zb)))
    return [BoundGate(_NAMES[letter], (), (qubit,)) for qubit, letter in letters if letter in _NAMES]
