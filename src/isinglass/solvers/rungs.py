"""Where the rungs of a temperature ladder belong, from what a short run refused.

The sum of refusal rates from the cold end up to a temperature, ``Lambda``, is the barrier that
replicas climb (Syed, Bouchard-Cote, Deligiannidis, Doucet, J. R. Stat. Soc. B 84, 321 (2022),
section 5). Rungs at equal steps of it refuse equally often, which is where a ladder of given length
is crossed fastest; frozen temperatures get few rungs by themselves.
"""

from __future__ import annotations

import numpy as np

from isinglass.problems.compiled import CompiledProblem

HOT = 0.9
COLD = 8.0
RUNGS_A_BARRIER = 1.3
"""Rungs for each unit of the barrier, where the storage allows that many: swaps are then refused at a
rate of about 1 / 1.3."""
_LEAST_RATE = 1e-3


def default_beta_range(problem: CompiledProblem) -> tuple[float, float]:
    """(hot, cold) in 1 / kernel energy: a temperature of ``HOT`` times the field of most spins (ninth
    decile of the rms fields, above the transition of every glass we know), and ``COLD`` divided by
    the smallest field, where even the softest spin is held."""
    smallest, most, _ = (float(size) for size in problem.field_scale)
    return 1.0 / (HOT * most), max(COLD / smallest, 2.0 / (HOT * most))


def barrier(rates: np.ndarray) -> float:
    """Lambda of the whole ladder: the sum of ``rates`` [rungs - 1], refusals a proposed swap."""
    return float(rates.sum())


def equalize(beta: np.ndarray, rates: np.ndarray, rungs: int) -> np.ndarray:
    """float64[rungs], falling: the ladder ``beta`` redrawn at equal steps of the measured barrier."""
    climbed = np.concatenate([[0.0], np.cumsum(np.maximum(rates, _LEAST_RATE))])
    drawn: np.ndarray = np.interp(np.linspace(0.0, climbed[-1], rungs), climbed, beta)
    return drawn
