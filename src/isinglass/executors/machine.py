"""Which backends this machine can run."""

from __future__ import annotations

import importlib.util

from isinglass.errors import DeviceError, MissingExtraError
from isinglass.jobs.spec import BACKENDS
from isinglass.kernels.cuda.opening import open_cards


def backends_here() -> list[str]:
    """Those that ``require_backend`` lets pass; not a card that is only simulated."""
    return [backend for backend in BACKENDS if _has(backend)]


def _has(backend: str) -> bool:
    try:
        require_backend(backend)
    except (MissingExtraError, DeviceError):
        return False
    return backend != "gpu" or open_cards().real


def require_backend(backend: str) -> None:
    """MissingExtraError or DeviceError, saying what to do, where this machine does not have a backend."""
    if backend == "qpu" and importlib.util.find_spec("minorminer") is None:
        raise MissingExtraError("minorminer", "qpu", "backend 'qpu'")
    if backend == "gpu":
        open_cards()
