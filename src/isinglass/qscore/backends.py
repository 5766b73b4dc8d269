"""What is measured: our solvers on this machine, emulated annealers, circuits, or any ``dimod.Sampler``.

A backend has a ``name`` and ``facts`` (what shapes its answers; both go into the id of a row) and
two methods. ``prepare(instance)`` makes what it is handed, outside the clock; ``answer(handed, ...)`` is
what is timed, by the clock on the wall unless it says otherwise. Add one as a class here and a line in
``backend_named``.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import dimod
import numpy as np

from isinglass.control import available_threads
from isinglass.errors import IsinglassError, ParameterError
from isinglass.qscore.instances import Instance
from isinglass.solvers.contract import whole_number
from isinglass.solvers.registry import DEFAULT_SOLVER, solver_named
from isinglass.solving import cards_for, solve

_EMBEDDING_SHARE = 0.85
"""Of the time limit: minorminer ends seconds past its timeout."""
_SEEDS_OF_OTHERS = 2**31
"""Samplers of other packages take seeds below this."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What a backend answers."""

    states: np.ndarray
    """int8[reads, n], -1/+1, vertices in order."""
    seconds: float | None = None
    """By the clock of an emulated machine; None for the clock on the wall."""


class Backend(ABC):
    """See the module's docstring."""

    name: str
    facts: Mapping[str, Any]

    @abstractmethod
    def prepare(self, instance: Instance) -> Any:
        """What is handed over."""

    @abstractmethod
    def answer(self, handed: Any, time_limit: float, seed: int) -> Answer:
        """What was found within ``time_limit`` seconds."""


class ThisMachine(Backend):
    """One of our solvers on this machine: its processor ("cpu") or its NVIDIA cards ("gpu")."""

    NAMES = ("cpu", "gpu")

    def __init__(
        self, name: str, solver: str, parameters: Mapping[str, Any], num_threads: int | None
    ) -> None:
        chosen = solver_named(solver)
        chosen.resolve(parameters)
        self.name, self._solver, self._parameters = name, solver, dict(parameters)
        self._threads = whole_number(1)("num_threads", num_threads)
        if name == "gpu":
            where = {"cards": cards_for(chosen, self._threads).facts()["cards"]}
        else:
            self._threads = self._threads or available_threads()
            where = {"threads": self._threads}
        self.facts = {"solver": solver, **where, **self._parameters}

    def prepare(self, instance: Instance) -> Any:
        return instance.problem()

    def answer(self, handed: Any, time_limit: float, seed: int) -> Answer:
        result = solve(
            handed, backend=self.name, solver=self._solver, seed=seed, num_threads=self._threads,
            time_limit=time_limit - _margin(time_limit),
            kind="qubo" if isinstance(handed, np.ndarray) else None, **self._parameters,
        )  # fmt: skip
        if result.info["interrupted"]:
            raise KeyboardInterrupt  # half a run is no row
        return Answer(_spins(result.record.sample))


def _margin(time_limit: float) -> float:
    """Seconds kept back: a solver ends a sweep past its limit, and an answer after 60 s is none."""
    return min(0.05 + 0.005 * time_limit, 0.5 * time_limit)


def _spins(sample: np.ndarray) -> np.ndarray:
    """-1/+1 of samples in either alphabet."""
    return np.where(sample > 0, np.int8(1), np.int8(-1))


class EmulatedAnnealer(Backend):
    """One of the emulated annealers, as van der Schoot et al. (arXiv 2208.07633) measured the real ones.

    The heuristic embedding has 85 % of the time limit (it ends seconds late), chains have the strength of
    uniform torque compensation with prefactor 2, and the best of 1000 reads counts; ``parameters`` may say
    otherwise. The clock is the machine's: seconds of embedding on this computer and the access time of the
    annealer, not the time that emulating it takes.
    """

    def __init__(self, model: str, parameters: Mapping[str, Any], num_threads: int | None) -> None:
        from isinglass.qpu.models import model_named

        model_named(model)
        self.name = f"qpu:{model}"
        self._model, self._threads = model, num_threads
        self.facts = {
            "embedding": "heuristic", "chain_strength_prefactor": 2.0, "num_reads": 1000, **parameters
        }  # fmt: skip

    def prepare(self, instance: Instance) -> Any:
        return instance.problem()

    def answer(self, handed: Any, time_limit: float, seed: int) -> Answer:
        from isinglass.qpu.embedded import sample_embedded

        result = sample_embedded(
            handed, self._model, embedding_timeout=_EMBEDDING_SHARE * time_limit,
            embedding_seed=seed, seed=seed, num_threads=self._threads, **self.facts,
        )  # fmt: skip
        if result.info["qpu"]["interrupted"]:
            raise KeyboardInterrupt  # half a run is no row
        spent, machine = result.info["timing"], result.info["qpu"]["timing"]
        seconds = spent["compile"] + spent["embed"] + 1e-6 * machine["qpu_access_time"]
        return Answer(_spins(result.record.sample), seconds)


