"""Divi's words for what is to be run: payloads with parameters, ``ham_ops`` and ``shot_groups``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from isinglass.circuits.batch import Circuit
from isinglass.circuits.pauli_sums import check_string
from isinglass.circuits.sweeping import sweep
from isinglass.errors import ParameterError

Pairs = list[tuple[str, Circuit]]


def circuits_of(given: Any) -> Any:
    """What ``CircuitRunner.submit_circuits`` takes, of that itself or of payloads with parameters."""
    if isinstance(given, Mapping) or not isinstance(given, Sequence) or isinstance(given, str):
        return given
    payloads = [hasattr(one, "parameter_sets") for one in given]
    if not any(payloads):
        return given
    if not all(payloads):
        raise ParameterError("payloads and circuits are mixed: submit them one after the other")
    return [pair for payload in given for pair in _bound(payload)]


def _bound(payload: Any) -> Pairs:
    names = [str(name) for name in payload.parameter_names]
    return bound(payload.circuit, names, {label: values for label, values in payload.parameter_sets})


def bound(template: str, names: Sequence[str], sets: Mapping[str, Sequence[float]]) -> Pairs:
    """(label, text) for each set of values; names that the template does not hold are left out."""
    for label, values in sets.items():
        if len(values) != len(names):
            raise ParameterError(f"set {label!r} must hold {len(names)} numbers, not {len(values)}")
    held = [k for k, name in enumerate(names) if name in template]
    if not held:
        return [(label, template) for label in sets]
    rows = {label: [values[k] for k in held] for label, values in sets.items()}
    return list(sweep(template, [names[k] for k in held], rows).items())


def observables_of(ham_ops: str, ham_map: Sequence[Sequence[int]] | None, circuits: int) -> list[list[str]]:
    """For each circuit its Pauli strings, the leftmost letter for qubit 0.

    Args:
        ham_ops: strings with ";" between them and "|" between groups.
        ham_map: [start, end) of the circuits that each group is for; circuits outside all of them get every
            group, as all do without a map.
        circuits: how many there are.
    """
    groups = [[string.strip() for string in part.split(";")] for part in ham_ops.split("|")]
    for strings in groups:
        for string in strings:
            check_string(string)
    everything = list(dict.fromkeys(string for strings in groups for string in strings))
    found = [everything] * circuits
    if ham_map is not None:
        if len(ham_map) != len(groups):
            raise ParameterError(
                f"circuit_ham_map has {len(ham_map)} ranges and ham_ops {len(groups)} groups"
            )
        for (start, end), strings in zip(_ranges("circuit_ham_map", ham_map, circuits), groups, strict=True):
            found[start:end] = [list(dict.fromkeys(strings))] * (end - start)
    return found


def _ranges(name: str, given: Sequence[Sequence[int]], circuits: int) -> list[tuple[int, int]]:
    found = []
    for one in given:
        whole = len(one) == 2 and all(isinstance(end, int) and not isinstance(end, bool) for end in one)
        if not whole or not 0 <= one[0] <= one[1] <= circuits:
            raise ParameterError(f"{name}: {list(one)} is not [start, end) within {circuits} circuits")
        found.append((one[0], one[1]))
    return found
