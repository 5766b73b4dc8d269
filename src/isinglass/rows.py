"""Rows of results in a CSV file: one run, one row, under an id that says what was run.

A row is a task (everything that affects the run) and an outcome (what came of it), two flat
dataclasses of str, int, float and bool. The id is the SHA-256 of the task. Rows of several files can
therefore be merged, a run that has its row is not run again, and a task that was edited is found out.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from isinglass.errors import FileFormatError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

TaskT = TypeVar("TaskT", bound="DataclassInstance")
OutcomeT = TypeVar("OutcomeT", bound="DataclassInstance")

_MAKERS: dict[str, Any] = {
    "int": int, "float": float, "str": str, "bool": {"True": True, "False": False}.__getitem__,
}  # fmt: skip
_LONGEST_CELL = 1 << 27
"""Characters; a cell may hold the answer to a problem of hundreds of millions of variables."""


@dataclass(frozen=True)
class Row(Generic[TaskT, OutcomeT]):
    task: TaskT
    outcome: OutcomeT

    @property
    def strong_id(self) -> str:
        """SHA-256 of the task, as 64 hexadecimal digits."""
        return strong_id(self.task)


def strong_id(task: DataclassInstance) -> str:
    """SHA-256 of all fields of a task, as 64 hexadecimal digits."""
    return hashlib.sha256(plain_json(asdict(task)).encode()).hexdigest()


def plain_json(value: Mapping[str, Any]) -> str:
    """The one way in which a mapping is written, so that equal ones have equal ids."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


class RowFormat(Generic[TaskT, OutcomeT]):
    """Files of rows of one kind of task and outcome."""

    def __init__(self, task: type[TaskT], outcome: type[OutcomeT]) -> None:
        self._task, self._outcome = task, outcome
        self.columns = ["strong_id", *(f.name for kind in (task, outcome) for f in fields(kind))]

    def read(self, path: Path) -> dict[str, Row[TaskT, OutcomeT]]:
        """Rows by id. A last line that was cut off is left out; FileFormatError for any other fault."""
        csv.field_size_limit(_LONGEST_CELL)
        text = path.read_text(encoding="utf-8")
        reader = csv.reader(text[: text.rfind("\n") + 1].splitlines(keepends=True))
        if next(reader, None) != self.columns:
            raise FileFormatError(path, "is not a file of such rows: its first line has other columns", 1)
        rows: dict[str, Row[TaskT, OutcomeT]] = {}
        for cells in reader:
            try:
                row = self._row_of(cells)
            except ValueError as error:
                raise FileFormatError(path, f"is not a row: {error}", reader.line_num) from None
            if row.strong_id != cells[0]:
                raise FileFormatError(
                    path, "the id does not fit the row, which was edited; remove the line", reader.line_num
                )
            rows.setdefault(cells[0], row)
        return rows

    def append(self, path: Path, row: Row[TaskT, OutcomeT]) -> None:
        """Add a row at the end of a file, made here if it does not exist; complete once this returns."""
        fresh = not path.exists() or not path.stat().st_size
        with path.open("a", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            if fresh:
                writer.writerow(self.columns)
            cells = [*astuple(row.task), *astuple(row.outcome)]
            writer.writerow([row.strong_id, *(repr(c) if isinstance(c, float) else c for c in cells)])

    def merge(self, out: Path, others: Iterable[Path] = ()) -> dict[str, Row[TaskT, OutcomeT]]:
        """Rows of ``out`` (if it is there) and ``others``, written to ``out``; the first of an id stays."""
        for path in others:
            if not path.is_file():
                raise FileFormatError(path, "there is no such file of rows")
        rows = self.read(out) if out.exists() and out.stat().st_size else {}
        for path in others:
            rows = rows | {i: row for i, row in self.read(path).items() if i not in rows}
        whole = out.with_name(out.name + ".part")
        whole.unlink(missing_ok=True)
        for row in rows.values():
            self.append(whole, row)
        if rows:
            whole.replace(out)
        return rows

    def _row_of(self, cells: list[str]) -> Row[TaskT, OutcomeT]:
        if len(cells) != len(self.columns):
            raise ValueError(f"{len(cells)} columns instead of {len(self.columns)}")
        named = dict(zip(self.columns, cells, strict=True))

        def typed(kind: type[Any]) -> Any:
            return kind(**{f.name: _MAKERS[str(f.type)](named[f.name]) for f in fields(kind)})

        try:
            return Row(typed(self._task), typed(self._outcome))
        except KeyError as error:
            raise ValueError(f"{error} is neither True nor False") from None
