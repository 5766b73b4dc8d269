"""What an administrator relies on: metrics, logs, retention, quotas, backups."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import os
import time
from collections.abc import Awaitable, Callable
from math import inf
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from typer.testing import CliRunner

from isinglass.cli.logs import JsonLines
from isinglass.cli.main import app
from isinglass.errors import ParameterError
from isinglass.jobs.problems import problem_content
from isinglass.jobs.spec import JobSpec
from isinglass.service.backup import back_up, restore
from isinglass.service.core import JobService
from isinglass.service.http import make_app
from isinglass.service.keys import create_key
from isinglass.service.refusals import refusal_of
from isinglass.service.retention import tidy

DAY = 86_400.0
PROBLEM = problem_content({("a", "b"): 1}).to_bytes()


def with_service(
    folder: Path, play: Callable[[JobService], Awaitable[None]], database: str | None = None
) -> None:
    async def main() -> None:
        service = JobService(folder, database)
        await service.start()
        try:
            await play(service)
        finally:
            await service.stop()

    asyncio.run(main())


def key_of(service: JobService, user: str, *scopes: str) -> str:
    with service.store.transaction() as connection:
        return create_key(connection, user, scopes or ("submit", "read"), service.store.clock())


async def submit(service: JobService, user: str = "ann", **words: Any) -> str:
    key_of(service, user)
    status, _ = await service.submit(user, JobSpec(**words), PROBLEM, None, None)
    return str(status["id"])


async def work(service: JobService, error: str | None = None, result: bytes = b"") -> str:
    """A worker takes the next shot and brings an error or bytes; the job."""
    (lease,) = await service.work.lease("w", ["cpu"], 0.0)
    what = result if error is None else error
    await service.work.deliver("w", lease.job, lease.shot, lease.token, 2.5, what)
    return lease.job


def numbers(text: str) -> dict[tuple[str, ...], float]:
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[sample.name, *sorted(sample.labels.values())] = sample.value
    return found


def test_metrics(tmp_path: Path, url: str) -> None:
    async def play(service: JobService) -> None:
        for _ in range(3):
            await submit(service)
        await work(service, error="no")
        await work(service, result=b"a lie")
        door = httpx.ASGITransport(make_app(service))
        async with httpx.AsyncClient(transport=door, base_url="http://here") as client:
            assert (await client.get("/metrics")).status_code == 401
            for scopes, status in ((("submit", "read"), 403), (("metrics",), 200), (("admin",), 200)):
                headers = {"Authorization": f"Bearer {key_of(service, 'ann', *scopes)}"}
                answer = await client.get("/metrics", headers=headers)
                assert answer.status_code == status
        found = numbers(answer.text)
        assert found["isinglass_jobs_submitted_total", "cpu", "sample"] == 3
        assert found["isinglass_jobs", "failed"] == 1 and found["isinglass_jobs", "running"] == 1
        assert found["isinglass_queue_shots", "cpu"] == 2
        assert 0 <= found["isinglass_queue_age_seconds", "cpu"] < 60
        assert found["isinglass_shots_total", "failed"] == 1 and found["isinglass_lies_total",] == 1
        assert found["isinglass_worker_seconds_total",] == 2.5
        assert found["isinglass_request_seconds_count", "/metrics", "4xx", "GET"] == 2
        # Nobody's name, job or problem is in there.
        assert "ann" not in answer.text

    with_service(tmp_path, play, url)


def test_every_step_of_a_job_is_a_line_with_its_id(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "isinglass.service")

    async def play(service: JobService) -> None:
        job = await submit(service, description="x")
        await work(service, error='two\nlines "quoted"')
        lines = [json.loads(JsonLines().format(record)) for record in caplog.records]
        mine = [line for line in lines if line.get("job") == job]
        kinds = ["submitted", "started", "shot_leased", "shot_failed", "failed"]
        assert [line["event"] for line in mine] == kinds
        assert {line["user"] for line in mine} == {"ann"} and mine[0]["level"] == "info"
        assert mine[-1]["data"]["error"] == 'two\nlines "quoted"'

    with_service(tmp_path, play)
    record = logging.LogRecord("isinglass", logging.ERROR, "", 0, "a %s", ("b",), None)
    assert json.loads(JsonLines().format(record))["message"] == "a b"


def test_who_could_not_be_heard_loses_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that could not be written have old leases: workers are heard again before anything is taken."""

    async def play(service: JobService) -> None:
        job = await submit(service)
        (lease,) = await service.work.lease("w", ["cpu"], 0.0)
        with monkeypatch.context() as full:
            full.setattr(service.leasing, "lose_expired", lambda: 1 / 0)
            with service.store.transaction() as connection:
                connection.exec_driver_sql("update shots set lease_until = 1")
            await asyncio.sleep(1.0)
        await asyncio.sleep(1.0)
        assert [shot["state"] for shot in service.store.shots("ann", job, 9)] == ["leased"]
        assert await service.work.heartbeat(job, 0, lease.token, 0.0, None) is False

    with_service(tmp_path, play)
    assert [record.message for record in caplog.records] == [
        "the sweep failed and is tried again until it goes on", "the sweep goes on",
    ]  # fmt: skip


