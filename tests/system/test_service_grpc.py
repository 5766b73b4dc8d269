"""The gRPC door as strangers meet it: keys, malformed messages, bombs, streams that break off."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import grpc
import httpx
import numpy as np
import pytest

import isinglass
from isinglass.client.grpc_wire import GrpcWire
from isinglass.client.upload import pieces
from isinglass.errors import AccessError, UnknownJobError
from isinglass.executors.shots import run_shot
from isinglass.jobs.container import unpack
from isinglass.jobs.problems import problem_content, problem_of
from isinglass.jobs.results import result_content
from isinglass.jobs.spec import JobSpec
from isinglass.jobs.status import JobStatus
from isinglass.jobs.v1 import jobs_pb2 as pb
from isinglass.jobs.v1.jobs_pb2_grpc import JobsStub
from isinglass.jobs.wire import MESSAGE_BYTES, PIECE_BYTES, fold, unfold
from isinglass.service.core import JobService
from isinglass.service.grpc_door import open_grpc, refuse
from isinglass.service.grpc_jobs import add_jobs
from isinglass.service.http import make_app
from isinglass.service.keys import create_key
from isinglass.service.leasing import Delivery
from tests.system.service_process import ServiceProcess

QUBO = {("a", "b"): 1, ("a", "a"): -1, ("b", "b"): -1}
NOBODY = "isg_000000000000_" + "x" * 43
Code = grpc.StatusCode


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    served = ServiceProcess(tmp_path_factory.mktemp("service") / "data", "--threads", "1")
    yield served
    assert served.stop() == 0


@pytest.fixture(scope="module")
def channel(service: ServiceProcess) -> Iterator[grpc.Channel]:
    address = service.grpc_url.removeprefix("grpc://")
    with grpc.insecure_channel(address, [("grpc.max_send_message_length", -1)]) as channel:
        yield channel


@pytest.fixture(scope="module")
def stub(channel: grpc.Channel) -> JobsStub:
    return JobsStub(channel)


@pytest.fixture(scope="module")
def ann(service: ServiceProcess) -> list[tuple[str, str]]:
    return [("authorization", f"Bearer {service.key('ann')}")]


def refusal(call: Any, request: Any, metadata: Any = ()) -> tuple[Code, str]:
    """How a call is refused."""
    with pytest.raises(grpc.RpcError) as caught:
        answer = call(request, metadata=list(metadata), timeout=20)
        list(answer if hasattr(answer, "__next__") else [])
    error: Any = caught.value
    return error.code(), error.details()


def test_the_messages_have_every_field() -> None:
    for kind, message in ((JobSpec, pb.JobSpec), (JobStatus, pb.JobStatus)):
        assert {field.name for field in fields(kind)} == set(message.DESCRIPTOR.fields_by_name), kind


def test_keys_scopes_and_other_peoples_jobs(service: ServiceProcess, stub: JobsStub) -> None:
    with service.connect("ann", "grpc") as session:
        job = session.submit(QUBO).id
    listing, mine = pb.ListRequest(), pb.StatusRequest(job=job)
    assert refusal(stub.List, listing)[0] is Code.UNAUTHENTICATED
    for words in (f"Bearer {NOBODY}", "Bearer", "Basic x", "x" * 5000):
        assert refusal(stub.List, listing, [("authorization", words)])[0] is Code.UNAUTHENTICATED, words
    reader = [("authorization", f"Bearer {service.key('ann', 'read')}")]
    assert refusal(stub.Submit, pb.SubmitRequest(), reader)[0] is Code.PERMISSION_DENIED
    assert stub.Status(mine, metadata=reader).job.id == job
    bob = [("authorization", f"Bearer {service.key('bob')}")]
    for call in (stub.Cancel, stub.Problem):
        assert refusal(call, pb.JobRequest(job=job), bob)[0] is Code.NOT_FOUND
    for call, request in (
        (stub.Status, mine), (stub.Events, pb.EventsRequest(job=job)),
        (stub.Result, pb.ResultRequest(job=job)), (stub.Rerun, pb.RerunRequest(job=job)),
    ):  # fmt: skip
        assert refusal(call, request, bob)[0] is Code.NOT_FOUND
    with isinglass.connect(service.grpc_url, NOBODY) as nobody, pytest.raises(AccessError) as caught:
        nobody.submit(QUBO)
    assert caught.value.status == 401
    with isinglass.connect(service.grpc_url, service.key("bob")) as other, pytest.raises(UnknownJobError):
        other.job(job)


def test_hostile_messages_are_refused_and_the_service_stays_up(
    service: ServiceProcess, stub: JobsStub, channel: grpc.Channel, ann: list[tuple[str, str]]
) -> None:
    good = fold(problem_content(QUBO).to_bytes())
    bomb, job = fold(bytes(1 << 28)), "0" * 26
    requests: list[tuple[Any, Any]] = [
        (stub.Submit, pb.SubmitRequest()),
        (stub.Submit, pb.SubmitRequest(content=b"nonsense")),
        (stub.Submit, pb.SubmitRequest(content=bomb)),
        (stub.Submit, pb.SubmitRequest(sha256="../../../etc/passwd")),
        (stub.Submit, pb.SubmitRequest(content=good, wait=-1.0)),
        (stub.Submit, pb.SubmitRequest(content=good, wait=float("nan"))),
        (stub.Submit, pb.SubmitRequest(content=good, idempotency_key="\n")),
        (stub.Submit, pb.SubmitRequest(content=good, spec=pb.JobSpec(shots=1 << 40))),
        (stub.Submit, pb.SubmitRequest(content=good, spec=pb.JobSpec(parameters="[" * 100_000))),
        (stub.Submit, pb.SubmitRequest(content=good, spec=pb.JobSpec(parameters="3"))),
        (stub.Submit, pb.SubmitRequest(content=good, spec=pb.JobSpec(description="\0"))),
        (stub.Status, pb.StatusRequest(job="x")),
        (stub.Events, pb.EventsRequest(job=job, after=-1)),
        (stub.Result, pb.ResultRequest(job=job, from_offset=-1)),
        (stub.Rerun, pb.RerunRequest(job=job, seed=-1)),
        (stub.List, pb.ListRequest(limit=1 << 50)),
        (stub.List, pb.ListRequest(state="x")),
        (stub.List, pb.ListRequest(search="\0")),
    ]
    for call, request in requests:
        code, words = refusal(call, request, ann)
        assert code is Code.INVALID_ARGUMENT, (str(request)[:200], code, words)
        assert words and "Traceback" not in words and str(service.folder) not in words
    raw = channel.unary_unary("/isinglass.v1.Jobs/Submit")
    for data in (b"\xff" * 50, good, b"\x12\xff\xff\xff\xff\x0f"):
        assert refusal(raw, data, ann)[0] is Code.INVALID_ARGUMENT
    assert refusal(raw, bytes(MESSAGE_BYTES + 1), ann)[0] is Code.RESOURCE_EXHAUSTED
    with pytest.raises(grpc.RpcError) as caught:
        zeros = pb.SubmitRequest(content=bytes(1 << 26))
        stub.Submit(zeros, metadata=ann, compression=grpc.Compression.Gzip, timeout=20)
    assert caught.value.code() is Code.UNIMPLEMENTED
    assert refusal(channel.unary_unary("/isinglass.v1.Jobs/Nothing"), b"", ann)[0] is Code.UNIMPLEMENTED
    flood = [(f"x-{k}", "y" * 1000) for k in range(100)]
    assert refusal(stub.List, pb.ListRequest(), [*ann, *flood])[0] is Code.RESOURCE_EXHAUSTED
    assert stub.List(pb.ListRequest(), metadata=ann) is not None


def test_uploads_that_are_wrong(stub: JobsStub, ann: list[tuple[str, str]]) -> None:
    name, size = "ab" * 32, PIECE_BYTES + 3
    start = pb.UploadRequest(start=pb.UploadStart(sha256=name, size=size))

    def piece(offset: int, frame: bytes) -> pb.UploadRequest:
        return pb.UploadRequest(piece=pb.Piece(offset=offset, frame=frame))

    steps: list[tuple[Code, list[pb.UploadRequest]]] = [
        (Code.INVALID_ARGUMENT, [piece(0, fold(b"abc"))]),
        (Code.INVALID_ARGUMENT, [pb.UploadRequest()]),
        (Code.INVALID_ARGUMENT, [pb.UploadRequest(start=pb.UploadStart(sha256="../x", size=3))]),
        (Code.INVALID_ARGUMENT, [pb.UploadRequest(start=pb.UploadStart(sha256=name))]),
        (Code.RESOURCE_EXHAUSTED, [pb.UploadRequest(start=pb.UploadStart(sha256=name, size=1 << 50))]),
        (Code.INVALID_ARGUMENT, [start, piece(0, fold(bytes(1 << 28)))]),
        (Code.INVALID_ARGUMENT, [start, piece(0, b"nonsense")]),
        (Code.INVALID_ARGUMENT, [start, piece(0, fold(b"abc"))]),
        (Code.ABORTED, [start, piece(PIECE_BYTES, fold(b"abc"))]),
        # The last piece shows that the whole is not what its name says: nothing of it stays.
        (
            Code.INVALID_ARGUMENT,
            [start, piece(0, fold(bytes(PIECE_BYTES))), piece(PIECE_BYTES, fold(b"abc"))],
        ),
    ]
    for code, requests in steps:
        assert refusal(stub.Upload, iter(requests), ann)[0] is code, requests
    assert [reply.arrived for reply in stub.Upload(iter([start]), metadata=ann)] == [0]


def test_an_upload_goes_on_where_it_broke_off(
    service: ServiceProcess, stub: JobsStub, ann: list[tuple[str, str]]
) -> None:
    matrix = np.random.default_rng(1).standard_normal((3700, 3700), np.float32)
    matrix += matrix.T
    content = problem_content(matrix)
    assert content.size > 3 * PIECE_BYTES
    start = pb.UploadRequest(start=pb.UploadStart(sha256=content.sha256(), size=content.size))
    sent: list[int] = []

    def requests() -> Iterator[pb.UploadRequest]:
        yield start
        for offset, piece in pieces(content):
            sent.append(offset)
            yield pb.UploadRequest(piece=pb.Piece(offset=offset, frame=fold(piece)))

    stream = stub.Upload(requests(), metadata=ann)
    arrived = [reply.arrived for reply, _ in zip(stream, range(3), strict=False)]
    stream.cancel()
    assert arrived == [0, PIECE_BYTES, 2 * PIECE_BYTES]
    # Over the other door, too: both go on with the same file.
    with service.connect("ann") as session:
        assert (
            session.submit(matrix, time_limit=0.2, solver="steepest_descent").result(timeout=30) is not None
        )
    assert [reply.arrived for reply in stub.Upload(iter([start]), metadata=ann)] == [content.size]


def test_a_result_is_read_from_where_its_stream_broke_off(tmp_path: Path) -> None:
    blob = np.random.default_rng(1).bytes(2 * PIECE_BYTES + 5)

    async def main() -> None:
        service = JobService(tmp_path)
        await service.start()
        server, port = await open_grpc(service, "127.0.0.1:0", [add_jobs])
        with service.store.transaction() as connection:
            key = create_key(connection, "ann", ["submit", "read"], service.store.clock())
        small = problem_content(QUBO).to_bytes()
        status, _ = await service.submit("ann", JobSpec(shots=2), small, None, None)
        for _ in range(2):
            (lease,) = await service.work.lease("w", ["cpu"], 0.0)
            name = service.blobs.put("ann", blob)
            service.leasing.deliver(Delivery(lease.job, lease.shot, lease.token, 0.1, -1.0, sha256=name))

        async def read(**place: int) -> list[tuple[int, int]]:
            request, ann = pb.ResultRequest(job=status["id"], **place), [("authorization", f"Bearer {key}")]
            found = []
            async for reply in JobsStub(channel).Result(request, metadata=ann):
                if reply.HasField("piece"):
                    at = reply.piece.piece.offset
                    assert unfold(reply.piece.piece.frame, PIECE_BYTES) == blob[at : at + PIECE_BYTES]
                    found.append((reply.piece.shot, at))
            return found

        options = [("grpc.max_receive_message_length", -1)]
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options) as channel:
            everything = [(shot, k * PIECE_BYTES) for shot in (0, 1) for k in range(3)]
            assert await read() == everything
            assert await read(from_offset=PIECE_BYTES) == everything[1:]
            assert await read(from_shot=1, from_offset=2 * PIECE_BYTES) == everything[-1:]
            assert await read(shot=1) == everything[3:]

        def as_clients_do() -> None:
            wire = GrpcWire(f"grpc://127.0.0.1:{port}", key)
            _, shots = wire.results(status["id"], 0.0)
            assert shots == {0: blob, 1: blob}
            wire.close()

        await asyncio.to_thread(as_clients_do)
        await server.stop(None)
        await service.stop()

    asyncio.run(main())


def test_streams_survive_a_server_that_is_started_again(tmp_path: Path) -> None:
    served = ServiceProcess(tmp_path / "data", "--threads", "1")
    with served.connect("ann", "grpc") as session:
        handle = session.submit(isinglass.generate("gnp", n=200, p=0.5, seed=1), time_limit=0.5, shots=2)
        seen = []
        for event in handle.events():
            seen.append(event)
            if event.kind == "started":
                served.kill()
                served.start()
        assert seen[-1].kind == "finished"
        assert [event.seq for event in seen if event.seq] == list(range(1, seen[-1].seq + 1))
        assert len(handle.result(timeout=20).info["shots"]) == 2
    assert served.stop() == 0


def test_a_room_adds_its_own_servicer(tmp_path: Path) -> None:
    """With its own words for who asks, in the service's loop, and messages of up to 64 MiB."""

    def add(server: grpc.aio.Server, service: JobService) -> None:
        async def echo(request: bytes, context: Any) -> bytes:
            if dict(context.invocation_metadata()).get("password") != "open":
                await refuse(context, AccessError("the password is missing", 401))
            assert service.store.clock() > 0
            return request[-3:]

        handlers = {"Echo": grpc.unary_unary_rpc_method_handler(echo)}
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("other.Room", handlers)])

    async def main() -> None:
        service = JobService(tmp_path)
        await service.start()
        server, port = await open_grpc(service, "127.0.0.1:0", [add])
        options = [("grpc.max_send_message_length", -1)]
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options) as channel:
            call = channel.unary_unary("/other.Room/Echo")
            assert await call(bytes(64 << 20) + b"end", metadata=[("password", "open")]) == b"end"
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call(b"")
            assert (caught.value.code(), caught.value.details()) == (
                Code.UNAUTHENTICATED,
                "the password is missing",
            )
        await server.stop(None)
        await service.stop()

    asyncio.run(main())


