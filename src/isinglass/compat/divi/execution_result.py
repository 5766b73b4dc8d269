"""What a submission gives back, in both eras' forms."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class ExecutionResult(list[Any]):
    """A list of ``{"label": ..., "results": ...}`` as Divi 0.3 has it, with what later versions ask of it.

    Args:
        results: the entries; None while a job runs elsewhere.
        job_id: of a job on a service; None for what ran here.
        backend_jobs: jobs that it took.
        run_time: seconds.
    """

    def __init__(
        self,
        results: Iterable[Any] | None = None,
        job_id: str | None = None,
        backend_jobs: int = 1,
        run_time: float = 0.0,
    ) -> None:
        super().__init__(results or ())
        self.results = None if results is None else list(self)
        self.job_id, self.backend_jobs, self.run_time = job_id, backend_jobs, run_time

    def is_async(self) -> bool:
        """Is it a job whose results are still to come?"""
        return self.job_id is not None and self.results is None

    def with_results(self, results: Iterable[Any], run_time: float = 0.0) -> ExecutionResult:
        """The same with its results."""
        return ExecutionResult(results, self.job_id, self.backend_jobs, run_time)
