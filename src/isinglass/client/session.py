"""``isinglass.connect``: the door to jobs, on a service or here."""

from __future__ import annotations

from dataclasses import replace
from types import TracebackType
from typing import Any, Protocol, Self

from isinglass.client.handle import Handle
from isinglass.client.notebook import in_notebook
from isinglass.client.wire import Wire
from isinglass.config import ComputeBackend, Config
from isinglass.jobs.circuits import Circuits
from isinglass.jobs.results import Result
from isinglass.jobs.spec import JobSpec, JobType
from isinglass.jobs.status import JobStatus
from isinglass.problems.given import Kind


class Place(Protocol):
    """Where jobs run: ``RemoteSession`` or ``LocalSession``."""

    def submit(
        self, problem: Any, spec: JobSpec, kind: Kind | None = None, idempotency_key: str | None = None
    ) -> Handle: ...
    def solve(self, problem: Any, spec: JobSpec, kind: Kind | None = None) -> Result: ...
    def job(self, job: str) -> Handle: ...
    def jobs(self, **filters: Any) -> list[JobStatus]: ...
    def rerun(self, job: str, seed: int | None = None) -> Handle: ...
    def close(self) -> None: ...


class Session:
    """A place where jobs run and the settings they start with. Safe in several threads."""

    def __init__(self, place: Place, config: Config) -> None:
        self._place, self.config = place, config
        self._live = config.use_notebook_output and in_notebook()

    def submit(
        self, problem: Any, *, kind: Kind | None = None, idempotency_key: str | None = None, **words: Any
    ) -> Handle:
        """Submit a job; it is safe with the service once this returns.

        Args:
            problem: anything ``isinglass.solve`` takes, or ``Circuits`` (see ``submit_circuits``).
            kind: as of ``solve``.
            idempotency_key: at most 100 characters; the same key gives the same job, however often it is
                sent. None makes one, so that a lost answer never makes two jobs.
            **words: ``type``, ``backend``, ``qpu_model``, ``solver``, ``seed``, ``shots``, ``timeout``
                (seconds; None for never), ``priority``, ``description`` as of ``JobSpec``; all others are
                parameters of what runs the job, such as ``num_reads`` and ``time_limit`` of ``solve``.

        Raises:
            ProblemError, ParameterError: as of ``solve``; AccessError, QuotaError, UnreachableError.
        """
        return self.submit_spec(problem, self.spec(**words), kind=kind, idempotency_key=idempotency_key)

    def submit_spec(
        self, problem: Any, spec: JobSpec, *, kind: Kind | None = None, idempotency_key: str | None = None
    ) -> Handle:
        """Submit a job by its ``JobSpec``, as it is; others as of ``submit``."""
        return self._shown(self._place.submit(problem, spec, kind, idempotency_key))

    def solve(self, problem: Any, *, kind: Kind | None = None, **words: Any) -> Result:
        """Submit a job and wait for its result; arguments as of ``submit``. JobError where it has none."""
        if self._live:
            return self.submit(problem, kind=kind, **words).result()
        return self._place.solve(problem, self.spec(**words), kind)

    def _shown(self, handle: Handle) -> Handle:
        """With a live table where there is a notebook to show it."""
        handle.watched = self._live
        return handle

    def submit_circuits(
        self,
        circuits: Any,
        *,
        shots: int | None = None,
        observables: Any = None,
        max_qubits: int | None = None,
        idempotency_key: str | None = None,
        **words: Any,
    ) -> Handle:
        """Submit circuits; the result is ``CircuitResults``, one entry a circuit.

        Args:
            circuits: {label: OpenQASM or Qiskit circuit}, (label, circuit) pairs, or circuits alone.
            shots: measurements of each circuit; None for 1000, and for exact expectation values.
            observables: for their values instead of counts: Pauli strings, {Pauli string: coefficient}, or
                {label: one of these}; see ``Circuits.of``.
            max_qubits: cut circuits into pieces of at most so many qubits; None to run them whole.
            idempotency_key: as of ``submit``.
            **words: ``seed``, ``timeout``, ``priority``, ``description`` as of ``JobSpec``;
                ``qiskit_backend``, ``precision``, ``shot_distribution`` and ``time_limit`` as in
                ``isinglass.circuits``.

        Raises:
            ParameterError, CircuitError: as of ``ParallelSimulator``; others as of ``submit``.
        """
        given = Circuits.of(circuits, observables)
        kind = JobType.CIRCUITS if observables is None else JobType.EXPECTATION
        if max_qubits is not None:
            kind, words["max_qubits"] = JobType.CUT, max_qubits
        spec = self.spec(type=kind, **words)
        if shots is not None:
            spec = replace(spec, parameters={**spec.parameters, "shots": shots})
        return self._shown(self._place.submit(given, spec, None, idempotency_key))

    def spec(self, **words: Any) -> JobSpec:
        """The JobSpec of these words, with this session's defaults; ParameterError for wrong ones."""
        own = {name: words.pop(name) for name in OF_THE_JOB if name in words}
        backend = self.config.compute_backend
        of_circuits = JobType(own.get("type", "sample")) is not JobType.SAMPLE
        if backend is ComputeBackend.LOCAL or of_circuits:
            backend = ComputeBackend.CPU
        defaults: dict[str, Any] = {"backend": str(backend), "timeout": self.config.default_timeout}
        defaults["description"] = self.config.default_description
        if own.get("backend", backend) == ComputeBackend.QPU and self.config.qpu_model is not None:
            defaults["qpu_model"] = str(self.config.qpu_model)
        return JobSpec(parameters=words, **{**defaults, **own})

    def job(self, job: str) -> Handle:
        """The handle of a job by its id; UnknownJobError where it is none of yours."""
        return self._shown(self._place.job(job))

    def jobs(
        self,
        *,
        state: str | None = None,
        search: str | None = None,
        before: str | None = None,
        limit: int | None = None,
    ) -> list[JobStatus]:
        """Your jobs, newest first, 50 or ``limit`` of them; ``before``: the id where a page ended."""
        return self._place.jobs(state=state, search=search, before=before, limit=limit)

    def rerun(self, job: str, seed: int | None = None) -> Handle:
        """Run a job again; with its own seed (None) it gives the same samples."""
        return self._shown(self._place.rerun(job, seed))

    def close(self) -> None:
        """Close connections; jobs on a service go on, jobs here are cancelled."""
        self._place.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


