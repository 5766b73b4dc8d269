"""What can go wrong, in one tree::

    IsinglassError
    ├── ProblemError        the problem given is malformed            (also a ValueError)
    │   └── FileFormatError a file breaks its format; names the line
    ├── CircuitError        a circuit cannot be run as it is          (also a ValueError)
    │   └── QasmError       its text breaks OpenQASM; names line and column
    ├── ParameterError      a parameter is unknown or out of range    (also a ValueError)
    ├── MissingExtraError   an optional package is not installed      (also an ImportError)
    ├── OutOfMemoryError    a call cannot fit in this machine         (also a MemoryError)
    ├── DeviceError         a card is asked for and cannot be used    (also a RuntimeError)
    ├── VerificationError   a result claims what cannot be true
    ├── JobError            a job ended without a result              (carries job_id)
    └── ServiceError        a service refused; carries the HTTP status
        ├── UnreachableError  it does not answer                      (also a ConnectionError)
        ├── AccessError       no key, a wrong one, or not its business  (401, 403)
        ├── UnknownJobError   no such job, or somebody else's           (404; also a LookupError)
        ├── ConflictError     not in this state, or no longer           (409)
        └── QuotaError        too much or too many                      (402, 413, 429, 507)

Every message says what was given, what is allowed and what to do next, in one sentence or two.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path


class IsinglassError(Exception):
    """Base of every error that this package raises on purpose."""


class ProblemError(IsinglassError, ValueError):
    """The problem given is malformed: NaN, contradiction, wrong shape, index out of range."""


class FileFormatError(ProblemError):
    """A problem file breaks the rules of its format.

    ``path`` names the file, ``line`` the 1-based line (of the uncompressed text) or None.
    """

    def __init__(self, path: str | Path, message: str, line: int | None = None) -> None:
        self.path = Path(path)
        self.line = line
        where = f"{path}, line {line}" if line is not None else f"{path}"
        super().__init__(f"{where}: {message}")


class CircuitError(IsinglassError, ValueError):
    """A circuit cannot be run as it is: nothing is measured, a gate is unknown to every engine."""


class QasmError(CircuitError):
    """The text of a circuit breaks the rules of OpenQASM.

    ``line`` and ``column`` are 1-based, or None where the whole text is meant.
    """

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        self.message, self.line, self.column = message, line, column
        where = f"line {line}, column {column}: " if line is not None else ""
        super().__init__(f"{where}{message}")


class ParameterError(IsinglassError, ValueError):
    """A parameter is unknown, of the wrong type or out of its range."""


class MissingExtraError(IsinglassError, ImportError):
    """An optional package is needed; the message carries the pip command."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the package {package!r}, which is not installed: "
            f"pip install 'isinglass[{extra}]'"
        )


class OutOfMemoryError(IsinglassError, MemoryError):
    """A call needs more memory than this machine has free; the message says both numbers."""


class DeviceError(IsinglassError, RuntimeError):
    """A card is asked for and there is none, its driver is too old, or a kernel fails on it."""


class VerificationError(IsinglassError):
    """A result does not follow from its answer, or claims what no answer could be."""


class JobError(IsinglassError):
    """A job that ended without any result: it failed, was cancelled, ran out of time or of workers."""

    def __init__(self, job_id: str, message: str) -> None:
        self.job_id = job_id
        super().__init__(f"job {job_id}: {message}")


class ServiceError(IsinglassError):
    """A service refused a request; ``status`` is that of HTTP."""

    def __init__(self, message: str, status: int = 500) -> None:
        self.status = status
        super().__init__(message)


class UnreachableError(ServiceError, ConnectionError):
    """A service does not answer, after all tries."""

    def __init__(self, message: str, status: int = 503) -> None:
        super().__init__(message, status)


class AccessError(ServiceError):
    """There is no key (401), or it does not allow this (403)."""


class UnknownJobError(ServiceError, LookupError):
    """There is no such job, or it is somebody else's: which of the two is not told."""

    def __init__(self, message: str, status: int = 404) -> None:
        super().__init__(message, status)


class ConflictError(ServiceError):
    """The request does not fit what has happened since."""

    def __init__(self, message: str, status: int = 409) -> None:
        super().__init__(message, status)


class QuotaError(ServiceError):
    """Too large (413), too many or too often (429), all seconds used (402), or no room (507)."""


def nearest(name: str, known: Iterable[str]) -> str:
    """`` (did you mean 'x'?)`` for a misspelt name, or an empty string."""
    matches = difflib.get_close_matches(str(name), list(known), n=1)
    return f" (did you mean {matches[0]!r}?)" if matches else ""
