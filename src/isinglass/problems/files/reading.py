"""The door in: a path becomes a problem."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import dimod
import scipy.sparse

from isinglass.problems.files import bqm, coo, cqm, dqm, lp, matrix_market, npz, qplib, qubo, rudy, triangle
from isinglass.problems.files.compression import as_path, read_bytes
from isinglass.problems.files.edges import check_kind
from isinglass.problems.files.formats import recognise
from isinglass.problems.files.text import Text
from isinglass.problems.given import EdgeList, Kind

Problem: TypeAlias = (
    EdgeList
    | dimod.BinaryQuadraticModel
    | dimod.ConstrainedQuadraticModel
    | dimod.DiscreteQuadraticModel
    | scipy.sparse.sparray
    | scipy.sparse.spmatrix
)

_TEXT_READERS: dict[str, Callable[[Text, Kind | None], EdgeList | dimod.ConstrainedQuadraticModel]] = {
    "rudy": rudy.read,
    "qubo": qubo.read,
    "coo": coo.read,
    "matrix_market": matrix_market.read,
    "qplib": qplib.read,
    "triangle": triangle.read,
    "lp": lp.read,
}
_BINARY_READERS: dict[str, Callable[[Path, bytes, Kind | None], Problem]] = {
    "bqm": bqm.read,
    "cqm": cqm.read,
    "dqm": dqm.read,
    "npz": npz.read,
}


def read_file(path: str | Path, *, kind: Kind | None = None) -> Problem:
    """The problem in a file of any format in ``FORMATS``, told by its content, compressed or not.

    gzip, xz and bzip2 are undone on the way. ``kind`` says what the numbers mean where the format leaves it
    open: "maxcut", "ising" or "qubo"; None takes the default of the format. LP files and dimod's own give
    dimod's models, SciPy's ``.npz`` gives the matrix itself or, with a ``kind``, an ``EdgeList``, and all
    others give an ``EdgeList``: row and col int32 below 2^31 variables, value int64 if all weights are
    written as integers, otherwise float64.

    Raises FileFormatError, naming the file and where possible the line, for a file that is missing,
    unreadable, damaged, of an unknown format or against the rules of its format; ParameterError for a
    ``kind`` that is unknown or that the file rules out; OutOfMemoryError for content that does not fit.
    """
    check_kind(kind)
    place = as_path(path)
    data = read_bytes(place)
    name = recognise(place, data)
    if name in _TEXT_READERS:
        return _TEXT_READERS[name](Text(place, data), kind)
    return _BINARY_READERS[name](place, data, kind)
