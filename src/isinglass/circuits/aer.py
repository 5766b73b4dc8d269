"""Circuits on Qiskit Aer: noise, density matrices, matrix product states and everything else.

Aer's threads spin while they wait, inside one circuit and among circuits at once; on small circuits that
costs ten times the work. So each circuit gets one thread up to ``SPLIT_QUBITS`` qubits, and is a run
of its own with a seed of its own: Aer seeds the circuits of one run from their places in it.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from isinglass.circuits.counts import Counts
from isinglass.circuits.qiskit_circuits import from_program, qiskit_module
from isinglass.circuits.reading import Read
from isinglass.circuits.state_vector import SPLIT_QUBITS
from isinglass.control import available_threads

_METHODS = (
    "statevector", "density_matrix", "stabilizer", "matrix_product_state", "extended_stabilizer",
    "tensor_network",
)  # fmt: skip
METHODS: dict[str, str | None] = {
    "aer_simulator": None,
    **{f"aer_simulator_{name}": name for name in _METHODS},
}
"""Aer's names of its simulators -> the method, None for its own choice."""
_KEPT = 64


class AerEngine:
    """Runs circuits on one Aer simulator.

    Args:
        backend: an ``AerSimulator``; a ``BackendV2``, whose noise and couplings are simulated; or None.
        method: Aer's name of the method, or None for its choice.
        noise_model: an Aer ``NoiseModel`` or None; ``backend`` goes first.
    """

    def __init__(self, backend: Any = None, method: str | None = None, noise_model: Any = None) -> None:
        aer = qiskit_module("qiskit_aer")
        if backend is None:
            options = {} if method is None else {"method": method}
            self.simulator = aer.AerSimulator(noise_model=noise_model, **options)
        elif isinstance(backend, aer.AerSimulator):
            self.simulator = backend
        else:
            self.simulator = aer.AerSimulator.from_backend(backend)
        self.transpiles = backend is not None or noise_model is not None
        self.name = f"aer {self.simulator.options.method}"
        self._passes: Any = None
        # Transpiling keeps state in its pass manager, so one thread at a time.
        self._lock = threading.Lock()
        self._compiled: dict[str, tuple[Any, list[Any]]] = {}

    def circuit(self, read: Read, angles: np.ndarray | None) -> Any:
        """The circuit to run, fit for the device; compiled once for a structure."""
        if read.qiskit is not None:
            with self._lock:
                return self._transpiled(read.qiskit)
        assert read.program is not None
        with self._lock:
            if read.structure not in self._compiled:
                if len(self._compiled) >= _KEPT:
                    self._compiled.clear()
                circuit, parameters = from_program(read.program)
                self._compiled[read.structure] = self._transpiled(circuit), parameters
            circuit, parameters = self._compiled[read.structure]
        values = {
            p: float(angles[k + 1]) for k, p in enumerate(parameters) if p is not None and angles is not None
        }
        return circuit.assign_parameters(values) if values else circuit

    def _transpiled(self, circuit: Any) -> Any:
        if not self.transpiles:
            # Only to gates that Aer knows; nothing is moved or merged.
            return qiskit_module("qiskit").transpile(
                circuit, self.simulator, optimization_level=0, num_processes=1
            )
        if self._passes is None:
            passes = qiskit_module("qiskit.transpiler")
            self._passes = passes.generate_preset_pass_manager(
                optimization_level=1, backend=self.simulator, seed_transpiler=0
            )
        return self._passes.run(circuit)

    def counts(self, circuit: Any, shots: int, key: int) -> Counts:
        """Counts of a circuit from ``circuit``; raises what Aer says when it fails."""
        threads = available_threads() if circuit.num_qubits >= SPLIT_QUBITS else 1
        result = self.simulator.run(
            circuit, shots=shots, seed_simulator=key >> 2, max_parallel_threads=threads,
            max_parallel_experiments=1, max_parallel_shots=1,
        ).result()  # fmt: skip
        if not result.success:
            raise RuntimeError(result.results[0].status if result.results else result.status)
        return {key: int(count) for key, count in sorted(result.get_counts(0).items())}
