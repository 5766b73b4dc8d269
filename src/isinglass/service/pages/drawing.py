"""Small pictures as SVG text: lines, bars. Colours and sizes of text are the style sheet's affair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

import numpy as np
from markupsafe import Markup, escape

_WIDTH, _HEIGHT = 440.0, 260.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 74.0, 10.0, 10.0, 42.0
_MOST_BARS = 30
_LARGEST = 1e300
_ROW = 22
_LONGEST_NAME = 20

Point = tuple[float, float]


@dataclass(frozen=True)
class Axis:
    """Numbers to places: linear, or by their logarithms."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    def at(self, value: float) -> float:
        low, high, x = (log10(v) for v in (self.low, self.high, value)) if self.logarithmic else (
            self.low, self.high, value,
        )  # fmt: skip
        return self.start + (self.end - self.start) * (x - low) / (high - low)

    def ticks(self) -> list[tuple[float, str]]:
        """(value, what is written there): multiples of 1, 2 or 5 times a power of ten, or powers of ten."""
        if self.logarithmic:
            decades = range(floor(log10(self.low)), ceil(log10(self.high)) + 1)
            multiples = (1, 2, 5) if len(decades) < 4 else (1,)
            values = [m * 10.0**k for k in decades for m in multiples]
            inside = [(v, f"{v:g}") for v in values if 0.999 * self.low <= v <= 1.001 * self.high]
            return inside[:: max(1, len(inside) // 5)]
        rough = (self.high - self.low) / 4
        power = 10.0 ** floor(log10(rough))
        step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * 0.999)
        decimals = max(0, -floor(log10(step) + 1e-9))
        values = [k * step for k in range(ceil(self.low / step - 1e-9), floor(self.high / step + 1e-9) + 1)]
        return [(v, f"{v:.{decimals}f}" if abs(v) < 1e7 else f"{v:.6g}") for v in values]


def convergence(
    lines: Sequence[Sequence[Point]], x: str = "seconds", y: str = "lowest energy"
) -> Markup | None:
    """Steps that go down, one line a run, the lowest in the foreground; None where there are no points."""
    kept = [[(s, e) for s, e in line if 0 <= s < _LARGEST and abs(e) < _LARGEST] for line in lines]
    kept = sorted((line for line in kept if line), key=lambda line: -line[-1][1])
    if not kept:
        return None
    seconds, values = (np.array([p[k] for line in kept for p in line]) for k in (0, 1))
    across = _seconds_axis(seconds)
    up = _axis(values.min(), values.max(), _HEIGHT - _BOTTOM, _TOP)
    drawn = [_steps(line, across, up, "best" if line is kept[-1] else "other") for line in kept]
    words = f"{y} over {x}: {values.min():.10g} after {kept[-1][-1][0]:.3g}"
    return _picture(words, [*_frame(across, up, x, y), *drawn])


def _seconds_axis(seconds: np.ndarray) -> Axis:
    """By logarithms where most of the way down is over in the first moments."""
    first, last = float(seconds[seconds > 0].min(initial=1e9)), max(float(seconds.max()), 1e-6)
    if last > 30 * first:
        return Axis(first, last, _LEFT, _WIDTH - _RIGHT, logarithmic=True)
    return Axis(0.0, last, _LEFT, _WIDTH - _RIGHT)


def _steps(line: Sequence[Point], across: Axis, up: Axis, kind: str) -> str:
    words: list[str] = []
    for seconds, value in line:
        x = across.at(max(seconds, across.low))
        words.append(
            f"{'H' if words else 'M'}{x:.1f} V{up.at(value):.1f}" if words else f"M{x:.1f} {up.at(value):.1f}"
        )
    lower = [point for k, point in enumerate(line) if not k or point[1] < line[k - 1][1]]
    dots = "".join(
        f'<circle class="{kind}" cx="{across.at(max(s, across.low)):.1f}" cy="{up.at(v):.1f}" r="2.5"/>'
        for s, v in lower[-40:]
    )
    return f'<path class="line {kind}" d="{" ".join(words)} H{across.end:.1f}"/>{dots}'


def histogram(values: np.ndarray, x: str = "energy", y: str = "samples") -> Markup | None:
    """How often which value: one bar each where there are few, else thirty bins."""
    finite = np.asarray(values, dtype=np.float64)
    finite = finite[np.abs(finite) < _LARGEST]
    if not len(finite):
        return None
    # Energies that differ by rounding alone are one bar.
    scale = float(np.abs(finite).max()) or 1.0
    finite = np.round(finite / scale, 12) * scale
    distinct, counts = np.unique(finite, return_counts=True)
    if len(distinct) > _MOST_BARS:
        counts, edges = np.histogram(finite, _MOST_BARS)
        left, right = edges[:-1], edges[1:]
    else:
        half = 0.4 * (float(np.diff(distinct).min()) if len(distinct) > 1 else 1.0)
        left, right = distinct - half, distinct + half
    across = _axis(float(left[0]), float(right[-1]), _LEFT, _WIDTH - _RIGHT, 0.0)
    up = Axis(0.0, float(counts.max()) * 1.05, _HEIGHT - _BOTTOM, _TOP)
    bars = [
        f'<rect class="bar" x="{across.at(a):.1f}" y="{up.at(c):.1f}" '
        f'width="{max(1.0, across.at(b) - across.at(a) - 0.5):.1f}" height="{up.start - up.at(c):.1f}"/>'
        for a, b, c in zip(left, right, counts, strict=True)
        if c
    ]
    words = f"{len(finite)} {y}, {x} from {finite.min():.10g} to {finite.max():.10g}"
    return _picture(words, [*_frame(across, up, x, y), *bars])


def columns(values: Sequence[tuple[str, float]], y: str) -> Markup | None:
    """One column a name, with the first, middle and last name written under it."""
    if not any(value > 0 for _, value in values):
        return None
    up = Axis(0.0, max(value for _, value in values) * 1.05, _HEIGHT - _BOTTOM, _TOP)
    step = (_WIDTH - _LEFT - _RIGHT) / len(values)
    parts = _frame(None, up, "", y)
    for k, (name, value) in enumerate(values):
        x, top = _LEFT + k * step, up.at(value)
        parts.append(
            f'<rect class="bar" x="{x + 0.1 * step:.1f}" y="{top:.1f}" width="{0.8 * step:.1f}" '
            f'height="{up.start - top:.1f}"><title>{escape(name)}: {value:.6g}</title></rect>'
        )
        if k in (0, len(values) // 2, len(values) - 1):
            parts.append(_text(x + step / 2, _HEIGHT - _BOTTOM + 18, name, "middle"))
    return _picture(f"{y}: {sum(value for _, value in values):.6g} in all", parts)


def rows(values: Sequence[tuple[str, float]]) -> Markup | None:
    """One bar a name, from the left, each with its name and number."""
    if not any(value > 0 for _, value in values):
        return None
    names = [name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…" for name, _ in values]
    left = 20 + 8 * max(map(len, names))
    most, parts = max(value for _, value in values), []
    for k, (name, (_, value)) in enumerate(zip(names, values, strict=True)):
        y, length = 8 + k * _ROW, (_WIDTH - left - 80) * max(0.0, value) / most
        parts.append(_text(left - 8, y + 13, name, "end", ' class="bits"'))
        parts.append(f'<rect class="bar" x="{left}" y="{y}" width="{length:.1f}" height="{_ROW - 6}"/>')
        parts.append(_text(left + length + 6, y + 13, f"{value:.6g}", "start"))
    words = f"{len(values)} bars, the longest {values[0][0]}: {values[0][1]:.6g}"
    return _picture(words, parts, 16 + _ROW * len(values))


def _axis(low: float, high: float, start: float, end: float, margin: float = 0.05) -> Axis:
    """From ``low`` to ``high`` and a share of that on both sides; wide enough to have places between."""
    beyond = max(margin * (high - low), 1e-9 * max(abs(low), abs(high)))
    if high - low < 1e-9 * abs(high) or high == low:
        beyond = max(0.05 * abs(high), 1e-3)
    return Axis(float(low - beyond), float(high + beyond), start, end)


def _frame(across: Axis | None, up: Axis, x: str, y: str) -> list[str]:
    right, floor_y = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    parts = [_text(0, 0, y, "middle", f' transform="translate(12 {(_TOP + floor_y) / 2:.0f}) rotate(-90)"')]
    parts.append(_text((_LEFT + right) / 2, _HEIGHT - 5, x, "middle"))
    for value, words in up.ticks():
        place = up.at(value)
        parts.append(f'<path class="grid" d="M{_LEFT:.0f} {place:.1f} H{right:.0f}"/>')
        parts.append(_text(_LEFT - 6, place + 4, words, "end"))
    for value, words in across.ticks() if across is not None else ():
        place = across.at(value)  # type: ignore[union-attr]  # there are ticks of it
        parts.append(f'<path class="grid" d="M{place:.1f} {_TOP:.0f} V{floor_y:.0f}"/>')
        parts.append(_text(place, floor_y + 17, words, "middle"))
    return parts


def _text(x: float, y: float, words: str, anchor: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{escape(words)}</text>'


def _picture(words: str, parts: Sequence[str], height: float = _HEIGHT) -> Markup:
    inside = "".join(parts)
    return Markup(
        f'<svg class="plot" viewBox="0 0 {_WIDTH:.0f} {height:.0f}" role="img" aria-label="{escape(words)}">'
        f"{inside}</svg>"
    )
