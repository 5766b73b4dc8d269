"""A copy of a service's SQLite database and blobs, made while it runs, and the way back.

<copy>/jobs.db      as of one moment (SQLite's online backup)
<copy>/blobs/       every blob that the database names; hard links where the disk is the same
<copy>/backup.json  written last: without it the copy is not whole
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import make_url

import isinglass
from isinglass.errors import ParameterError
from isinglass.service.blobs import Blobs

_LIST = "backup.json"
_NAMED = (
    "SELECT user, problem_hash FROM jobs WHERE problem IS NULL "
    "UNION SELECT user, result_hash FROM shots WHERE result_hash IS NOT NULL"
)


def sqlite_file(data: Path, database: str | None) -> Path:
    """The file of the service's database; ParameterError where it is none, saying what to do instead."""
    if database is None:
        return data / "jobs.db"
    url = make_url(database)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise ParameterError(
            "this database has a backup of its own: use 'pg_dump --format custom' on it first, then copy "
            f"{data / 'blobs'} (docs/operations.md has both commands)"
        )
    return Path(url.database)


def back_up(data: Path, target: Path, database: str | None = None) -> dict[str, int]:
    """Copy the service of the folder ``data`` to ``target``, which must be empty or not there.

    Blobs go first and once more after the database: what retention deletes meanwhile was linked by then,
    what came meanwhile is linked after. {"jobs": …, "blobs": …}
    """
    source = sqlite_file(data, database)
    if not source.is_file():
        raise ParameterError(f"{source} is not there: --data-dir names the folder of a service")
    if target.exists() and any(target.iterdir()):
        raise ParameterError(f"{target} is not empty: give each backup a folder of its own")
    (target / "blobs").mkdir(parents=True, exist_ok=True, mode=0o700)
    target.chmod(0o700)
    kept, copied = Blobs(data / "blobs"), Blobs(target / "blobs")
    for blob in kept.all():
        _link(kept.path(blob.user, blob.sha256), copied.path(blob.user, blob.sha256))
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target / "jobs.db")) as copy:
        live.backup(copy)
        # A copy in one file, readable where no log may be written.
        copy.execute("PRAGMA journal_mode = DELETE")
    named = set(_named(target / "jobs.db"))
    for user, name in named:
        if copied.size(user, name) is None:
            _link(kept.path(user, name), copied.path(user, name))
    if missing := [name for user, name in named if copied.size(user, name) is None]:
        raise ParameterError(
            f"{len(missing)} blobs that jobs need are not in {data / 'blobs'}: those of --blobs are backed "
            "up where they lie, by that place's own means"
        )
    for blob in list(copied.all()):
        if (blob.user, blob.sha256) not in named:
            copied.remove(blob.user, blob.sha256)
    found = {"jobs": _count(target / "jobs.db"), "blobs": len(named)}
    words = {"isinglass": isinglass.__version__, "made": time.time(), **found}
    (target / _LIST).write_text(json.dumps(words) + "\n")
    return found


def restore(source: Path, data: Path) -> dict[str, int]:
    """Make ``data`` the folder of a service again, from a copy that is checked on the way, byte for byte."""
    if not (source / _LIST).is_file():
        raise ParameterError(f"{source} is no whole backup: {_LIST} is not in it")
    if (data / "jobs.db").exists() or (data / "blobs").exists():
        raise ParameterError(f"{data} holds a service already: restore to another folder")
    with closing(sqlite3.connect(source / "jobs.db")) as copy:
        health = copy.execute("PRAGMA integrity_check").fetchone()[0]
    if health != "ok":
        raise ParameterError(f"the database in {source} is damaged: {health}")
    kept, named = Blobs(source / "blobs"), set(_named(source / "jobs.db"))
    for user, name in named:
        if kept.size(user, name) is None or not _is_whole(kept.path(user, name), name):
            raise ParameterError(f"the blob {name} of {user} in {source} is missing or damaged")
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    for user, name in named:
        _link(kept.path(user, name), Blobs(data / "blobs").path(user, name))
    # Last, and by another name first: a folder without it is not taken for a service.
    shutil.copy2(source / "jobs.db", data / "jobs.db.part")
    (data / "jobs.db.part").rename(data / "jobs.db")
    return {"jobs": _count(data / "jobs.db"), "blobs": len(named)}


def _link(source: Path, target: Path) -> None:
    """Blobs never change, so one file may have two names; on another disk it is copied."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except FileExistsError:
        return
    except FileNotFoundError:
        # Retention was quicker; if the database still names it, that is found out later.
        return
    except OSError:
        shutil.copy2(source, target)


def _is_whole(path: Path, sha256: str) -> bool:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def _named(database: Path) -> Iterator[tuple[str, str]]:
    with closing(sqlite3.connect(database)) as connection:
        yield from connection.execute(_NAMED)


def _count(database: Path) -> int:
    with closing(sqlite3.connect(database)) as connection:
        return int(connection.execute("SELECT count(*) FROM jobs").fetchone()[0])
