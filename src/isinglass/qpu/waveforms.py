"""The rules of piecewise-linear waveforms: anneal schedules s(t) and h-gain schedules g(t)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from isinglass.qpu.parameter_checks import as_number, refuse

_GAIN_RISE_US = 0.02
"""The h line needs this long from one end of its range to the other."""


def anneal_schedule(name: str, value: Any, properties: Mapping[str, Any]) -> np.ndarray:
    """float64[p, 2] of (t in µs, s), checked by every rule that needs nothing but the schedule."""
    points = _points(name, value, "(t, s)")
    times, s = points.T
    if times[0] != 0.0:
        raise refuse(name, value, f"the first point must be at t = 0, not {times[0]:g}")
    if (s < 0).any() or (s > 1).any():
        raise refuse(name, value, "the anneal fraction s must lie in [0, 1]")
    if s[0] not in (0.0, 1.0):
        raise refuse(name, value, "s must begin at 0 (forward anneal) or 1 (reverse anneal)")
    if s[-1] != 1.0:
        raise refuse(name, value, f"in the final point s must equal 1, not {s[-1]:g}")
    if s[0] == 0.0 and (np.diff(s) < 0).any():
        raise refuse(name, value, "in a forward anneal s must not decrease")
    most = properties["max_anneal_schedule_points"] + is_reverse(points)
    if len(points) > most:
        raise refuse(name, value, f"has {len(points)} points; max_anneal_schedule_points allows {most} here")
    return points


def check_speed(name: str, points: np.ndarray, properties: Mapping[str, Any], range_name: str) -> None:
    """The schedule's end and its slopes against a range of annealing times."""
    low, high = properties[range_name]
    if points[-1, 0] > high:
        raise refuse(name, points.tolist(), f"ends at {points[-1, 0]:g} µs; {range_name} ends at {high:g}")
    slopes = np.abs(np.diff(points[:, 1]) / np.diff(points[:, 0]))
    # As the client rounds: 1 / 0.3 over a step of 0.1 is no violation.
    if np.round(slopes.max(), 10) > 1.0 / low + 1e-10:
        raise refuse(
            name, points.tolist(),
            f"a slope is {slopes.max():.6g} per µs; the maximum is 1 / {range_name}[0] = {1.0 / low:g}",
        )  # fmt: skip


def is_reverse(points: np.ndarray) -> bool:
    return bool(points[0, 1] == 1.0)


def h_gain_schedule(name: str, value: Any, properties: Mapping[str, Any]) -> np.ndarray:
    """float64[q, 2] of (t in µs, g), checked by every rule that needs nothing but the schedule."""
    points = _points(name, value, "(t, g)")
    times, gains = points.T
    low, high = properties["h_gain_schedule_range"]
    if times[0] != 0.0:
        raise refuse(name, value, f"the first point must be at t = 0, not {times[0]:g}")
    if len(points) > properties["max_h_gain_schedule_points"]:
        raise refuse(
            name, value,
            f"has {len(points)} points; max_h_gain_schedule_points is "
            f"{properties['max_h_gain_schedule_points']}",
        )  # fmt: skip
    if gains.min() < low or gains.max() > high:
        raise refuse(name, value, f"a gain is outside h_gain_schedule_range {[low, high]}")
    steepest = (high - low) / _GAIN_RISE_US
    slopes = np.diff(gains) / np.diff(times)
    if np.abs(slopes).max() > steepest * (1 + 1e-9):
        worst = slopes[np.argmax(np.abs(slopes))]
        raise refuse(name, value, f"a slope is {worst:g} per µs; permitted are {-steepest:g} to {steepest:g}")
    return points


def _points(name: str, value: Any, pair: str) -> np.ndarray:
    try:
        rows = [list(point) for point in value]
    except TypeError:
        raise refuse(name, value, f"must be a list of {pair} pairs of numbers") from None
    if len(rows) < 2 or any(len(row) != 2 for row in rows):
        raise refuse(name, value, f"must be a list of at least two {pair} pairs")
    points = np.array([[as_number(name, x) for x in row] for row in rows])
    if (np.diff(points[:, 0]) <= 0).any():
        raise refuse(name, value, f"invalid {name}: time t must increase for all points in the schedule")
    return points
