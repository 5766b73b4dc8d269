"""Whole conversations, as files to read: what the client says (>) and what it is told (<).

Jobs' ids stand there as JOB, times are left out, payloads are unpacked. A difference is shown by the test;
after a change that is meant, delete the file and run the test, which writes it and fails once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format

from isinglass.compat.dynex.v2 import sdk_pb2 as pb
from tests.wire.dynex.circuit_files import BELL, packed
from tests.wire.dynex.in_process import NEW, batch, options, payload, room, with_chunks, with_data

GOLDEN = Path(__file__).parent / "golden"
TEXT = b"p qubo 3 5 0.25\n1 0 3\n2 1 -1\n0 0 -1\n1 1 -2\n2 2 0.5\n"
QPU = {
    "compute_backend": 3,
    "job_metadata_json": '{"qpu_model": "apollo_rc1", "preprocess": true, "seed": 1}',
}
CIRCUIT = {"job_metadata_json": '{"type": "qasm", "seed": 1}', "target_energy": 9999999999.0}
TALKS: dict[str, tuple[list[pb.CreateJobRequest], Any, int]] = {
    "cpu_batch": (with_data(), NEW, 1),
    "cpu_text": (with_data(), (), 1),
    "cpu_two_shots_rank_two": (with_data(options(shots=2, rank=2, job_metadata_json=(
        '{"seed": 1, "solver": "simulated_annealing"}'))), NEW, 2),
    "qpu_batch": (with_data(options(**QPU)), NEW, 1),
    "qpu_text_two_shots": (with_data(options(shots=2, **QPU)), (), 1),
    "text_upload": (with_chunks(TEXT, size=20), NEW, 1),
    "circuit": (with_chunks(packed(BELL, 2), options(**CIRCUIT)), NEW, 1),
}  # fmt: skip


@pytest.mark.parametrize("name", TALKS)
def test_conversation(name: str, tmp_path: Path) -> None:
    requests, version, shots = TALKS[name]
    said = _talk(tmp_path, requests, version, shots)
    place = GOLDEN / f"{name}.txt"
    if not place.exists():
        place.write_text(said)
        pytest.fail(f"{place} was not there and is now: read it, and keep it if it is right")
    assert said == place.read_text()


def _talk(folder: Path, requests: list[pb.CreateJobRequest], version: Any, shots: int) -> str:
    with room(folder) as here:
        lines = [_said(f"> CreateJob {request.WhichOneof('payload')}", request, "") for request in requests]
        reply = here.create(requests)
        job = reply.job_id
        lines.append(_said("<", reply, job))
        here.work(shots)
        lines.append(_said(f"> SubscribeJob {dict(version)}", pb.SubscribeJobRequest(job_id=job), job))
        lines += [_said("<", event, job) for event in here.events(job, 0, version)]
        finish = pb.FinishJobRequest(job_id=job, min_energy=-2.5)
        lines += [_said("> FinishJob", finish, job), _said("<", here.call("FinishJob", finish), job)]
    return "\n".join(lines)


def _said(head: str, message: Any, job: str) -> str:
    shown = type(message)()
    shown.CopyFrom(message)
    inside = ""
    if isinstance(shown, pb.JobEvent):
        shown.ClearField("ts")
        if shown.HasField("envelope"):
            envelope = message.envelope
            inside = str(batch(envelope) if envelope.format else payload(envelope).decode())
            shown.envelope.data = "(below)"
    if isinstance(shown, pb.CreateJobRequest) and shown.chunk.data.startswith(b"PK"):
        shown.chunk.data = b"(the circuit of circuit_files.py)"
    text = text_format.MessageToString(shown) + inside
    return f"{head}\n" + "".join(f"    {line}\n" for line in text.replace(job or "JOB", "JOB").splitlines())
