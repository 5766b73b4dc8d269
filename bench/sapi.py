"""What the SAPI room adds to the native door: the same job of two qubits through both, turn by turn.

    python bench/sapi.py --url http://127.0.0.1:8300 --key isg_... [--rounds 200]

The service is any ``isinglass serve`` with a qpu worker. Prints the median milliseconds of each way and its
difference to the native one of as many requests, over all rounds: one request (submit and wait), and submit,
wait, fetch. The last line is dwave-cloud-client itself, threads and decoding included.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import httpx
import numpy as np
from dwave.cloud import Client
from dwave.cloud.coders import encode_problem_as_qp

import isinglass

MODEL = "Advantage2_system4"


def ways(url: str, key: str, client: Client) -> dict[str, Callable[[], object]]:
    solver = client.get_solver(name=MODEL)
    a, b = min(solver.undirected_edges)
    h, J = {a: -1.0}, {(a, b): 0.5}
    session = isinglass.connect(url, key)
    how = {"backend": "qpu", "qpu_model": MODEL, "solver": "native", "num_reads": 1}
    http = httpx.Client(base_url=f"{url}/sapi/v2", headers={"X-Auth-Token": key})
    job = {
        "solver": {"name": MODEL}, "data": encode_problem_as_qp(solver, h, J), "type": "ising",
        "params": {"num_reads": 1},
    }  # fmt: skip

    def one_request() -> object:
        answer = http.post("problems", json=job).json()
        assert answer["answer"]
        return answer

    def three_requests() -> object:
        number = http.post("problems", json=[job]).json()[0]["id"]
        assert http.get("problems", params={"id": number, "timeout": 30}).json()[0]["status"] == "COMPLETED"
        return http.get(f"problems/{number}").json()["answer"]

    return {
        "native, one request": lambda: session.solve((h, J), **how),
        "SAPI, one request": one_request,
        "native, submit and wait": lambda: session.submit((h, J), **how).result(),
        "SAPI, submit, poll, fetch": three_requests,
        "dwave-cloud-client": lambda: solver.sample_ising(h, J, num_reads=1).result(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--rounds", type=int, default=200)
    given = parser.parse_args()
    with Client(endpoint=f"{given.url}/sapi/v2/", token=given.key) as client:
        calls = ways(given.url, given.key, client)
        spent: dict[str, list[float]] = {name: [] for name in calls}
        for number in range(given.rounds + 10):
            for name, call in calls.items():
                began = time.perf_counter()
                call()
                if number >= 10:
                    spent[name].append(1e3 * (time.perf_counter() - began))
    natives = [spent["native, one request"], spent["native, submit and wait"]]
    for name, milliseconds in spent.items():
        native = natives["one request" not in name]
        more = np.median(np.subtract(milliseconds, native))
        print(f"{name:28} {np.median(milliseconds):7.1f} ms  {more:+6.1f} ms")


if __name__ == "__main__":
    main()
