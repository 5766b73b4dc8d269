"""What a cut or a clique is worth: beta, its reference values and its limits.

Martiel, Ayral, Allouche, "Benchmarking quantum coprocessors in an application-centric,
hardware-agnostic, and scalable way", IEEE Trans. Quantum Eng. 2 (2021), arXiv 2102.12973; with Max-Clique
van der Schoot et al., arXiv 2302.00639 (2023). A machine passes size n if the mean over random graphs
G(n, 1/2) of

    beta = (found - random) / (optimum - random)

is above 0.2; its Q-score is the largest size that it passes. "random" is what chance finds and
"optimum" a fit to the optimum of large graphs, so that beta of a perfect solver is about 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, stdtrit

THRESHOLD = 0.2
"""beta above which a size is passed."""
FIT = 0.178
"""The optimum's fit of the paper: n^2 / 8 + 0.178 n^1.5."""
PARISI = 0.763166
"""Ground energy of the Sherrington-Kirkpatrick glass, -E / n^1.5 (Parisi 1980; Crisanti, Rizzo 2002).

Writing the edge indicator as (1 + xi) / 2 with xi = +-1 gives the largest cut of G(n, 1/2) as
n^2 / 8 + PARISI / 4 n^1.5 to leading order, so beta cannot pass 0.763166 / 4 / 0.178 = 1.072."""
FINITE_SIZE = 0.70
"""PARISI - FINITE_SIZE n^(-2/3) is the mean ground energy at size n (exponent: Palassini 2008)."""

CONVENTIONS = ("atos", "tno")
"""What chance cuts: n (n - 1) / 8, the mean over all bipartitions of all graphs ("atos", the reference
code), or n^2 / 8 ("tno", the papers). They differ by 0.702 / sqrt(n) in beta."""
VARIANTS = ("max-cut", "max-clique")


def beta(found: float, n: int, variant: str = "max-cut", convention: str = "atos") -> float:
    """beta of a cut or clique of size ``found`` in a graph of ``n`` vertices."""
    if variant == "max-clique":
        chance = random_clique(n)
        return (found - chance) / (largest_clique(n) - chance)
    return float((found - random_cut(n, convention)) / (FIT * n**1.5))


def random_cut(n: int, convention: str = "atos") -> float:
    """The cut of a random bipartition; see CONVENTIONS."""
    return n * (n - 1) / 8.0 if convention == "atos" else n * n / 8.0


def finite_size_optimum(n: int, convention: str = "atos") -> float:
    """The mean beta of largest cuts at size ``n`` (good to a percent from n = 40 up)."""
    shift = beta(n * n / 8.0, n, "max-cut", convention)
    return float((PARISI - FINITE_SIZE * n ** (-2.0 / 3.0)) / 4.0 / FIT + shift)


def random_clique(n: int) -> float:
    """Mean size of the clique that grows by random vertices until one does not fit.

    ``sum_i i (1 - p^i) p^(i (i - 1) / 2)`` with p = 1/2 (arXiv 2302.00639, section III).
    """
    size = np.arange(1, min(n, 200) + 1, dtype=np.float64)
    return float((size * (1.0 - 0.5**size) * 0.5 ** (size * (size - 1.0) / 2.0)).sum())


def largest_clique(n: int) -> float:
    """The usual size of the largest clique (Matula 1976), logarithms base 2:
    2 log n - 2 log log n + 2 log(e / 2) + 1."""
    log = math.log2(n)
    return 2.0 * log - 2.0 * math.log2(log) + 2.0 * math.log2(math.e / 2.0) + 1.0


# --- many graphs of one size --------------------------------------------------------------------


@dataclass(frozen=True)
class Mean:
    """Mean of beta over the graphs of one size with its 95 % interval (Student's t)."""

    beta: float
    low: float
    high: float
    """nan, both, for a single graph."""


def mean_of(betas: Sequence[float]) -> Mean:
    """``betas``: one a graph, at least one."""
    values = np.asarray(betas, dtype=np.float64)
    mean = float(values.mean())
    if len(values) < 2:
        return Mean(mean, math.nan, math.nan)
    half = float(stdtrit(len(values) - 1, 0.975) * values.std(ddof=1) / math.sqrt(len(values)))
    return Mean(mean, mean - half, mean + half)


def limit_of_mean(n: int, graphs: int, convention: str) -> float:
    """What no honest mean beta of ``graphs`` cuts exceeds.

    PARISI / 4 / FIT, approached from below, plus the convention's term, plus four standard
    deviations of the mean. Graphs differ above all by their number of edges, n / sqrt(8) the
    standard deviation, half of which are in a cut: 1 / sqrt(n) in beta (0.993).
    """
    bound = PARISI / 4.0 / FIT + beta(n * n / 8.0, n, "max-cut", convention)
    return bound + 4.0 / math.sqrt(n * graphs)


def largest_credible_clique(n: int) -> int:
    """The largest k of which a random graph has one with a chance above 1e-9.

    First moment: there are ``n over k`` sets of k vertices, each a clique with chance 2^(-k (k - 1) / 2).
    """
    k = np.arange(1, min(n, 400) + 1, dtype=np.float64)
    log2_sets = (gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0)) / math.log(2.0)
    return int(np.flatnonzero(log2_sets - k * (k - 1.0) / 2.0 > math.log2(1e-9)).max(initial=0)) + 1