OF_THE_JOB = (
    "backend",
    "qpu_model",
    "solver",
    "seed",
    "shots",
    "timeout",
    "priority",
    "description",
    "type",
)


def connect(
    url: str | None = None, key: str | None = None, *, config: Config | None = None, ca: str | None = None
) -> Session:
    """A session with the service at ``url``; without one (and none in the settings) jobs run here.

    Args:
        url: such as ``http://127.0.0.1:8300`` or ``grpc://127.0.0.1:9090`` (``https://``, ``grpcs://``): the
            protocol is the only difference; None: of the settings.
        key: API key; None: of the settings.
        config: settings; None reads them from the environment and ``.env``.
        ca: file of certificates to trust, PEM, where the service has one of its own.
    """
    chosen = config or Config(endpoint=url, sdk_key=key)
    if config is not None and (url is not None or key is not None):
        fields = ("compute_backend", "qpu_model", "default_timeout", "default_description", "retry_count",
                  "use_notebook_output", "dotenv_path")  # fmt: skip
        kept = {name: getattr(config, name) for name in fields}
        chosen = Config(endpoint=url or config.endpoint, sdk_key=key or config.sdk_key, **kept)
    if chosen.runs_here or chosen.endpoint is None:
        from isinglass.client.local import LocalSession

        return Session(LocalSession(), chosen)
    from isinglass.client.remote import RemoteSession

    return Session(RemoteSession(_wire(chosen.endpoint, chosen, ca)), chosen)


def _wire(url: str, config: Config, ca: str | None) -> Wire:
    if url.startswith("grpc"):
        from isinglass.client.grpc_wire import GrpcWire

        return GrpcWire(url, config.sdk_key, config.retry_count, ca)
    from isinglass.client.http_wire import HttpWire
    from isinglass.client.transport import Transport

    return HttpWire(Transport(url, config.sdk_key, config.retry_count, ca))
