"""Inverse temperatures of an anneal: the default range, and one beta a sweep."""

from __future__ import annotations

from typing import Any

import numpy as np

from isinglass.errors import ParameterError
from isinglass.problems.compiled import CompiledProblem

HOT = 0.6
COLD = 8.0
SHAPES = ("geometric", "linear")


def default_beta_range(problem: CompiledProblem) -> tuple[float, float]:
    """(hot, cold) in 1 / energy units of the problem: ``HOT / largest`` and ``COLD / smallest`` field.

    A spin's field is measured by its root mean square over random neighbours,
    ``sqrt(h_i^2 + sum_j J_ij^2)``. At the hot end even the stiffest spin turns freely
    (exp(-2 HOT) = 0.3 against a typical field); at the cold end the softest is held
    (exp(-2 COLD) = 1e-7). Multiply the problem by a constant and both divide by it.
    Chosen by mean energies over eleven classes of problems (bench/beta_range.py).
    """
    smallest, _, largest = (float(size) for size in problem.field_scale)
    return HOT / (largest * problem.scale), COLD / (smallest * problem.scale)


def check_beta_range(name: str, value: Any) -> tuple[float, float] | None:
    """A pair (hot, cold) of finite numbers >= 0, hot not above cold; None for the default."""
    if value is None:
        return None
    try:
        hot, cold = (float(v) for v in value)
    except (TypeError, ValueError):
        raise ParameterError(f"{name}={value!r} is not a pair (hot, cold) of numbers") from None
    if not (0 <= hot <= cold < np.inf):
        raise ParameterError(f"{name}={value!r}: it must be 0 <= hot <= cold, both finite")
    return hot, cold


def check_beta_schedule(name: str, value: Any) -> str | np.ndarray:
    """ "geometric", "linear", or one finite beta >= 0 for each sweep."""
    if isinstance(value, str):
        if value not in SHAPES:
            raise ParameterError(f"{name}={value!r} is not one of {', '.join(SHAPES)} nor an array of betas")
        return value
    try:
        betas = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise ParameterError(f"{name} is not an array of numbers") from None
    if betas.ndim != 1 or betas.size == 0 or not np.isfinite(betas).all() or (betas < 0).any():
        raise ParameterError(f"{name} must be a vector of finite betas >= 0, one a sweep")
    return betas


def betas(shape: str | np.ndarray, beta_range: tuple[float, float], sweeps: int) -> np.ndarray:
    """float64[sweeps], from hot to cold."""
    if not isinstance(shape, str):
        return shape
    hot, cold = beta_range
    if sweeps == 1:
        return np.array([cold])
    if shape == "linear":
        return np.linspace(hot, cold, sweeps)
    if hot == 0.0:
        raise ParameterError("beta_range begins at 0, which a geometric schedule cannot leave: use 'linear'")
    return np.geomspace(hot, cold, sweeps)


def slack_scale(betas: np.ndarray, scale: float) -> np.ndarray:
    """float32[sweeps]: 1 / (2 beta) in kernel units, bounded so that 0 times it stays 0."""
    with np.errstate(divide="ignore"):
        return np.minimum(1.0 / (2.0 * betas * scale), 1e30).astype(np.float32)
