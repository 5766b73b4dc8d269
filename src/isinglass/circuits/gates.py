"""The gates of qelib1.inc, stdgates.inc and a few that exporters write, in terms of two primitives.

* ``Phase``: multiplies by exp(i angle) where the parity of some qubits is odd. Every diagonal gate
  is a product of these, up to a global phase.
* ``Turn``: a product of 2x2 matrices on one qubit, where all controls are 1.

Global phases are left out; phases between the branches of a control are kept. Angles are linear in
the columns of the table of angles (``Program.angles``).
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from typing import NamedTuple

Linear = tuple[tuple[int, float], ...]
"""Sum of coefficient times column, as (column, coefficient) in ascending order; column 0 is 1."""
Factor = tuple[str, Linear]
"""A 2x2 matrix: one of ``MATRICES`` and its angle."""


class Phase(NamedTuple):
    """exp(i angle) on basis states in which an odd number of the qubits of ``mask`` is 1."""

    mask: int
    angle: Linear


class Turn(NamedTuple):
    """The product of ``factors`` (first one first) on ``target`` where all of ``controls`` (a mask) are 1."""

    target: int
    controls: int
    factors: tuple[Factor, ...]


class Swap(NamedTuple):
    """Exchange of two qubits; costs nothing, for it only renames them."""

    first: int
    second: int


Primitive = Phase | Turn | Swap
Angles = list[Linear]
Qubits = tuple[int, ...]


class Gate(NamedTuple):
    """A named gate: how many angles and qubits it takes and what it does."""

    angles: int
    qubits: int
    build: Callable[[Angles, Qubits], list[Primitive]]


def constant(angle: float) -> Linear:
    """An angle that is the same in every circuit."""
    return ((0, angle),) if angle else ()


def scaled(angle: Linear, factor: float) -> Linear:
    return tuple((column, factor * coefficient) for column, coefficient in angle)


def summed(*angles: Linear) -> Linear:
    total: dict[int, float] = {}
    for angle in angles:
        for column, coefficient in angle:
            total[column] = total.get(column, 0.0) + coefficient
    return tuple(sorted((column, value) for column, value in total.items() if value))


X: Factor = ("x", ())
H: Factor = ("h", ())


def phase(angle: Linear, *qubits: int) -> list[Primitive]:
    """exp(i angle) where all of ``qubits`` are 1: a product of parities.

    q1 and ... and qk = 2^(1-k) sum over non-empty subsets S of (-1)^(|S|+1) parity(S).
    """
    terms: list[Primitive] = []
    for subset in range(1, 1 << len(qubits)):
        mask = sum(1 << qubit for k, qubit in enumerate(qubits) if subset >> k & 1)
        sign = 1 if subset.bit_count() % 2 else -1
        terms.append(Phase(mask, scaled(angle, sign / (1 << (len(qubits) - 1)))))
    return terms


def parity(angle: Linear, *qubits: int) -> list[Primitive]:
    """exp(-i angle/2 Z...Z), up to a global phase."""
    return [Phase(sum(1 << qubit for qubit in qubits), angle)]


def turn(kind: str, target: int, angle: Linear = (), controls: Qubits = ()) -> list[Primitive]:
    return [Turn(target, sum(1 << qubit for qubit in controls), ((kind, angle),))]


def flip(*qubits: int) -> list[Primitive]:
    """X on the last qubit, controlled by the others."""
    return turn("x", qubits[-1], controls=qubits[:-1])


def _u3(a: Angles, q: Qubits) -> list[Primitive]:
    return [*phase(a[2], q[0]), *turn("ry", q[0], a[0]), *phase(a[1], q[0])]


def _cu3(a: Angles, q: Qubits) -> list[Primitive]:
    return [*phase(a[2], *q), *turn("ry", q[1], a[0], q[:1]), *phase(a[1], *q)]


def _sandwich(kind: str, angle: float, inner: list[Primitive], qubits: Qubits) -> list[Primitive]:
    """``inner`` in a turned basis of ``qubits``."""
    before = [t for q in qubits for t in turn(kind, q, constant(angle))]
    after = [t for q in qubits for t in turn(kind, q, constant(-angle))]
    return [*before, *inner, *after]


def _rzx(angle: Linear, q: Qubits) -> list[Primitive]:
    return _sandwich("h", 0.0, parity(angle, *q), q[1:])


_PI = constant(math.pi)
_HALF, _MINUS_HALF = constant(math.pi / 2), constant(-math.pi / 2)
_QUARTER, _MINUS_QUARTER = constant(math.pi / 4), constant(-math.pi / 4)


def _u2(a: Angles, q: Qubits) -> list[Primitive]:
    return _u3([_HALF, *a], q)


def _rccx(q: Qubits) -> list[Primitive]:
    """Margolus' simplified Toffoli, as qelib1.inc defines it."""
    a, b, c = q
    return [
        *turn("h", c), *phase(_QUARTER, c), *flip(b, c), *phase(_MINUS_QUARTER, c), *flip(a, c),
        *phase(_QUARTER, c), *flip(b, c), *phase(_MINUS_QUARTER, c), *turn("h", c),
    ]  # fmt: skip


def _rc3x(q: Qubits) -> list[Primitive]:
    a, b, c, d = q
    t, tdg, h = phase(_QUARTER, d), phase(_MINUS_QUARTER, d), turn("h", d)
    return [
        *h, *t, *flip(c, d), *tdg, *h, *flip(a, d), *t, *flip(b, d), *tdg, *flip(a, d), *t, *flip(b, d),
        *tdg, *h, *t, *flip(c, d), *tdg, *h,
    ]  # fmt: skip


