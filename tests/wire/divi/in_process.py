"""The Divi room in this process: the application, a key, and a worker that runs what is queued."""

from __future__ import annotations

import base64
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from isinglass.compat.divi.room import DiviRoom
from isinglass.errors import IsinglassError
from isinglass.executors.shots import run_shot
from isinglass.jobs.problems import problem_of
from isinglass.jobs.results import result_content
from isinglass.service.core import JobService
from isinglass.service.http import make_app
from isinglass.service.keys import create_key

HEAD = 'OPENQASM 2.0;\ninclude "qelib1.inc";\n'
BELL = HEAD + "qreg q[2];\ncreg c[2];\nh q[0];\ncx q[0],q[1];\nmeasure q -> c;\n"


def folded(text: str) -> str:
    """base64 of gzip, the same each time."""
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


class InProcess:
    """Requests to the room; ``work`` runs one queued job."""

    def __init__(self, service: JobService, client: httpx.AsyncClient) -> None:
        self.service, self.client = service, client

    async def work(self) -> None:
        lease = next(iter(await self.service.work.lease("test", ("cpu",), 0.0)), None)
        assert lease is not None, "nothing is queued"
        problem = lease.problem.content
        if problem is None:
            problem = self.service.blobs.read(lease.user, lease.problem.sha256).tobytes()
        content: bytes | str
        try:
            content = result_content(run_shot(problem_of(problem), lease.spec, lease.shot)).to_bytes()
        except IsinglassError as error:
            content = str(error)
        await self.service.work.deliver("test", lease.job, lease.shot, lease.token, 0.1, content)

    async def job(self, init: dict[str, Any], *chunks: dict[str, Any]) -> str:
        """The id of a job that is submitted, its last chunk finalized."""
        answer = await self.client.post("job/init/", json=init)
        assert answer.status_code == 201, answer.text
        job = answer.json()["job_id"]
        for k, chunk in enumerate(chunks):
            last = "true" if k == len(chunks) - 1 else "false"
            words = {"mode": "append", "finalized": last, **chunk}
            answer = await self.client.post(f"job/{job}/add_circuits/", json=words)
            assert answer.status_code == 200, answer.text
        return str(job)

    async def results(self, init: dict[str, Any], *chunks: dict[str, Any]) -> list[dict[str, Any]]:
        """What comes of it."""
        job = await self.job(init, *chunks)
        await self.work()
        answer = await self.client.get(f"job/{job}/resultsV2/?limit=100&offset=0")
        assert answer.status_code == 200, answer.text
        return list(answer.json()["results"])

    def key(self, user: str, *scopes: str) -> str:
        with self.service.store.transaction() as connection:
            return create_key(connection, user, scopes or ("submit", "read"), self.service.store.clock())


@asynccontextmanager
async def room(folder: Path) -> AsyncIterator[InProcess]:
    """The room over a new service in a folder; the client has the key of a user "ann"."""
    service = JobService(folder)
    app = make_app(service, [DiviRoom()])
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://room/divi/api/") as client,
    ):
        here = InProcess(service, client)
        await service.work.hear("test", ("cpu",))
        client.headers["Authorization"] = f"Bearer {await service.in_store(here.key, 'ann')}"
        yield here
