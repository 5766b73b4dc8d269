"""What one call of ``sample`` says, checked, and what that is in our words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from isinglass.errors import ParameterError, nearest
from isinglass.solvers.registry import solver_named

_INT32 = (1 << 31) - 1


@dataclass(frozen=True)
class Settings:
    """Parameters of ``sample``, in the client's order. Raises ParameterError for values out of range.

    The client sends none of switchfraction, alpha to zeta, and its server ignores minimum_stepsize and the
    rest marked so: they are checked and change nothing here either.
    """

    num_reads: int | None = None
    """States wanted, best first, 1 up; None for 32, on a QPU 4."""
    annealing_time: int = 10
    """Steps of a read, 1 up: of a QPU (10 to 1000), of solvers that count sweeps. Not for ``auto``."""
    clones: int = 1
    """1 to 128: repeats of the whole call, each with a seed of its own, merged."""
    switchfraction: float = 0.0
    """No effect, like the next six."""
    alpha: float = 20
    beta: float = 20
    gamma: float = 1
    delta: float = 1
    epsilon: float = 1
    zeta: float = 1
    minimum_stepsize: float = 0.05
    """0 to 1. No effect."""
    debugging: bool = False
    """No effect."""
    block_fee: int = 0
    """0 up. No effect: nothing costs anything."""
    shots: int = 1
    """Runs, each with a seed of its own, 1 up; on a QPU (1 to 5) the reads are divided among them."""
    rank: int = 1
    """1 to num_reads. No effect: every read comes back, best first."""
    preprocess: bool | None = None
    """No effect: ``auto`` makes problems smaller itself."""
    qpu_max_coeff: float = 9.0
    """Largest coefficient on a QPU, above 0; larger ones are scaled there. Energies are of the model."""
    show_progress: bool | None = None
    """No effect."""
    seed: int | None = None
    """Ours: 0 to 2^63 - 1; the same seed gives the same samples. None draws one."""
    time_limit: float | None = None
    """Ours: seconds of each run, above 0. None for a fixed amount of work."""
    solver: str = "auto"
    """Ours: a solver of ``isinglass.solve``; not for a QPU."""

    def __post_init__(self) -> None:
        for name, low, high in (
            ("num_reads", 1, _INT32), ("annealing_time", 1, _INT32), ("clones", 1, 128), ("shots", 1, 10_000),
            ("rank", 1, _INT32), ("block_fee", 0, (1 << 63) - 1), ("seed", 0, (1 << 63) - 1),
        ):  # fmt: skip
            object.__setattr__(self, name, _whole(name, getattr(self, name), low, high))
        if not isinstance(self.solver, str):
            raise ParameterError(f"solver={self.solver!r} is not a name")
        for name, most in (
            ("switchfraction", math.inf),
            ("minimum_stepsize", 1.0),
            ("qpu_max_coeff", math.inf),
        ):
            _number(name, getattr(self, name), most)
        if self.num_reads is not None and self.rank > self.num_reads:
            raise ParameterError(f"rank={self.rank} is above num_reads={self.num_reads}")

    def parameters(self, backend: str) -> dict[str, Any]:
        """Keywords of one run of ``isinglass.solve`` on a backend ("cpu", "gpu", "qpu")."""
        limit = {} if self.time_limit is None else {"time_limit": self.time_limit}
        if backend == "qpu":
            names = ("annealing_time", "shots", "qpu_max_coeff")
            reads = {"num_reads": max(self.num_reads or 4, self.shots)}
            return {**reads, **{name: getattr(self, name) for name in names}, **limit}
        wanted = {"num_reads": self.num_reads or 32, "annealing_time": self.annealing_time}
        known = solver_named(self.solver).parameters
        return {**{name: value for name, value in wanted.items() if name in known}, **limit}


def settings_of(args: tuple[Any, ...], given: Mapping[str, Any]) -> Settings:
    """Settings of a call; ParameterError for a name that is none."""
    known = [field.name for field in fields(Settings)]
    for name in given:
        if name not in known:
            raise ParameterError(f"{name!r} is not a parameter of sample{nearest(name, known)}")
    return Settings(*args, **given)


def _whole(name: str, value: Any, low: int, high: int) -> int | None:
    if value is None and name in ("num_reads", "seed"):
        return None
    whole = isinstance(value, (int, np.integer)) or (isinstance(value, float) and value.is_integer())
    if isinstance(value, bool) or not whole or not low <= value <= high:
        raise ParameterError(f"{name}={value!r} is not an integer from {low} to {high}")
    return int(value)


def _number(name: str, value: Any, most: float) -> None:
    good = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not good or not 0 <= value <= most or not math.isfinite(value):
        raise ParameterError(f"{name}={value!r} is not a number from 0 to {most:g}")
