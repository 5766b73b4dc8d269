"""Opening the database: the one file that knows which one it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from isinglass.errors import ParameterError

_MIGRATIONS = Path(__file__).with_name("migrations")
_BUSY_SECONDS = 30


def open_database(url: str, *, durable: bool = False) -> Engine:
    """The database at an SQLAlchemy URL, its tables brought up to date.

    ``durable``: of SQLite, that a commit survives a power cut and not only the death of the process.
    ParameterError for other databases than SQLite and PostgreSQL.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ParameterError(
            "the database is not a URL such as sqlite:///jobs.db or postgresql://…"
        ) from None
    kind = parsed.get_backend_name()
    if kind == "sqlite":
        engine = create_engine(parsed, connect_args={"timeout": _BUSY_SECONDS})
        _prepare_sqlite(engine, durable)
    elif kind == "postgresql":
        engine = create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    else:
        raise ParameterError(f"the database {kind!r} is not known: use sqlite:/// or postgresql://")
    _migrate(engine)
    return engine


def _prepare_sqlite(engine: Engine, durable: bool) -> None:
    @event.listens_for(engine, "connect")
    def settings(connection: Any, _: Any) -> None:
        # SQLAlchemy says BEGIN below; the driver must not say it by itself, later.
        connection.isolation_level = None
        cursor = connection.cursor()
        for setting in (
            "journal_mode = WAL", f"synchronous = {'FULL' if durable else 'NORMAL'}", "foreign_keys = ON",
            "temp_store = MEMORY", "cache_size = -65536",
        ):  # fmt: skip
            cursor.execute(f"PRAGMA {setting}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        # At once and not at the first write: two processes that both read and then write would both fail.
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _migrate(engine: Engine) -> None:
    settings = AlembicConfig()
    settings.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with engine.begin() as connection:
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")
