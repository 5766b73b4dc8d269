"""Servers that start at once on one database without tables: they make them once, and one first key.

``ISINGLASS_FAULTS`` is how often they do; make soak does it fifty times.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest

from isinglass.service.core import JobService
from isinglass.service.keys import create_key, first_key
from tests.postgres import Postgres

ROUNDS = 2 * int(os.environ.get("ISINGLASS_FAULTS", "1"))
SERVERS = 3


def start(folder: Path, url: str, barrier: Barrier) -> str | None:
    """What a server does before it listens; the key that it would say."""
    service = JobService(folder, url)
    barrier.wait(60)
    with service.store.transaction() as connection:
        first = first_key(connection, service.store.clock())
    with service.store.transaction() as connection:
        create_key(connection, "worker", ["work"], service.store.clock())
    service.store.dispose()
    return first


def start_all(barrier: Barrier, folder: Path, urls: list[str], said: Any) -> None:
    for url in urls:
        barrier.wait(60)
        try:
            said.put((url, start(folder, url, barrier)))
        except Exception as error:
            said.put((url, f"{type(error).__name__}: {error}"))


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[int], str]:
    """The URL of a database that nobody has opened before."""
    if request.param == "sqlite":
        return lambda number: f"sqlite:///{tmp_path}/{number}.db"
    postgres: Postgres = request.getfixturevalue("postgres")
    return lambda _: postgres.without_tables()


def test_servers_that_start_at_once_make_one_first_key(new_url: Callable[[int], str], tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    barrier, said = spawn.Barrier(SERVERS), spawn.Queue()
    urls = [new_url(number) for number in range(ROUNDS)]
    servers = [
        spawn.Process(target=start_all, args=(barrier, tmp_path / str(k), urls, said)) for k in range(SERVERS)
    ]
    for server in servers:
        server.start()
    found = [said.get(timeout=120) for _ in range(SERVERS * ROUNDS)]
    for server in servers:
        server.join()
    for url in urls:
        keys = [key for where, key in found if where == url and key is not None]
        assert len(keys) == 1 and keys[0].startswith("isg_"), keys