GATES: dict[str, Gate] = {
    "id": Gate(0, 1, lambda a, q: []),
    "u0": Gate(1, 1, lambda a, q: []),
    "x": Gate(0, 1, lambda a, q: flip(*q)),
    "y": Gate(0, 1, lambda a, q: [*flip(*q), *phase(_PI, *q)]),
    "z": Gate(0, 1, lambda a, q: phase(_PI, *q)),
    "h": Gate(0, 1, lambda a, q: turn("h", q[0])),
    "s": Gate(0, 1, lambda a, q: phase(_HALF, *q)),
    "sdg": Gate(0, 1, lambda a, q: phase(_MINUS_HALF, *q)),
    "t": Gate(0, 1, lambda a, q: phase(_QUARTER, *q)),
    "tdg": Gate(0, 1, lambda a, q: phase(_MINUS_QUARTER, *q)),
    "sx": Gate(0, 1, lambda a, q: turn("sx", q[0])),
    "sxdg": Gate(0, 1, lambda a, q: turn("sxdg", q[0])),
    "p": Gate(1, 1, lambda a, q: phase(a[0], *q)),
    "rx": Gate(1, 1, lambda a, q: turn("rx", q[0], a[0])),
    "ry": Gate(1, 1, lambda a, q: turn("ry", q[0], a[0])),
    "rz": Gate(1, 1, lambda a, q: parity(a[0], *q)),
    "r": Gate(2, 1, lambda a, q: [*phase(scaled(a[1], -1), *q), *turn("rx", q[0], a[0]), *phase(a[1], *q)]),
    "u2": Gate(2, 1, _u2),
    "u3": Gate(3, 1, _u3),
    "cx": Gate(0, 2, lambda a, q: flip(*q)),
    "cy": Gate(0, 2, lambda a, q: [*phase(_MINUS_HALF, q[1]), *flip(*q), *phase(_HALF, q[1])]),
    "cz": Gate(0, 2, lambda a, q: phase(_PI, *q)),
    "cs": Gate(0, 2, lambda a, q: phase(_HALF, *q)),
    "csdg": Gate(0, 2, lambda a, q: phase(_MINUS_HALF, *q)),
    "ch": Gate(0, 2, lambda a, q: turn("h", q[1], controls=q[:1])),
    "csx": Gate(0, 2, lambda a, q: turn("sx", q[1], controls=q[:1])),
    "swap": Gate(0, 2, lambda a, q: [Swap(*q)]),
    "iswap": Gate(0, 2, lambda a, q: [*phase(_HALF, q[0]), *phase(_HALF, q[1]), *phase(_PI, *q), Swap(*q)]),
    "dcx": Gate(0, 2, lambda a, q: [*flip(*q), *flip(*q[::-1])]),
    "ecr": Gate(0, 2, lambda a, q: [*_rzx(_QUARTER, q), *flip(q[0]), *_rzx(_MINUS_QUARTER, q)]),
    "cp": Gate(1, 2, lambda a, q: phase(a[0], *q)),
    "crx": Gate(1, 2, lambda a, q: turn("rx", q[1], a[0], q[:1])),
    "cry": Gate(1, 2, lambda a, q: turn("ry", q[1], a[0], q[:1])),
    "crz": Gate(1, 2, lambda a, q: [*phase(a[0], *q), *phase(scaled(a[0], -0.5), q[0])]),
    "cu3": Gate(3, 2, _cu3),
    "cu": Gate(4, 2, lambda a, q: [*_cu3(a, q), *phase(a[3], q[0])]),
    "rzz": Gate(1, 2, lambda a, q: parity(a[0], *q)),
    "rxx": Gate(1, 2, lambda a, q: _sandwich("h", 0.0, parity(a[0], *q), q)),
    "ryy": Gate(1, 2, lambda a, q: _sandwich("rx", math.pi / 2, parity(a[0], *q), q)),
    "rzx": Gate(1, 2, lambda a, q: _rzx(a[0], q)),
    "ccx": Gate(0, 3, lambda a, q: flip(*q)),
    "ccz": Gate(0, 3, lambda a, q: phase(_PI, *q)),
    "cswap": Gate(0, 3, lambda a, q: [*flip(q[2], q[1]), *flip(*q), *flip(q[2], q[1])]),
    "rccx": Gate(0, 3, lambda a, q: _rccx(q)),
    "c3x": Gate(0, 4, lambda a, q: flip(*q)),
    "c3sqrtx": Gate(0, 4, lambda a, q: turn("sx", q[3], controls=q[:3])),
    "rc3x": Gate(0, 4, lambda a, q: _rc3x(q)),
    "c4x": Gate(0, 5, lambda a, q: flip(*q)),
}
for _name, _same in {
    "U": "u3", "u": "u3", "u1": "p", "phase": "p", "CX": "cx", "cu1": "cp", "cphase": "cp", "mcx": "c3x",
    "rcccx": "rc3x",
}.items():  # fmt: skip
    GATES[_name] = GATES[_same]


_ROOT = math.sqrt(0.5)


def matrix(kind: str, angle: float) -> tuple[complex, complex, complex, complex]:
    """Rows of one factor's 2x2 matrix."""
    c, s = math.cos(angle / 2), math.sin(angle / 2)
    return {
        "p": (1, 0, 0, cmath.exp(1j * angle)),
        "rx": (c, -1j * s, -1j * s, c),
        "ry": (c, -s, s, c),
        "h": (_ROOT, _ROOT, _ROOT, -_ROOT),
        "x": (0, 1, 1, 0),
        "sx": (0.5 + 0.5j, 0.5 - 0.5j, 0.5 - 0.5j, 0.5 + 0.5j),
        "sxdg": (0.5 - 0.5j, 0.5 + 0.5j, 0.5 + 0.5j, 0.5 - 0.5j),
    }[kind]
