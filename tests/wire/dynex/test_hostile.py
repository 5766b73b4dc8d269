"""Whatever a broken or hostile client can send: the status that servicer.py promises, and the server stays
up."""

from __future__ import annotations

import base64
import io
import json
import os
import random
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from isinglass.compat.dynex.v2 import sdk_pb2 as pb
from tests.wire.dynex.circuit_files import BELL, op, packed, zipped
from tests.wire.dynex.in_process import InProcess, options, room, run, with_chunks, with_data

TRIES = int(os.environ.get("ISINGLASS_FAULTS", "1")) * 100
INVALID = grpc.StatusCode.INVALID_ARGUMENT
INIT, DATA = with_data()
CHUNK = pb.CreateJobRequest(chunk=pb.JobChunk(data=b"p qubo 1 1 0\n0 0 1\n"))
QASM = options(job_metadata_json='{"type": "qasm"}')


def named(**changes: Any) -> list[pb.CreateJobRequest]:
    return with_data(options(**changes))


def text(words: str) -> list[pb.CreateJobRequest]:
    return with_chunks(words.encode())


def circuit(operations: Any, wires: Any = 2, **more: Any) -> list[pb.CreateJobRequest]:
    return with_chunks(packed(operations, wires, "hostile", **more), QASM)


def deflated(content: bytes) -> list[pb.CreateJobRequest]:
    return with_chunks(zipped(base64.b85encode(zlib.compress(content)), "hostile"), QASM)


def two_members() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a", b"1")
        archive.writestr("b", b"2")
    return out.getvalue()


