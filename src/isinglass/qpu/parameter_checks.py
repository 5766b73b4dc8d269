"""Is a parameter's value, by itself, one the machine takes.

Each check is ``(name, value, properties) -> the value to use`` and raises ParameterError with the name,
the value and the rule.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from isinglass.errors import ParameterError, nearest

Properties = Mapping[str, Any]
Check = Callable[[str, Any, Properties], Any]

_LONGEST_LABEL = 1024
_HALF_FLUX_QUANTUM = 0.5
UNUSED = 3
"""State of a qubit that is not part of the problem, in initial states and answers."""


def refuse(name: str, value: Any, rule: str) -> ParameterError:
    """The error for a value that breaks a rule."""
    shown = repr(value)
    return ParameterError(f"{name}={shown if len(shown) <= 80 else shown[:77] + '...'}: {rule}")


def yes_or_no(name: str, value: Any, properties: Properties) -> bool:
    if not isinstance(value, (bool, np.bool_)):
        raise refuse(name, value, "must be True or False")
    return bool(value)


def one_of(*allowed: str) -> Check:
    def check(name: str, value: Any, properties: Properties) -> str:
        if not isinstance(value, str) or value not in allowed:
            words = " or ".join(repr(word) for word in allowed)
            raise refuse(name, value, f"{name} must be {words}{nearest(str(value), allowed)}")
        return str(value)

    return check


def number_in(range_property: str, whole: bool = False) -> Check:
    """A number within ``properties[range_property]``; whole where the range is given in whole numbers."""

    def check(name: str, value: Any, properties: Properties) -> float | int:
        low, high = properties[range_property]
        integral = whole or (isinstance(low, int) and isinstance(high, int))
        number = as_number(name, value)
        if integral and number != int(number):
            raise refuse(name, value, f"must be an integer for this solver ({range_property} {[low, high]})")
        if not low <= number <= high:
            raise refuse(name, value, f"{name} out of range: {range_property} is {[low, high]}")
        return int(number) if integral else number

    return check


def as_number(name: str, value: Any) -> float:
    """A finite number as a float."""
    number = _real(value)
    if number is None:
        raise refuse(name, value, "must be a number")
    if not np.isfinite(number):
        raise refuse(name, value, "must be finite")
    return number


def _real(value: Any) -> float | None:
    """The number as a float, NaN and infinities too; None for what is not a real number."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        return None
    try:
        return float(value)
    except OverflowError:
        return np.inf


def whole_from(lowest: int) -> Check:
    def check(name: str, value: Any, properties: Properties) -> int:
        number = as_number(name, value)
        if number != int(number) or number < lowest:
            raise refuse(name, value, f"must be an integer, {lowest} or more")
        return int(number)

    return check


def inverse_temperature(name: str, value: Any, properties: Properties) -> float:
    number = _real(value)
    if number is not None and not 0.0 <= number < np.inf:
        raise refuse(name, value, "beta must be finite and non-negative")
    return as_number(name, value)


def per_qubit(name: str, value: Any, properties: Properties) -> np.ndarray:
    """float64[num_qubits]; None and NaN stand for an unused qubit and become 0."""
    count = properties["num_qubits"]
    listed = isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.ndim == 1)
    reals = [np.nan if x is None else _real(x) for x in value] if listed else [None]
    if None in reals:
        raise refuse(name, value, f"must be a list of num_qubits = {count} numbers")
    numbers = np.array(reals, dtype=np.float64)
    if numbers.shape != (count,):
        raise refuse(
            name, value, f"has {numbers.size} entries; it needs one for each of num_qubits = {count}"
        )
    if np.isinf(numbers).any():
        raise refuse(name, value, f"the entry of qubit {int(np.argmax(np.isinf(numbers)))} is infinite")
    return np.nan_to_num(numbers, nan=0.0)


