"""``DynexCircuit``: a circuit in, bits out, by our own simulator (extra: circuits)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dimod
import numpy as np

from isinglass.compat.dynex.config import DynexConfig
from isinglass.compat.dynex.errors import (
    DynexModelError,
    DynexSolverError,
    DynexValidationError,
    in_dynex_words,
)
from isinglass.errors import nearest

IGNORED = (
    "integration_steps", "logging", "bnb", "switchfraction", "alpha", "beta", "gamma", "delta", "epsilon",
    "zeta", "minimum_stepsize", "block_fee", "shots", "qpu_max_coeff", "debugging",
)  # fmt: skip
METHODS = ("measure", "probs", "all", "sampleset")


class DynexCircuit:
    """Runs circuits on this machine, whatever the backend of ``config``; the client simulates them too."""

    description = "isinglass circuit"

    def __init__(self, config: DynexConfig | None = None) -> None:
        self.config = config or DynexConfig()

    def execute(
        self,
        circuit: Any,
        params: Any = None,
        wires: int | Sequence[Any] | None = None,
        num_reads: int = 1000,
        *,
        method: str = "measure",
        seed: int | None = None,
        **more: Any,
    ) -> Any:
        """Measure every wire of a circuit ``num_reads`` times.

        Args:
            circuit: OpenQASM text, a Qiskit circuit, or a PennyLane function or QNode of ``params``.
            wires: number or labels of the wires, checked against the circuit's; None for as many as it has.
            method: "measure" gives the most frequent bits, uint8[wires]; "probs" the frequency of 1 on each
                wire, float64[wires]; "all" a list of the bits of every read, uint8[wires] each; "sampleset" a
                ``dimod.SampleSet`` over the wires' numbers. Place ``i`` is wire ``i`` in all of them.
            seed: 0 to 2^63 - 1; None draws one.
            **more: further words of the client (``IGNORED``), which change nothing.
        """
        if method not in METHODS:
            raise DynexValidationError(f"method={method!r} is not one of {', '.join(METHODS)}")
        for name in more:
            if name not in IGNORED:
                raise DynexValidationError(f"{name!r} is not a parameter of execute{nearest(name, IGNORED)}")
        with in_dynex_words():
            text = _as_qasm(circuit, params)
            bits, times = _measured(text, num_reads, seed)
        wanted = wires if isinstance(wires, int) else len(wires) if wires is not None else bits.shape[1]
        if bits.shape[1] != wanted:
            raise DynexValidationError(f"wires={wires!r}: the circuit has {bits.shape[1]} wires")
        if method == "measure":
            return bits[int(times.argmax())]
        if method == "probs":
            return times @ bits / times.sum()
        if method == "all":
            return list(np.repeat(bits, times, axis=0))
        return dimod.SampleSet.from_samples(
            bits.astype(np.int8), "BINARY", energy=np.zeros(len(bits)), num_occurrences=times
        )


def _measured(text: str, reads: int, seed: int | None) -> tuple[np.ndarray, np.ndarray]:
    """(uint8[outcomes, wires], int64[outcomes]: how often each was seen)."""
    from isinglass.circuits import ParallelSimulator

    counts = ParallelSimulator(shots=reads, seed=seed).submit_circuits({"circuit": text})[0]["results"]
    # A key shows wire 0 rightmost.
    rows = [[int(bit) for bit in reversed(key)] for key in counts]
    return np.array(rows, np.uint8), np.array(list(counts.values()), np.int64)


def _as_qasm(circuit: Any, params: Any) -> str:
    """OpenQASM that measures qubit ``i`` into bit ``i`` of a single register at the end."""
    if isinstance(circuit, str):
        from qiskit import qasm2

        circuit = qasm2.loads(circuit, custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS)
    if callable(circuit):
        return _traced(circuit, params)
    if type(circuit).__module__.startswith("cirq"):
        raise DynexModelError("a Cirq circuit is not taken: pass its OpenQASM, circuit.to_qasm()")
    from qiskit import QuantumCircuit, qasm2

    if not isinstance(circuit, QuantumCircuit):
        raise DynexModelError(
            f"a {type(circuit).__name__} is not OpenQASM, a Qiskit circuit or a PennyLane function"
        )
    plain = circuit.remove_final_measurements(inplace=False)
    plain.measure_all()
    return str(qasm2.dumps(plain))


def _traced(function: Any, params: Any) -> str:
    try:
        import pennylane
    except ImportError:
        raise DynexSolverError("a PennyLane circuit needs the package: pip install pennylane") from None
    tape = pennylane.tape.make_qscript(getattr(function, "func", function))(params)
    if not tape.operations:
        raise DynexSolverError("the function records no gates: it must call PennyLane's operations itself")
    return str(pennylane.to_openqasm(tape, rotations=False, measure_all=True))