NESTED = "[" * 100_000
STREAMS: dict[str, list[pb.CreateJobRequest]] = {
    "nothing": [],
    "no problem": [INIT],
    "no init": [DATA],
    "an empty message": [pb.CreateJobRequest()],
    "two inits": [INIT, INIT, DATA],
    "init last": [DATA, INIT],
    "two problems": [INIT, DATA, DATA],
    "chunks, then data": [INIT, CHUNK, DATA],
    "data, then chunks": [INIT, DATA, CHUNK],
    "an empty chunk": [*with_chunks(b""), pb.CreateJobRequest(chunk=pb.JobChunk())],
    "rows and columns of different lengths": with_data(row=[0]),
    "fewer values": with_data(val=[1.0]),
    "a row too high": with_data(row=[1, 2, 0, 1, 3]),
    "a row below 0": with_data(row=[1, 2, 0, 1, -1]),
    "NaN": with_data(val=[3, -1, -1, -2, float("nan")]),
    "infinity": with_data(val=[3, -1, -1, -2, float("inf")]),
    "a NaN offset": with_data(offset=float("nan")),
    "no variables": with_data(num_vars=0, row=[], col=[], val=[]),
    "far more variables than entries": with_data(num_vars=(1 << 32) - 1),
    "sums that overflow": with_data(num_vars=1, row=[0, 0], col=[0, 0], val=[1e308, 1e308]),
    "no reads": named(num_reads=0),
    "reads below 0": named(num_reads=-5),
    "no steps": named(max_steps=0),
    "no shots": named(shots=0),
    "many shots": named(shots=1 << 40),
    "rank beyond the reads": named(rank=9),
    "rank below 0": named(rank=-1),
    "a NaN step": named(min_step_size=float("nan")),
    "a fee below 0": named(block_fee=-1),
    "an unknown backend": named(compute_backend=7),
    "a backend below 0": named(compute_backend=-1),
    "no GPU": named(compute_backend=2),
    "a QPU without a model": named(compute_backend=3),
    "an unknown QPU": named(compute_backend=3, job_metadata_json='{"qpu_model": "apollo_1"}'),
    "too many reads of a QPU": named(
        compute_backend=3, num_reads=101, job_metadata_json='{"qpu_model": "apollo_rc1"}'
    ),
    "metadata that is no JSON": named(job_metadata_json="{"),
    "metadata that is no object": named(job_metadata_json="[1]"),
    "nested metadata": named(job_metadata_json='{"a": ' + NESTED[:50_000] + "}"),
    "long metadata": named(job_metadata_json=json.dumps({"a": "b" * 70_000})),
    "a seed that is none": named(job_metadata_json='{"seed": "x"}'),
    "a time limit that is none": named(job_metadata_json='{"time_limit": NaN}'),
    "an unknown solver": named(job_metadata_json='{"solver": "magic"}'),
    "a solver that is no name": named(job_metadata_json='{"solver": [1]}'),
    "a long description": named(description="x" * 1001),
    "a NUL in the description": named(description="a\0b"),
    "neither ZIP nor text": with_chunks(os.urandom(100)),
    "text without entries": text("p qubo 3 5 0.25\n"),
    "text of fewer entries than it says": text("p qubo 1 2 0\n0 0 1\n"),
    "text of another format": text("p qubo 0 3 3 2\n0 0 1\n"),
    "text with a word": text("p qubo 1 1 0\n0 0 x\n"),
    "text with a NaN": text("p qubo 1 1 0\n0 0 nan\n"),
    "text with a fourth column": text("p qubo 1 1 0\n0 0 1 1\n"),
    "text with a large index": text("p qubo 1 1 0\n0 99999999999999999999 1\n"),
    "text of many variables": text("p qubo 99999999999 1 0\n0 0 1\n"),
    "a ZIP cut short": with_chunks(packed(BELL, 2)[:-30], QASM),
    "a ZIP with other names inside": with_chunks(packed(BELL, 2).replace(b"qasm", b"masq", 1), QASM),
    "a ZIP with damaged bytes": with_chunks(packed(BELL, 2)[:90] + b"\0\0\0" + packed(BELL, 2)[93:], QASM),
    "a ZIP of two members": with_chunks(two_members(), QASM),
    "a ZIP bomb": with_chunks(zipped(b"0" * (40 << 20), "bomb"), QASM),
    "a zlib bomb": deflated(b" " * (40 << 20)),
    "no base85": with_chunks(zipped(b"\x80 \x81", "hostile"), QASM),
    "zlib cut short": with_chunks(zipped(base64.b85encode(zlib.compress(b"{}")[:-4]), "hostile"), QASM),
    "a circuit that is no JSON": deflated(b"{"),
    "a circuit of another form": deflated(b'{"operations": 1, "nWires": 2}'),
    "nested JSON": deflated(NESTED.encode()),
    "an integer of a million digits": deflated(b'{"a": ' + b"9" * 1_000_000 + b"}"),
    "no wires": circuit(BELL, 0),
    "a million wires": circuit(BELL, 1_000_000),
    "a wire too high": circuit([op("Hadamard", [2])]),
    "the same wire twice": circuit([op("CNOT", [1, 1])]),
    "an operation that is no object": circuit([1]),
    "an unknown operation": circuit([op("Magic", [0])]),
    "a missing parameter": circuit([op("RX", [0])]),
    "a parameter that is no number": circuit([op("RX", [0], "x")]),
    "a NaN angle": circuit([op("RX", [0], float("nan"))]),
    "a matrix that is not unitary": circuit([op("QubitUnitary", [0], [[1, 1], [1, 1]])]),
    "a matrix of the wrong size": circuit([op("QubitUnitary", [0, 1], [[1, 0], [0, 1]])]),
    "a state of the wrong length": circuit([op("StatePrep", [0], [1, 0, 0])]),
    "wide controls": circuit([op("RX", [*range(40)], 0.1, ctrlD=1, control_wires=[*range(39)])], 40),
    "qasm in words and text in chunks": with_chunks(b"p qubo 1 1 0\n0 0 1\n", QASM),
}  # fmt: skip


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    with room(tmp_path_factory.mktemp("room")) as opened:
        yield opened


def still_serves(here: InProcess) -> None:
    job = here.create(with_data()).job_id
    here.work()
    assert here.events(job)[-1].status.state == "finished"


