"""``isinglass.JobService``: circuits on a service, behind the contract of ``ParallelSimulator``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from types import TracebackType
from typing import Any, Self

from isinglass.circuits.batch import CircuitBatch
from isinglass.circuits.runner import CircuitResult, CircuitRunner, Outcome
from isinglass.client.handle import Handle
from isinglass.client.session import connect
from isinglass.config import Config
from isinglass.control import RunControl
from isinglass.errors import JobError
from isinglass.jobs.circuit_results import CircuitResults
from isinglass.rng import resolve_seed

_LOOK_SECONDS = 0.2
_CIRCUITS_A_JOB = 256
"""Of a large submission, so that its jobs share out over workers and a stop finds some of them done."""


class JobService(CircuitRunner):
    """Runs circuits as jobs: on the service of the settings, or here while they name none.

    All that takes a ``CircuitRunner`` takes it: ``submit_circuits``, ``expectation_values``, ``qaoa``, ...
    ``start`` gives a handle at once, to poll or to come back to.

    Args:
        config: which service; None reads the environment and ``.env``.
        shots: measurements of each circuit.
        seed: of the counts; None draws one for each submission.
        qiskit_backend: name of a simulator or device whose noise is simulated, as of ``ParallelSimulator``.
        precision: "double" or "single".
        n_processes: jobs in work at a time; None for as many as this process has cores.
        track_depth: keep depths of circuits.
    """

    def __init__(
        self,
        config: Config | None = None,
        shots: int = 1000,
        *,
        seed: int | None = None,
        qiskit_backend: str | None = None,
        precision: str = "double",
        n_processes: int | None = None,
        track_depth: bool = False,
    ) -> None:
        super().__init__(shots, track_depth=track_depth, n_processes=n_processes)
        self._session = connect(config=config or Config())
        self._seed = None if seed is None else resolve_seed(seed)
        self._options: dict[str, Any] = {"precision": precision}
        if qiskit_backend is not None:
            self._options["qiskit_backend"] = qiskit_backend

    @property
    def supports_expval(self) -> bool:
        """Exact values come from state vectors; devices give counts only."""
        return self._options.get("qiskit_backend") in (None, "auto", "statevector_simulator")

    def set_seed(self, seed: int) -> None:
        """Seed of later submissions."""
        self._seed = resolve_seed(seed)

    def start(
        self,
        circuits: Any,
        *,
        shots: int | None = None,
        observables: Any = None,
        max_qubits: int | None = None,
        **words: Any,
    ) -> Handle:
        """Submit without waiting; arguments as of ``Session.submit_circuits``.

        The handle has ``status``, ``wait``, ``events``, ``result`` and ``cancel``.
        """
        if observables is None and shots is None:
            shots = self.shots
        given = {"seed": self._seed, **self._options, **words}
        return self._session.submit_circuits(
            circuits, shots=shots, observables=observables, max_qubits=max_qubits, **given
        )

    def job(self, job: str) -> Handle:
        """The handle of a job by its id, from any machine."""
        return self._session.job(job)

    def run(self, batch: CircuitBatch, control: RunControl) -> Sequence[Outcome | None]:
        """One outcome for each circuit; a stop cancels the jobs in work and begins no more."""
        outcomes: list[Outcome | None] = [None] * len(batch.labels)

        def job(first: int) -> None:
            part = slice(first, first + _CIRCUITS_A_JOB)
            circuits = list(zip(batch.labels[part], batch.circuits[part], strict=True))
            shots = batch.shots if batch.observables is None else None
            handle = self.start(circuits, shots=shots, observables=batch.observables)
            for k, entry in enumerate(_results(handle, control)):
                outcomes[first + k] = Outcome(entry.get("results"), entry.exception, entry["metadata"])

        sizes = range(0, len(outcomes), _CIRCUITS_A_JOB)
        control.run([(min(_CIRCUITS_A_JOB, len(outcomes) - k), partial(job, k)) for k in sizes])
        return outcomes

    def close(self) -> None:
        """Close the connections; jobs go on."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _results(handle: Handle, control: RunControl) -> CircuitResults | list[CircuitResult]:
    """Of a job, once it has ended; nothing where a stop came before it had any."""
    while True:
        try:
            handle.wait(_LOOK_SECONDS)
            break
        except TimeoutError:
            if control.stopped:
                handle.cancel()
    try:
        results = handle.result()
    except JobError:
        if control.stopped:
            return []
        raise
    assert isinstance(results, CircuitResults)
    return results
