"""A job over this wire: ids, replay, stopping, helper calls, and what a client of each age is sent."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from isinglass.compat.dynex.v2 import sdk_pb2 as pb
from isinglass.jobs.container import unpack
from isinglass.jobs.problems import problem_content, problem_of
from isinglass.jobs.spec import JobSpec
from tests.wire.dynex.circuit_files import BELL, op, packed
from tests.wire.dynex.in_process import (
    SMALL,
    InProcess,
    batch,
    options,
    payload,
    room,
    run,
    with_chunks,
    with_data,
)

ANNEAL = '{"seed": 1, "solver": "simulated_annealing"}'
QPU = {"compute_backend": 3, "job_metadata_json": '{"qpu_model": "apollo_rc1", "seed": 1}'}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    with room(tmp_path_factory.mktemp("room")) as opened:
        yield opened


def states(text: bytes) -> list[int]:
    return [int(float(word) > 0) for word in text.decode().split(",") if word.strip()]


def energy(x: Any) -> float:
    terms = zip(SMALL["row"], SMALL["col"], SMALL["val"], strict=True)
    return float(sum(v * x[i] * x[j] for i, j, v in terms) + SMALL["offset"])


def unpacked(found: pb.SampleSetBatch) -> np.ndarray:
    stride = -(-found.num_variables // 8)
    table = np.frombuffer(found.packed_voltages, np.uint8).reshape(-1, stride)
    return np.unpackbits(table, axis=1, count=found.num_variables, bitorder="little").astype(np.int64)


def test_messages_are_what_the_client_encodes() -> None:
    """Bytes that the client's own encoder makes of two messages."""
    data = pb.JobData(**SMALL, filename="0" * 32 + ".dnx")
    row, col = b"\x12\x05\x01\x02\x00\x01\x02", b"\x1a\x05\x00\x01\x00\x01\x02"
    val = b'"(' + np.array(SMALL["val"], "<f8").tobytes()
    rest = b")" + np.array([0.25], "<f8").tobytes() + b"2$" + b"0" * 32 + b".dnx"
    assert pb.CreateJobRequest(job_data=data).SerializeToString() == b"\x1ai\x08\x03" + row + col + val + rest
    found = pb.SampleSetBatch(num_variables=3, packed_voltages=b"\6\1", energies=[-2.25, -0.75], locs=[0, 0])
    assert found.SerializeToString().hex() == "0803120206011a1000000000000002c0000000000000e8bf22020000"


def test_the_problem_arrives_as_it_was_sent(here: InProcess) -> None:
    """Mirrored and repeated pairs add up, and every number is exact."""
    sent = {"row": [0, 1, 1, 1], "col": [1, 0, 1, 1], "val": [0.1, 0.2, 1 / 3, 1e-300], "num_vars": 2}
    job = here.create(with_data(offset=1e-9, **sent)).job_id
    lease = here.lease()
    given = problem_of(lease.problem.content)
    assert lease.job == job and given.offset == 1e-9 and (given.value == [0.1, 0.2]).all()
    assert (given.linear == [0.0, 1 / 3]).all() and unpack(lease.problem.content)[0]["variables"] == 2
    here.call("CancelJob", pb.CancelJobRequest(job_id=job))


@pytest.mark.parametrize("n", [1, 7, 8, 9, 70])
def test_every_variable_is_where_it_was(here: InProcess, n: int) -> None:
    """Each wants its own value, so both formats show whether a bit is out of place."""
    wanted = np.random.default_rng(n).integers(0, 2, n)
    value = np.where(wanted, -1.0, 1.0).tolist()
    job = here.create(with_data(num_vars=n, row=range(n), col=range(n), val=value)).job_id
    here.work()
    found = batch(here.solutions(job)[0])
    assert (unpacked(found)[0] == wanted).all() and found.energies[0] == 0.25 - wanted.sum()
    assert states(payload(here.solutions(job, version=())[0])) == wanted.tolist()


def test_all_reads_of_one_shot_and_the_best_of_several(here: InProcess) -> None:
    one = here.create(with_data(options(num_reads=7, job_metadata_json=ANNEAL))).job_id
    here.work()
    found = batch(here.solutions(one)[0])
    assert list(found.energies) == [energy(x) for x in unpacked(found)] == sorted(found.energies)
    assert len(found.energies) == 7
    two = here.create(with_data(options(num_reads=7, rank=2, shots=3, job_metadata_json=ANNEAL))).job_id
    here.work(3)
    batches = here.solutions(two)
    assert [len(batch(envelope).energies) for envelope in batches] == [2, 2, 2]
    assert len({envelope.name for envelope in batches}) == 3


def test_text_has_the_read_of_that_rank(here: InProcess) -> None:
    job = here.create(with_data(options(num_reads=9, rank=9, job_metadata_json=ANNEAL))).job_id
    here.work()
    worst = max(batch(here.solutions(job)[0]).energies)
    envelope = here.solutions(job, version=())[0]
    assert energy(states(payload(envelope))) == worst
    assert float(envelope.name.split("_")[3]) == worst - SMALL["offset"]


