"""A peer's own client with a small job, for ``bench/rooms.py``: rooms_client.py dwave|dynex|divi URL KEY.

Imports nothing of isinglass. Does a job and says "done" for each line of stdin.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable

BELL = """OPENQASM 2.0;
include "qelib1.inc";
qreg q[2]; creg c[2];
h q[0]; cx q[0],q[1]; measure q -> c;
"""


def dwave(url: str, key: str) -> Callable[[], object]:
    from dwave.cloud import Client

    client = Client(endpoint=f"{url}/sapi/v2/", token=key)
    solver = client.get_solver(name="Advantage2_system4")
    a, b = min(solver.undirected_edges)
    return lambda: solver.sample_ising({a: -1.0}, {(a, b): 0.5}, num_reads=1).result()


def dynex(url: str, key: str) -> Callable[[], object]:
    os.environ.update(DYNEX_SDK_KEY=key, DYNEX_GRPC_ENDPOINT=url.split("//")[1])
    import dynex

    config = dynex.DynexConfig(compute_backend="cpu")
    model = dynex.BQM({("a", "b"): 1.0, ("a", "a"): -1.0, ("b", "c"): -1.0}, config=config)
    return lambda: dynex.DynexSampler(model, config=config, logging=False).sample(num_reads=32)


def divi(url: str, key: str) -> Callable[[], object]:
    try:
        import divi.backends.runners._qoro as module
    except ImportError:
        import divi.backends._qoro_service as module
    module.API_URL = f"{url}/divi/api"
    service = module.QoroService(auth_token=key, polling_interval=0.05)

    def job() -> object:
        submitted = service.submit_circuits({"bell": BELL})
        service.poll_job_status(submitted, loop_until_complete=True, verbose=False)
        return service.get_job_results(submitted)

    return job


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):
        job = {"dwave": dwave, "dynex": dynex, "divi": divi}[sys.argv[1]](*sys.argv[2:])
    for _ in sys.stdin:
        with contextlib.redirect_stdout(sys.stderr):
            job()
        print("done", flush=True)
