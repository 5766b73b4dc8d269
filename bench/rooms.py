"""What each compat room adds to a small job: the same job through its door and through ours, turn by turn.

    python bench/rooms.py [--rounds 200] [--dwave PYTHON] [--dynex PYTHON] [--divi PYTHON]

One service with all rooms and one worker, on free ports. For each room a job that it can say: two qubits of
an emulated annealer (SAPI), a QUBO of three variables (Dynex), a circuit of two qubits (Divi). Doors are
spoken in plain HTTP or gRPC with no more calls than the protocol needs; ours in one request, and in two,
submission and result apart, as peers' protocols have it. All ways take turns within a round, so they meet the
same machine.

Prints milliseconds (median, 99th percentile) and what a way takes more than ours of the same job in one and
in two requests (medians). Real clients stand beside it for information, with their threads, polling and
decoding, where the interpreter of an environment that has one is named.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import grpc
import httpx
import numpy as np

from isinglass.compat.dynex.v2 import sdk_pb2 as pb
from isinglass.compat.dynex.v2.sdk_pb2_grpc import SDKStub
from isinglass.compat.sapi.qp import encode_problem
from isinglass.jobs.circuits import Circuits
from isinglass.jobs.problems import problem_content, problem_of
from isinglass.jobs.wire import fold
from isinglass.qpu.models import MODELS

MACHINE = "Advantage2_system4"
QUBO = {("a", "b"): 1.0, ("a", "a"): -1.0, ("b", "c"): -1.0}
BELL = """OPENQASM 2.0;
include "qelib1.inc";
qreg q[2]; creg c[2];
h q[0]; cx q[0],q[1]; measure q -> c;
"""
Way = Callable[[], object]


def native(url: str, key: str, problem: Any, **spec: Any) -> dict[str, Way]:
    """Our door: one request, and two."""
    http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60)
    content = base64.b64encode(fold(problem_content(problem).to_bytes())).decode()
    body = {"problem": {"content": content}, "spec": spec}

    def one() -> object:
        answer = http.post("/v1/jobs", params={"wait": 30}, json=body).json()
        return answer["results"][0]["content"]

    def two() -> object:
        job = http.post("/v1/jobs", json=body).json()["job"]["id"]
        answer = http.get(f"/v1/jobs/{job}/result", params={"wait": 30, "final": "true"})
        return answer.raise_for_status().content

    return {"ours, 1 request": one, "ours, 2 requests": two}


def sapi(url: str, key: str) -> dict[str, Way]:
    """Submit and wait; then as the client does it: submit a list, poll, fetch."""
    graph, _ = MODELS[MACHINE].graphs()
    a, b = (int(q) for q in graph.couplers[0])
    problem = ({a: -1.0}, {(a, b): 0.5})
    given = problem_of(problem_content(problem).to_bytes())
    http = httpx.Client(base_url=f"{url}/sapi/v2", headers={"X-Auth-Token": key}, timeout=60)
    job = {
        "solver": {"name": MACHINE}, "data": encode_problem(given, 0.0, graph),
        "type": "ising", "params": {"num_reads": 1},
    }  # fmt: skip

    def one() -> object:
        return http.post("problems", json=job).json()["answer"]

    def three() -> object:
        number = http.post("problems", json=[job]).json()[0]["id"]
        assert http.get("problems", params={"id": number, "timeout": 30}).json()[0]["status"] == "COMPLETED"
        return http.get(f"problems/{number}").json()["answer"]

    ours = native(
        url, key, problem, backend="qpu", qpu_model=MACHINE, solver="native", parameters={"num_reads": 1}
    )
    return {**ours, "SAPI, 1 request": one, "SAPI, 3 requests": three}


def dynex(url: str, key: str, grpc_url: str) -> dict[str, Way]:
    """``CreateJob``, then ``SubscribeJob`` up to the answer."""
    data = pb.JobData(num_vars=3, row=[1, 2, 0, 1, 2], col=[0, 1, 0, 1, 2], val=[1, -1, -1, 0, 0])
    opts = pb.JobNewOpts(max_steps=10, num_reads=32, shots=1, rank=1, job_metadata_json='{"seed": 1}')
    requests = [pb.CreateJobRequest(init=pb.CreateJobInit(opts=opts)), pb.CreateJobRequest(job_data=data)]
    stub = SDKStub(grpc.insecure_channel(grpc_url.split("//")[1]))
    metadata = (("authorization", f"Bearer {key}"), ("dynex-sdk-version", "1.4.7"))

    def room() -> object:
        job = stub.CreateJob(iter(requests), metadata=metadata).job_id
        call = stub.SubscribeJob(pb.SubscribeJobRequest(job_id=job), metadata=metadata)
        found = next(event for event in call if event.HasField("envelope"))
        call.cancel()
        return found

    return {**native(url, key, QUBO, parameters={"num_reads": 32}, seed=1), "Dynex, 2 calls": room}


def divi(url: str, key: str) -> dict[str, Way]:
    """``init``, ``add_circuits``, ``status`` up to the end, ``resultsV2``."""
    http = httpx.Client(
        base_url=f"{url}/divi/api/job", headers={"Authorization": f"Bearer {key}"}, timeout=60
    )
    circuits = {"bell": base64.b64encode(gzip.compress(BELL.encode())).decode()}
    init = {"tag": "bench", "job_type": "EXECUTE", "simulator_cluster": "qoro_maestro", "use_packing": False}
    add = {"mode": "append", "finalized": "true", "circuits": circuits, "shots": 100}

    def room() -> object:
        job = http.post("init/", json=init).json()["job_id"]
        http.post(f"{job}/add_circuits/", json=add).raise_for_status()
        while http.get(f"{job}/status/").json()["status"] != "COMPLETED":
            pass
        return http.get(f"{job}/resultsV2/", params={"limit": 100, "offset": 0}).json()["results"][0]

    given = Circuits.of([("bell", BELL)], None)
    return {**native(url, key, given, type="circuits", parameters={"shots": 100}), "Divi, 4 requests": room}


@contextmanager
def client(name: str, python: str, url: str, key: str) -> Iterator[Way]:
    """A real client in a process of its own: a line in, a job done, a line out."""
    script = Path(__file__).with_name("rooms_client.py")
    process = subprocess.Popen(
        [python, script, name, url, key], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None and process.stdout is not None
    stdin, stdout = process.stdin, process.stdout

    def one() -> object:
        print("job", file=stdin, flush=True)
        assert stdout.readline() == "done\n", f"the client of {name} said nothing"
        return None

    yield one
    stdin.close()
    process.wait()


def measure(ways: dict[str, Way], rounds: int) -> dict[str, np.ndarray]:
    """Milliseconds of each way, turn by turn, after ten turns that do not count."""
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 10):
        for name, way in ways.items():
            began = time.perf_counter()
            assert way() != b""
            if turn >= 10:
                spent[name].append(1e3 * (time.perf_counter() - began))
    return {name: np.array(values) for name, values in spent.items()}


def show(title: str, spent: dict[str, np.ndarray]) -> None:
    ones, twos = np.median(spent["ours, 1 request"]), np.median(spent["ours, 2 requests"])
    print(f"{title:24} {'p50':>8} {'p99':>8}  over 1 request  over 2 requests", flush=True)
    for name, values in spent.items():
        median, worst = np.percentile(values, [50, 99])
        more = "" if name.startswith("ours") else f"{median - ones:+13.1f} ms {median - twos:+13.1f} ms"
        print(f"  {name:22} {median:6.1f} ms {worst:6.1f} ms {more}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200)
    for name in ("dwave", "dynex", "divi"):
        parser.add_argument(f"--{name}", metavar="PYTHON")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as clients:
        command = [sys.executable, "-m", "isinglass.cli.main", "serve", "--data-dir", folder]
        command += ["--http-port", "0", "--grpc-port", "0", "--compat", "all", "--threads", "1"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            said = list(lines(process))
            key = next(line for line in said if "first key" in line).split()[-1]
            url = next(line for line in said if line.startswith("isinglass serves at")).split()[-1]
            grpc_url = next(line for line in said if "serves gRPC" in line).split()[-1]
            for title, ways in (
                ("SAPI: two qubits", {**sapi(url, key), "dwave": url}),
                ("Dynex: three variables", {**dynex(url, key, grpc_url), "dynex": grpc_url}),
                ("Divi: a Bell pair", {**divi(url, key), "divi": url}),
            ):
                name, where = ways.popitem()
                if getattr(given, name):
                    ways[f"the client of {name}"] = clients.enter_context(
                        client(name, getattr(given, name), where, key)
                    )
                show(title, measure(ways, given.rounds))
        finally:
            process.terminate()
            process.wait()


def lines(process: subprocess.Popen[str]) -> Iterator[str]:
    """What the service says up to its address."""
    assert process.stdout is not None
    for line in process.stdout:
        yield line
        if line.startswith("isinglass serves at"):
            return


if __name__ == "__main__":
    main()