def test_calls_are_timed_beside_requests(service: ServiceProcess, stub: JobsStub, ann: Any) -> None:
    """By call and code: an answer, a stream, a refusal, one that its client broke off."""
    content = fold(problem_content(QUBO).to_bytes())
    spec = pb.JobSpec(solver="simulated_annealing", parameters='{"time_limit": 30}')
    job = stub.Submit(pb.SubmitRequest(content=content, spec=spec), metadata=ann, timeout=20).job.id
    with pytest.raises(grpc.RpcError):
        stub.Status(pb.StatusRequest(job=job, wait=20), metadata=ann, timeout=0.3)
    refusal(stub.Cancel, pb.JobRequest(job=job))
    stub.Cancel(pb.JobRequest(job=job), metadata=ann, timeout=20)
    list(stub.Events(pb.EventsRequest(job=job), metadata=ann, timeout=20))
    wanted = [
        f'isinglass_request_seconds_count{{method="gRPC",route="/isinglass.v1.Jobs/{call}",status="{code}"}}'
        for call, code in (("Cancel", "OK"), ("Events", "OK"), ("Cancel", "UNAUTHENTICATED"),
                           ("Status", "CANCELLED"))
    ]  # fmt: skip
    headers = {"Authorization": f"Bearer {service.key('prometheus', 'metrics')}"}
    text = httpx.get(f"{service.url}/metrics", headers=headers).text
    assert [words for words in wanted if words not in text] == []


