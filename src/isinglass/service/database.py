"""Opening the database: the one file that knows which one it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import URL, Connection, Engine, create_engine, event, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError

from isinglass.errors import IsinglassError, MissingExtraError, ParameterError

T = TypeVar("T")

_MIGRATIONS = Path(__file__).with_name("migrations")
_BUSY_SECONDS = 30
_CONNECT_SECONDS = 5
_LOCK = 0x15_1A55
"""Key of the lock that lets one server at a time make what must be there once: tables, users, a first key."""
_OVERTAKEN_TIMES = 20
_DEADLOCKS = ("40P01", "40001")
"""PostgreSQL's codes for transactions that were undone in favour of another one."""


class OvertakenError(IsinglassError):
    """Another server changed a row between our look at it and our change: do the transaction again."""


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
        engine = _open_postgresql(parsed)
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


def _open_postgresql(url: URL) -> Engine:
    try:
        import psycopg  # noqa: F401  # is it there?
    except ImportError:
        raise MissingExtraError("psycopg", "postgresql", "a PostgreSQL database") from None
    alive = {"connect_timeout": _CONNECT_SECONDS, "application_name": "isinglass"}
    return create_engine(
        url.set(drivername="postgresql+psycopg"), pool_pre_ping=True, connect_args=alive,
        isolation_level="READ COMMITTED",
    )  # fmt: skip


def migrations() -> AlembicConfig:
    """Where they are; ``attributes["connection"]`` says what they work on."""
    settings = AlembicConfig()
    settings.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return settings


def _migrate(engine: Engine) -> None:
    settings = migrations()
    with engine.begin() as connection:
        one_at_a_time(connection)
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")


def one_at_a_time(connection: Connection) -> None:
    """From here to the end of this transaction no other server has come to this point of one of its own."""
    # Transactions of SQLite are one at a time by themselves.
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def steady_clock(engine: Engine) -> Callable[[], float]:
    """Seconds since 1970. On PostgreSQL the database's, asked once: servers agree, and it never jumps."""
    if engine.dialect.name != "postgresql":
        return time.time
    with engine.connect() as connection:
        now = float(connection.execute(select(func.extract("epoch", func.clock_timestamp()))).scalar_one())
    start = time.monotonic()
    return lambda: now + time.monotonic() - start


def commits_together(engine: Engine) -> bool:
    """May calls share a transaction? Not where another server writes, too: they would lock each other out."""
    return engine.dialect.name == "sqlite"


def again_if_overtaken(call: Callable[[], T]) -> T:
    """``call``, one transaction, and once more whenever another server's came between and undid it."""
    for _ in range(_OVERTAKEN_TIMES):
        try:
            return call()
        except (OvertakenError, IntegrityError):
            continue
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in _DEADLOCKS:
                raise
    return call()
