"""dimod's binary quadratic models as ``BinaryQuadraticModel.to_file`` writes them, versions 1 and 2.

Behind the header stand the offset, for each variable the start of its neighbourhood and its linear bias, and
for each variable its neighbours in increasing order with their biases: every interaction twice. Labels are in
the header (version 1) or in a section at the end (version 2).
"""

from __future__ import annotations

import reprlib
from collections.abc import Hashable
from pathlib import Path

import dimod
import numpy as np

from isinglass.errors import FileFormatError
from isinglass.problems.files import dimod_header as dh
from isinglass.problems.files.edges import only_kinds
from isinglass.problems.given import Kind

MAGIC = b"DIMODBQM"

_BIASES = ("float64", "float32")
_INDICES = ("int32", "int64", "uint32", "uint64", "int16", "uint16", "int8", "uint8")
_KINDS: dict[str, Kind] = {"SPIN": "ising", "BINARY": "qubo"}


def read(path: Path, data: bytes, kind: Kind | None) -> dimod.BinaryQuadraticModel:
    """The model in the file, with its labels, vartype and dtype.

    Raises FileFormatError where the file is cut off or contradicts itself, and ParameterError for a ``kind``
    that is not the model's vartype.
    """
    header = dh.read_header(path, data, MAGIC)
    if header.version >= (3, 0):
        raise FileFormatError(path, f"is a BQM of format {header.version[0]}; formats 1 and 2 are read")
    fields = header.fields
    vartype = fields.get("vartype")
    if not isinstance(vartype, str) or vartype not in _KINDS:
        quoted = reprlib.repr(vartype)
        raise FileFormatError(path, f"its header says vartype={quoted}; it is 'SPIN' or 'BINARY'")
    only_kinds(path, kind, (_KINDS[vartype],), f"the model says vartype {vartype}")
    bias = dh.number_type(path, fields, "dtype", _BIASES)
    pair = np.dtype([("other", dh.number_type(path, fields, "itype", _INDICES)), ("bias", bias)])
    single = np.dtype([("start", dh.number_type(path, fields, "ntype", _INDICES)), ("bias", bias)])
    num_variables, num_interactions = dh.shape(path, fields)
    linear_at = header.end + bias.itemsize
    pairs_at = linear_at + num_variables * single.itemsize
    end = pairs_at + 2 * num_interactions * pair.itemsize
    if len(data) < end:
        raise FileFormatError(path, f"holds {len(data):,} bytes of the {end:,} that its header announces")
    offset = dh.finite(path, np.frombuffer(data, bias, 1, header.end), "biases")[0]
    linear = np.frombuffer(data, single, num_variables, linear_at)
    neighbours = np.frombuffer(data, pair, 2 * num_interactions, pairs_at)
    quadratic = _quadratic(path, linear["start"].astype(np.int64), neighbours)
    named = _labels(path, data, header, end, num_variables)
    return dimod.BinaryQuadraticModel.from_numpy_vectors(
        dh.finite(path, linear["bias"], "biases").copy(),
        quadratic,
        offset,
        dimod.Vartype[vartype],
        variable_order=range(num_variables) if named is None else named,
        dtype=bias,
    )


def _quadratic(
    path: Path, start: np.ndarray, neighbours: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each interaction once, after a check that both of its entries agree and lie inside the model."""
    other = neighbours["other"].astype(np.int64)
    bias = dh.finite(path, neighbours["bias"], "biases")
    ends = np.append(start[1:], len(other))
    if (
        (start < 0).any()
        or (ends < start).any()
        or (len(start) and start[0])
        or (len(other) and not len(start))
    ):
        raise FileFormatError(path, "the neighbourhoods of its variables do not follow one another")
    own = np.repeat(np.arange(len(start)), ends - start)
    falling = (own[1:] == own[:-1]) & (other[1:] <= other[:-1])
    if falling.any() or (other < 0).any() or (other >= len(start)).any():
        raise FileFormatError(
            path, "a neighbourhood is not a list of the model's variables in increasing order"
        )
    lower, upper = other < own, other > own
    # Sorted by (own, other), the one triangle is the other transposed and sorted again.
    order = np.lexsort((own[upper], other[upper]))
    mirrored = (
        lower.sum() == upper.sum() == len(own) // 2
        and np.array_equal(own[lower], other[upper][order])
        and np.array_equal(other[lower], own[upper][order])
        and np.array_equal(bias[lower], bias[upper][order])
    )
    if not mirrored:
        raise FileFormatError(path, "its interactions are not the same from both of their ends")
    return own[lower], other[lower], bias[lower]


def _labels(
    path: Path, data: bytes, header: dh.Header, end: int, num_variables: int
) -> list[Hashable] | None:
    stated = header.fields.get("variables")
    if header.version >= (2, 0) and stated:
        return dh.label_section(path, data, end, num_variables)
    dh.expect_end(path, data, end)
    return dh.labels(path, stated, num_variables) if header.version < (2, 0) else None
