"""Every error as a status and a sentence; nothing of the inside is told. Both doors ask here."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError, OperationalError

from isinglass.errors import (
    CircuitError,
    MissingExtraError,
    OutOfMemoryError,
    ParameterError,
    ProblemError,
    ServiceError,
)  # fmt: skip
from isinglass.jobs.states import TransitionError

log = logging.getLogger("isinglass.service")

_NO_SPACE = 28
_FULL = ("disk is full", "No space left on device")
_AGAIN_SECONDS = 10.0
_told: dict[str, float] = {}
"""By line of the log: when it was written last, by the monotonic clock."""


@dataclass(frozen=True)
class Refusal:
    """What is told: the status of HTTP, the error's class for programs, the sentence for people."""

    status: int
    kind: str
    message: str


def refusal_of(error: Exception) -> Refusal:
    """How to tell this error; what should not have happened goes to the log."""
    match error:
        case ServiceError():
            return _said(error, error.status)
        case TransitionError():
            return _said(error, 409)
        case OutOfMemoryError():
            return _said(error, 413)
        case ProblemError() | ParameterError() | CircuitError() | MissingExtraError():
            return _said(error, 422)
    if any(words in str(error) for words in _FULL) or getattr(error, "errno", None) == _NO_SPACE:
        _tell("the disk is full")
        return Refusal(507, "QuotaError", "the service has no room left: try again later")
    cut = isinstance(error, DBAPIError) and error.connection_invalidated
    if cut or isinstance(error, OperationalError):
        _tell("the database does not answer", f": {str(error).partition(chr(10))[0]}")
        return Refusal(503, "ServiceError", "the database does not answer: try again in a moment")
    log.error("a request failed", exc_info=error)
    return Refusal(500, "ServiceError", "something went wrong in the service; its log says what")


def _tell(line: str, more: str = "") -> None:
    """What every request would say for as long as it lasts is in the log now and then."""
    now = time.monotonic()
    if now - _told.get(line, -_AGAIN_SECONDS) >= _AGAIN_SECONDS:
        _told[line] = now
        log.error("%s%s", line, more)


def _said(error: Exception, status: int) -> Refusal:
    # What was sent may be quoted, and it need not be text.
    return Refusal(status, type(error).__name__, str(error).encode("utf-8", "replace").decode())
