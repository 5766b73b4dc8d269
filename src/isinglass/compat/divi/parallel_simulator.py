"""``ParallelSimulator`` as Divi's code calls it: our own, with payloads, ``ham_ops`` and ``shot_groups``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

from isinglass.circuits import parallel_simulator as own
from isinglass.circuits.batch import CircuitBatch
from isinglass.circuits.runner import whole_number
from isinglass.circuits.shot_distribution import shots_of_groups
from isinglass.compat.divi.execution_result import ExecutionResult
from isinglass.compat.divi.payloads import circuits_of, observables_of
from isinglass.control import Cancel, Progress
from isinglass.errors import CircuitError, ParameterError


class CircuitRunner(ABC):
    """What a backend of one's own subclasses: ``shots`` and ``submit_circuits``."""

    resolves_parameters = False
    """Does ``submit_circuits`` take payloads with free parameters?"""
    supports_expval = False
    is_async = False

    def __init__(self, shots: int) -> None:
        self._shots = whole_number("shots", shots)

    @property
    def shots(self) -> int:
        """Measurements of each circuit."""
        return self._shots

    def set_seed(self, seed: int) -> None:
        """Runners without randomness of their own ignore it."""
        return None

    @abstractmethod
    def submit_circuits(self, circuits: Any, *args: Any, **kwargs: Any) -> Any:
        """Entries ``{"label": ..., "results": {bit string: count}}``."""


class ParallelSimulator(own.ParallelSimulator):
    """Our simulator for code written for Divi, and as ``backend=`` of its programs.

    Args:
        n_processes, shots, simulation_seed, qiskit_backend, noise_model, seed, track_depth, precision: as of
            ``isinglass.circuits.ParallelSimulator``.
        force_sampling: True: programs get counts where they would get exact expectation values.
        _deterministic_execution: accepted; with a seed every execution is.
    """

    resolves_parameters = True

    def __init__(
        self, n_processes: int | None = None, shots: int = 5000, simulation_seed: int | None = None,
        qiskit_backend: Any = None, noise_model: Any = None, _deterministic_execution: bool = False, *,
        seed: int | None = None, track_depth: bool = False, force_sampling: bool = False,
        precision: str = "double",
    ) -> None:  # fmt: skip
        super().__init__(
            n_processes, shots, simulation_seed, qiskit_backend, noise_model, seed=seed, precision=precision,
            track_depth=track_depth,
        )  # fmt: skip
        self.force_sampling = force_sampling

    @property
    def supports_expval(self) -> bool:
        """Exact expectation values come from the state vector; with noise or Aer there are counts only."""
        return not self.force_sampling and super().supports_expval

    def submit_circuits(
        self, circuits: Any, *, ham_ops: str | None = None,
        circuit_ham_map: Sequence[Sequence[int]] | None = None,
        shot_groups: Sequence[Sequence[int]] | None = None, observables: str | Sequence[str] | None = None,
        shots: int | None = None, cancellation_event: Cancel | None = None,
        progress: Callable[[Progress], None] | None = None, time_limit: float | None = None,
    ) -> ExecutionResult:  # fmt: skip
        """Run circuits; entries come in the order given.

        Args:
            circuits: as for ``isinglass.circuits.CircuitRunner``, or Divi's payloads: a template and its
                sets of values, one result for each set.
            ham_ops: Pauli strings, "ZZI;XII", to be answered instead of counts; groups with "|" between them.
            circuit_ham_map: [start, end) of the circuits that each group is for.
            shot_groups: [start, end, shots] instead of one number of shots; together they cover all circuits.
            observables, shots, cancellation_event, progress, time_limit: as there.

        Raises:
            ParameterError: as there, or if ``ham_ops`` or ``shot_groups`` do not fit the circuits.
        """
        if ham_ops is not None and (shot_groups is not None or observables is not None):
            raise ParameterError("ham_ops are answered exactly: leave shot_groups and observables out")
        batch = CircuitBatch.of(circuits_of(circuits))
        control = self.control(time_limit, progress, cancellation_event)
        count = len(batch.labels)
        if ham_ops is not None:
            strings = observables_of(ham_ops, circuit_ham_map, count)
            wanted = [self._widened(batch, index, strings[index]) for index in range(count)]
            found = self.submit_each(batch, wanted, control)
        elif shot_groups is not None:
            found = self.submit_each(batch, shots_of_groups(shot_groups, count), control)
        else:
            pairs = list(zip(batch.labels, batch.circuits, strict=True))
            found = self.submit(pairs, control, observables=observables, shots=shots)
        return ExecutionResult(found, run_time=control.elapsed)

    def _widened(self, batch: CircuitBatch, index: int, strings: Sequence[str]) -> tuple[str, ...]:
        """The strings with I for the qubits that they do not reach."""
        try:
            program = self.reader.read(batch.circuits[index]).program
        except CircuitError:
            return tuple(strings)  # the runner puts the error under the circuit's label
        return tuple(string.ljust(program.qubits if program else 0, "I") for string in strings)


CircuitRunner.register(ParallelSimulator)