def anneal_offsets(name: str, value: Any, properties: Properties) -> np.ndarray:
    """Each within its qubit's range, rounded to the step."""
    offsets = per_qubit(name, value, properties)
    ranges = np.asarray(properties["anneal_offset_ranges"], dtype=np.float64)
    wrong = (offsets < ranges[:, 0]) | (offsets > ranges[:, 1])
    if wrong.any():
        q = int(np.argmax(wrong))
        raise refuse(f"{name}[{q}]", float(offsets[q]), f"anneal_offset_ranges[{q}] is {ranges[q].tolist()}")
    step = abs(properties["anneal_offset_step"])
    return np.asarray(np.round(offsets / step) * step)


def flux_biases(name: str, value: Any, properties: Properties) -> np.ndarray:
    biases = per_qubit(name, value, properties)
    wrong = np.abs(biases) > _HALF_FLUX_QUANTUM
    if wrong.any():
        q = int(np.argmax(wrong))
        raise refuse(
            f"{name}[{q}]", float(biases[q]), "flux biases are in units of Phi_0 and at most half of one"
        )
    return biases


def state_of_qubits(name: str, value: Any, properties: Properties) -> np.ndarray:
    """int8[num_qubits] of -1, 0, 1 and 3, from a list or a dict {qubit: value}."""
    count = properties["num_qubits"]
    if isinstance(value, Mapping):
        state = np.full(count, UNUSED, np.int8)
        for qubit, bit in value.items():
            if isinstance(qubit, bool) or not isinstance(qubit, (int, np.integer)) or not 0 <= qubit < count:
                raise refuse(name, qubit, f"is not a qubit: they are numbered 0 to {count - 1}")
            state[qubit] = _bit(name, int(qubit), bit)
        return state
    try:
        entries = list(value)
    except TypeError:
        raise refuse(name, value, f"must be a list of num_qubits = {count} values, or a dict") from None
    if len(entries) != count:
        raise refuse(
            name, value, f"has {len(entries)} entries; it needs one for each of num_qubits = {count}"
        )
    return np.array([_bit(name, q, bit) for q, bit in enumerate(entries)], dtype=np.int8)


def _bit(name: str, qubit: int, bit: Any) -> int:
    if _real(bit) not in (-1, 0, 1, UNUSED):
        raise refuse(
            f"{name}[{qubit}]", bit, "states are -1 or 1 (ising), 0 or 1 (qubo), and 3 for unused qubits"
        )
    return int(bit)


def chains(name: str, value: Any, properties: Properties) -> list[list[int]]:
    """Disjoint lists of working qubits, each connected by working couplers."""
    try:
        lists = [[operator.index(q) for q in chain] for chain in value]
    except TypeError:
        raise refuse(name, value, "must be a list of lists of qubits") from None
    working = set(properties["qubits"])
    seen: set[int] = set()
    for chain in lists:
        for q in chain:
            if q not in working:
                raise refuse(name, chain, f"{q} is not a working qubit")
            if q in seen:
                raise refuse(name, chain, f"qubit {q} appears more than once")
            seen.add(q)
    neighbours: dict[int, list[int]] = {q: [] for q in seen}
    for a, b in properties["couplers"]:
        if a in neighbours and b in neighbours:
            neighbours[a].append(b)
            neighbours[b].append(a)
    for chain in lists:
        _check_connected(name, chain, neighbours)
    return [chain for chain in lists if chain]


def _check_connected(name: str, chain: list[int], neighbours: dict[int, list[int]]) -> None:
    members, reached, edge = set(chain), set(chain[:1]), chain[:1]
    while edge:
        edge = [p for q in edge for p in neighbours[q] if p in members and p not in reached]
        reached.update(edge)
    if reached != members:
        raise refuse(name, chain, "the qubits of a chain must be connected by working couplers")


def label(name: str, value: Any, properties: Properties) -> str:
    if not isinstance(value, str) or not value or len(value) > _LONGEST_LABEL:
        raise refuse(name, value, f"must be a text of 1 to {_LONGEST_LABEL} characters")
    try:
        value.encode("cp1252")
    except UnicodeEncodeError as error:
        raise refuse(name, value, f"{value[error.start]!r} is not in Windows-1252") from None
    return value
