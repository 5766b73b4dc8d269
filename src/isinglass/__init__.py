"""isinglass: open software to solve Ising and QUBO problems.

>>> import isinglass
>>> print(isinglass.solve({("a", "b"): 1, ("a", "a"): -1, ("b", "b"): -1}).first.energy)
-1.0
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.lazy_names import lazy_names

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
    "benchmark": None,
    "qscore": None,
    "CompiledProblem": "problems.compiled",
    "ComputeBackend": "config",
    "Config": "config",
    "JobService": "client.job_service",
    "QPUModel": "config",
    "SampleSet": "results.sampleset",
    "Sampler": "client.sampler",
    "TuningResult": "tuning",
    "compile": "problems.compile",
    "connect": "client.session",
    "connect_async": "client.asynchronous",
    "generate": "problems.generators",
    "read_file": "problems.files",
    "solve": "solving",
    "tune": "tuning",
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

# Numba and the kernels take longer to import than all else together.
__getattr__, __dir__ = lazy_names(__name__, _PLACES)