@pytest.mark.parametrize("name", STREAMS)
def test_what_is_refused(here: InProcess, name: str) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        here.create(STREAMS[name])
    assert caught.value.code() is INVALID, caught.value.details()
    assert "something went wrong" not in caught.value.details()


def test_nothing_of_all_that_was_stored(here: InProcess) -> None:
    still_serves(here)
    jobs = run(here.service.in_store(here.service.store.list_jobs, None, limit=1000))
    assert len(jobs) == 1


def test_messages_of_random_bytes(here: InProcess) -> None:
    """Good messages with bits turned over, and bytes of no meaning: a status, never INTERNAL."""
    rng = random.Random(1)
    raw = {
        "unary": here.channel.unary_unary("/dynex.sdk.v2.SDK/FinishJob"),
        "create": here.channel.stream_unary("/dynex.sdk.v2.SDK/CreateJob"),
    }
    good = [message.SerializeToString() for message in with_data()]
    for _ in range(TRIES):
        sent = [bytearray(rng.choice((good[k], rng.randbytes(rng.randrange(60))))) for k in range(2)]
        for data in sent:
            for _ in range(rng.randrange(3)):
                if data:
                    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        try:
            raw["create"](map(bytes, sent), metadata=here.metadata, timeout=20)
            raw["unary"](bytes(sent[0]), metadata=here.metadata, timeout=20)
        except grpc.RpcError as error:
            assert error.code() is INVALID, error
    while leases := run(here.service.work.lease("test", ("cpu", "qpu"), 0.0)):
        for lease in leases:
            run(here.service.work.deliver("test", lease.job, lease.shot, lease.token, 0.0, "not run"))
    still_serves(here)


UNARY = ("CancelJob", "FinishJob", "UpdateJob", "ListAtomics", "GetSolutionURL")


@pytest.mark.parametrize("method", (*UNARY, "DownloadSolution", "SubscribeJob"))
def test_a_message_that_is_no_protobuf(here: InProcess, method: str) -> None:
    """It once was UNKNOWN with the name of an exception, which gRPC itself said."""
    kind = here.channel.unary_unary if method in UNARY else here.channel.unary_stream
    call = kind(f"/dynex.sdk.v2.SDK/{method}")
    with pytest.raises(grpc.RpcError) as caught:
        answer = call(b"\x0a\xff", metadata=here.metadata, timeout=20)
        if method not in UNARY:
            events = list(map(pb.JobEvent.FromString, answer))
            raise AssertionError(f"it was answered: {events}")
    assert caught.value.code() is INVALID and "not the protobuf" in caught.value.details()


def test_unknown_methods_and_fields(here: InProcess) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        here.channel.unary_unary("/dynex.sdk.v2.SDK/Mine")(b"", metadata=here.metadata, timeout=20)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
    extra = b"\xfa\x3e\x03abc"
    reply = here.channel.unary_unary("/dynex.sdk.v2.SDK/FinishJob")(extra, metadata=here.metadata, timeout=20)
    assert pb.FinishJobReply.FromString(reply) == pb.FinishJobReply()


def test_messages_that_are_too_long(here: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("isinglass.compat.dynex.submission._MOST_CHUNKS", 4 << 20)
    huge = pb.CreateJobRequest(chunk=pb.JobChunk(data=b"0" * (73 << 20)))
    many = [pb.CreateJobRequest(chunk=pb.JobChunk(data=b"0" * (1 << 20)))] * 5
    for stream in ([INIT, huge], [INIT, *many]):
        with pytest.raises(grpc.RpcError) as caught:
            here.create(stream)
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_a_client_that_goes_away(here: InProcess) -> None:
    job = here.create(with_data()).job_id
    for _ in range(20):
        next(here.subscribe(job))
    half = here.stub.CreateJob.future(endless(), metadata=here.metadata)
    half.cancel()
    here.call("CancelJob", pb.CancelJobRequest(job_id=job))
    still_serves(here)


def endless() -> Iterator[pb.CreateJobRequest]:
    yield INIT
    while True:
        yield CHUNK