def test_a_qpu_sends_all_reads_at_once(here: InProcess) -> None:
    job = here.create(with_data(options(num_reads=6, shots=2, **QPU))).job_id
    here.work()
    envelopes = here.solutions(job)
    assert len(envelopes) == 1 and len(batch(envelopes[0]).energies) == 6
    assert len(here.solutions(job, version=())) == 2


def test_a_qpu_tells_of_its_matrix_once(here: InProcess) -> None:
    """A pair that is named twice is one coupling; the client sends matrices of any size from 1.3.3 on."""
    data = {"row": [1, 0, 2, 0, 2], "col": [0, 1, 0, 0, 2], "val": [10.0, 8.0, -4.0, 1.0, -2.0]}
    job = here.create(with_data(options(**QPU), **data)).job_id
    here.work()
    every = here.events(job)
    (event,) = (event for event in every if event.type == pb.JobEvent.QPU_MATRIX_STATS)
    stats = event.matrix_stats
    assert (stats.num_vars, stats.max_k, stats.min_W, stats.max_W) == (3, 2, -4.0, 18.0)
    assert (stats.min_h, stats.max_h, stats.scale_alpha) == (-2.0, 1.0, 0.9)
    assert every[every.index(event) - 1].status.state == "running" and event.seq > 0
    assert not [e for e in here.events(job, seq=event.seq) if e.HasField("matrix_stats")]
    alone = here.create(with_data(options(**QPU), row=[0], col=[0], val=[-1.0], num_vars=1)).job_id
    here.work()
    assert [e.matrix_stats.max_k for e in here.events(alone) if e.HasField("matrix_stats")] == [0]
    on_cpu = here.create(with_data()).job_id
    here.work()
    assert not [e for e in here.events(on_cpu) if e.HasField("matrix_stats")]


def test_events_after_a_number_are_replayed_and_keep_their_numbers(here: InProcess) -> None:
    job = here.create(with_data(options(shots=3))).job_id
    here.work(3)
    every = here.events(job)
    numbers = [event.seq for event in every]
    assert numbers == sorted(set(numbers)) and all(numbers)
    assert sum(event.type == pb.JobEvent.SOLUTION_NEW for event in every) == 3
    for k in range(len(every) - 1):
        again = here.events(job, seq=numbers[k])
        assert [event.SerializeToString() for event in again] == [
            event.SerializeToString() for event in every[k + 1 :]
        ]


def test_events_come_while_the_client_listens(here: InProcess) -> None:
    job = here.create(with_data()).job_id
    listening = here.subscribe(job)
    assert next(listening).status.state == "queued"
    lease = here.lease()
    assert next(listening).status.state == "running"
    run_progress(here, lease)
    news = next(listening)
    assert news.type == pb.JobEvent.PROGRESS and news.progress.backend == "cpu"
    assert (news.progress.current, news.progress.total, news.progress.percent) == (1, 4, 25.0)
    here.call("CancelJob", pb.CancelJobRequest(job_id=job))
    assert next(listening).status.state == "stopping"


def run_progress(here: InProcess, lease: Any) -> None:
    told = {"elapsed": 0.1, "best_energy": -1.0, "reads_done": 1, "sweeps": 5}
    run(here.service.work.heartbeat(lease.job, lease.shot, lease.token, 0.0, told))


def test_the_same_submission_twice_is_one_job(here: InProcess) -> None:
    name = "a" * 32 + ".dnx"
    first, again = (here.create(with_data(filename=name)).job_id for _ in range(2))
    assert first == again
    here.work()
    circuit = with_chunks(packed(BELL, 2), options(job_metadata_json='{"type": "qasm"}'))
    replies = [here.create(circuit) for _ in range(2)]
    assert replies[0] == replies[1] and replies[0].job_id != first
    here.work()
    # A name of the user's own says nothing of that.
    mine = [here.create(with_data(filename="mine.dnx")).job_id for _ in range(2)]
    assert mine[0] != mine[1]
    here.work(2)


@pytest.mark.parametrize("method", ["FinishJob", "CancelJob"])
def test_stopping_stops_and_never_fails(here: InProcess, method: str) -> None:
    job = here.create(with_data()).job_id
    request = getattr(pb, method + "Request")
    for name in (job, job, "0" * 26, "no such job", ""):
        assert here.call(method, request(job_id=name)).job_id == name
    last = here.events(job)[-1]
    assert (last.error.code, last.error.message) == ("cancelled", "the job was cancelled")


def test_updates_say_how_far_it_is(here: InProcess) -> None:
    job = here.create(with_data(options(shots=2))).job_id
    assert here.call("UpdateJob", pb.UpdateJobRequest(job_id=job)).min_energy == 0.0
    here.work()
    assert here.call("UpdateJob", pb.UpdateJobRequest(job_id=job)) == pb.UpdateJobReply(
        job_id=job, min_energy=-2.25
    )
    here.work()
    assert here.call("UpdateJob", pb.UpdateJobRequest(job_id="other")).job_id == "other"


