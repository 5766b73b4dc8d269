"""Which backends this machine can run."""

from __future__ import annotations

import importlib.util

from isinglass.errors import IsinglassError, MissingExtraError, ParameterError
from isinglass.jobs.spec import BACKENDS
from isinglass.kernels.cuda.opening import open_cards


def backends_here() -> list[str]:
    """Those that ``require_backend`` lets pass."""
    found = []
    for backend in BACKENDS:
        try:
            require_backend(backend)
        except (MissingExtraError, ParameterError):
            continue
        found.append(backend)
    return found


def require_backend(backend: str) -> None:
    """ParameterError or MissingExtraError, saying what to do, where this machine does not have a backend."""
    if backend == "qpu" and importlib.util.find_spec("minorminer") is None:
        raise MissingExtraError("minorminer", "qpu", "backend 'qpu'")
    if backend == "gpu" and not _has_gpu():
        raise ParameterError(
            "backend 'gpu': this machine has no GPU that isinglass can use; run it on a service with a "
            "worker that has one, or choose 'cpu'"
        )


def _has_gpu() -> bool:
    try:
        return open_cards().real
    except IsinglassError:
        return False