@pytest.mark.parametrize("wire", ["http", "grpc"])
def test_a_listener_reads_each_result_once(
    tmp_path: Path, wire: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are before and after it; a client that waits for the end reads none before."""
    read: list[int] = []

    async def main() -> None:
        service = JobService(tmp_path)
        with service.store.transaction() as connection:
            key = create_key(connection, "ann", ["submit", "read"], service.store.clock())
        await service.start()
        real = service.store.results

        def results(*args: Any, **words: Any) -> Any:
            status, found = real(*args, **words)
            read.append(len(found))
            return status, found

        monkeypatch.setattr(service.store, "results", results)
        server, port = await open_grpc(service, "127.0.0.1:0", [add_jobs])
        content = problem_content(QUBO).to_bytes()
        status, _ = await service.submit("ann", JobSpec(shots=10), content, None, None)
        for _ in range(10):
            (lease,) = await service.work.lease("w", ["cpu"], 1.0)
            result = result_content(run_shot(problem_of(content), lease.spec, lease.shot)).to_bytes()
            await service.work.deliver("w", lease.job, lease.shot, lease.token, 0.1, result)
            if lease.shot == 4:
                await service.outcome("ann", lease.job, 0.05)
        assert read == [0, 5]
        read.clear()

        def listen() -> int:
            with isinglass.connect(f"grpc://127.0.0.1:{port}", key) as session:
                return len(list(session.job(status["id"]).shots()))

        if wire == "grpc":
            assert await asyncio.to_thread(listen) == 10
        else:
            door = httpx.ASGITransport(make_app(service))
            headers = {"Authorization": f"Bearer {key}"}
            async with httpx.AsyncClient(transport=door, base_url="http://here", headers=headers) as client:
                for shot in range(10):
                    answer = await client.get(f"/v1/jobs/{status['id']}/result?shot={shot}")
                    assert list(unpack(answer.content)[1]) == [str(shot)]
        assert read == [1] * 10
        await server.stop(None)
        await service.stop()

    asyncio.run(main())
