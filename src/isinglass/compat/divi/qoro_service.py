"""``QoroService`` for code that was written for it: jobs here, or on the service that the settings name.

No request is made to anybody else. ``isinglass.connect`` says where jobs run: without an address (argument or
ISINGLASS_ENDPOINT) in this process.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import Any

from isinglass.circuits.batch import CircuitBatch
from isinglass.client.session import Session, connect
from isinglass.compat.divi import words
from isinglass.compat.divi.entries import entries_of
from isinglass.compat.divi.execution_result import ExecutionResult
from isinglass.compat.divi.jobs import DEVICES, SIMULATOR, Asked, job_of
from isinglass.compat.divi.parallel_simulator import CircuitRunner
from isinglass.compat.divi.payloads import circuits_of, observables_of
from isinglass.control import Cancel, check_positive
from isinglass.errors import ConflictError, ParameterError

_ERRORS = {
    words.JobStatus.FAILED: words.JobFailedError, words.JobStatus.CANCELLED: words.JobCancelledError,
    words.JobStatus.TIMED_OUT: words.JobTimedOutError,
}  # fmt: skip
Job = str | Sequence[str] | ExecutionResult


class JobId(str):
    """The id of a job: a text, as Divi 0.3 has it, that later versions' programs can ask for its results."""

    results = None
    job_id: str
    backend_jobs = 1
    run_time = 0.0

    def is_async(self) -> bool:
        return True

    def with_results(self, results: Any, run_time: float = 0.0) -> ExecutionResult:
        return ExecutionResult(results, str(self), 1, run_time)


