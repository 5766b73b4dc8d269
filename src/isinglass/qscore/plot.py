"""The picture of a Q-score. Needs matplotlib (extra: plots)."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from isinglass.errors import ParameterError
from isinglass.qscore.published import PUBLISHED
from isinglass.qscore.report import Report
from isinglass.qscore.rows import Row
from isinglass.qscore.score import FIT, PARISI, THRESHOLD, finite_size_optimum
from isinglass.results.figures import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_FEWEST_FOR_BARS = 3
"""Graphs of a size from which its interval is drawn: that of two is wider than the picture."""


def plot(rows: Sequence[Row], convention: str = "atos") -> Figure:
    """beta against n with 95 % intervals (from three graphs up), a line a backend, and what others published.

    All rows must be of one variant (ParameterError otherwise).
    """
    variants = {row.task.variant for row in rows}
    if len(variants) != 1:
        raise ParameterError(f"one picture is of one variant, and the rows have {sorted(variants) or 'none'}")
    variant = variants.pop()
    figure = new_figure(9.5, 6.2, "the picture of a Q-score")
    axes = figure.subplots()
    for name, group in by_backend(rows).items():
        _draw_backend(axes, name, Report(group, convention))
    low, high = axes.get_xlim()[0], max(axes.get_xlim()[1], 2e4)
    if variant == "max-cut":
        n = np.geomspace(max(5.0, low), high, 200)
        best = [finite_size_optimum(int(k), convention) for k in n]
        axes.plot(n, best, color="black", linewidth=1, label="largest cut (finite-size fit)")
        axes.axhline(PARISI / 4 / FIT, color="black", linewidth=0.6, linestyle=":")
        _label(axes, 0.99, PARISI / 4 / FIT + 0.02, "limit for large n: 1.072", "black", "right")
    axes.axhline(THRESHOLD, color="tab:red", linewidth=1, linestyle="--")
    _label(axes, 0.01, THRESHOLD - 0.045, "passed above 0.2", "tab:red", "left")
    _draw_published(axes, variant)
    axes.set_xscale("log")
    axes.set_ylim(0, 1.35)
    axes.set_xlabel("vertices n of the random graphs G(n, 1/2)")
    axes.set_ylabel(f"beta ({convention} convention)" if variant == "max-cut" else "beta")
    axes.set_title(f"Q-score, {variant.replace('max', 'maximum').replace('-', ' ')}")
    figure.legend(loc="outside lower center", ncols=2, fontsize="small")
    axes.grid(alpha=0.3, which="both")
    return figure


def by_backend(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Rows of each backend with its solver or embedding and time limit, in the order met."""
    groups: dict[tuple[str, str, float], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.task.backend, row.task.facts, row.task.time_limit].append(row)
    named: dict[str, list[Row]] = {}
    first: dict[str, dict[str, Any]] = {}
    for (backend, facts, limit), group in groups.items():
        known = json.loads(facts)
        method = known.get("solver") or known.get("embedding")
        name = f"{backend}{f' {method}' if method else ''}, {limit:g} s"
        usual = first.setdefault(name, known)
        other = [f"{k} {v}" for k, v in known.items() if usual.get(k) != v]
        named[", ".join([name, *other])] = group
    return named


def _draw_backend(axes: Axes, name: str, report: Report) -> None:
    sizes = report.sizes
    n, beta = [size.n for size in sizes], [size.beta for size in sizes]
    below = [size.beta - size.low if size.graphs >= _FEWEST_FOR_BARS else 0.0 for size in sizes]
    above = [size.high - size.beta if size.graphs >= _FEWEST_FOR_BARS else 0.0 for size in sizes]
    axes.errorbar(n, beta, yerr=[below, above], marker="o", markersize=4, capsize=3, linewidth=1, label=name)


def _label(axes: Axes, across: float, beta: float, text: str, colour: str, side: str) -> None:
    """Text at a share of the width and a value of beta."""
    axes.text(
        across, beta, text, transform=axes.get_yaxis_transform(), ha=side, fontsize="small", color=colour
    )


def _draw_published(axes: Axes, variant: str) -> None:
    """Published scores say only where beta = 0.2 was last passed, so they stand on that line."""
    shown = [p for p in PUBLISHED if p.variant == variant]
    axes.plot(
        [p.score for p in shown], [THRESHOLD] * len(shown), "v", color="grey", label="published by others"
    )
    for p in shown:
        text = p.system if p.beta is None else f"{p.system} (beta {p.beta}: cannot be)"
        axes.annotate(
            f"{text}: {p.score}", (p.score, THRESHOLD), xytext=(0, 7), textcoords="offset points",
            rotation=90, ha="center", va="bottom", fontsize="x-small", color="dimgrey",
        )  # fmt: skip
