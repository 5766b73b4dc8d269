"""Pictures: working graph, embedding, the energies of an anneal. Needs matplotlib (extra: plots)."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from isinglass.qpu.call import resolve
from isinglass.qpu.lattices import PEGASUS_OFFSETS, lattice, zephyr_coordinates
from isinglass.qpu.parameter_checks import UNUSED
from isinglass.qpu.schedule import load
from isinglass.qpu.solver import QPUSolver
from isinglass.qpu.working_graph import WorkingGraph
from isinglass.results.figures import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_NAMED = 12


def draw_graph(solver: QPUSolver, embedding: Mapping[Hashable, Sequence[int]] | None = None) -> Figure:
    """The working graph, dead qubits as crosses; ``embedding`` {variable: qubits}: each chain in a colour."""
    figure = new_figure(10, 10, "drawing")
    axes = figure.subplots()
    graph = solver.graph
    places = _places(graph)
    _draw_couplers(axes, places, graph.couplers, "0.8", 0.4)
    everyone = lattice(graph.kind, graph.shape)[1]
    dead = np.setdiff1d(everyone, graph.qubits)
    size = 3e4 / max(100, graph.num_qubits)
    axes.scatter(places[graph.qubits, 0], places[graph.qubits, 1], s=size, color="0.6", linewidths=0)
    if len(dead):
        axes.scatter(
            places[dead, 0],
            places[dead, 1],
            s=3 * size,
            color="tab:red",
            marker="x",
            linewidths=0.8,
            label="dead qubit",
        )
        axes.legend(loc="lower right")
    title = f"{solver.name}: {len(graph.qubits)} qubits, {len(graph.couplers)} couplers"
    if embedding:
        _draw_chains(axes, graph, places, embedding, size)
        chains = [len(chain) for chain in embedding.values()]
        title += f"; {len(chains)} variables on {sum(chains)} qubits, longest chain {max(chains)}"
    axes.set_title(title)
    axes.set_aspect("equal")
    axes.invert_yaxis()
    axes.axis("off")
    return figure


def draw_schedule(solver: QPUSolver, **parameters: Any) -> Figure:
    """s(t), g(t) and the energies A(s(t)), B(s(t)) of an anneal with these parameters.

    No problem is needed, and for a reverse anneal no ``initial_state``.
    """
    points = parameters.get("anneal_schedule")
    if points and points[0][1] == 1 and "initial_state" not in parameters:
        parameters["initial_state"] = [UNUSED] * solver.graph.num_qubits
    call = resolve(parameters, solver.properties)
    figure = new_figure(9, 6, "drawing")
    above, below = figure.subplots(2, 1, sharex=True)
    t = np.linspace(0.0, call.anneal_us, 600)
    s = np.interp(t, *call.waveform.T)
    A, B = load(solver.physics.schedule).at(s, call.fast)
    above.plot(t, s, color="tab:green", label="s(t)")
    above.plot(*call.waveform.T, "o", color="tab:green")
    if "h_gain_schedule" in parameters:
        above.plot(*call.h_gain.T, "s-", color="tab:purple", label="g(t)")
    above.set_ylabel("anneal fraction")
    below.plot(t, A, color="tab:blue", label="A(s(t)), transverse field")
    below.plot(t, B, color="tab:red", label="B(s(t)), problem")
    below.axhline(solver.physics.temperature_ghz, color="0.4", linestyle=":", label="k T")
    below.set_ylabel("GHz")
    below.set_xlabel("time, µs")
    for axes in (above, below):
        axes.legend()
        axes.grid(alpha=0.3)
    above.set_title(f"{solver.name}: {'fast anneal, ' if call.fast else ''}{call.anneal_us:g} µs")
    return figure


def _draw_couplers(axes: Axes, places: np.ndarray, couplers: np.ndarray, color: Any, width: float) -> None:
    from matplotlib.collections import LineCollection

    lines = LineCollection(list(places[couplers]), colors=color, linewidths=width, zorder=0)
    lines.set_rasterized(True)
    axes.add_collection(lines)


def _draw_chains(
    axes: Axes,
    graph: WorkingGraph,
    places: np.ndarray,
    embedding: Mapping[Hashable, Sequence[int]],
    size: float,
) -> None:
    from matplotlib import colormaps
    from matplotlib.colors import hsv_to_rgb

    owner = np.full(graph.num_qubits, -1)
    few = len(embedding) <= 10
    palette = colormaps["tab10"]
    for number, (variable, qubits) in enumerate(embedding.items()):
        chain = list(qubits)
        owner[chain] = number
        # Golden-ratio steps of the hue: neighbours in the list look different.
        color = palette(number) if few else tuple(hsv_to_rgb((0.618 * number % 1.0, 0.75, 0.85)))
        a, b = owner[graph.couplers].T
        _draw_couplers(axes, places, graph.couplers[(a == number) & (b == number)], color, 1.8)
        name = str(variable) if len(embedding) <= _MOST_NAMED else None
        axes.scatter(
            places[chain, 0], places[chain, 1], s=2.5 * size, color=color, label=name, zorder=2, linewidths=0
        )
    if len(embedding) <= _MOST_NAMED:
        axes.legend(loc="lower right", title="variable")


def _places(graph: WorkingGraph) -> np.ndarray:
    """float64[num_qubits, 2]: where each qubit is drawn: at the middle of its loop, tracks side by side."""
    q = np.arange(graph.num_qubits)
    if graph.kind == "chimera":
        _, n, t = graph.shape
        rest, k = np.divmod(q, t)
        rest, u = np.divmod(rest, 2)
        i, j = np.divmod(rest, n)
        along, across = 0.5, 0.15 + 0.7 * k / max(1, t - 1)
        x, y = np.where(u == 0, j + along, j + across), np.where(u == 0, i + across, i + along)
        return np.stack([x, y], axis=1)
    if graph.kind == "pegasus":
        m = graph.shape[0]
        rest, z = np.divmod(q, m - 1)
        rest, k = np.divmod(rest, 12)
        u, w = np.divmod(rest, m)
        line = w + k / 12.0
        middle = z + (PEGASUS_OFFSETS[u, k] + 5.5) / 12.0
    else:
        m, t = graph.shape
        u, w, k, j, z = zephyr_coordinates(m, t, q)
        line = w + 0.8 * k / t
        middle = 2 * z + j + 0.9
    return np.stack([np.where(u == 0, line, middle), np.where(u == 0, middle, line)], axis=1)
