"""Values on the edges of a graph that another family has drawn."""

from __future__ import annotations

import numpy as np

from isinglass.problems.generators.draws import Purpose, gaussians, signs, stream_key
from isinglass.problems.generators.generator import Parameter


def draw_couplings(law: str, count: int, seed: int) -> np.ndarray:
    """ "pm1": int8[count] of -1 and +1 with equal chance; "gaussian": float64[count], variance 1;
    "one": int8[count] of +1."""
    key = stream_key(seed, Purpose.COUPLINGS)
    if law == "one":
        return np.ones(count, np.int8)
    drawn: np.ndarray = signs(key, count) if law == "pm1" else gaussians(key, count)
    return drawn


def couplings_parameter(choices: tuple[str, ...], meaning: str) -> Parameter:
    """The parameter ``couplings``; the first choice is the default."""
    return Parameter("couplings", str, meaning, default=choices[0], choices=choices)
