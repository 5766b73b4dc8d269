"""The Dynex room in this process: a gRPC server, a client's calls, and a worker that runs what is queued."""

from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import Coroutine, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import grpc

from isinglass.compat.dynex.servicer import DynexRoom
from isinglass.compat.dynex.v2 import sdk_pb2 as pb
from isinglass.compat.dynex.v2.sdk_pb2_grpc import SDKStub
from isinglass.errors import IsinglassError
from isinglass.executors.shots import run_shot
from isinglass.jobs.problems import problem_of
from isinglass.jobs.results import result_content
from isinglass.jobs.wire import unfold
from isinglass.service.core import JobService
from isinglass.service.grpc_door import open_grpc
from isinglass.service.keys import create_key
from isinglass.service.leasing import Lease

T = TypeVar("T")

NEW = (("dynex-sdk-version", "1.4.7"),)
"""What tells a client of batches from one of text."""
SMALL = {
    "num_vars": 3,
    "row": [1, 2, 0, 1, 2],
    "col": [0, 1, 0, 1, 2],
    "val": [3, -1, -1, -2, 0.5],
    "offset": 0.25,
}
"""Minimum -2.25 at (0, 1, 1)."""


def options(**changes: Any) -> pb.JobNewOpts:
    """As the client sends them without settings of its user."""
    usual = {
        "max_steps": 10, "num_reads": 4, "min_step_size": 0.05, "description": "Dynex SDK Job", "shots": 1,
        "target_energy": -0.25, "population_size": 4, "rank": 1, "compute_backend": 1,
        "job_metadata_json": '{"seed": 1}',
    }  # fmt: skip
    return pb.JobNewOpts(**{**usual, **changes})


def with_data(opts: pb.JobNewOpts | None = None, **data: Any) -> list[pb.CreateJobRequest]:
    """The stream of a problem as arrays."""
    init = pb.CreateJobInit(opts=opts or options())
    job_data = pb.JobData(**{**SMALL, "filename": "", **data})
    return [pb.CreateJobRequest(init=init), pb.CreateJobRequest(job_data=job_data)]


def with_chunks(
    data: bytes, opts: pb.JobNewOpts | None = None, size: int = 4 << 20
) -> list[pb.CreateJobRequest]:
    """The stream of a text or ZIP."""
    pieces = [data[k : k + size] for k in range(0, len(data), size)]
    chunks = [pb.CreateJobRequest(chunk=pb.JobChunk(data=piece)) for piece in pieces]
    return [pb.CreateJobRequest(init=pb.CreateJobInit(opts=opts or options())), *chunks]


class InProcess:
    """Calls with the key of a user "ann"; ``work`` runs one queued shot."""

    def __init__(self, service: JobService, channel: grpc.Channel) -> None:
        self.service, self.channel, self.stub = service, channel, SDKStub(channel)
        self.metadata = self.as_user("ann")

    def as_user(self, user: str, *scopes: str) -> tuple[tuple[str, str], ...]:
        """The metadata of a new key."""
        return (("authorization", f"Bearer {run(self.service.in_store(self._key, user, scopes))}"),)

    def _key(self, user: str, scopes: Sequence[str]) -> str:
        with self.service.store.transaction() as connection:
            return create_key(connection, user, scopes or ("submit", "read"), self.service.store.clock())

    def create(self, requests: Iterable[pb.CreateJobRequest]) -> pb.CreateJobReply:
        return self.stub.CreateJob(iter(requests), metadata=self.metadata, timeout=20)

    def call(self, method: str, request: Any) -> Any:
        return getattr(self.stub, method)(request, metadata=self.metadata, timeout=20)

    def subscribe(self, job: str, seq: int = 0, version: Any = NEW) -> Iterator[pb.JobEvent]:
        """Events as they come; ends when it is closed."""
        request = pb.SubscribeJobRequest(job_id=job, from_seq=seq)
        call = self.stub.SubscribeJob(request, metadata=(*self.metadata, *version), timeout=20)
        try:
            yield from call
        finally:
            call.cancel()

    def events(self, job: str, seq: int = 0, version: Any = NEW) -> list[pb.JobEvent]:
        """All of a job that is over, from the first after ``seq``."""
        found = []
        for event in self.subscribe(job, seq, version):
            found.append(event)
            if event.status.state == "finished" or event.type == pb.JobEvent.ERROR:
                break
        return found

    def solutions(self, job: str, version: Any = NEW) -> list[pb.SolutionEnvelope]:
        return [e.envelope for e in self.events(job, 0, version) if e.type == pb.JobEvent.SOLUTION_NEW]

    def lease(self) -> Lease:
        leases = run(self.service.work.lease("test", ("cpu", "qpu"), 0.0))
        assert leases, "nothing is queued"
        return leases[0]

    def work(self, shots: int = 1) -> None:
        for _ in range(shots):
            lease = self.lease()
            problem = lease.problem.content
            if problem is None:
                problem = self.service.blobs.read(lease.user, lease.problem.sha256).tobytes()
            try:
                result = result_content(run_shot(problem_of(problem), lease.spec, lease.shot)).to_bytes()
            except IsinglassError as error:
                result = str(error)
            run(self.service.work.deliver("test", lease.job, lease.shot, lease.token, 0.1, result))


def payload(envelope: pb.SolutionEnvelope) -> bytes:
    """As the client unpacks it."""
    assert envelope.valid and envelope.kind == "inline"
    data = base64.b64decode(envelope.data, validate=True)
    return unfold(data, 1 << 30) if envelope.compression == "zstd" else data


def batch(envelope: pb.SolutionEnvelope) -> pb.SampleSetBatch:
    assert envelope.format == "sampleset-batch-v1"
    return pb.SampleSetBatch.FromString(payload(envelope))


@contextmanager
def room(folder: Path) -> Iterator[InProcess]:
    """The room over a new service in a folder."""
    service = JobService(folder)
    run(service.start())
    # As a worker that knocks: jobs for a backend without any are refused.
    run(service.in_store(service.leasing.note, "test", ("cpu", "qpu")))
    server, port = run(open_grpc(service, "127.0.0.1:0", [DynexRoom().mount_grpc]))
    with grpc.insecure_channel(
        f"127.0.0.1:{port}",
        options=[("grpc.max_send_message_length", -1), ("grpc.use_local_subchannel_pool", 1)],
    ) as channel:
        yield InProcess(service, channel)
    service.close()
    run(server.stop(None))
    run(service.stop())


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """In the one event loop of these tests, which has a thread of its own and never ends: gRPC keeps hold of
    it."""
    return asyncio.run_coroutine_threadsafe(coroutine, _loop()).result(60)


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return loop