def test_a_full_disk_is_told_now_and_then_and_not_at_every_request(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(100):
        refusal = refusal_of(OSError(errno.ENOSPC, "No space left on device"))
        assert refusal.status == 507 and "no room left" in refusal.message
    assert len(caplog.records) <= 1


def put_blob(service: JobService, user: str, data: bytes, days_old: float) -> str:
    name = service.blobs.put(user, data)
    at = time.time() - days_old * DAY
    os.utime(service.blobs.path(user, name), (at, at))
    return name


def test_old_jobs_go_with_all_of_theirs_and_nothing_else(tmp_path: Path, url: str) -> None:
    async def play(service: JobService) -> None:
        now = service.store.clock
        large = problem_content({(k, k + 1): 1.0 for k in range(9000)}).to_bytes()
        service.store.clock = lambda: now() - 40 * DAY
        old = await submit(service)
        kept_alive = await submit(service, priority=-1)
        names = [put_blob(service, "ann", large, 40), put_blob(service, "bob", large, 40)]
        await service.submit("ann", JobSpec(priority=-2), None, names[0], None)
        await work(service, error="ended 40 days ago")
        key_of(service, "bob")
        await service.submit("bob", JobSpec(), None, names[1], None)
        await work(service, error="ended 40 days ago")
        service.store.clock = now
        young = await submit(service, priority=1)
        await work(service, error="ended now")
        fresh, forgotten = put_blob(service, "ann", b"fresh", 0.5), put_blob(service, "ann", b"stale", 2)
        assert service.blobs.size("bob", names[1]) is not None
        assert await tidy(service, inf) == (0, 1)
        assert service.blobs.size("ann", forgotten) is None
        # A submission that names a blob makes it young; one that is old and whose job is gone goes too.
        os.utime(service.blobs.path("bob", names[1]), (0, 0))
        assert await tidy(service, 30) == (2, 1)
        left = {status["id"] for status in service.store.list_jobs(None)}
        assert old not in left and {kept_alive, young} <= left and len(left) == 3
        assert service.blobs.size("bob", names[1]) is None
        assert (
            service.blobs.size("ann", names[0]) is not None and service.blobs.size("ann", fresh) is not None
        )
        with service.store.transaction() as connection:
            for table in ("shots", "events"):
                rows = connection.exec_driver_sql(f"select distinct job from {table}").scalars()
                assert set(rows) == left
        assert await tidy(service, 30) == (0, 0)

    with_service(tmp_path, play, url)


def test_quotas_and_weights_are_set_and_hold(tmp_path: Path) -> None:
    async def play(service: JobService) -> None:
        key_of(service, "ann")

    with_service(tmp_path, play)

    def users(*words: str) -> tuple[str, str]:
        done = CliRunner().invoke(app, ["users", *words, "--data-dir", str(tmp_path)])
        return done.output, str(done.exception or "")

    for words in (("quota", "ann", "0"), ("weight", "ann", "2.5")):
        assert users(*words) == ("", "")
    assert "2.5" in users("list")[0]

    async def refused(service: JobService) -> None:
        with pytest.raises(Exception, match="0 seconds of ann's quota are used"):
            await service.submit("ann", JobSpec(), PROBLEM, None, None)

    with_service(tmp_path, refused)
    assert users("quota", "ann", "none") == ("", "") and users("reset", "ann") == ("", "")
    for words, why in (
        (("quota", "ann", "inf"), "not a number of seconds"),
        (("quota", "ann", "much"), "not a number"),
        (("quota", "eve", "1"), "no user 'eve'"),
        (("weight", "ann", "0"), "not a number above 0"),
        (("weight", "ann", "nan"), "not a number above 0"),
    ):
        assert why in users(*words)[1], words


def test_a_backup_is_whole_and_its_restoration_checked(tmp_path: Path) -> None:
    data, copy = tmp_path / "data", tmp_path / "copy"
    large = problem_content({(k, k + 1): 1.0 for k in range(9000)}).to_bytes()

    async def play(service: JobService) -> None:
        await submit(service)
        name = put_blob(service, "ann", large, 0)
        service.blobs.put("ann", b"no job names this one")
        await service.submit("ann", JobSpec(), None, name, None)
        # While the service runs and takes jobs.
        making = asyncio.get_running_loop().run_in_executor(None, back_up, data, copy)
        while not making.done():
            await submit(service)
            await asyncio.sleep(0)
        assert (await making)["blobs"] == 1

    with_service(data, play)
    found = restore(copy, tmp_path / "again")

    async def again(service: JobService) -> None:
        listed = service.store.list_jobs("ann", limit=1000)
        assert len(listed) == found["jobs"] >= 2
        (status,) = [status for status in listed if status["problem_bytes"] == len(large)]
        user, problem = service.store.problem("ann", status["id"])
        assert service.blobs.read(user, problem.sha256).tobytes() == large

    with_service(tmp_path / "again", again)
    with pytest.raises(ParameterError, match="not empty"):
        back_up(data, copy)
    with pytest.raises(ParameterError, match="holds a service already"):
        restore(copy, tmp_path / "again")
    with pytest.raises(ParameterError, match="is not there"):
        back_up(tmp_path / "nowhere", tmp_path / "x")
    with pytest.raises(ParameterError, match="pg_dump"):
        back_up(data, tmp_path / "x", "postgresql://here/jobs")
    (blob,) = (copy / "blobs" / "ann").glob("??/*")
    content = bytearray(blob.read_bytes())
    content[-1] ^= 1
    blob.unlink()
    blob.write_bytes(content)
    with pytest.raises(ParameterError, match="missing or damaged"):
        restore(copy, tmp_path / "third")
    assert not (tmp_path / "third").exists()
    (copy / "backup.json").unlink()
    with pytest.raises(ParameterError, match="no whole backup"):
        restore(copy, tmp_path / "third")
