"""Problems and results as bytes, and problems as what they are: the large ones lie beside the database."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from pathlib import Path

import numpy as np

from isinglass.errors import ProblemError
from isinglass.executors.shots import check_problem, check_spec
from isinglass.jobs.problems import Decoded, problem_of, variables_of
from isinglass.jobs.spec import JobSpec
from isinglass.jobs.wire import SMALL_BYTES
from isinglass.service.blobs import Blobs
from isinglass.service.store import Problem, ShotResult

_LARGE_PROBLEMS_KEPT = 2


def open_blobs(url: str | None, folder: Path, largest: int) -> Blobs:
    """Blobs in ``folder``, or at a URL of fsspec with copies in it."""
    if url is None:
        return Blobs(folder, largest)
    from isinglass.service.far_blobs import FarBlobs

    return FarBlobs(url, folder, largest)


class Contents:
    """See the module's docstring. Safe in several threads."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._problems: OrderedDict[str, Decoded] = OrderedDict()
        self._lock = threading.Lock()

    def uploaded(self, spec: JobSpec, user: str, sha256: str) -> Problem:
        """The problem in this blob of the user's, fit for such a job; ProblemError or ParameterError."""
        check_spec(spec)
        size = self._blobs.size(user, sha256)
        if size is None:
            raise ProblemError(f"no problem {sha256[:12]}… was uploaded by this key's user: upload it first")
        self._blobs.touch(user, sha256)
        decoded = self.decoded(user, Problem(sha256, size, 0, None))
        check_problem(decoded, spec)
        return Problem(sha256, size, _count_variables(decoded, size), None)

    def decoded(self, user: str, problem: Problem) -> Decoded:
        """The problem itself; the last large ones are kept."""
        if problem.content is not None:
            return problem_of(problem.content)
        name = f"{user}/{problem.sha256}"
        found = self._problems.get(name)
        if found is None:
            found = problem_of(self.of_problem(user, problem))
            with self._lock:
                self._problems[name] = found
                while len(self._problems) > _LARGE_PROBLEMS_KEPT:
                    self._problems.popitem(last=False)
        return found

    def of_result(self, user: str, result: ShotResult) -> np.ndarray:
        """uint8[size]: what a shot left; a large one is mapped from its file."""
        if result.content is not None:
            return np.frombuffer(result.content, np.uint8)
        return self._blobs.read(user, result.sha256 or "")

    def of_problem(self, user: str, problem: Problem) -> np.ndarray:
        """uint8[size]: the container of a problem of this user's."""
        if problem.content is not None:
            return np.frombuffer(problem.content, np.uint8)
        return self._blobs.read(user, problem.sha256)


def small_problem(spec: JobSpec, content: bytes) -> Problem:
    """The problem that came with its submission, fit for such a job; ProblemError or ParameterError."""
    check_spec(spec)
    if len(content) > SMALL_BYTES:
        raise ProblemError(f"content of {len(content):,} bytes is uploaded, not put into the submission")
    decoded = problem_of(content)
    variables = _count_variables(decoded, len(content))
    check_problem(decoded, spec)
    return Problem(hashlib.sha256(content).hexdigest(), len(content), variables, content)


def _count_variables(problem: Decoded, size: int) -> int:
    """ProblemError for far more variables than anything is said of: a few bytes that would fill a memory."""
    variables = variables_of(problem)
    if variables > size:
        raise ProblemError(
            f"{variables:,} variables in {size:,} bytes: most of them occur nowhere, leave those out"
        )
    return variables
