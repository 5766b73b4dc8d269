"""What ``add_circuits`` carries: circuits, templates, observables; nothing is unfolded without a limit."""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from isinglass.compat.divi.payloads import Pairs, bound, observables_of
from isinglass.errors import ParameterError, ProblemError, QuotaError

LONGEST_TEXT = 16 << 20
"""Bytes of one circuit or of all observables."""
LONGEST_JOB = 256 << 20
"""Bytes of all texts of a job, templates written out."""
_LONGEST_SEARCH = 1 << 28
_SPARSE = re.compile(r"@gzs(\d{1,7}):(.*)", re.DOTALL)
_LETTER = re.compile(r"([XYZ])(\d{1,7})")
_FIELDS = (
    "mode", "finalized", "circuits", "circuit_template", "parameter_names", "parameter_sets", "shots",
    "shot_groups", "observables", "circuit_ham_map",
)  # fmt: skip


@dataclass(frozen=True)
class Chunk:
    """One call, unfolded; counts and lengths are checked, circuits are not read yet."""

    circuits: Pairs
    finalized: bool
    shots: int | None
    shot_groups: list[list[int]] | None
    ham_ops: str | None
    ham_map: list[list[int]] | None


def read_chunk(body: bytes) -> Chunk:
    """ProblemError or ParameterError for anything malformed; QuotaError (413) for what grows too large."""
    words = read_object(body)
    for name in words:
        if name not in _FIELDS:
            raise ParameterError(f"{name[:80]!r} is not a field of add_circuits: {', '.join(_FIELDS)}")
    if words.get("mode", "append") != "append":
        raise ParameterError(f"mode={words['mode']!r} is not 'append'")
    finalized = words.get("finalized", "false")
    if finalized not in ("true", "false"):
        raise ParameterError(f"finalized={finalized!r} is neither 'true' nor 'false'")
    circuits = _template(words) if "circuit_template" in words else _circuits(words.get("circuits", {}))
    shots = words.get("shots")
    if shots is not None and (type(shots) is not int or shots < 1):
        raise ParameterError(f"shots={shots!r} is not a whole number of at least 1")
    groups, ham_map = _rows(words, "shot_groups"), _rows(words, "circuit_ham_map")
    given = words.get("observables")
    ham_ops = None if given is None else _dense(given)
    if ham_ops is not None:
        observables_of(ham_ops, None, 1)
    return Chunk(circuits, finalized == "true", shots, groups, ham_ops, ham_map)


