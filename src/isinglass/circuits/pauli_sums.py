"""Observables: sums of Pauli strings with real coefficients.

The leftmost letter of a string belongs to qubit 0, as in ``CircuitRunner.submit_circuits``; Qiskit's
``SparsePauliOp`` has it rightmost and is turned round here, the one place.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from isinglass.errors import ParameterError

Observable = Any
"""``{"ZZI": 0.5, ...}``, one Pauli string, a ``PauliSum``, or a Qiskit ``SparsePauliOp`` or ``Pauli``."""
_LETTERS = frozenset("IXYZ")


@dataclass(frozen=True)
class PauliSum:
    """``constant`` plus the sum of coefficient times string; strings have one length and hold a letter."""

    terms: dict[str, float]
    constant: float
    qubits: int

    @classmethod
    def of(cls, given: Observable) -> PauliSum:
        """ParameterError for letters other than I, X, Y, Z, unequal lengths and complex coefficients."""
        if isinstance(given, PauliSum):
            return given
        if isinstance(given, str):
            given = {given: 1.0}
        elif hasattr(given, "paulis") or hasattr(given, "to_label"):
            given = _from_qiskit(given)
        if not isinstance(given, Mapping) or not given:
            raise ParameterError(
                f"observable {given!r} is neither a Pauli string, a dict of Pauli string -> coefficient "
                "nor a Qiskit SparsePauliOp"
            )
        terms: dict[str, float] = {}
        for string, coefficient in given.items():
            check_string(string)
            try:
                value = complex(coefficient)
            except (TypeError, ValueError):
                value = complex(math.nan)
            if value.imag or not math.isfinite(value.real):
                raise ParameterError(f"coefficient {coefficient!r} of {string} is not a finite real number")
            terms[string] = value.real
        if len({len(string) for string in terms}) > 1:
            raise ParameterError("Pauli strings of different lengths: write one letter for each qubit")
        qubits = len(next(iter(terms)))
        return cls({s: c for s, c in terms.items() if s.strip("I")}, terms.get("I" * qubits, 0.0), qubits)

    def widened(self, qubits: int) -> PauliSum:
        """With I on further qubits; ParameterError if it is wider than ``qubits``."""
        if self.qubits > qubits:
            raise ParameterError(
                f"the observable is on {self.qubits} qubits and the circuit has {qubits}: "
                "strings have one letter for each qubit, the leftmost for qubit 0"
            )
        fill = "I" * (qubits - self.qubits)
        return PauliSum({s + fill: c for s, c in self.terms.items()}, self.constant, qubits)


def check_string(string: str) -> None:
    """ParameterError unless it is a Pauli string."""
    if not isinstance(string, str) or not string or not set(string) <= _LETTERS:
        raise ParameterError(
            f"{string!r} is not a Pauli string: letters are I, X, Y and Z, one for each qubit"
        )


def masks(string: str) -> tuple[int, int, int]:
    """(x, z, number of Y): the string is i^y X^x Z^z, bit k of a mask for qubit k."""
    x = sum(1 << k for k, letter in enumerate(string) if letter in "XY")
    z = sum(1 << k for k, letter in enumerate(string) if letter in "YZ")
    return x, z, string.count("Y")


def _from_qiskit(given: Any) -> dict[str, complex]:
    if not hasattr(given, "paulis"):
        label = given.to_label()
        sign = (-1 if label.startswith("-") else 1) * (1j if "i" in label else 1)
        return {label.lstrip("+-i")[::-1]: sign}
    total: dict[str, complex] = {}
    for label, coefficient in given.to_list():
        total[label[::-1]] = total.get(label[::-1], 0) + coefficient
    return total


def group(terms: Mapping[str, float]) -> list[list[str]]:
    """Strings in sets that commute qubit by qubit, so that one circuit measures a whole set.

    Largest coefficients first, each into the first set that it fits (greedy colouring): O(terms x sets).
    """
    groups: list[tuple[list[str], int, int]] = []
    for string in sorted(terms, key=lambda s: (-abs(terms[s]), s)):
        x, z, _ = masks(string)
        for k, (members, group_x, group_z) in enumerate(groups):
            shared = (x | z) & (group_x | group_z)
            if not ((x ^ group_x) | (z ^ group_z)) & shared:
                members.append(string)
                groups[k] = members, group_x | x, group_z | z
                break
        else:
            groups.append(([string], x, z))
    return [members for members, _, _ in groups]


def basis(members: list[str]) -> str:
    """The letters that a set of ``group`` is measured in."""
    columns = zip(*members, strict=True)
    return "".join(next((letter for letter in column if letter != "I"), "I") for column in columns)
