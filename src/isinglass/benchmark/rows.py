"""One run, one row: what was run, under an id that says so, and what came of it.

The id is the SHA-256 of everything that affects the run. Rows of several files can therefore be merged, a
run that has its row is not run again, and a row that was edited is found out.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path
from typing import Any

from isinglass.errors import FileFormatError


@dataclass(frozen=True)
class Task:
    """Everything that affects a run; all of it goes into the id."""

    family: str
    instance: str
    objective: str
    """Words of the table of best values."""
    content: str
    """SHA-256 of the instance's file."""
    best_known: float
    """The target, in the objective's own units and sense."""
    solver: str
    """A solver's name, or a peer's."""
    parameters: str
    """JSON object, keys sorted."""
    seed: int
    time_limit: float
    threads: int
    versions: str
    """JSON object: packages and the processor."""

    @property
    def strong_id(self) -> str:
        """SHA-256 of the fields, as 64 hexadecimal digits."""
        return hashlib.sha256(plain_json(asdict(self)).encode()).hexdigest()


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    n: int
    hit: bool
    seconds: float
    """From handing over the problem in memory to the result; a peer's sampling calls only."""
    build_seconds: float
    """Compiling the problem (part of ``seconds``), or building a peer's native one (not part of it)."""
    trace_seconds: float
    """When the trace first showed the target; nan without a hit or a trace."""
    best: float
    """Best value of the objective found; nan for none."""
    gap: float
    """(best - best_known) / |best_known|, turned so that more is worse."""


@dataclass(frozen=True)
class Row:
    task: Task
    outcome: Outcome


_TASK = [field.name for field in fields(Task)]
_OUTCOME = [field.name for field in fields(Outcome)]
COLUMNS = ["strong_id", *_TASK, *_OUTCOME]


def plain_json(value: Mapping[str, Any]) -> str:
    """The one way in which a mapping is written, so that equal ones have equal ids."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def read_rows(path: Path) -> dict[str, Row]:
    """Rows by id. A last line that was cut off is left out; FileFormatError for any other fault."""
    text = path.read_text(encoding="utf-8")
    lines = text[: text.rfind("\n") + 1].splitlines(keepends=True)
    reader = csv.reader(lines)
    header = next(reader, None)
    if header != COLUMNS:
        raise FileFormatError(path, "is not a file of benchmark rows: its first line has other columns", 1)
    rows: dict[str, Row] = {}
    for cells in reader:
        try:
            row = _row_of(cells)
        except ValueError as error:
            raise FileFormatError(path, f"is not a row: {error}", reader.line_num) from None
        if row.task.strong_id != cells[0]:
            raise FileFormatError(
                path, "the id does not fit the row, which was edited; remove the line", reader.line_num
            )
        rows.setdefault(cells[0], row)
    return rows


_MAKERS: dict[str, Callable[[str], Any]] = {
    "int": int, "float": float, "str": str, "bool": {"True": True, "False": False}.__getitem__
}  # fmt: skip


def _row_of(cells: list[str]) -> Row:
    if len(cells) != len(COLUMNS):
        raise ValueError(f"{len(cells)} columns instead of {len(COLUMNS)}")
    named = dict(zip(COLUMNS, cells, strict=True))

    def typed(kind: type[Task] | type[Outcome]) -> dict[str, Any]:
        return {f.name: _MAKERS[str(f.type)](named[f.name]) for f in fields(kind)}

    try:
        return Row(Task(**typed(Task)), Outcome(**typed(Outcome)))
    except KeyError as error:
        raise ValueError(f"{error} is neither True nor False") from None


def append_row(path: Path, row: Row) -> None:
    """Add a row at the end of a file of rows, made here if it does not exist; complete once this returns."""
    fresh = not path.exists() or not path.stat().st_size
    with path.open("a", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        if fresh:
            writer.writerow(COLUMNS)
        cells = [*astuple(row.task), *astuple(row.outcome)]
        writer.writerow([row.task.strong_id, *(repr(c) if isinstance(c, float) else c for c in cells)])


def merge_rows(out: Path, others: Iterable[Path] = ()) -> dict[str, Row]:
    """The rows of ``out``, if it exists, and of ``others``; written to ``out``. The first of an id stays."""
    for path in others:
        if not path.is_file():
            raise FileFormatError(path, "there is no such file of benchmark rows")
    rows = read_rows(out) if out.exists() and out.stat().st_size else {}
    for path in others:
        rows = rows | {i: row for i, row in read_rows(path).items() if i not in rows}
    whole = out.with_name(out.name + ".part")
    whole.unlink(missing_ok=True)
    for row in rows.values():
        append_row(whole, row)
    if rows:
        whole.replace(out)
    return rows