class QoroService(CircuitRunner):
    """See the module's docstring.

    Args:
        auth_token: an API key of the service; None for QORO_API_KEY, or the key of the settings.
        polling_interval: seconds between two looks at a job, > 0; a job that ends is noticed at once.
        max_retries: looks before TimeoutError; None for no limit.
        shots: measurements of each circuit.
        qpu_system_name: "qoro_maestro" (our simulator), or a fake device.
        use_circuit_packing: accepted; there is no device here to be packed.
        url: address of an isinglass service; None: of the settings.
    """

    is_async = True
    resolves_parameters = True

    def __init__(
        self, auth_token: str | None = None, polling_interval: float = 3.0, max_retries: int | None = 5000,
        shots: int = 1000, qpu_system_name: str | None = None, use_circuit_packing: bool = False, *,
        url: str | None = None,
    ) -> None:  # fmt: skip
        super().__init__(shots)
        check_positive("polling_interval", polling_interval)
        self.polling_interval, self.max_retries = polling_interval, max_retries
        self.qpu_system_name, self.use_circuit_packing = qpu_system_name or SIMULATOR, use_circuit_packing
        self._session: Session = connect(url, auth_token or os.environ.get("QORO_API_KEY"))
        self._asked: dict[str, tuple[list[str], int]] = {}

    @property
    def supports_expval(self) -> bool:  # type: ignore[override]  # a property here
        """Values are exact on the simulator, and by shots on devices."""
        return self.qpu_system_name == SIMULATOR

    def test_connection(self) -> bool:
        """True, or a ConnectionError (no answer) or AccessError (no key)."""
        self._session.jobs(limit=1)
        return True

    def fetch_qpu_systems(self) -> list[str]:
        """Names of what there is to run on."""
        return [SIMULATOR, *DEVICES]

    def submit_circuits(
        self, circuits: Any, tag: str = "default", job_type: words.JobType | str | None = None,
        qpu_system_name: str | None = None, override_circuit_packing: bool | None = None, *,
        ham_ops: str | None = None, circuit_ham_map: Sequence[Sequence[int]] | None = None,
        shot_groups: list[list[int]] | None = None, cancellation_event: Cancel | None = None,
    ) -> JobId:  # fmt: skip
        """Submit a job; its circuits run whenever there is a worker.

        Raises:
            ParameterError, CircuitError: circuits or options that nothing here can run, before anything is
                sent. What ``isinglass.connect`` and its session raise.
        """
        batch = CircuitBatch.of(circuits_of(circuits))
        kind = words.JobType.SIMULATE if ham_ops is None else words.JobType.EXPECTATION
        strings = None if ham_ops is None else observables_of(ham_ops, circuit_ham_map, len(batch.labels))
        asked = Asked(
            kind if job_type is None else words.JobType(job_type),
            list(zip(batch.labels, batch.circuits, strict=True)),
            None if shot_groups is not None else self.shots,
            shot_groups,
            strings,
            qpu_system_name or self.qpu_system_name,
            tag=tag,
        )
        spec, given = job_of(asked)
        handle = self._session.submit_spec(given, spec)
        self._asked[handle.id] = list(batch.labels), self.shots
        found = JobId(handle.id)
        found.job_id = handle.id
        return found

    def get_job_status(self, job_ids: Job) -> list[words.JobStatus]:
        """The status of each job."""
        return [words.STATUSES[self._session.job(job).status().state] for job in _ids(job_ids)]

    def poll_job_status(
        self, job_ids: Job, loop_until_complete: bool = False,
        on_complete: Callable[[words.JobStatus], None] | None = None, verbose: bool = True,
        poll_callback: Callable[[int, str], None] | None = None, *,
        progress_callback: Callable[[int, str], None] | None = None, cancellation_event: Cancel | None = None,
    ) -> words.JobStatus:  # fmt: skip
        """The status now, or at the end of the job, which a cancelled one has as well.

        Of several jobs the first that has not been completed. TimeoutError after ``max_retries`` looks.
        """
        tell = poll_callback or progress_callback
        tries = 0
        while True:
            found = self.get_job_status(job_ids)
            status = next((one for one in found if one is not words.JobStatus.COMPLETED), found[0])
            waiting = {words.JobStatus.PENDING, words.JobStatus.RUNNING} & set(found)
            if not loop_until_complete or not waiting:
                break
            tries += 1
            if self.max_retries is not None and tries > self.max_retries:
                raise TimeoutError(f"job {_ids(job_ids)[0]} is {status} after {self.max_retries} looks")
            if tell is not None:
                tell(tries, str(status))
            if cancellation_event is not None and cancellation_event.is_set():
                self.cancel_job(job_ids)
            self._wait(job_ids)
        if on_complete is not None and not waiting:
            on_complete(status)
        return status

    def _wait(self, job_ids: Job) -> None:
        """Until a job has ended, or one interval."""
        until = time.monotonic() + self.polling_interval
        for job in _ids(job_ids):
            try:
                self._session.job(job).wait(max(0.0, until - time.monotonic()))
            except TimeoutError:
                return

    def get_job_results(self, job_ids: Job) -> ExecutionResult:
        """Entries of all circuits; a typed error for a job that has none, ConflictError before its end."""
        entries: list[Any] = []
        for job in _ids(job_ids):
            handle = self._session.job(job)
            status = handle.status()
            word = words.STATUSES[status.state]
            if not status.final:
                raise ConflictError(f"job {job} is {word}: its results come when it is COMPLETED")
            if word in _ERRORS:
                raise _ERRORS[word](job, status.error or "")
            labels, shots = self._asked.get(job, ([], self.shots))
            entries += entries_of(handle.result(), labels, shots)
        return ExecutionResult(entries, _ids(job_ids)[0])

    def cancel_job(self, job_ids: Job) -> None:
        """Stop a job; one that has ended stays as it is."""
        for job in _ids(job_ids):
            self._session.job(job).cancel()

    def delete_job(self, job_ids: Job) -> None:
        """Stop a job and forget it here; a service keeps what it was."""
        self.cancel_job(job_ids)
        for job in _ids(job_ids):
            self._asked.pop(job, None)


def _ids(given: Job) -> list[str]:
    if isinstance(given, str):
        return [str(given)]
    if isinstance(given, ExecutionResult):
        if given.job_id is None:
            raise ParameterError("this result is not of a job: it has its results")
        return [given.job_id]
    if not given:
        raise ParameterError("no job was named")
    return [str(one) for one in given]
