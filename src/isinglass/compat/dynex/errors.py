"""What the Dynex client raises, by its names; each is an IsinglassError too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from isinglass.errors import IsinglassError, ParameterError, ProblemError


class DynexError(IsinglassError):
    """Base of the room's errors."""


class DynexValidationError(DynexError, ValueError):
    """A setting or parameter is unknown or out of range."""


class DynexConnectionError(DynexError, ConnectionError):
    """Of the client; never raised here, where nothing is connected to."""


class DynexAuthenticationError(DynexError, PermissionError):
    """Of the client; never raised here, where no key is needed."""


class DynexJobError(DynexError, RuntimeError):
    """A run ended without a result."""


class DynexSolverError(DynexError, RuntimeError):
    """The backend is not on this machine, or failed."""


class DynexModelError(DynexError, ValueError):
    """The model is malformed."""


@contextmanager
def in_dynex_words() -> Iterator[None]:
    """Errors of isinglass as those of the client, with the same text."""
    try:
        yield
    except DynexError:
        raise
    except ParameterError as error:
        raise DynexValidationError(str(error)) from error
    except ProblemError as error:
        raise DynexModelError(str(error)) from error
    except IsinglassError as error:
        raise DynexSolverError(str(error)) from error
