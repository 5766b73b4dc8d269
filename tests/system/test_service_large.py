"""Problems and results that one message could not carry: in pieces, and never in memory twice.

``ISINGLASS_LARGE`` is the number of variables of the problem; make soak takes one of more than 2 GiB.
"""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import isinglass
from isinglass.client.transport import Transport
from isinglass.client.upload import send_pieces
from isinglass.errors import ConflictError, ProblemError
from isinglass.jobs.container import pack, unpack
from isinglass.jobs.problems import problem_content
from isinglass.jobs.results import result_content
from isinglass.jobs.wire import PIECE_BYTES
from isinglass.results.sampleset import SampleSet, make_record
from tests.system.service_process import ServiceProcess

VARIABLES = int(os.environ.get("ISINGLASS_LARGE", "12000"))
QUBO = {("a", "b"): 1, ("a", "a"): -1, ("b", "b"): -1}


@pytest.mark.parametrize("wire", ["http", "grpc"])
def test_a_problem_larger_than_any_message(tmp_path: Path, wire: str) -> None:
    problem = isinglass.generate("gnp", n=VARIABLES, p=0.5, seed=1 if wire == "http" else 2)
    size = problem_content(problem).size
    assert size > VARIABLES * VARIABLES / 8
    served = ServiceProcess(tmp_path / "data", "--threads", "1")
    with served.connect("ann", wire) as session:
        session.solve(QUBO)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.perf_counter()
        handle = session.submit(problem, solver="simulated_annealing", time_limit=1.0, timeout=None)
        seconds = time.perf_counter() - began
        more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        print(f"{wire}: {size / 1e9:.2f} GB sent in {seconds:.1f} s, {more / 1024:.0f} MB more memory")
        # Two pieces of 8 MiB, what is made of them, and the buffers of the wire.
        assert more < 400 << 10
        result = handle.result(timeout=900)
        assert handle.status().problem_bytes == size and result.record.energy[0] < 0
    assert served.stop() == 0


def test_results_of_any_size_go_ahead_of_their_delivery(tmp_path: Path) -> None:
    """In pieces, over a worker's own route; what names a result that did not arrive is refused."""
    served = ServiceProcess(tmp_path / "data", "--workers", "0")
    reads = 550_000
    with served.connect("ann", "grpc") as session:
        handle = session.submit(QUBO, seed=1)
        worker = Transport(served.url, served.key("w", "work"))

        def exchange(delivery: dict[str, Any] | None = None) -> dict[str, Any]:
            fields = {"worker": "w", "backends": ["cpu"], "wait": 0.0, "deliveries": delivery and [delivery]}
            body = pack(fields, {}).to_bytes()
            return unpack(worker.request("POST", "/v1/workers/exchange", content=body).content)[0]

        (lease,) = exchange()["leases"]
        held = {name: lease[name] for name in ("job", "shot", "token")}
        vectors = {"energy": np.full(reads, -1.0), "num_occurrences": np.ones(reads, np.int64)}
        states = np.tile(np.array([[1, 0]], np.int8), (reads, 1))
        result = SampleSet(make_record(states, vectors), ["a", "b"], {"seed": 1}, "BINARY")
        content = result_content(result)
        assert content.size > PIECE_BYTES
        brought = {**held, "seconds": 0.1, "sha256": content.sha256()}
        with pytest.raises(ProblemError, match="has not arrived"):
            exchange(brought)
        with pytest.raises(ConflictError):
            send_pieces(
                worker, "/v1/workers/result", content, **{**held, "token": "0" * 32}, sha256="ab" * 32
            )
        send_pieces(worker, "/v1/workers/result", content, sha256=content.sha256(), **held)
        assert exchange(brought)["deliveries"] == [{"accepted": True, "refusal": None}]
        assert (handle.result(timeout=30).record == result.record).all()
        with served.connect("ann") as other:
            assert (other.job(handle.id).result().record == result.record).all()
        worker.close()
    assert served.stop() == 0
