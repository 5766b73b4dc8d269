"""Any instance as a list of edges, which is what files hold."""

from __future__ import annotations

import numpy as np

from isinglass.memory import require
from isinglass.problems.dense_given import DenseIsing, PackedGraph
from isinglass.problems.energies import unpack_bits
from isinglass.problems.given import EdgeList

_BYTES_PER_EDGE = 16


def edge_list_of(instance: EdgeList | PackedGraph | DenseIsing) -> EdgeList:
    """The same problem as an EdgeList, pairs in order of (row, col); couplings of zero left out."""
    if isinstance(instance, EdgeList):
        return instance
    n = instance.num_variables
    require(_BYTES_PER_EDGE * n * (n - 1) // 2, f"listing the couplings of {n} variables one by one")
    rows, cols, values = [], [], []
    for i in range(n):
        row = _row_right_of(instance, i)
        col = np.flatnonzero(row)
        rows.append(np.full(len(col), i, np.int32))
        cols.append((col + i + 1).astype(np.int32))
        values.append(row[col])
    empty = np.zeros(0, np.int32)
    value = np.concatenate(values) if values else np.zeros(0)
    whole = bool((value == np.rint(value)).all())
    return EdgeList(
        num_variables=n,
        row=np.concatenate(rows) if rows else empty,
        col=np.concatenate(cols) if cols else empty,
        value=value.astype(np.int64) if whole else value.astype(np.float64),
        kind=instance.kind,
        facts=instance.facts,
    )


def _row_right_of(instance: PackedGraph | DenseIsing, i: int) -> np.ndarray:
    """Couplings of variable i with i + 1, i + 2, ..."""
    if isinstance(instance, DenseIsing):
        return instance.matrix[i, i + 1 :]
    bits = unpack_bits(instance.bits[i : i + 1], instance.num_variables)[0, i + 1 :]
    return np.where(bits > 0, instance.high, instance.low)
