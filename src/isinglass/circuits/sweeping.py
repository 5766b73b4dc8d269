"""One template, many sets of values."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from isinglass.errors import ParameterError


def sweep(template: str, names: Sequence[str], sets: Mapping[str, Sequence[float]]) -> dict[str, str]:
    """Circuits with the names in a template replaced by numbers, ready for ``submit_circuits``.

    Args:
        template: OpenQASM text in which names stand in angles, such as ``rz(2*gamma[0]) q[1];``.
        names: any tokens, identifiers or not ("gamma[0]"); the longest that fits is taken.
        sets: label -> one finite number for each name.

    All of them share one structure, so they are read and planned once.

    Raises:
        ParameterError: a name is missing in the template, or a set has the wrong length.
    """
    if not names:
        raise ParameterError("no names to replace: give at least one")
    longest_first = sorted(names, key=len, reverse=True)
    pattern = re.compile(rf"(?<![\w.])({'|'.join(map(re.escape, longest_first))})(?!\w)")
    # Text, name, text, name, ..., text: looked through once, however many sets there are.
    parts = pattern.split(template)
    missing = set(names) - set(parts[1::2])
    if missing:
        raise ParameterError(f"the template does not hold {', '.join(sorted(missing))}")
    circuits = {}
    for label, values in sets.items():
        if len(values) != len(names) or not all(math.isfinite(value) for value in values):
            raise ParameterError(f"set {label!r} must hold {len(names)} finite numbers, not {list(values)}")
        # In parentheses, so that signs and powers keep their meaning.
        texts = {name: f"({float(value)!r})" for name, value in zip(names, values, strict=True)}
        filled = list(parts)
        filled[1::2] = [texts[name] for name in parts[1::2]]
        circuits[label] = "".join(filled)
    return circuits
