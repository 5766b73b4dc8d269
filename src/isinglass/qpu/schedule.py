"""From a waveform s(t) to the energies A and B of each qubit at each moment.

    H / (Planck's constant) = -A(s)/2 sum x_i + B(s)/2 (g(t) sum h_i z_i + sum J_ij z_i z_j),

x and z the Pauli matrices. A and B are tabulated in GHz at s = 0, 0.01, ... 1 (folder schedules; each file
names its source). Between rows log A and B are linear: A falls by ten decades. An anneal offset moves a
qubit's normalised control bias c(s); a qubit's persistent current, and so its couplings, go as the square
root of B at its own bias.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import pairwise

import numpy as np

from isinglass.errors import ParameterError, nearest
from isinglass.qpu.physics import Physics

_FOLDER = resources.files("isinglass.qpu") / "schedules"


@dataclass(frozen=True, eq=False)
class Schedule:
    """The tables of one machine; rows are s = 0, 0.01, ... 1."""

    name: str
    s: np.ndarray
    A_ghz: np.ndarray
    B_ghz: np.ndarray
    c: np.ndarray
    """Normalised control bias of the standard anneal."""
    A_fast_ghz: np.ndarray | None
    B_fast_ghz: np.ndarray | None
    """The fast anneal, in which c = s; None for machines without it."""

    def at(self, s: np.ndarray, fast: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """(A, B) in GHz at anneal fractions ``s`` in [0, 1]."""
        A, B = self._table(fast)
        return np.exp(np.interp(s, self.s, np.log(A))), np.interp(s, self.s, B)

    def advanced(self, s: np.ndarray, offset: float, fast: bool = False) -> np.ndarray:
        """The anneal fraction at which a qubit with this anneal offset stands when others are at ``s``."""
        if offset == 0.0:
            return s
        if fast:
            return np.asarray(np.clip(s + offset, 0.0, 1.0))
        bias = np.clip(np.interp(s, self.s, self.c) + offset, 0.0, 1.0)
        return np.asarray(np.interp(bias, self.c, self.s))

    def where_A_is(self, A_ghz: float, fast: bool = False) -> float:
        """The s at which A(s) has fallen to ``A_ghz``."""
        A, _ = self._table(fast)
        return float(np.interp(-np.log(A_ghz), -np.log(A), self.s))

    def _table(self, fast: bool) -> tuple[np.ndarray, np.ndarray]:
        if not fast:
            return self.A_ghz, self.B_ghz
        if self.A_fast_ghz is None or self.B_fast_ghz is None:
            raise ParameterError(f"fast anneals of {self.name} are not published; use the standard anneal")
        return self.A_fast_ghz, self.B_fast_ghz


def names() -> list[str]:
    """The machines whose schedules are here."""
    return sorted(f.name.removesuffix(".csv") for f in _FOLDER.iterdir() if f.name.endswith(".csv"))


@cache
def load(name: str) -> Schedule:
    """The schedule of a machine; ParameterError for an unknown name."""
    if name not in names():
        raise ParameterError(
            f"schedule={name!r} is not one of {', '.join(names())}{nearest(str(name), names())}"
        )
    lines = [x for x in (_FOLDER / f"{name}.csv").read_text().splitlines() if not x.startswith("#")]
    columns = dict(zip(lines[0].split(","), np.loadtxt(lines[1:], delimiter=",").T, strict=True))
    return Schedule(
        name, columns["s"], columns["A_GHz"], columns["B_GHz"], columns["c"],
        columns.get("A_fast_GHz"), columns.get("B_fast_GHz"),
    )  # fmt: skip


def moments(waveform: np.ndarray, physics: Physics) -> tuple[np.ndarray, np.ndarray]:
    """(t in µs, s) of the anneal's sweeps, evenly spread over each straight piece of the waveform."""
    times, fractions = [np.zeros(0)], [np.zeros(0)]
    for (t0, s0), (t1, s1) in pairwise(waveform):
        count = physics.sweeps(t1 - t0, abs(s1 - s0))
        part = (np.arange(count) + 0.5) / count
        times.append(t0 + part * (t1 - t0))
        fractions.append(s0 + part * (s1 - s0))
    return np.concatenate(times), np.concatenate(fractions)