def test_a_failure_is_an_event(here: InProcess) -> None:
    job = here.create(with_data()).job_id
    lease = here.lease()
    run(here.service.work.deliver("test", job, 0, lease.token, 0.1, "the solver says no"))
    last = here.events(job)[-1]
    assert (last.type, last.error.code) == (pb.JobEvent.ERROR, "failed")
    assert "the solver says no" in last.error.message


def test_unknown_jobs_and_other_peoples(here: InProcess) -> None:
    job = here.create(with_data()).job_id
    here.work()
    mine = here.metadata
    here.metadata = here.as_user("bob")
    try:
        for name in (job, "0" * 26, "x\0y"):
            listening = here.subscribe(name)
            assert next(listening).type == pb.JobEvent.ERROR
            with pytest.raises(grpc.RpcError) as caught:
                next(listening)
            assert caught.value.code() is grpc.StatusCode.NOT_FOUND
            for call, request in (
                ("ListAtomics", pb.ListAtomicsRequest),
                ("GetSolutionURL", pb.GetSolutionURLRequest),
            ):
                with pytest.raises(grpc.RpcError) as caught:
                    here.call(call, request(job_id=name))
                assert caught.value.code() is grpc.StatusCode.NOT_FOUND
        assert here.call("FinishJob", pb.FinishJobRequest(job_id=job)).job_id == job
    finally:
        here.metadata = mine
    assert here.events(job)[-1].status.state == "finished"


def test_keys(here: InProcess) -> None:
    mine = here.metadata
    try:
        for metadata, code in (
            ((), grpc.StatusCode.UNAUTHENTICATED),
            ((("authorization", "Bearer "),), grpc.StatusCode.UNAUTHENTICATED),
            ((("authorization", "Bearer nonsense"),), grpc.StatusCode.UNAUTHENTICATED),
            (here.as_user("ann", "work"), grpc.StatusCode.PERMISSION_DENIED),
        ):
            here.metadata = metadata
            with pytest.raises(grpc.RpcError) as caught:
                here.create(with_data())
            assert caught.value.code() is code
            listening = here.subscribe("0" * 26)
            assert next(listening).type == pb.JobEvent.ERROR
            with pytest.raises(grpc.RpcError) as caught:
                next(listening)
            assert caught.value.code() is code
    finally:
        here.metadata = mine


def test_helper_calls(here: InProcess) -> None:
    job = here.create(with_data(options(shots=2, job_metadata_json=ANNEAL))).job_id
    with pytest.raises(grpc.RpcError) as caught:
        b"".join(c.data for c in here.call("DownloadSolution", pb.DownloadSolutionRequest(job_id=job)))
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND
    here.work(2)
    for envelope in here.solutions(job, version=()):
        wanted = pb.DownloadSolutionRequest(job_id=job, name=envelope.name)
        assert b"".join(c.data for c in here.call("DownloadSolution", wanted)) == payload(envelope)
    reply = here.call("GetSolutionURL", pb.GetSolutionURLRequest(job_id=job))
    with urllib.request.urlopen(reply.url) as opened:
        assert energy(states(opened.read())) == -2.25
    assert reply.ttl_seconds > 0
    items = here.call("ListAtomics", pb.ListAtomicsRequest(job_id=job, limit=5)).items
    assert [item.worker_id for item in items] == ["test"]


def test_a_large_answer_is_compressed_and_whole(here: InProcess) -> None:
    n = 600_000
    wanted = np.random.default_rng(1).integers(0, 2, n)
    requests = with_data(num_vars=n, row=range(n), col=range(n), val=np.where(wanted, -1.0, 1.0).tolist())
    job = here.create(requests).job_id
    here.work()
    envelope = here.solutions(job)[0]
    assert envelope.compression == "zstd" and (unpacked(batch(envelope))[0] == wanted).all()
    text = here.solutions(job, version=())[0]
    assert states(payload(text)) == wanted.tolist() and text.compressed_size < text.size


def test_a_circuit_that_fails_says_why(here: InProcess) -> None:
    """More qubits than any memory holds, of gates that are no Clifford ones."""
    wide = [op("RX", [w], 0.3) for w in range(60)] + [op("CNOT", [w, w + 1]) for w in range(59)]
    requests = with_chunks(packed(wide, 60, "wide"), options(job_metadata_json='{"type": "qasm"}'))
    try:
        job = here.create(requests).job_id
    except grpc.RpcError as error:
        assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
        return
    here.work()
    last = here.events(job)[-1]
    assert last.type == pb.JobEvent.ERROR and "something went wrong" not in last.error.message


def test_jobs_of_other_doors_have_no_form_here(here: InProcess) -> None:
    """Spins, whole numbers: the protocol has bits."""
    content = problem_content(({"a": 1.0}, {("a", "b"): -1.0})).to_bytes()
    status, _ = run(here.service.submit("ann", JobSpec(), content, None, None))
    assert "not submitted through this door" in next(here.subscribe(status["id"])).error.message
    here.call("CancelJob", pb.CancelJobRequest(job_id=status["id"]))


def test_it_is_on_the_list(tmp_path: Path) -> None:
    from isinglass.compat.rooms import rooms_named

    assert [room.name for room in rooms_named("dynex")] == ["dynex"]
