"""Which solvers for which kind of problem, in which order and for how long.

Every line was measured (bench/README.md, "What auto chose and why"). A stage hands its best states to
the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from isinglass.solvers.classify import Portrait

_FEWEST_TEMPERING_SWEEPS = 300
"""Sweeps of 64 replicas below which a ladder has not come down yet: fewer, longer anneals do better."""
_QUICK_FLIPS = 40
"""Tabu flips a variable of the quick look that small and dense problems get first: milliseconds."""
_QUICK_LOOK = 2000
"""Variables up to which it is taken."""


@dataclass(frozen=True)
class Stage:
    """One solver's turn."""

    solver: str
    share: float
    """Of the time that is left when it begins; 1.0 for all of it."""
    why: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


def stages(portrait: Portrait, seconds: float | None, num_threads: int) -> list[Stage]:
    """The plan for a problem like ``portrait`` in ``seconds`` (None: fixed work, no clock)."""
    n = portrait.variables
    quick = Stage(
        "tabu_search", 1.0, "a quick look: small problems end here",
        {"iterations": _QUICK_FLIPS * n + 200, "num_reads": 2},
    )  # fmt: skip
    if portrait.kind == "chain":
        why = "couplings fall off along a chain: runs of spins must flip together"
        return [Stage("parallel_tempering", 1.0, why, {"segments": True})]
    if portrait.kind == "dense QUBO":
        search = Stage("tabu_search", 0.85, "many different coefficients, all coupled: tabu's home ground")
        temper = Stage("parallel_tempering", 1.0, "in case the search is caught")
        return [search, temper] if n > _QUICK_LOOK else [quick, search, temper]
    if portrait.kind == "dense glass":
        temper = Stage("parallel_tempering", 1.0, "few coupling sizes, no fields: a glass")
        return [temper] if n > _QUICK_LOOK else [quick, temper]
    if seconds is not None and _tempering_sweeps(portrait, seconds) < _FEWEST_TEMPERING_SWEEPS:
        return [Stage("simulated_annealing", 1.0, "too large for a ladder in this time")]
    if seconds is None and n > _TOO_LARGE:
        return [Stage("simulated_annealing", 1.0, "too large for a ladder without a time limit")]
    return [Stage("parallel_tempering", 1.0, "sparse: 64 replicas a word, cluster moves where they help")]


_TOO_LARGE = 200_000


def _tempering_sweeps(portrait: Portrait, seconds: float) -> float:
    """Sweeps of a ladder on each thread, by the speed of kernels/cpu/temper_lanes.py."""
    sweep_seconds = 64e-9 * portrait.variables * (0.8 + portrait.mean_degree / 64)
    return seconds / sweep_seconds
