"""``isinglass keys create | list | revoke``: on the machine of the service, in its database."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from isinglass.cli.serve import DATA, Data, need_service
from isinglass.errors import ParameterError

if TYPE_CHECKING:
    from sqlalchemy import Engine

app = typer.Typer(help="API keys of a service.", no_args_is_help=True, rich_markup_mode=None)

Database = Annotated[str | None, typer.Option(help="SQLAlchemy URL; default: SQLite in --data-dir")]


@app.command("create")
def create(
    user: Annotated[str, typer.Option(help="whose; a new user is made")],
    scopes: Annotated[str, typer.Option(help="of submit, read, work, metrics, admin")] = "submit,read",
    expires_days: Annotated[float | None, typer.Option(help="default: never")] = None,
    data: Data = DATA,
    database: Database = None,
) -> None:
    """Make a key and print it; it is not shown again."""
    need_service()
    from isinglass.service.keys import create_key

    if expires_days is not None and not 0 < expires_days < 1e6:
        raise ParameterError(f"--expires-days {expires_days} is not a number of days above 0")
    seconds = None if expires_days is None else 86_400 * expires_days
    with open_engine(data, database).begin() as connection:
        print(create_key(connection, user, scopes.split(","), time.time(), seconds))


@app.command("list")
def list_all(data: Data = DATA, database: Database = None) -> None:
    """Every key without its secret."""
    need_service()
    from isinglass.service.keys import list_keys

    table = Table()
    for name in ("id", "user", "scopes", "created", "expires", "revoked"):
        table.add_column(name)
    with open_engine(data, database).begin() as connection:
        for row in list_keys(connection):
            expires = "never" if row["expires"] is None else to_day(row["expires"])
            revoked = "yes" if row["revoked"] else ""
            table.add_row(row["id"], row["user"], row["scopes"], to_day(row["created"]), expires, revoked)
    Console().print(table)


@app.command("revoke")
def revoke(
    number: Annotated[str, typer.Argument(metavar="ID", help="as 'isinglass keys list' shows it")],
    data: Data = DATA,
    database: Database = None,
) -> None:
    """A running service refuses the key within two seconds."""
    need_service()
    from isinglass.service.keys import revoke_key

    with open_engine(data, database).begin() as connection:
        revoke_key(connection, number)


def open_engine(data: Path, database: str | None) -> Engine:
    """The database of a service; ParameterError where there is none."""
    from isinglass.service.database import open_database

    if database is None and not (data / "jobs.db").exists():
        raise ParameterError(f"--data-dir {data} holds no service: start one there with 'isinglass serve'")
    return open_database(database or f"sqlite:///{data / 'jobs.db'}")


def to_day(at: float) -> str:
    """A time as people here write it."""
    return datetime.fromtimestamp(at).strftime("%Y-%m-%d %H:%M")
