"""dimod's constrained quadratic models as ``ConstrainedQuadraticModel.to_file`` writes them, format 2.

Behind the header stands a zip archive: "varinfo" with the type and the bounds of each variable, "objective",
and a folder for each constraint with its left-hand side, its right-hand side and its sense. Every index and
number is checked before dimod, which takes them at their word, is given any of it. The constraints come in
the order of the file; dimod's own reader would order them by a hash that changes from run to run.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import NamedTuple

import dimod
import numpy as np

from isinglass.errors import FileFormatError
from isinglass.problems.files import dimod_header as dh
from isinglass.problems.files.archive import members
from isinglass.problems.files.edges import only_kinds
from isinglass.problems.files.text import shown
from isinglass.problems.given import Kind

MAGIC = b"DIMODCQM"

_EXPRESSION_MAGIC = b"DIMODEXPR"
_MODEL_MEMBERS = ("varinfo", "objective", "variable_labels.json")
_FOLDER = re.compile(r"constraints/(.+)/(lhs|rhs|sense|discrete|penalty|weight)\Z", re.DOTALL)
_BINARY, _SPIN, _INTEGER, _REAL = range(4)
_VARIABLE = np.dtype([("vartype", np.int8), ("lower", np.float64), ("upper", np.float64)])
_PAIR = np.dtype([("u", np.int32), ("v", np.int32), ("bias", np.float64)])


class Expression(NamedTuple):
    """An objective or a left-hand side, its variables numbered as in the model."""

    offset: float
    variables: np.ndarray
    linear: np.ndarray
    row: np.ndarray
    col: np.ndarray
    bias: np.ndarray

    def terms(self, names: list[Hashable]) -> Iterator[tuple[Hashable, ...]]:
        """The terms as dimod takes them: (bias,), (label, bias), (label, label, bias)."""
        yield (self.offset,)
        for i, bias in zip(self.variables.tolist(), self.linear.tolist(), strict=True):
            yield names[i], bias
        for i, j, bias in zip(self.row.tolist(), self.col.tolist(), self.bias.tolist(), strict=True):
            yield names[i], names[j], bias


class Constraint(NamedTuple):
    """One constraint; ``weight`` is None where it is hard."""

    label: Hashable
    left: Expression
    sense: str
    right: float
    weight: float | None
    penalty: str
    discrete: bool

    def add_to(self, cqm: dimod.ConstrainedQuadraticModel, names: list[Hashable]) -> None:
        cqm.add_constraint_from_iterable(
            self.left.terms(names),
            self.sense,
            rhs=self.right,
            label=self.label,
            weight=self.weight,
            penalty=self.penalty,
        )
        if self.discrete:
            cqm.constraints[self.label].lhs.mark_discrete(True)


def read(path: Path, data: bytes, kind: Kind | None) -> dimod.ConstrainedQuadraticModel:
    """The model in the file, with its labels.

    Raises FileFormatError where the file is cut off or contradicts itself or is of dimod's format 1, and
    ParameterError for any ``kind``.
    """
    only_kinds(path, kind, (), "a constrained quadratic model is none of the three kinds")
    header = dh.read_header(path, data, MAGIC)
    if header.version[0] != 2:
        raise FileFormatError(
            path,
            f"is a CQM of format {header.version[0]}; format 2 is read: load and save it with dimod 0.12",
        )
    found = members(path, data[header.end :])
    vartypes = _check_model(path, found, dh.count(path, header.fields, "num_variables"))
    constraints = [
        _constraint(path, name, folder, vartypes) for name, folder in _folders(path, found).items()
    ]
    if len(constraints) != dh.count(path, header.fields, "num_constraints"):
        raise FileFormatError(path, f"its header does not count the {len(constraints)} constraints it holds")
    try:
        bare = _without_constraints(data[: header.end], found)
        cqm = dimod.ConstrainedQuadraticModel.from_file(bare, check_header=False)
        names = list(cqm.variables)
        for constraint in constraints:
            constraint.add_to(cqm, names)
    except ValueError as error:
        raise FileFormatError(path, f"is not a constrained model that dimod takes: {error}") from None
    return cqm


def _check_model(path: Path, found: dict[str, bytes], num_variables: int) -> np.ndarray:
    """int8 [num_variables]: the types of the variables, once objective, bounds and labels are in order."""
    missing = {"varinfo", "objective"} - found.keys()
    if missing:
        raise FileFormatError(path, f"its archive lacks {', '.join(sorted(missing))}")
    content, _ = dh.section(path, found["varinfo"], 0, b"VTYP")
    variables = dh.records(path, content, _VARIABLE, num_variables, "types of variables")
    vartype, lower, upper = variables["vartype"], variables["lower"], variables["upper"]
    least, most = np.where(vartype == _SPIN, -1.0, 0.0), np.where(vartype <= _SPIN, 1.0, np.inf)
    least[vartype > _SPIN] = -np.inf
    good = (vartype >= _BINARY) & (vartype <= _REAL) & (least <= lower) & (lower <= upper) & (upper <= most)
    if not good.all():
        raise FileFormatError(path, f"variable {int(good.argmin())} has an unknown type or impossible bounds")
    _expression(path, found["objective"], vartype)
    if "variable_labels.json" in found:
        names = dh.parse_json(path, found["variable_labels.json"], "the list of labels")
        dh.labels(path, names, num_variables)
    return vartype


def _folders(path: Path, found: dict[str, bytes]) -> dict[str, dict[str, bytes]]:
    """The members of each constraint, by its label in JSON."""
    folders: dict[str, dict[str, bytes]] = {}
    for member in found:
        if member in _MODEL_MEMBERS:
            continue
        match = _FOLDER.match(member)
        if match is None:
            raise FileFormatError(path, f"its archive has the unknown member {shown(member.encode())}")
        folders.setdefault(match[1], {})[match[2]] = found[member]
    return folders


def _without_constraints(header: bytes, found: dict[str, bytes]) -> io.BytesIO:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in _MODEL_MEMBERS:
            if name in found:
                archive.writestr(name, found[name])
    return io.BytesIO(header + stream.getvalue())


def _expression(path: Path, raw: bytes, vartypes: np.ndarray) -> Expression:
    header = dh.read_header(path, raw, _EXPRESSION_MAGIC)
    num_variables, num_interactions = dh.shape(path, header.fields)
    dh.number_type(path, header.fields, "dtype", ("float64",))
    dh.number_type(path, header.fields, "itype", ("int32",))
    content, end = dh.section(path, raw, header.end, b"INDX")
    index = dh.records(path, content, np.dtype(np.int32), num_variables, "indices of variables")
    if ((index < 0) | (index >= len(vartypes))).any() or len(np.unique(index)) != num_variables:
        raise FileFormatError(
            path, "an expression names a variable twice or one that the model does not have"
        )
    biases = []
    for magic, rows in ((b"OFFS", 1), (b"LINB", num_variables)):
        content, end = dh.section(path, raw, end, magic)
        biases.append(
            dh.finite(path, dh.records(path, content, np.dtype(np.float64), rows, "biases"), "biases")
        )
    content, end = dh.section(path, raw, end, b"QUAD", length_bytes=8)
    dh.expect_end(path, raw, end)
    pairs = dh.records(path, content, _PAIR, num_interactions, "interactions")
    _check_pairs(path, pairs["u"], pairs["v"], vartypes[index])
    bias = dh.finite(path, pairs["bias"], "biases")
    return Expression(float(biases[0][0]), index, biases[1], index[pairs["u"]], index[pairs["v"]], bias)


def _check_pairs(path: Path, u: np.ndarray, v: np.ndarray, vartypes: np.ndarray) -> None:
    """The lower triangle row by row, a diagonal only for integer and real variables."""
    if not ((v >= 0) & (v <= u) & (u < len(vartypes))).all():
        raise FileFormatError(path, "an interaction names a variable that its expression does not have")
    rising = (u[1:] > u[:-1]) | ((u[1:] == u[:-1]) & (v[1:] > v[:-1]))
    if not rising.all() or (vartypes[u[u == v]] < _INTEGER).any():
        raise FileFormatError(
            path, "the interactions of an expression are not in the order that dimod writes"
        )


def _constraint(path: Path, name: str, folder: dict[str, bytes], vartypes: np.ndarray) -> Constraint:
    quoted = shown(name.encode())
    if not {"lhs", "rhs", "sense"} <= folder.keys() or ("weight" in folder) != ("penalty" in folder):
        raise FileFormatError(path, f"constraint {quoted} lacks one of lhs, rhs, sense, weight and penalty")
    sense, penalty = folder["sense"], folder.get("penalty", b"linear")
    if sense not in (b"<=", b">=", b"==") or penalty not in (b"linear", b"quadratic"):
        raise FileFormatError(
            path, f"constraint {quoted} has an unknown sense {shown(sense)} or penalty {shown(penalty)}"
        )
    return Constraint(
        label=dh.label(path, dh.parse_json(path, name.encode(), "the label of a constraint")),
        left=_expression(path, folder["lhs"], vartypes),
        sense=sense.decode(),
        right=_number(path, folder["rhs"]),
        weight=_number(path, folder["weight"]) if "weight" in folder else None,
        penalty=penalty.decode(),
        discrete=any(folder.get("discrete", b"")),
    )


def _number(path: Path, raw: bytes) -> float:
    record = dh.records(path, raw, np.dtype(np.float64), 1, "numbers")
    return float(dh.finite(path, record, "numbers")[0])
