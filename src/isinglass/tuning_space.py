"""From where the parameters of a solver are drawn when it is tuned: ``TUNABLE`` is the one place."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from isinglass.errors import ParameterError
from isinglass.problems.compiled import CompiledProblem
from isinglass.solvers import rungs
from isinglass.solvers.schedule import default_beta_range

Space = Mapping[str, Any]
"""Parameter -> where it is drawn from: a list is a choice, ``(low, high)`` a log-uniform range (whole numbers
if both ends are), a tuple of such ranges a tuple of draws."""


def _around(hot: float, cold: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """Up to a factor of five to either side, the hot end never above the cold one."""
    middle = math.sqrt(hot * cold)
    return (hot / 5.0, min(5.0 * hot, middle)), (max(cold / 5.0, middle), 5.0 * cold)


TUNABLE: dict[str, Callable[[CompiledProblem], Space]] = {
    "simulated_annealing": lambda problem: {
        "annealing_time": (10, 20_000),
        "beta_range": _around(*default_beta_range(problem)),
        "beta_schedule": ["geometric", "linear"],
    },
    "parallel_tempering": lambda problem: {
        "num_temperatures": [8, 16, 32, 64],
        "beta_range": _around(*(float(b) / problem.scale for b in rungs.default_beta_range(problem))),
    },
    "simulated_bifurcation": lambda problem: {
        "variant": ["ballistic", "discrete", "generalized"],
        "steps": (500, 50_000),
        "control": (0.1, 0.8),
    },
}
"""Default spaces by solver. Inverse temperatures are in the units of one problem: with several problems a
``beta_range`` is left at its default."""


def default_space(solver: str, problems: Sequence[CompiledProblem]) -> Space:
    """The solver's row of TUNABLE for these problems; ParameterError where it has none."""
    if solver not in TUNABLE:
        raise ParameterError(
            f"solver={solver!r} has no default space (there are {', '.join(TUNABLE)}): pass space="
        )
    space = dict(TUNABLE[solver](problems[0]))
    if len(problems) > 1:
        space.pop("beta_range", None)
    return space


def draw_from(space: Space, draw: np.random.Generator) -> dict[str, Any]:
    """A candidate; ParameterError for a range that is none."""
    return {name: _one(name, source, draw) for name, source in space.items()}


def _one(name: str, source: Any, draw: np.random.Generator) -> Any:
    if isinstance(source, list) and source:
        return source[int(draw.integers(len(source)))]
    if isinstance(source, tuple) and source and isinstance(source[0], (tuple, list)):
        return tuple(_one(name, part, draw) for part in source)
    if isinstance(source, tuple) and len(source) == 2 and 0 < source[0] <= source[1]:
        low, high = source
        value = math.exp(draw.uniform(math.log(low), math.log(high)))
        whole = isinstance(low, int) and isinstance(high, int)
        return round(value) if whole else value
    raise ParameterError(
        f"space[{name!r}]={source!r} is neither a list of choices, nor (low, high) with 0 < low <= high, "
        "nor a tuple of such"
    )
