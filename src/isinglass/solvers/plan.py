"""Which solvers for which kind of problem, in which order and for how long.

The choices and what they were measured against stand in docs/performance.md ("What auto runs, and why").
A stage hands its best states to the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from isinglass.problems.compiled import CompiledProblem
from isinglass.solvers.classify import Portrait, is_dense, mean_degree

_FEWEST_SWEEPS_SPARSE = 300
_FEWEST_SWEEPS_DENSE = 1500
"""Sweeps of all replicas below which a ladder has not come down yet: fewer, longer anneals do better."""
_TOO_LARGE_SPARSE = 200_000
_TOO_LARGE_DENSE = 10_000
"""Variables from which fixed work without a time limit is annealing."""
_QUICK_FLIPS = 40
"""Tabu flips a variable of the quick look: milliseconds."""
_QUICK_LOOK_DENSE = 2000
_QUICK_LOOK_SPARSE = 300
"""Variables up to which it is taken."""
_WIDE_SHARE = 0.3
"""Of the time, for annealing ahead of tempering where many reads run at a call; not measured yet."""
_BEFORE_EXACT = 0.1
"""Part of an exact method's time that sweeps get before it, where there is a target; cluster moves may
take three times as long again."""


@dataclass(frozen=True)
class Stage:
    """One solver's turn."""

    solver: str
    share: float
    """Of the time that is left when it begins; 1.0 for all of it."""
    why: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


def quick_look(problem: CompiledProblem) -> Stage | None:
    """A first search of milliseconds; None for problems that it would rarely solve."""
    n = problem.num_variables
    if not 0 < n <= (_QUICK_LOOK_DENSE if is_dense(n, mean_degree(problem)) else _QUICK_LOOK_SPARSE):
        return None
    parameters = {"iterations": _QUICK_FLIPS * n + 200, "num_reads": 2}
    return Stage("tabu_search", 1.0, "a quick look: small problems end here", parameters)


def longer_look(problem: CompiledProblem, seconds: float) -> Stage | None:
    """A search before an exact method that takes ``seconds``; None where it would be too short."""
    n = problem.num_variables
    sweeps = int(_BEFORE_EXACT * seconds / _sparse_sweep_seconds(n, mean_degree(problem)))
    if problem.storage != "sparse" or sweeps < _FEWEST_SWEEPS_SPARSE:
        return None
    why = "often there before an exact method is"
    return Stage("parallel_tempering", 1.0, why, {"sweeps": sweeps, "num_reads": 1})


def stages(portrait: Portrait, seconds: float | None) -> list[Stage]:
    """The plan for a problem like ``portrait`` in ``seconds`` (None: fixed work, no clock)."""
    if portrait.kind == "chain":
        why = "couplings fall off along a chain: runs of spins must flip together"
        return [Stage("parallel_tempering", 1.0, why, {"segments": True})]
    if _too_large(portrait, seconds):
        return [Stage("simulated_annealing", 1.0, "too large for a ladder in this time")]
    if portrait.kind == "dense QUBO":
        search = Stage("tabu_search", 0.85, "many different coefficients, all coupled: tabu's home ground")
        temper = Stage("parallel_tempering", 1.0, "in case the search is caught")
        return [search, temper]
    if portrait.kind == "dense glass":
        return [Stage("parallel_tempering", 1.0, "few coupling sizes, no fields: a glass")]
    why = "sparse: 64 replicas a word, cluster moves where they help"
    return [Stage("parallel_tempering", 1.0, why)]


def batch_stages(portrait: Portrait) -> list[Stage]:
    """The plan where many reads run at a call: wide first, then deep."""
    wide = Stage("simulated_annealing", _WIDE_SHARE, "thousands of reads cost little more than one")
    largest = _TOO_LARGE_DENSE if portrait.dense else _TOO_LARGE_SPARSE
    if portrait.variables > largest:
        return [replace(wide, share=1.0)]
    return [wide, Stage("parallel_tempering", 1.0, "from the best of them, for what annealing leaves")]


def _too_large(portrait: Portrait, seconds: float | None) -> bool:
    """Judged by the speed of the tempering kernels, on each thread."""
    n = portrait.variables
    if seconds is None:
        return n > (_TOO_LARGE_DENSE if portrait.dense else _TOO_LARGE_SPARSE)
    if portrait.dense:
        sweep_seconds = 24e-9 * n * (4.0 + n / 500.0)
        return seconds < _FEWEST_SWEEPS_DENSE * sweep_seconds
    return seconds < _FEWEST_SWEEPS_SPARSE * _sparse_sweep_seconds(n, portrait.mean_degree)


def _sparse_sweep_seconds(variables: int, degree: float) -> float:
    return 64e-9 * max(1, variables) * (0.8 + degree / 64)
