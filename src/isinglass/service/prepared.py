"""Statements of the daily path: compiled once, then given to the driver as they are.

To make an SQLAlchemy statement ready again and again takes ten times as long as SQLite takes to run it.
Errors come as SQLAlchemy's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Executable
from sqlalchemy.exc import DBAPIError

Row = dict[str, Any]


class Prepared:
    """A statement with ``bindparam`` names; lists of values (``expanding``) cannot be bound."""

    def __init__(self, statement: Executable) -> None:
        self._statement = statement
        self._compiled: dict[str, tuple[str, list[str] | None, dict[str, Any]]] = {}

    def all(self, connection: Connection, **values: Any) -> list[Row]:
        """The rows, each as {column: value}."""
        cursor = self._run(connection, values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def first(self, connection: Connection, **values: Any) -> Row | None:
        """The first row, or None."""
        cursor = self._run(connection, values)
        row = cursor.fetchone()
        if row is None:
            return None
        return dict(zip((column[0] for column in cursor.description), row, strict=True))

    def scalar(self, connection: Connection, **values: Any) -> Any:
        """The first value of the first row."""
        return self._run(connection, values).fetchone()[0]

    def run(self, connection: Connection, **values: Any) -> int:
        """How many rows it changed."""
        return int(self._run(connection, values).rowcount)

    def run_each(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Once for each row of values."""
        text, order, given = self._text(connection)
        bound = [_bound(order, given, row) for row in rows]
        self._guarded(connection, text, bound, many=True)

    def _run(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        text, order, given = self._text(connection)
        return self._guarded(connection, text, _bound(order, given, values), many=False)

    def _text(self, connection: Connection) -> tuple[str, list[str] | None, dict[str, Any]]:
        dialect = connection.dialect
        kept = self._compiled.get(dialect.name)
        if kept is None:
            compiled = self._statement.compile(dialect=dialect)  # type: ignore[attr-defined]  # all of them can
            order = list(compiled.positiontup) if compiled.positional else None
            kept = self._compiled[dialect.name] = (str(compiled), order, dict(compiled.params))
        return kept

    def _guarded(self, connection: Connection, text: str, bound: Any, *, many: bool) -> Any:
        driver: Any = connection.connection.dbapi_connection
        cursor = driver.cursor()
        try:
            if many:
                cursor.executemany(text, bound)
            else:
                cursor.execute(text, bound)
        except Exception as error:
            base = connection.dialect.dbapi.Error  # type: ignore[union-attr]  # a connection has a driver
            raise DBAPIError.instance(text, None, error, base, dialect=connection.dialect) from error
        return cursor


def _bound(order: list[str] | None, given: dict[str, Any], values: Mapping[str, Any]) -> Any:
    """Values in the driver's form: in their order, or by name."""
    if order is None:
        return {**given, **values}
    return [values[name] if name in values else given[name] for name in order]
