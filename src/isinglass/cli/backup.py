"""``isinglass backup`` and ``isinglass restore``: a service's database and blobs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from isinglass.cli.keys import Database
from isinglass.cli.serve import DATA, Data, need_service


def backup(
    target: Annotated[Path, typer.Argument(metavar="DIR", help="empty, or made")],
    data: Data = DATA,
    database: Database = None,
) -> None:
    """Copy a service to DIR while it runs."""
    need_service()
    from isinglass.service.backup import back_up

    found = back_up(data, target, database)
    print(f"{found['jobs']} jobs and {found['blobs']} blobs are in {target}")


def restore(
    source: Annotated[Path, typer.Argument(metavar="DIR", help="made by 'isinglass backup'")],
    data: Data = DATA,
) -> None:
    """Make the service in DIR the one of --data-dir, which must hold none; every byte is checked."""
    need_service()
    from isinglass.service import backup

    found = backup.restore(source, data)
    print(
        f"{found['jobs']} jobs and {found['blobs']} blobs are in {data}: 'isinglass serve --data-dir {data}'"
    )
