"""``ParallelSimulator``: batches of circuits on this machine, each on the engine that suits it.

* our state vector (``state_vector.py``; ``branching.py`` where measurements come in mid-circuit), up to
  what memory holds;
* Stim for Clifford circuits of more than ``CLIFFORD_QUBITS`` qubits;
* Aer for noise, devices, its own methods by name, and for control flow that only Qiskit can say.

The choice depends on the circuit and the settings alone, and stands in the result's metadata.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from isinglass.circuits.aer import METHODS, AerEngine
from isinglass.circuits.batch import CircuitBatch
from isinglass.circuits.branching import BranchingSampler
from isinglass.circuits.devices import OWN, engine_for
from isinglass.circuits.exact_values import ExactValues
from isinglass.circuits.reading import Read, Reader
from isinglass.circuits.run_times import estimate_run_time_batch, estimate_run_time_single_circuit
from isinglass.circuits.runner import CircuitRunner, Outcome
from isinglass.circuits.state_vector import FloatType, Sampler, purpose, state_bytes
from isinglass.circuits.submission import Submission
from isinglass.control import RunControl
from isinglass.errors import CircuitError, ParameterError
from isinglass.memory import require
from isinglass.rng import resolve_seed

_KEPT = 64
_PRECISIONS: dict[str, FloatType] = {"double": np.float64, "single": np.float32}


class ParallelSimulator(CircuitRunner):
    """Runs circuits on all cores of this machine.

    Args:
        n_processes: circuits in work at a time; None for every core. They are threads: no process is started.
        shots: measurements of each circuit.
        simulation_seed, seed: two names of one thing. A circuit's counts depend on the seed, its label and
            itself, not on other circuits, their order or ``n_processes``. None draws a new seed for
            each submission; ``metadata["seed"]`` says which.
        qiskit_backend: None, "auto" or "qasm_simulator" for the engine that suits each circuit;
            "statevector_simulator" for state vectors only; an Aer name such as
            "aer_simulator_density_matrix"; a device, such as "FakeManilaV2" or any BackendV2, whose noise is
            simulated.
        noise_model: an Aer ``NoiseModel``. A device given as well goes first.
        precision: "double", or "single" for half the memory and errors of about 1e-6.
        track_depth: keep depths of circuits.
    """

    def __init__(
        self,
        n_processes: int | None = None,
        shots: int = 5000,
        simulation_seed: int | None = None,
        qiskit_backend: Any = None,
        noise_model: Any = None,
        *,
        seed: int | None = None,
        precision: str = "double",
        track_depth: bool = False,
    ) -> None:
        super().__init__(shots, track_depth=track_depth, n_processes=n_processes)
        if seed is not None and simulation_seed not in (None, seed):
            raise ParameterError(f"seed={seed!r} and simulation_seed={simulation_seed!r} differ: give one")
        if precision not in _PRECISIONS:
            raise ParameterError(f"precision={precision!r} is neither 'double' nor 'single'")
        self.simulation_seed: int | None = None
        if seed is not None or simulation_seed is not None:
            self.set_seed(simulation_seed if seed is None else seed)  # type: ignore[arg-type]  # one is given
        self.qiskit_backend, self.noise_model, self.precision = qiskit_backend, noise_model, precision
        named = qiskit_backend is None or isinstance(qiskit_backend, str)
        device = not (named and qiskit_backend in (*OWN, *METHODS))
        if device and noise_model is not None:
            warnings.warn("the device's own noise is used: noise_model is left out", stacklevel=2)
        self.own_aer = engine_for(qiskit_backend, noise_model)
        self._fallback: AerEngine | None = None
        self.reader = Reader()
        self._samplers: dict[str, Sampler | BranchingSampler] = {}
        self._exact: dict[str, ExactValues] = {}

    estimate_run_time_single_circuit = staticmethod(estimate_run_time_single_circuit)
    estimate_run_time_batch = staticmethod(estimate_run_time_batch)

    @property
    def supports_expval(self) -> bool:
        """Exact expectation values come from our state vector; with noise or Aer there are counts only."""
        return self.own_aer is None

    def check_width(self, qubits: int) -> None:
        """OutOfMemoryError for a state vector that does not fit; CircuitError for a device too small."""
        if self.own_aer is None:
            require(state_bytes(qubits, _PRECISIONS[self.precision]), purpose(qubits))
        elif qubits > self.own_aer.simulator.num_qubits:
            raise CircuitError(
                f"{qubits} qubits are needed and {self.qiskit_backend or self.own_aer.name} has "
                f"{self.own_aer.simulator.num_qubits}: make the problem smaller or take another runner"
            )

    def set_seed(self, seed: int) -> None:
        """Seed of later submissions."""
        self.simulation_seed = resolve_seed(seed)

    def run(self, batch: CircuitBatch, control: RunControl) -> Sequence[Outcome | None]:
        """One outcome for each circuit."""
        return Submission(self, batch, control).run()

    def sampler(self, read: Read) -> Sampler | BranchingSampler:
        """The compiled form of a structure, kept for later submissions."""
        assert read.program is not None
        found = self._samplers.get(read.structure)
        if found is None:
            kind = Sampler if read.program.measures_only_at_the_end() else BranchingSampler
            found = kind(read.program, _PRECISIONS[self.precision])
            if read.qiskit is None:
                if len(self._samplers) >= _KEPT:
                    self._samplers.clear()
                self._samplers[read.structure] = found
        return found

    def exact(self, read: Read) -> ExactValues:
        """The compiled form of a structure for expectation values, kept for later submissions."""
        assert read.program is not None
        if read.structure not in self._exact:
            if len(self._exact) >= _KEPT:
                self._exact.clear()
            self._exact[read.structure] = ExactValues(read.program, _PRECISIONS[self.precision])
        return self._exact[read.structure]

    def aer(self) -> AerEngine:
        """Aer as set up for this runner."""
        if self.own_aer is not None:
            return self.own_aer
        if self._fallback is None:
            self._fallback = AerEngine()
        return self._fallback
