"""The door out: an ``EdgeList`` becomes a text file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from isinglass.errors import ParameterError, ProblemError, nearest
from isinglass.problems.files import coo, qubo, rudy
from isinglass.problems.files.compression import as_path, write_chunks
from isinglass.problems.files.edges import VARTYPE
from isinglass.problems.files.text import LARGEST_EXACT
from isinglass.problems.given import EdgeList

_WRITERS: dict[str, Callable[[EdgeList], Iterator[bytes]]] = {
    "rudy": rudy.chunks,
    "qubo": qubo.chunks,
    "coo": coo.chunks,
}


def write_file(problem: EdgeList, path: str | Path, *, format: str = "rudy") -> None:
    """Write the problem as "rudy", "qubo" or "coo"; the suffixes .gz, .xz and .bz2 compress it.

    Coefficients read back as the same numbers; E is to be minimised, also where ``problem.maximized``. Equal
    problems make equal files, byte for byte. None of the formats holds an offset, and only "coo" holds labels
    (integers from 0 on); "qubo" takes kind "qubo" only. A rudy file does not say its kind, which therefore
    has to be given again on reading unless it is "maxcut".

    Raises ParameterError for another format, ProblemError for a problem that the format cannot hold whole,
    for coefficients that are not finite or integers beyond 2^53, and for a path that cannot be written.
    """
    if format not in _WRITERS:
        raise ParameterError(
            f"format={format!r} is not one of {', '.join(_WRITERS)}{nearest(str(format), _WRITERS)}"
        )
    if not isinstance(problem, EdgeList):
        raise ParameterError(f"an EdgeList is written, not a {type(problem).__name__}")
    place = as_path(path)
    _check_whole(problem, format)
    write_chunks(place, _WRITERS[format](problem))


def _check_whole(problem: EdgeList, file_format: str) -> None:
    if problem.vartype != VARTYPE[problem.kind]:
        raise ProblemError(
            f"a problem of kind {problem.kind!r} has vartype {VARTYPE[problem.kind]}, not {problem.vartype}"
        )
    if file_format == "qubo" and problem.kind != "qubo":
        raise ProblemError(
            f"a qbsolv file holds problems of kind 'qubo', not {problem.kind!r}; write format='rudy' or 'coo'"
        )
    if problem.offset != 0:
        raise ProblemError(
            f"a {file_format} file has no place for the offset {problem.offset!r}; "
            "set it to 0 and add it to the energies found"
        )
    _check_labels(problem, file_format)
    linear = np.zeros(0) if problem.linear is None else problem.linear
    if problem.kind == "maxcut" and linear.any():
        raise ProblemError("a max-cut problem has no linear terms; make it one of kind 'ising'")
    for name, values in (("value", problem.value), ("linear", linear)):
        if not np.isfinite(values).all():
            raise ProblemError(f"{name} holds NaN or an infinity, which no reader would take")
        if (
            np.issubdtype(values.dtype, np.integer)
            and ((values > LARGEST_EXACT) | (values < -LARGEST_EXACT)).any()
        ):
            raise ProblemError(
                f"{name} holds an integer beyond 2^53, which float64 no longer holds exactly; scale it"
            )


def _check_labels(problem: EdgeList, file_format: str) -> None:
    numbers = [name for name in problem.labels if isinstance(name, (int, np.integer)) and 0 <= name < 1 << 63]
    if file_format == "coo" and len(numbers) < len(problem.labels):
        raise ProblemError("a coo file names its variables by integers from 0 on; relabel them before")
    if file_format != "coo" and any(name != index for index, name in enumerate(problem.labels)):
        raise ProblemError(f"a {file_format} file has no place for labels; drop them, or write format='coo'")
