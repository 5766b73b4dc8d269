"""Pictures of counts. Needs matplotlib (extra: plots)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from isinglass.circuits.counts import Counts
from isinglass.circuits.runner import CircuitResult
from isinglass.errors import ParameterError
from isinglass.results.figures import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_BARS = 32
"""Outcomes of one circuit that get a bar of their own."""
MOST_PANELS = 12


def histogram(results: Sequence[CircuitResult]) -> Figure:
    """A panel of bars for each circuit that ran: bit strings in ascending order, the rarest put together.

    Args:
        results: what ``submit_circuits`` gave, with at most ``MOST_PANELS`` circuits that ran.

    Raises:
        ParameterError: no circuit ran, too many did, or they have expectation values. MissingExtraError.
    """
    ran = [entry for entry in results if "results" in entry]
    if not 0 < len(ran) <= MOST_PANELS:
        raise ParameterError(
            f"a picture has 1 to {MOST_PANELS} circuits, not {len(ran)}: draw fewer at a time"
        )
    if not all(isinstance(count, int) for entry in ran for count in entry["results"].values()):
        raise ParameterError("a histogram is of counts: leave observables out")
    columns = 1 if len(ran) == 1 else 2
    rows = math.ceil(len(ran) / columns)
    figure = new_figure(8.0 * columns, 3.6 * rows, "histogram()")
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for panel, entry in zip(panels, ran, strict=False):
        _draw(panel, entry["label"], entry["results"])
    for panel in panels[len(ran) :]:
        panel.set_visible(False)
    return figure


def _draw(axes: Axes, label: str, counts: Counts) -> None:
    shots = sum(counts.values())
    shown = counts
    if len(counts) > MOST_BARS:
        likeliest = sorted(counts, key=lambda key: (-counts[key], key))[: MOST_BARS - 1]
        shown = {key: counts[key] for key in sorted(likeliest)}
        shown[f"{len(counts) - len(shown)} others"] = shots - sum(shown.values())
    colours = ["tab:gray" if key.endswith("others") else "tab:blue" for key in shown]
    axes.bar(range(len(shown)), [count / shots for count in shown.values()], color=colours)
    axes.set_xticks(range(len(shown)), list(shown), rotation=90, family="monospace", fontsize=8)
    # A few bars are not made wider than eight would be.
    margin = 0.6 + max(0, 8 - len(shown)) / 2
    axes.set_xlim(-margin, len(shown) - 1 + margin)
    axes.set_ylabel("share of shots")
    axes.set_title(f"{label}: {shots} shots")
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)
