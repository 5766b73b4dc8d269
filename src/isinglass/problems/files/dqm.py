"""dimod's discrete quadratic models as ``DiscreteQuadraticModel.to_file`` writes them.

Behind the header a section "BIAS" holds an ``.npz`` archive: where the cases of each variable start, a linear
bias for each case, and for each interaction of two cases their numbers and a bias. Labels may follow.
"""

from __future__ import annotations

from pathlib import Path

import dimod
import numpy as np

from isinglass.errors import FileFormatError
from isinglass.problems.files import dimod_header as dh
from isinglass.problems.files.archive import arrays
from isinglass.problems.files.edges import only_kinds
from isinglass.problems.given import Kind

MAGIC = b"DIMODDQM"

_INDEX_ARRAYS = ("case_starts", "quadratic_row_indices", "quadratic_col_indices")
_BIAS_ARRAYS = ("linear_biases", "quadratic_biases")


def read(path: Path, data: bytes, kind: Kind | None) -> dimod.DiscreteQuadraticModel:
    """The model in the file, with its labels.

    Raises FileFormatError where the file is cut off or contradicts itself, ParameterError for any ``kind``.
    """
    only_kinds(path, kind, (), "a discrete quadratic model is none of the three kinds")
    header = dh.read_header(path, data, MAGIC)
    if header.version >= (2, 0):
        raise FileFormatError(path, f"is a DQM of format {header.version[0]}; format 1 is read")
    archive, end = dh.section(path, data, header.end, b"BIAS")
    found = _checked(path, arrays(path, archive))
    starts, linear = found["case_starts"], found["linear_biases"]
    counted = dh.count(path, header.fields, "num_variables"), dh.count(path, header.fields, "num_cases")
    if counted != (len(starts), len(linear)):
        raise FileFormatError(path, f"its header counts {counted} variables and cases, but it holds others")
    named = None
    if header.fields.get("variables"):
        named = dh.label_section(path, data, end, len(starts))
    else:
        dh.expect_end(path, data, end)
    quadratic = tuple(found[name] for name in (*_INDEX_ARRAYS[1:], "quadratic_biases"))
    model: dimod.DiscreteQuadraticModel = dimod.DiscreteQuadraticModel.from_numpy_vectors(
        starts, linear, quadratic, labels=named, offset=float(found["offset"])
    )
    return model


def _checked(path: Path, found: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays as int64 and float64, once they fit each other."""
    found = {"offset": np.zeros(())} | found
    missing = {*_INDEX_ARRAYS, *_BIAS_ARRAYS} - found.keys()
    if missing:
        raise FileFormatError(path, f"its section BIAS lacks {', '.join(sorted(missing))}")
    checked = {}
    for name, dimensions in [*((array, 1) for array in _INDEX_ARRAYS + _BIAS_ARRAYS), ("offset", 0)]:
        array, index = found[name], name in _INDEX_ARRAYS
        if array.ndim != dimensions or array.dtype.kind not in ("iu" if index else "iuf"):
            raise FileFormatError(
                path, f"its array {name!r} is of type {array.dtype} and {array.ndim} dimensions"
            )
        checked[name] = array.astype(np.int64 if index else np.float64)
    for name in (*_BIAS_ARRAYS, "offset"):
        dh.finite(path, checked[name], "biases")
    _check_cases(path, checked["case_starts"], len(checked["linear_biases"]))
    _check_interactions(path, checked)
    return checked


def _check_cases(path: Path, starts: np.ndarray, num_cases: int) -> None:
    bounds = np.append(starts, num_cases)
    if bounds[0] != 0 or (bounds[1:] <= bounds[:-1]).any():
        raise FileFormatError(
            path, "the cases of its variables do not follow one another, at least one for each"
        )


def _check_interactions(path: Path, checked: dict[str, np.ndarray]) -> None:
    row, col = checked["quadratic_row_indices"], checked["quadratic_col_indices"]
    if not len(row) == len(col) == len(checked["quadratic_biases"]):
        raise FileFormatError(path, "its arrays of interactions are not of one length")
    ends = np.concatenate([row, col])
    if ((ends < 0) | (ends >= len(checked["linear_biases"]))).any():
        raise FileFormatError(path, "an interaction names a case that the model does not have")
    variable = [np.searchsorted(checked["case_starts"], side, side="right") for side in (row, col)]
    if (variable[0] == variable[1]).any():
        raise FileFormatError(path, "an interaction joins two cases of one variable")