def read_object(body: bytes) -> dict[str, Any]:
    """A JSON object; ProblemError for anything else."""

    def refuse(word: str) -> None:
        raise ValueError(f"{word} is not JSON")

    try:
        words = json.loads(body, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise ProblemError(f"the body is not JSON: {error}") from None
    if not isinstance(words, dict):
        raise ProblemError(f"the body is a JSON {type(words).__name__}, not an object")
    return words


def _circuits(given: Any) -> Pairs:
    if not isinstance(given, Mapping) or not all(isinstance(text, str) for text in given.values()):
        raise ProblemError("circuits is not an object of label -> base64 of gzipped OpenQASM")
    found: Pairs = []
    left = LONGEST_JOB
    for label, text in given.items():
        found.append((label, _unfolded(text, f"circuit {label[:80]!r}")))
        left -= len(found[-1][1])
        _check_left(left)
    return found


def _template(words: Mapping[str, Any]) -> Pairs:
    template, names, sets = (
        words.get(name) for name in ("circuit_template", "parameter_names", "parameter_sets")
    )
    if not isinstance(template, str) or "circuits" in words:
        raise ProblemError("circuit_template is base64 of gzipped OpenQASM, in place of circuits")
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise ProblemError("parameter_names is not a list of names")
    if len(set(names)) < len(names):
        raise ProblemError("a name stands twice in parameter_names")
    if not isinstance(sets, list) or not sets:
        raise ProblemError("parameter_sets is not a list of at least one {label, values}")
    rows: dict[str, list[float]] = {}
    for one in sets:
        label, values = (one.get("label"), one.get("values")) if isinstance(one, Mapping) else (None, None)
        numbers = isinstance(values, list) and all(type(value) in (int, float) for value in values)
        if not isinstance(label, str) or not isinstance(values, list) or not numbers:
            raise ProblemError(f"{str(one)[:80]} is not {{label: text, values: numbers}}")
        if label in rows:
            raise ProblemError(f"label {label[:80]!r} is given twice: results could not be told apart")
        try:
            rows[label] = [float(value) for value in values]
        except OverflowError:
            raise ProblemError(f"a value of set {label[:80]!r} is beyond all floats") from None
    text = _unfolded(template, "circuit_template")
    # Each name is looked for at each place, and each value is written with 28 characters at most.
    if len(text) * len(names) > _LONGEST_SEARCH:
        raise QuotaError(f"{len(names):,} names in a template of {len(text):,} bytes are too many", 413)
    _check_left(LONGEST_JOB - len(rows) * (len(text) + 28 * sum(map(text.count, names))))
    return bound(text, names, rows)


def _check_left(left: int) -> None:
    if left < 0:
        raise QuotaError(f"the circuits take more than {LONGEST_JOB:,} bytes: use several jobs", 413)


def _dense(given: Any) -> str:
    """Observables as text, "ZI;IZ|XX": given so, or by groups as sparse text, gzipped, with their width."""
    if not isinstance(given, str):
        raise ProblemError("observables is not a text")
    return "|".join(_dense_group(part) for part in given.split("|"))


def _dense_group(part: str) -> str:
    found = _SPARSE.fullmatch(part)
    if found is None:
        return part
    width = int(found[1])
    terms = _unfolded(found[2], "observables").split(";")
    if width * len(terms) > LONGEST_TEXT:
        raise QuotaError(f"the observables take more than {LONGEST_TEXT:,} bytes", 413)
    return ";".join(_dense_term(term.strip(), width) for term in terms)


def _dense_term(term: str, width: int) -> str:
    letters = ["I"] * width
    places = [] if term == "I" else _LETTER.findall(term)
    if term != "I" and "".join(letter + place for letter, place in places) != term:
        raise ProblemError(f"{term[:80]!r} is not a Pauli string such as Z0Z3")
    for letter, place in places:
        if int(place) >= width:
            raise ProblemError(f"{term[:80]!r} is on a qubit beyond the {width} of its group")
        letters[int(place)] = letter
    return "".join(letters)


def _unfolded(text: str, what: str) -> str:
    """base64 of gzip of UTF-8."""
    try:
        unfolding = zlib.decompressobj(wbits=31)
        data = unfolding.decompress(base64.b64decode(text, validate=True), LONGEST_TEXT + 1)
        if len(data) > LONGEST_TEXT:
            raise QuotaError(f"{what} is longer than {LONGEST_TEXT:,} bytes", 413)
        if not unfolding.eof or unfolding.unused_data:
            raise ProblemError(f"{what} is cut off, or something follows it")
        return data.decode()
    except (binascii.Error, zlib.error, ValueError) as error:
        if isinstance(error, ProblemError):
            raise
        raise ProblemError(f"{what} is not base64 of gzipped UTF-8: {error}") from None


def _rows(words: Mapping[str, Any], name: str) -> list[list[int]] | None:
    rows = words.get(name)
    if rows is None:
        return None
    if not isinstance(rows, list) or not all(_whole(row) for row in rows):
        raise ProblemError(f"{name} is not a list of lists of whole numbers")
    return rows


def _whole(row: Any) -> bool:
    return isinstance(row, list) and all(type(number) is int for number in row)


def joined(
    chunks: Sequence[Chunk],
) -> tuple[Pairs, int | None, list[list[int]] | None, list[list[str]] | None]:
    """(circuits, shots, shot groups of the whole job, strings of each circuit) of all calls of a job."""
    circuits: Pairs = []
    groups: list[list[int]] | None = None
    for chunk in chunks:
        if chunk.shot_groups is not None:
            # Their indices count within the call.
            here = [[row[0] + len(circuits), row[1] + len(circuits), *row[2:]] if len(row) > 2 else row
                    for row in chunk.shot_groups]  # fmt: skip
            groups = (groups or []) + here
        circuits += chunk.circuits
    labels = {label for label, _ in circuits}
    if len(labels) < len(circuits):
        raise ParameterError("a label is given twice: results could not be told apart")
    shots = {chunk.shots for chunk in chunks} - {None}
    if len(shots) > 1:
        raise ParameterError(f"the calls of one job give different shots: {sorted(filter(None, shots))}")
    ham_ops = {(chunk.ham_ops, json.dumps(chunk.ham_map)) for chunk in chunks if chunk.circuits}
    if len(ham_ops) > 1:
        raise ParameterError("the calls of one job give different observables")
    first = chunks[0]
    # Their ranges count within the whole job.
    strings = None if first.ham_ops is None else observables_of(first.ham_ops, first.ham_map, len(circuits))
    return circuits, next(iter(shots), None), groups, strings
