"""The SAPI room in this process: the application, a key, and a worker that runs what is queued."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from isinglass.compat.sapi.room import SapiRoom
from isinglass.executors.shots import run_shot
from isinglass.jobs.problems import problem_of
from isinglass.jobs.results import result_content
from isinglass.service.core import JobService
from isinglass.service.http import make_app
from isinglass.service.keys import create_key

BACKENDS = ("cpu", "qpu")


class InProcess:
    """Requests to the room; ``work`` runs one queued shot."""

    def __init__(self, service: JobService, client: httpx.AsyncClient) -> None:
        self.service, self.client = service, client

    async def work(self) -> None:
        lease = next(iter(await self.service.work.lease("test", BACKENDS, 0.0)), None)
        assert lease is not None, "nothing is queued"
        problem = lease.problem.content
        if problem is None:
            problem = self.service.blobs.read(lease.user, lease.problem.sha256).tobytes()
        result = run_shot(problem_of(problem), lease.spec, lease.shot)
        content = result_content(result).to_bytes()
        await self.service.work.deliver("test", lease.job, lease.shot, lease.token, 0.1, content)

    async def upload(self, data: bytes) -> str:
        """The id of an upload of one part."""
        found = (await self.client.post("bqm/multipart", json={"size": len(data)})).json()["id"]
        md5 = hashlib.md5(data).digest()
        headers = {"Content-MD5": base64.b64encode(md5).decode(), "Content-Type": "application/octet-stream"}
        await self.client.put(f"bqm/multipart/{found}/part/1", content=data, headers=headers)
        words = {"checksum": hashlib.md5(md5).hexdigest()}
        done = await self.client.post(f"bqm/multipart/{found}/combine", json=words)
        assert done.status_code == 200
        return str(found)

    def key(self, user: str, *scopes: str) -> str:
        with self.service.store.transaction() as connection:
            return create_key(connection, user, scopes or ("submit", "read"), self.service.store.clock())


@asynccontextmanager
async def room(folder: Path) -> AsyncIterator[InProcess]:
    """The room over a new service in a folder; the client has the key of a user "ann"."""
    service = JobService(folder)
    app = make_app(service, [SapiRoom()])
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://room/sapi/v2") as client,
    ):
        here = InProcess(service, client)
        await service.work.hear("test", BACKENDS)
        client.headers["X-Auth-Token"] = await service.in_store(here.key, "ann")
        yield here
