"""Pictures of a benchmark. Needs matplotlib (extra: plots)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from isinglass.benchmark.report import Report, Summary, name_of
from isinglass.results.figures import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BARS = 30


def plot(report: Report) -> Figure:
    """Left: TTS99 of each peer over ours, a point an instance. Right: the gaps at the deadline."""
    figure = new_figure(11, 4.5, "Report.plot()")
    times, gaps = figure.subplots(1, 2)
    _draw_times(times, report)
    _draw_gaps(gaps, report)
    return figure


def _by_name(report: Report) -> dict[str, dict[str, Summary]]:
    """Solver -> family/instance -> summary; our solvers first."""
    names: dict[str, dict[str, Summary]] = {}
    for s in report.summaries:
        names.setdefault(name_of(s, report.peers), {})[f"{s.family}/{s.instance}"] = s
    return names


def _draw_times(axes: Axes, report: Report) -> None:
    """Ours on x; where one side never hit, its lower bound stands and the marker is hollow."""
    names = _by_name(report)
    ours, *rest = names
    for k, other in enumerate(rest):
        pairs = [(names[ours][i].time, names[other][i].time) for i in names[ours] if i in names[other]]
        colour, label = f"C{k + 1}", other
        for reached in (True, False):
            points = [
                tuple(t.tts99 if t.hits else t.low for t in pair)
                for pair in pairs
                if all(t.hits > 0 for t in pair) == reached
            ]
            if points:
                x, y = np.array(points).T
                face = colour if reached else "none"
                axes.scatter(x, y, s=30, facecolors=face, edgecolors=colour)
        axes.scatter([], [], color=colour, label=label)
    axes.set_xscale("log")
    axes.set_yscale("log")
    if rest:
        low = min(axes.get_xlim()[0], axes.get_ylim()[0])
        high = max(axes.get_xlim()[1], axes.get_ylim()[1])
        axes.plot([low, high], [low, high], color="black", linewidth=0.8)
        axes.legend(fontsize="small")
        axes.set_ylabel("TTS99 of the others (s); above the line: slower")
    else:
        bars = [s.time.tts99 for s in names[ours].values() if math.isfinite(s.time.tts99)]
        axes.set_yscale("linear")
        axes.plot(sorted(bars), np.arange(1, len(bars) + 1), drawstyle="steps-post", marker=".")
        axes.set_ylabel("instances with a smaller TTS99")
    axes.set_xlabel(f"TTS99 of {ours} (s)")
    axes.set_title("Time to target (hollow: no hit on one side, a lower bound)", fontsize="medium")
    axes.grid(alpha=0.3, which="both")


def _draw_gaps(axes: Axes, report: Report) -> None:
    """Bars for the instances with the largest gaps."""
    names = _by_name(report)
    worst: dict[str, float] = {}
    for summaries in names.values():
        for instance, s in summaries.items():
            worst[instance] = max(worst.get(instance, 0.0), s.gap)
    shown = sorted((i for i in worst if worst[i] > 0), key=lambda i: -worst[i])[:_BARS]
    if not shown:
        axes.text(0.5, 0.5, "every run reached its target", ha="center", transform=axes.transAxes)
        axes.set_axis_off()
        return
    width = 0.8 / len(names)
    for k, (name, summaries) in enumerate(names.items()):
        heights = [100 * max(0.0, summaries[i].gap) if i in summaries else np.nan for i in shown]
        axes.bar(np.arange(len(shown)) + k * width, heights, width, label=name)
    axes.set_xticks(np.arange(len(shown)) + 0.4 - width / 2, [i.split("/")[-1] for i in shown], rotation=90)
    axes.set_ylabel("mean gap at the time limit (%)")
    axes.set_title("Gap to the best known" if len(shown) < _BARS else f"The {_BARS} largest gaps")
    axes.legend(fontsize="small")
    axes.grid(alpha=0.3, axis="y")
