"""A problem as its user gave it, before anything is compiled.

``EdgeList`` is what files, generators, dictionaries and dimod models become on their way in:
coefficients in the user's own variables and units, none dropped, none rescaled. Energies of the
answers are computed from it.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

Vartype = Literal["SPIN", "BINARY"]
Kind = Literal["ising", "qubo", "maxcut"]


@dataclass(frozen=True, eq=False)
class EdgeList:
    """``E(x) = offset + sum_i linear[i] x_i + sum_k value[k] x_row[k] x_col[k]``, to be minimised.

    ``x`` is -1/+1 for vartype "SPIN" and 0/1 for "BINARY". ``kind`` "maxcut" means that ``value``
    are the edge weights w of a graph: E is ``sum w s s`` and the cut ``(sum w - E) / 2``.
    """

    num_variables: int
    row: np.ndarray
    """int32 or int64 [m], 0-based, ``row[k] != col[k]``. A pair may occur more than once: it adds up."""
    col: np.ndarray
    value: np.ndarray
    """[m], float64 or any integer type."""
    linear: np.ndarray | None = None
    """float64 [n]; None means all zero."""
    offset: float = 0.0
    vartype: Vartype = "SPIN"
    kind: Kind = "ising"
    labels: Sequence[Hashable] = field(default=())
    """Names of the variables; empty means ``range(num_variables)``."""
    maximized: bool = False
    """True where the user's objective is ``-E``: the file said maximise and the signs were turned."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What is known beside the coefficients: name, format, planted ground energy."""
