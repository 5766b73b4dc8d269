"""A full disk: refused in the right words, nothing half stored, and all is well once there is room."""

from __future__ import annotations

import asyncio
import base64
import errno
import os
import random
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from isinglass.jobs.problems import problem_content
from isinglass.jobs.wire import PIECE_BYTES, fold
from isinglass.service.core import JobService
from isinglass.service.http import make_app
from isinglass.service.keys import create_key

FAULTS = int(os.environ.get("ISINGLASS_FAULTS", "1"))
CONTENT = base64.b64encode(fold(problem_content({("a", "b"): 1}).to_bytes())).decode()
SUBMISSION = {"problem": {"content": CONTENT}, "spec": {"description": "x" * 1000}}


async def use(service: JobService, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def room(pages: int) -> None:
        with service.store.transaction() as connection:
            connection.execute(text(f"PRAGMA max_page_count = {pages}"))

    rng = random.Random(1)
    door = httpx.ASGITransport(make_app(service))
    bearer = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(transport=door, base_url="http://here", headers=bearer) as client:
        await service.in_store(room, 1)  # which SQLite takes as: no more than there are
        accepted, refused = set(), 0
        for attempt in range(200 * FAULTS):
            if attempt % 200 == 199:
                # Room for some more, until that is used up, too.
                await service.in_store(room, rng.randrange(1, 4000))
            answer = await client.post("/v1/jobs", json=SUBMISSION)
            if answer.status_code == 201:
                accepted.add(answer.json()["job"]["id"])
            else:
                assert answer.status_code == 507 and "room" in answer.json()["error"]["message"]
                refused += 1
        listed = (await client.get("/v1/jobs?limit=1000")).json()["jobs"]
        assert refused > 0 and {job["id"] for job in listed} == set(sorted(accepted)[-1000:])
        await service.in_store(room, 1 << 30)
        assert (await client.post("/v1/jobs", json=SUBMISSION)).status_code == 201

        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        where = f"/v1/blobs/{'ab' * 32}?size={2 * PIECE_BYTES}&offset=0"
        piece = fold(bytes(PIECE_BYTES))
        with monkeypatch.context() as patch:
            patch.setattr("isinglass.service.blobs.Blobs.append", full)
            assert (await client.put(where, content=piece)).status_code == 507
        assert (await client.put(where, content=piece)).json()["arrived"] == PIECE_BYTES


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        service = JobService(tmp_path)
        with service.store.transaction() as connection:
            key = create_key(connection, "ann", ["submit", "read"], service.store.clock())
        await service.start()
        try:
            await use(service, key, monkeypatch)
        finally:
            await service.stop()

    asyncio.run(main())
