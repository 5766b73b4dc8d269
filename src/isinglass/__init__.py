"""isinglass: open software to solve Ising and QUBO problems.

>>> import isinglass
>>> print(isinglass.solve({("a", "b"): 1, ("a", "a"): -1, ("b", "b"): -1}).first.energy)
-1.0
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from isinglass import benchmark, qscore
    from isinglass.client.asynchronous import connect_async
    from isinglass.client.job_service import JobService
    from isinglass.client.sampler import Sampler
    from isinglass.client.session import connect
    from isinglass.config import ComputeBackend, Config, QPUModel
    from isinglass.problems.compile import compile
    from isinglass.problems.compiled import CompiledProblem
    from isinglass.problems.files import read_file
    from isinglass.problems.generators import generate
    from isinglass.results.sampleset import SampleSet
    from isinglass.solving import solve
    from isinglass.tuning import TuningResult, tune

__version__ = "0.1.0"

_PLACES = {
    "CompiledProblem": "isinglass.problems.compiled",
    "ComputeBackend": "isinglass.config",
    "Config": "isinglass.config",
    "JobService": "isinglass.client.job_service",
    "QPUModel": "isinglass.config",
    "SampleSet": "isinglass.results.sampleset",
    "Sampler": "isinglass.client.sampler",
    "TuningResult": "isinglass.tuning",
    "compile": "isinglass.problems.compile",
    "connect": "isinglass.client.session",
    "connect_async": "isinglass.client.asynchronous",
    "generate": "isinglass.problems.generators",
    "read_file": "isinglass.problems.files",
    "solve": "isinglass.solving",
    "tune": "isinglass.tuning",
}

__all__ = [
    "CompiledProblem",
    "ComputeBackend",
    "Config",
    "JobService",
    "QPUModel",
    "SampleSet",
    "Sampler",
    "TuningResult",
    "benchmark",
    "compile",
    "connect",
    "connect_async",
    "generate",
    "qscore",
    "read_file",
    "solve",
    "tune",
]


def __getattr__(name: str) -> Any:
    # Loaded on first use: numba and the kernels take longer to import than all else together.
    if name in ("benchmark", "qscore"):
        return importlib.import_module(f"isinglass.{name}")
    if name in _PLACES:
        return getattr(importlib.import_module(_PLACES[name]), name)
    raise AttributeError(f"module 'isinglass' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
