"""What a session needs of a protocol. ``http_wire.py`` and ``grpc_wire.py`` are the two there are.

Statuses are the JSON objects of the REST door (``jobs/status.py``), shots their containers. Every call may be
sent again after a lost connection, and refusals come as the errors of ``errors.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from isinglass.errors import (
    AccessError,
    CircuitError,
    ConflictError,
    IsinglassError,
    ParameterError,
    ProblemError,
    QuotaError,
    ServiceError,
    UnknownJobError,
)  # fmt: skip
from isinglass.jobs.container import Buffer, Content
from isinglass.jobs.events import JobEvent

Words = dict[str, Any]
Shots = dict[int, Buffer]

ANSWER_SECONDS = 30.0
"""What a service may take for an answer that waits for nothing."""
AWAY = (502, 503, 504, 507)
"""Statuses of services that are not themselves, and may be so again in a moment."""
AGAIN = (429, *AWAY)
"""Statuses after which the same is asked again."""
PATIENCE = 40
"""Tries to ask again for a job that exists: about a minute, in which a service starts again."""
MOST_RESUMPTIONS = 20
"""Of an upload that others send, too."""


class BrokenOffError(ConnectionError):
    """A stream ended before its end; ask for the rest of it."""


class Wire(Protocol):
    """One service, one key. Safe in several threads."""

    url: str

    def submit(
        self, content: Content, spec: Mapping[str, Any], key: str, wait: float
    ) -> tuple[Words, Shots | None]:
        """(status, all shots where the job ended within ``wait`` seconds and they are small).

        ``key``: the idempotency key. Large content is uploaded first, from where an earlier try broke off.
        """

    def status(self, job: str, wait: float) -> Words:
        """The status, once it is final or after ``wait`` seconds."""

    def results(self, job: str, wait: float, shot: int | None = None) -> tuple[Words, Shots]:
        """(status, shots that are done): one, or all of them once the job is final."""

    def problem(self, job: str) -> Buffer:
        """The problem's container."""

    def events(self, job: str, after: int) -> Iterator[JobEvent]:
        """One stream of events; BrokenOffError where it breaks off."""

    def cancel(self, job: str) -> Words: ...
    def rerun(self, job: str, seed: int | None) -> Words: ...
    def jobs(self, filters: Mapping[str, Any]) -> list[Words]: ...
    def close(self) -> None: ...


_KINDS: dict[str, type[IsinglassError]] = {
    "ParameterError": ParameterError, "ProblemError": ProblemError, "StructureError": ProblemError,
    "CircuitError": CircuitError, "QasmError": CircuitError,
}  # fmt: skip


def refused(kind: str, message: str, status: int) -> Exception:
    """What a service said no with, as the error that it is here."""
    if kind in _KINDS:
        return _KINDS[kind](message)
    match status:
        case 401 | 403:
            return AccessError(message, status)
        case 404:
            return UnknownJobError(message)
        case 409:
            return ConflictError(message)
        case 402 | 413 | 429 | 507:
            return QuotaError(message, status)
    return ServiceError(message, status)


def unreachable_words(url: str, why: object) -> str:
    return f"{url} does not answer ({why}): is it running, and is the URL right?"
