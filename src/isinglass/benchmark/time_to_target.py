"""Time to target from repeated runs, some of which missed: the exponential model.

A run restarted until it hits has exponentially distributed hitting times, to good approximation, once it is
longer than its start-up. With hits k in a total time T of all runs (a miss counts the time it ran), the
maximum-likelihood rate of the censored exponential is k / T, and the time after which a run has hit with
probability 0.99 is

    TTS99 = ln(100) T / k.

The interval comes from the Poisson distribution of the hits: 2 rate T lies between the chi-square quantiles
at 2 k and 2 k + 2 degrees of freedom (Garwood 1936). It covers at least the stated share where hits are a
Poisson count, and is close to exact for runs censored at a limit. Where every run hit, the quantiles of
the times themselves stand beside it, free of any model.

Sources: T. F. Rønnow et al., Science 345, 420 (2014) for TTS99; D. R. Cox and D. Oakes, Analysis of
Survival Data (1984), chapter 3, for the estimate from censored times.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincinv

SUCCESS = 0.99
CONFIDENCE = 0.95
QUANTILES = (0.5, 0.9, 0.99)


@dataclass(frozen=True)
class TimeToTarget:
    """Seconds; inf where there was no hit."""

    hits: int
    runs: int
    tts99: float
    low: float
    """Ends of the 95 per cent interval; without a hit ``low`` is all that is known."""
    high: float
    quantiles: tuple[float, ...] | None
    """Of the times at QUANTILES; None unless every run hit."""


def time_to_target(seconds: Sequence[float], hit: Sequence[bool]) -> TimeToTarget:
    """The estimate from runs that took ``seconds`` each and reached the target or not."""
    total, hits = float(np.sum(seconds)), int(np.sum(hit))
    needed = -math.log(1.0 - SUCCESS)
    tail = (1.0 - CONFIDENCE) / 2.0
    # gammaincinv(k, q) is half of the chi-square quantile q at 2 k degrees of freedom.
    fastest = gammaincinv(hits + 1, 1.0 - tail)
    slowest = gammaincinv(hits, tail) if hits else 0.0
    every = bool(len(seconds)) and hits == len(seconds)
    return TimeToTarget(
        hits=hits,
        runs=len(seconds),
        tts99=needed * total / hits if hits else math.inf,
        low=needed * total / float(fastest),
        high=needed * total / float(slowest) if hits else math.inf,
        quantiles=tuple(float(q) for q in np.quantile(seconds, QUANTILES)) if every else None,
    )
