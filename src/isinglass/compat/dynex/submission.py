"""A submission as it comes in: the stream of ``CreateJob`` to options and content."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

from isinglass.compat.dynex import qubo
from isinglass.compat.dynex.circuit_upload import MAGIC, upload_of
from isinglass.compat.dynex.options import Options, options_of
from isinglass.compat.dynex.v2.sdk_pb2 import CreateJobRequest, JobData, JobNewOpts
from isinglass.errors import ParameterError, ProblemError, QuotaError
from isinglass.jobs.problems import problem_content
from isinglass.jobs.spec import JobSpec
from isinglass.service.grpc_door import well_formed

_MOST_CHUNKS = 128 << 20
"""Bytes of a problem in chunks."""
_TOKEN = re.compile(r"([0-9a-f]{32})\.dnx")


@dataclass(frozen=True)
class Submission:
    """What becomes a job."""

    spec: JobSpec
    content: bytes
    token: str | None
    """The same where a submission is repeated; None where that cannot be told."""
    model: str = ""
    """Of a circuit: the model that the client is to expect samples of, in JSON."""


async def received(requests: AsyncIterator[CreateJobRequest]) -> tuple[JobNewOpts, JobData | bytes]:
    """(options, problem) of the stream; ParameterError where it is not ``init`` and a problem."""
    opts: JobNewOpts | None = None
    data: JobData | None = None
    chunks: list[bytes] = []
    size = 0
    async for request in requests:
        well_formed(request)
        kind = request.WhichOneof("payload")
        if (kind == "init") != (opts is None) or (data is not None) or (kind == "job_data" and chunks):
            raise ParameterError(f"{kind or 'nothing'} came out of turn: init, then one job_data or chunks")
        if kind == "init":
            opts = request.init.opts
        elif kind == "job_data":
            data = request.job_data
        else:
            chunks.append(request.chunk.data)
            size += len(chunks[-1])
            if size > _MOST_CHUNKS:
                raise QuotaError(f"the chunks hold more than {_MOST_CHUNKS:,} bytes", 413)
    if opts is None or (data is None and not chunks):
        raise ParameterError("the stream ended before there was a problem: init, then one job_data or chunks")
    return opts, b"".join(chunks) if data is None else data


def submission_of(opts: JobNewOpts, problem: JobData | bytes) -> Submission:
    """Everything checked and translated; for a thread, as large problems take their time."""
    options = options_of(opts)
    if isinstance(problem, bytes) and problem.startswith(MAGIC):
        return _circuit(options, problem)
    if options.is_circuit:
        raise ProblemError('"type": "qasm" stands for a circuit, and the chunks are no ZIP')
    token = None
    if not isinstance(problem, bytes):
        given = qubo.from_message(problem)
        token = _TOKEN.fullmatch(problem.filename)
    elif problem.startswith(qubo.HEADER):
        given = qubo.from_text(problem, "the chunks")
    else:
        raise ProblemError("the chunks are neither a ZIP (circuits) nor text that begins with 'p qubo'")
    content = problem_content(given).to_bytes()
    return Submission(options.spec(given), content, token and token[1])


def _circuit(options: Options, packed: bytes) -> Submission:
    from isinglass.compat.dynex.circuit_model import LABELS, model_json
    from isinglass.compat.dynex.circuit_text import qasm_of
    from isinglass.jobs.circuits import Circuits, circuits_content

    upload = upload_of(packed)
    label = LABELS[upload.estimates_phases]
    content = circuits_content(Circuits.of({label: qasm_of(upload)})).to_bytes()
    spec = options.circuit_spec()
    return Submission(spec, content, upload.token, model_json(upload.wires, upload.estimates_phases))
