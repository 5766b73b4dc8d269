"""From values at several noise scales to the value at scale 0.

Giurgica-Tiron et al., arXiv:2005.10921, section IV. Linear, polynomial and Richardson extrapolation are
linear in the values, so standard errors carry over exactly; the exponential one to first order.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from isinglass.errors import ParameterError

EXTRAPOLATIONS = ("linear", "polynomial", "richardson", "exponential")


def extrapolate(
    scales: Sequence[float], values: Sequence[float], method: str = "linear", *, degree: int = 2,
    asymptote: float = 0.0, std_errors: Sequence[float] | None = None,
) -> tuple[float, float]:  # fmt: skip
    """(value at scale 0, its standard error).

    Args:
        scales: distinct noise scales, 1 for the circuit as it is.
        values: one for each.
        method: "linear": least squares line; "polynomial": least squares of ``degree``; "richardson": the
            polynomial through all values; "exponential": asymptote + a exp(-b scale), a line through
            logarithms.
        degree: of "polynomial", 1 up.
        asymptote: what "exponential" tends to under much noise: 0 for strings other than I...I.
        std_errors: of the values; None for 0.

    Raises:
        ParameterError: too few or equal scales, an unknown method, or values on both sides of the asymptote.
    """
    x, y = np.asarray(scales, np.float64), np.asarray(values, np.float64)
    errors = np.zeros(len(x)) if std_errors is None else np.asarray(std_errors, np.float64)
    if method not in EXTRAPOLATIONS:
        raise ParameterError(f"extrapolation={method!r} is not one of {', '.join(EXTRAPOLATIONS)}")
    degrees = {"linear": 1, "exponential": 1, "polynomial": degree, "richardson": len(x) - 1}
    needed = degrees[method] + 1
    if len(np.unique(x)) < max(2, needed) or len(x) != len(y) or len(x) != len(errors) or needed < 2:
        raise ParameterError(
            f"{method} extrapolation needs at least {max(2, needed)} different noise scales with a value "
            f"each, not {list(scales)}"
        )
    if method != "exponential":
        weights = _at_zero(x, needed)
        return float(weights @ y), float(np.sqrt(weights**2 @ errors**2))
    away = y - asymptote
    if not ((away > 0).all() or (away < 0).all()):
        raise ParameterError(
            f"values {list(values)} are not all on one side of the asymptote {asymptote}: use another "
            "extrapolation"
        )
    weights = _at_zero(x, 2)
    at_zero = float(np.sign(away[0]) * np.exp(weights @ np.log(np.abs(away))))
    return asymptote + at_zero, abs(at_zero) * float(np.sqrt(weights**2 @ (errors / away) ** 2))


def _at_zero(x: np.ndarray, terms: int) -> np.ndarray:
    """Weights of values whose sum is the least squares polynomial's value at 0."""
    return np.asarray(np.linalg.pinv(np.vander(x, terms, increasing=True))[0])
