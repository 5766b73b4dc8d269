"""Which backends this machine can run."""

from __future__ import annotations

import importlib.util

from isinglass.errors import MissingExtraError, ParameterError
from isinglass.jobs.spec import BACKENDS
from isinglass.solving import BACKENDS as SOLVE_BACKENDS


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
    if "gpu" not in SOLVE_BACKENDS or importlib.util.find_spec("numba_cuda") is None:
        return False
    from numba import cuda

    return bool(cuda.is_available())
