"""What is measured: our solvers on this machine, or any ``dimod.Sampler``.

A backend has a ``name`` and ``facts`` (what shapes its answers; both go into the id of a row) and
two methods. ``prepare(instance)`` makes what it is handed, outside the clock; ``answer(handed, ...)`` is
what is timed. Add one as a class here and a line in ``backend_named``.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import dimod
import numpy as np

from isinglass.control import available_threads
from isinglass.errors import ParameterError
from isinglass.qscore.instances import Instance
from isinglass.solvers.contract import whole_number
from isinglass.solvers.registry import DEFAULT_SOLVER, solver_named
from isinglass.solving import solve

_SEEDS_OF_OTHERS = 2**31
"""Samplers of other packages take seeds below this."""


class Backend(ABC):
    """See the module's docstring."""

    name: str
    facts: Mapping[str, Any]

    @abstractmethod
    def prepare(self, instance: Instance) -> Any:
        """What is handed over."""

    @abstractmethod
    def answer(self, handed: Any, time_limit: float, seed: int) -> np.ndarray:
        """States found within ``time_limit`` seconds: int8[reads, n], -1/+1, vertices in order."""


class ThisMachine(Backend):
    """One of our solvers on this machine's processor."""

    name = "cpu"

    def __init__(self, solver: str, parameters: Mapping[str, Any], num_threads: int | None) -> None:
        solver_named(solver).resolve(parameters)
        self._solver, self._parameters = solver, dict(parameters)
        self._threads = whole_number(1)("num_threads", num_threads) or available_threads()
        self.facts = {"solver": solver, "threads": self._threads, **self._parameters}

    def prepare(self, instance: Instance) -> Any:
        return instance.problem()

    def answer(self, handed: Any, time_limit: float, seed: int) -> np.ndarray:
        result = solve(
            handed, solver=self._solver, seed=seed, num_threads=self._threads,
            time_limit=time_limit - _margin(time_limit),
            kind="qubo" if isinstance(handed, np.ndarray) else None, **self._parameters,
        )  # fmt: skip
        if result.info["interrupted"]:
            raise KeyboardInterrupt  # half a run is no row
        return np.where(result.record.sample > 0, np.int8(1), np.int8(-1))


def _margin(time_limit: float) -> float:
    """Seconds kept back: a solver ends a sweep past its limit, and an answer after 60 s is none."""
    return min(0.05 + 0.005 * time_limit, 0.5 * time_limit)


class AnySampler(Backend):
    """A ``dimod.Sampler``; it is told the time limit and the seed where it has parameters of these names."""

    def __init__(self, name: str, sampler: Any, parameters: Mapping[str, Any]) -> None:
        self.name, self._sampler, self._parameters = name, sampler, dict(parameters)
        self.facts = self._parameters

    def prepare(self, instance: Instance) -> Any:
        return instance.bqm()

    def answer(self, handed: Any, time_limit: float, seed: int) -> np.ndarray:
        own = {"time_limit": time_limit, "seed": seed % _SEEDS_OF_OTHERS}
        known = {name: value for name, value in own.items() if name in self._sampler.parameters}
        result = self._sampler.sample(handed, **{**known, **self._parameters})
        columns = [result.variables.index(v) for v in range(handed.num_variables)]
        return np.where(result.record.sample[:, columns] > 0, np.int8(1), np.int8(-1))


def backend_named(
    backend: str | Any,
    solver: str | None,
    parameters: Mapping[str, Any],
    num_threads: int | None,
) -> Backend:
    """ "cpu", ``module:object`` (a ``dimod.Sampler`` or a class of one), or a sampler itself."""
    if backend == ThisMachine.name:
        return ThisMachine(solver or DEFAULT_SOLVER, parameters, num_threads)
    if solver is not None:
        raise ParameterError(f"solver={solver!r} is for backend 'cpu', not for {backend!r}")
    if isinstance(backend, str):
        return AnySampler(backend, _imported(backend), parameters)
    if not isinstance(backend, dimod.Sampler):  # type: ignore[attr-defined]  # dimod is untyped
        raise ParameterError(f"backend={backend!r} is neither 'cpu', 'module:object' nor a dimod.Sampler")
    return AnySampler(type(backend).__name__, backend, parameters)


def _imported(words: str) -> Any:
    module, colon, name = words.partition(":")
    if not colon:
        raise ParameterError(f"backend={words!r} is neither 'cpu' nor 'module:object'")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ParameterError(f"backend={words!r} cannot be imported: {error}") from None
    sampler = found() if isinstance(found, type) else found
    if not isinstance(sampler, dimod.Sampler):  # type: ignore[attr-defined]  # dimod is untyped
        raise ParameterError(f"backend={words!r} is {type(sampler).__name__}, not a dimod.Sampler")
    return sampler
