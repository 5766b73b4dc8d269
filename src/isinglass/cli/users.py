"""``isinglass users list | quota | weight | reset``: on the machine of the service, in its database."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from isinglass.cli.keys import Database, open_engine, to_day
from isinglass.cli.serve import DATA, Data, need_service
from isinglass.errors import ParameterError

app = typer.Typer(help="Users of a service: quotas, shares.", no_args_is_help=True, rich_markup_mode=None)

Name = Annotated[str, typer.Argument(metavar="NAME", help="of the user")]


@app.command("list")
def list_all(data: Data = DATA, database: Database = None) -> None:
    """Every user with worker seconds used and allowed, weight, and unfinished jobs."""
    need_service()
    from isinglass.service.usage import list_users

    table = Table()
    for name in ("user", "used seconds", "quota", "weight", "active jobs", "since"):
        table.add_column(name)
    with open_engine(data, database).begin() as connection:
        for row in list_users(connection):
            quota = "none" if row["quota_seconds"] is None else f"{row['quota_seconds']:g}"
            table.add_row(row["name"], f"{row['used_seconds']:.1f}", quota, f"{row['weight']:g}",
                          str(row["active_jobs"]), to_day(row["created"]))  # fmt: skip
    Console().print(table)


@app.command("quota")
def quota(
    name: Name,
    seconds: Annotated[str, typer.Argument(help="worker seconds in all, or 'none'")],
    data: Data = DATA,
    database: Database = None,
) -> None:
    """Jobs of the user are refused once so many worker seconds are used."""
    need_service()
    from isinglass.service.usage import set_quota

    with open_engine(data, database).begin() as connection:
        set_quota(connection, name, None if seconds == "none" else _number("a quota", seconds))


@app.command("weight")
def weight(
    name: Name,
    share: Annotated[str, typer.Argument(help="above 0; 1 is everybody's at first")],
    data: Data = DATA,
    database: Database = None,
) -> None:
    """Of workers that several users wait for, the user gets this much beside the others."""
    need_service()
    from isinglass.service.usage import set_weight

    with open_engine(data, database).begin() as connection:
        set_weight(connection, name, _number("a weight", share))


@app.command("reset")
def reset(name: Name, data: Data = DATA, database: Database = None) -> None:
    """Count the user's seconds from 0 again, as at the start of a month."""
    need_service()
    from isinglass.service.usage import forget_use

    with open_engine(data, database).begin() as connection:
        forget_use(connection, name)


def _number(what: str, words: str) -> float:
    try:
        return float(words)
    except ValueError:
        raise ParameterError(f"{what} of {words!r} is not a number") from None