class Circuits(Backend):
    """QAOA on a circuit runner: the best of its shots counts.

    The angles of each graph are optimised within the time limit; ``parameters`` are those of
    ``isinglass.circuits.qaoa``.
    """

    def __init__(self, runner: str, parameters: Mapping[str, Any], num_threads: int | None) -> None:
        from isinglass.circuits.parallel_simulator import ParallelSimulator
        from isinglass.circuits.qaoa_search import check_names

        ParallelSimulator(qiskit_backend=runner)
        check_names(parameters)
        self.name = f"circuit:{runner}"
        self._runner = runner
        self._threads = whole_number(1)("num_threads", num_threads) or available_threads()
        self.facts = {"depth": 1, "shots": 1000, "threads": self._threads, **parameters}

    def prepare(self, instance: Instance) -> Any:
        return instance.problem()

    def answer(self, handed: Any, time_limit: float, seed: int) -> Answer:
        parameters = {name: value for name, value in self.facts.items() if name != "threads"}
        result = solve(
            handed, backend="circuit", runner=self._runner, seed=seed, num_threads=self._threads,
            time_limit=time_limit - _margin(time_limit),
            kind="qubo" if isinstance(handed, np.ndarray) else None, **parameters,
        )  # fmt: skip
        if result.info["interrupted"]:
            raise KeyboardInterrupt  # half a run is no row
        return Answer(_spins(result.record.sample))


class AnySampler(Backend):
    """A ``dimod.Sampler``; it is told the time limit and the seed where it has parameters of these names."""

    def __init__(self, name: str, sampler: Any, parameters: Mapping[str, Any]) -> None:
        self.name, self._sampler, self._parameters = name, sampler, dict(parameters)
        self.facts = self._parameters

    def prepare(self, instance: Instance) -> Any:
        return instance.bqm()

    def answer(self, handed: Any, time_limit: float, seed: int) -> Answer:
        own = {"time_limit": time_limit, "seed": seed % _SEEDS_OF_OTHERS}
        known = {name: value for name, value in own.items() if name in self._sampler.parameters}
        try:
            result = self._sampler.sample(handed, **{**known, **self._parameters})
        except Exception as error:  # it may raise anything; the other graphs go on
            raise IsinglassError(f"{type(error).__name__}: {error}") from error
        columns = [result.variables.index(v) for v in range(handed.num_variables)]
        return Answer(_spins(result.record.sample[:, columns]))


def backend_named(
    backend: str | Any,
    solver: str | None,
    parameters: Mapping[str, Any],
    num_threads: int | None,
) -> Backend:
    """ "cpu", "gpu", "qpu:MODEL", "circuit:RUNNER", ``module:object`` (a ``dimod.Sampler`` or a class of
    one), or a sampler itself."""
    if isinstance(backend, str) and backend in ThisMachine.NAMES:
        return ThisMachine(backend, solver or DEFAULT_SOLVER, parameters, num_threads)
    if solver is not None:
        raise ParameterError(f"solver={solver!r} is for backends 'cpu' and 'gpu', not for {backend!r}")
    if isinstance(backend, str) and backend.startswith("qpu:"):
        return EmulatedAnnealer(backend.removeprefix("qpu:"), parameters, num_threads)
    if isinstance(backend, str) and backend.startswith("circuit:"):
        return Circuits(backend.removeprefix("circuit:"), parameters, num_threads)
    if isinstance(backend, str):
        return AnySampler(backend, _imported(backend), parameters)
    if not isinstance(backend, dimod.Sampler):  # type: ignore[attr-defined]  # dimod is untyped
        raise ParameterError(
            f"backend={backend!r} is neither 'cpu', 'gpu', 'qpu:MODEL', 'circuit:RUNNER', 'module:object' "
            "nor a dimod.Sampler"
        )
    return AnySampler(type(backend).__name__, backend, parameters)


def _imported(words: str) -> Any:
    module, colon, name = words.partition(":")
    if not colon:
        raise ParameterError(
            f"backend={words!r} is neither 'cpu', 'gpu', 'qpu:MODEL', 'circuit:RUNNER' nor 'module:object'"
        )
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ParameterError(f"backend={words!r} cannot be imported: {error}") from None
    sampler = found() if isinstance(found, type) else found
    if not isinstance(sampler, dimod.Sampler):  # type: ignore[attr-defined]  # dimod is untyped
        raise ParameterError(f"backend={words!r} is {type(sampler).__name__}, not a dimod.Sampler")
    return sampler
