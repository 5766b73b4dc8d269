"""From the rows of a table to an ``EdgeList``: ranges checked, the diagonal taken apart, kinds settled."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np

from isinglass.errors import FileFormatError, ParameterError, nearest
from isinglass.memory import require
from isinglass.problems.files.table import Table
from isinglass.problems.given import EdgeList, Kind, Vartype

VARTYPE: dict[Kind, Vartype] = {"maxcut": "SPIN", "ising": "SPIN", "qubo": "BINARY"}
"""The values that the variables of a problem of each kind take."""

_COMPRESSED = (".gz", ".xz", ".bz2")


def check_kind(kind: Kind | None) -> None:
    """Raise ParameterError unless ``kind`` is None, "ising", "qubo" or "maxcut"."""
    if kind is not None and kind not in get_args(Kind):
        known = [str(name) for name in get_args(Kind)]
        hint = nearest(str(kind), known)
        raise ParameterError(
            f"kind={kind!r} is not one of {', '.join(known)}{hint}; leave it out for the default"
        )


def only_kinds(path: Path, kind: Kind | None, possible: Sequence[Kind], reason: str) -> None:
    """Raise ParameterError where the caller asks for a kind that the file itself rules out."""
    if kind is None or kind in possible:
        return
    remedy = f"pass kind={possible[0]!r} or leave it out" if possible else "leave kind out"
    raise ParameterError(f"{path}: kind={kind!r} was asked for, but {reason}; {remedy}")


def facts(path: Path, file_format: str) -> dict[str, Any]:
    """What an ``EdgeList`` remembers of its file: the name without its suffixes, and the format."""
    bare = path.with_suffix("") if path.suffix.lower() in _COMPRESSED else path
    # The ".5" of "ising2.5" belongs to the name.
    return {"name": bare.stem if bare.suffix[1:].isalpha() else bare.name, "format": file_format}


def check_count(table: Table, declared: int, header: str) -> None:
    """Raise FileFormatError unless the table has as many rows as its header says."""
    rows = len(table.value)
    if rows > declared:
        raise table.text.error(
            f"the header {header!r} declares {declared:,} entries, but this is entry {declared + 1:,} "
            f"of {rows:,}: correct the header or remove the surplus lines",
            table.line(declared),
        )
    if rows < declared:
        last = table.line(rows - 1) if rows else table.after
        raise table.text.error(
            f"the header {header!r} declares {declared:,} entries, but only {rows:,} follow: "
            "correct the header, or fetch the file again if it has been cut off",
            last,
        )


def zero_based(table: Table, base: int, num_variables: int) -> tuple[np.ndarray, np.ndarray]:
    """The two node columns counted from 0, int32 where ``num_variables`` fits it, otherwise int64.

    Raises FileFormatError, naming the line, where a node lies outside base .. base + num_variables - 1.
    """
    last = num_variables - 1 + base
    outside = (table.nodes < base) | (table.nodes > last)
    if outside.any():
        row, column = (int(index) for index in np.argwhere(outside)[0])
        raise table.text.error(
            f"node {table.nodes[row, column]} is outside {base} to {last}, the nodes of this file",
            table.line(row),
        )
    dtype = np.int32 if num_variables < 1 << 31 else np.int64
    row_index, col_index = (np.subtract(table.nodes[:, c], base).astype(dtype) for c in (0, 1))
    return row_index, col_index


def first_true(mask: np.ndarray) -> int | None:
    """The index of the first True, or None."""
    return int(mask.argmax()) if mask.any() else None


def require_linear(path: Path, num_variables: int) -> None:
    """Raise OutOfMemoryError where one float64 a variable is more than the memory that is available."""
    require(8 * num_variables, f"{path}: one linear term for each of {num_variables:,} variables")


def linear_terms(path: Path, num_variables: int, index: np.ndarray, value: np.ndarray) -> np.ndarray | None:
    """float64 [num_variables]: the values added up by index; None where there are none."""
    if not len(index):
        return None
    require_linear(path, num_variables)
    linear = np.zeros(num_variables, np.float64)
    with np.errstate(over="ignore"):
        np.add.at(linear, index, value.astype(np.float64))
    if not np.isfinite(linear).all():
        raise FileFormatError(path, "the linear terms of one variable add up to more than float64 holds")
    return linear


def edge_list(
    table: Table,
    row: np.ndarray,
    col: np.ndarray,
    num_variables: int,
    kind: Kind,
    *,
    file_format: str,
    labels: Sequence[Hashable] = (),
    zero_names_node: bool = False,
) -> EdgeList:
    """The problem of kind ``kind`` whose diagonal entries are linear terms.

    A max-cut problem has none: its first diagonal line is a FileFormatError that says how to read it, except
    for ``i i 0`` where the format has no other way to name a node (``zero_names_node``).
    """
    diagonal = row == col
    forbidden = diagonal & (table.value != 0) if zero_names_node else diagonal
    first = first_true(forbidden)
    if first is not None and kind == "maxcut":
        node = table.nodes[first, 0]
        raise table.text.error(
            f"node {node} is joined to itself, which a max-cut graph does not allow; pass kind='ising' "
            f"(a field h) or kind='qubo' (a linear term), on the command line --kind",
            table.line(first),
        )
    value, linear = table.value, None
    if diagonal.any():
        if kind != "maxcut":
            linear = linear_terms(table.text.path, num_variables, row[diagonal], value[diagonal])
        row, col, value = row[~diagonal], col[~diagonal], value[~diagonal]
    return EdgeList(
        num_variables=num_variables,
        row=row,
        col=col,
        value=value,
        linear=linear,
        vartype=VARTYPE[kind],
        kind=kind,
        labels=labels,
        facts=facts(table.text.path, file_format),
    )
