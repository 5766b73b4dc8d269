"""Calls to the store share commits, and none of them feels it."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from isinglass.errors import ConflictError
from isinglass.jobs.problems import problem_content
from isinglass.jobs.spec import JobSpec
from isinglass.service.database import open_database
from isinglass.service.keys import ensure_user
from isinglass.service.store import Problem, Store
from isinglass.service.store_thread import StoreThread
from isinglass.service.tables import jobs

CONTENT = problem_content({("a", "b"): 1.0}).to_bytes()
PROBLEM = Problem("0" * 64, len(CONTENT), 2, CONTENT)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(open_database(f"sqlite:///{tmp_path / 'jobs.db'}"))
    with store.transaction() as connection:
        ensure_user(connection, "ann", 0.0)
    return store


def count(tmp_path: Path) -> int:
    """Jobs that another process would see."""
    other = open_database(f"sqlite:///{tmp_path / 'jobs.db'}")
    with other.begin() as connection:
        found = int(connection.execute(select(func.count()).select_from(jobs)).scalar_one())
    other.dispose()
    return found


def test_calls_that_wait_share_a_commit_and_a_bad_one_harms_none(store: Store, tmp_path: Path) -> None:
    commits: list[int] = []
    real = store.group

    def group() -> Any:
        commits.append(1)
        return real()

    store.group = group
    hold = threading.Event()

    async def main() -> None:
        thread = StoreThread(store)
        first = asyncio.ensure_future(thread.run(hold.wait))

        def submit(key: str, digest: str = "0" * 64) -> Any:
            problem = Problem(digest, len(CONTENT), 2, CONTENT)
            return thread.run(lambda: store.submit("ann", JobSpec(seed=1), problem, key))

        for rounds in range(2):
            hold.clear()
            first = asyncio.ensure_future(thread.run(hold.wait))
            keys = [f"{rounds} {k}" for k in range(10)]
            # The second round has one that is refused after others have written.
            digests = ["1" * 64 if rounds and k == 5 else "0" * 64 for k in range(10)]
            waiting = [
                asyncio.ensure_future(submit(key, digest)) for key, digest in zip(keys, digests, strict=True)
            ]
            if rounds:
                waiting.append(asyncio.ensure_future(submit("0 0", "1" * 64)))
            await asyncio.sleep(0.05)
            hold.set()
            done = await asyncio.gather(*waiting, return_exceptions=True)
            await first
            assert sum(isinstance(one, ConflictError) for one in done) == rounds
            assert len({one[0]["id"] for one in done[:10]}) == 10
            # What was answered is there for everybody.
            assert await asyncio.to_thread(count, tmp_path) == 10 * (rounds + 1)
        thread.stop()

    asyncio.run(main())
    assert 2 <= len(commits) <= 4
    store.dispose()


def test_what_waits_is_done_before_it_ends(store: Store, tmp_path: Path) -> None:
    async def main() -> None:
        thread = StoreThread(store)
        calls = [
            asyncio.ensure_future(thread.run(lambda: store.submit("ann", JobSpec(seed=1), PROBLEM)))
            for _ in range(40)
        ]
        await asyncio.sleep(0)
        await asyncio.to_thread(thread.stop)
        await asyncio.gather(*calls)

    asyncio.run(main())
    assert count(tmp_path) == 40
    store.dispose()
