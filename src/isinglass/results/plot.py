"""Pictures of a result. Needs matplotlib (extra: plots)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from isinglass.results.figures import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from isinglass.results.sampleset import SampleSet


def plot(result: SampleSet) -> Figure:
    """Convergence over time beside the histogram of the samples' energies (or cuts)."""
    figure = new_figure(10, 4, "plot()")
    convergence, histogram = figure.subplots(1, 2)
    _draw_convergence(convergence, result)
    _draw_histogram(histogram, result)
    return figure


def _draw_convergence(axes: Axes, result: SampleSet) -> None:
    trace = result.trace
    end = float(result.timing.get("total", 0.0))
    if len(trace):
        seconds = np.append(trace[:, 0], max(end, trace[-1, 0]))
        values = np.append(trace[:, 1], trace[-1, 1])
        label = "lowest energy so far"
        if "cut" in result.record.dtype.names:
            total_weight = 2.0 * result.record.cut[0] + result.record.energy[0]
            values, label = (total_weight - values) / 2.0, "largest cut so far"
        axes.step(seconds, values, where="post", color="tab:blue", marker=".", markevery=slice(0, len(trace)))
        axes.set_ylabel(label)
        axes.ticklabel_format(axis="y", useOffset=False)
        # Most of the way down is gone in the first moments; a linear axis would show a corner.
        axes.set_xscale("log")
    else:
        axes.text(0.5, 0.5, "no trace", ha="center", transform=axes.transAxes)
    axes.set_xlabel("seconds since the problem was handed over")
    axes.set_title("Convergence")
    axes.grid(alpha=0.3)


def _draw_histogram(axes: Axes, result: SampleSet) -> None:
    has_cut = "cut" in result.record.dtype.names
    values = np.asarray(result.record.cut if has_cut else result.record.energy, dtype=np.float64)
    if len(values):
        # Samples of an integer problem often share a handful of energies: one bar each.
        distinct = np.unique(values)
        few = len(distinct) <= 40
        if few:
            counts = [int(np.sum(values == v)) for v in distinct]
            gap = float(np.diff(distinct).min()) if len(distinct) > 1 else 1.0
            axes.bar(distinct, counts, width=0.8 * gap, color="tab:orange")
        else:
            axes.hist(values, bins=40, color="tab:orange")
        best = values.max() if has_cut else values.min()
        axes.axvline(best, color="black", linestyle=":", label=f"best {best:.10g}")
        axes.legend()
        axes.ticklabel_format(axis="x", useOffset=False)
        axes.tick_params(axis="x", rotation=20)
    axes.set_xlabel("cut" if has_cut else "energy")
    axes.set_ylabel("samples")
    axes.set_title(f"{len(values)} samples")
