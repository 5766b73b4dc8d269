"""Readout errors of each qubit, measured and inverted.

Qubits are taken to err independently: a 2 x 2 matrix each (tensored calibration; Bravyi et al.,
arXiv:2006.14044, section II). Inverting is exact for such errors and makes the noise of shots larger, by
about 1 / (1 - p01 - p10) for each qubit of a string.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from isinglass.circuits.counts import Register
from isinglass.circuits.gate_list import BoundGate, GateList
from isinglass.circuits.runner import CircuitRunner, whole_number
from isinglass.errors import CircuitError, ParameterError
from isinglass.memory import require


@dataclass(frozen=True)
class ReadoutErrors:
    """How often each qubit is read wrong."""

    one_for_zero: tuple[float, ...]
    """P(1 is read | 0), by qubit."""
    zero_for_one: tuple[float, ...]
    """P(0 is read | 1), by qubit."""

    def __post_init__(self) -> None:
        for qubit, (up, down) in enumerate(zip(self.one_for_zero, self.zero_for_one, strict=True)):
            if not (0 <= up <= 1 and 0 <= down <= 1):
                raise ParameterError(
                    f"readout errors {up!r}, {down!r} of qubit {qubit} are not probabilities"
                )
            if abs(1 - up - down) < 1e-9:
                raise CircuitError(f"readings of qubit {qubit} do not depend on its state: nothing to invert")

    @classmethod
    def measure(cls, runner: CircuitRunner, qubits: int, *, shots: int | None = None) -> ReadoutErrors:
        """Calibrate with two circuits, all qubits 0 and all 1; ``shots`` of each, None for the runner's."""
        n = whole_number("qubits", qubits)
        register, all_of_them = (Register("c", n, 0),), tuple((q, q) for q in range(n))
        ones = tuple(BoundGate("x", (), (q,)) for q in range(n))
        texts = {
            "readout 0": GateList(n, (), register, all_of_them).qasm(),
            "readout 1": GateList(n, ones, register, all_of_them).qasm(),
        }
        read = [_ones(entry["results"], n) for entry in runner.submit_circuits(texts, shots=shots)]
        return cls(tuple(read[0].tolist()), tuple((1 - read[1]).tolist()))

    def check_width(self, qubits: int) -> None:
        """ParameterError unless errors of so many qubits are known."""
        if qubits > len(self.one_for_zero):
            raise ParameterError(
                f"readout errors of {len(self.one_for_zero)} qubits are known and {qubits} are needed: "
                "measure all of them"
            )

    def parity(self, outcome: int, mask: int) -> float:
        """What one shot says of the Z string of ``mask``: its mean over shots is the error-free value."""
        value, qubit = 1.0, 0
        while mask >> qubit:
            if mask >> qubit & 1:
                up, down = self.one_for_zero[qubit], self.zero_for_one[qubit]
                sign = -1.0 if outcome >> qubit & 1 else 1.0
                value *= (sign + up - down) / (1 - up - down)
            qubit += 1
        return value

    def corrected(self, counts: Mapping[str, int], qubits: Sequence[int] | None = None) -> dict[str, float]:
        """Counts without the errors: numbers that sum to the shots, some of them negative.

        Args:
            counts: of one register, bit k leftmost but k.
            qubits: the qubit measured into each bit, bit 0 first; None for qubit k into bit k.

        Memory 8 * 2^bits bytes. Strings whose number is below 1e-9 of the shots are left out.
        """
        if (
            not counts
            or len({len(key) for key in counts}) > 1
            or any(set(key) - {"0", "1"} for key in counts)
        ):
            raise ParameterError("counts must be of one register: keys of 0 and 1, all of one length")
        bits = len(next(iter(counts)))
        places = range(bits) if qubits is None else list(qubits)
        if len(places) != bits:
            raise ParameterError(f"qubits={qubits!r} must name a qubit for each of {bits} bits")
        self.check_width(1 + max(places, default=-1))
        require(16 << bits, f"inverting readout errors of {bits} bits")
        vector = np.zeros(1 << bits)
        for key, count in counts.items():
            vector[int(key, 2) if key else 0] = count
        for bit, qubit in enumerate(places):
            up, down = self.one_for_zero[qubit], self.zero_for_one[qubit]
            inverse = np.linalg.inv([[1 - up, down], [up, 1 - down]])
            pairs = vector.reshape(-1, 2, 1 << bit)
            vector = np.einsum("xy,ayb->axb", inverse, pairs).ravel()
        kept = np.flatnonzero(np.abs(vector) > 1e-9 * vector.sum())
        return {format(z, f"0{bits}b"): float(vector[z]) for z in kept.tolist()}


def _ones(counts: Mapping[str, int], qubits: int) -> np.ndarray:
    """Share of shots in which each qubit was read as 1."""
    shares = np.zeros(qubits)
    for key, count in counts.items():
        shares[np.frombuffer(key[::-1].encode(), np.uint8) == ord("1")] += count
    return shares / sum(counts.values())
