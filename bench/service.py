"""The job service on loopback: latency and throughput of small jobs, upload of a large problem.

    python bench/service.py [--seconds 60] [--queued 10000] [--variables 15000]

Prints, for a job of three variables: milliseconds from submission to result in one request and in two, beside
the same ``solve`` here; jobs a second from 16 clients and how many of them were lost; both once more with so
many jobs waiting in the queue. For a dense problem of float32 couplings: seconds of the upload and megabytes
of memory that it took in the client. Last, what the service adds to a job of ten seconds.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable

import numpy as np

import isinglass
from isinglass.client.session import Session
from isinglass.client.transport import Transport
from isinglass.errors import IsinglassError
from isinglass.jobs.container import pack

QUBO = {("a", "b"): 1, ("a", "a"): -1, ("b", "c"): -1}
CLIENTS = 16


def percentiles(call: Callable[[], object], count: int = 300) -> str:
    seconds = []
    for _ in range(count):
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
    p50, p99 = np.percentile(seconds, [50, 99]) * 1e3
    return f"p50 {p50:.1f} ms, p99 {p99:.1f} ms"


def latency(session: Session) -> None:
    print("  one request: ", percentiles(lambda: session.solve(QUBO, seed=1)), flush=True)
    print("  two requests:", percentiles(lambda: session.submit(QUBO, seed=1).result()), flush=True)
    print("  solve here:  ", percentiles(lambda: isinglass.solve(QUBO, seed=1)), flush=True)


def throughput(url: str, key: str, seconds: float) -> None:
    done, lost = [0] * CLIENTS, [0] * CLIENTS
    until = time.monotonic() + seconds

    def client(number: int) -> None:
        with isinglass.connect(url, key) as session:
            while time.monotonic() < until:
                try:
                    session.solve(QUBO, seed=done[number])
                    done[number] += 1
                except IsinglassError:
                    lost[number] += 1

    threads = [threading.Thread(target=client, args=(k,)) for k in range(CLIENTS)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent = time.monotonic() - began
    print(
        f"  {CLIENTS} clients: {sum(done) / spent:.0f} jobs/s for {spent:.0f} s, {sum(lost)} lost", flush=True
    )


def fill(session: Session, knock: Callable[[], None], count: int) -> None:
    """Jobs that wait: the one worker with a GPU only says that it is there."""
    began = time.monotonic()
    for k in range(count):
        if k % 500 == 0:
            knock()
        session.submit(QUBO, backend="gpu", timeout=None)
    print(
        f"{count} jobs queued, {count / (time.monotonic() - began):.0f} a second from one client", flush=True
    )


def gpu_worker(url: str, key: str) -> Callable[[], None]:
    """One that wants no work."""
    transport = Transport(url, key)
    body = pack({"worker": "gpu", "backends": ["gpu"], "wait": None}, {}).to_bytes()
    return lambda: transport.request("POST", "/v1/workers/exchange", content=body) and None


def served(server: subprocess.Popen[str]) -> tuple[str, str]:
    """(first key, URL) of what a service says when it starts."""
    assert server.stdout is not None
    key = url = ""
    while not (key and url):
        line = server.stdout.readline()
        key = line.split()[-1] if line.startswith("the first key") else key
        url = line.split()[-1] if line.startswith("isinglass serves at") else url
    return key, url


def upload(url: str, key: str, n: int) -> None:
    """In a process of its own, whose memory is its own too."""
    code = (
        "import numpy as np, resource, time, isinglass\n"
        f"n = {n}\n"
        "matrix = np.empty((n, n), np.float32)\n"
        "for i in range(n): matrix[i] = np.random.default_rng(i).standard_normal(n, np.float32)\n"
        "for i in range(n): matrix[i:, i] = matrix[i, i:]\n"
        "from isinglass.jobs.problems import problem_content\n"
        "from isinglass.client.transport import Transport\n"
        f"with isinglass.connect({url!r}, {key!r}) as session:\n"
        "    session.solve({('a', 'b'): 1})\n"
        "    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "    from isinglass.client.upload import upload\n"
        "    began = time.perf_counter()\n"
        "    content = problem_content(matrix)\n"
        "    ready = time.perf_counter()\n"
        f"    upload(Transport({url!r}, {key!r}), content)\n"
        "    spent = time.perf_counter() - began\n"
        "    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024\n"
        "print(f'  {content.size / 1e6:.0f} MB in {spent:.1f} s, of which {ready - began:.1f} s to check '\n"
        "      f'the matrix; {more:.0f} MB of memory beside it')\n"
    )
    print(f"upload of a dense problem, n = {n}, {n * (n - 1) // 2 / 1e6:.0f} M couplings:", flush=True)
    subprocess.run([sys.executable, "-c", code], check=True)


def overhead(session: Session, seconds: float) -> None:
    graph = isinglass.generate("gnp", n=2000, p=0.5, seed=1)
    session.solve(graph, time_limit=0.5)
    began = time.perf_counter()
    session.solve(graph, time_limit=seconds)
    there = time.perf_counter() - began
    print(f"a job of {seconds:.0f} s: {there:.2f} s, {100 * (there / seconds - 1):.1f} % more", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--queued", type=int, default=10_000)
    parser.add_argument("--variables", type=int, default=15_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            [sys.executable, "-m", "isinglass.cli.main", "serve", "--data-dir", folder, "--http-port", "0",
             "--no-grpc", "--compat", "none", "--threads", "1", "--workers", str(os.cpu_count() or 1)],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        key, url = served(server)
        try:
            with isinglass.connect(url, key) as session:
                for _ in range(20):
                    session.solve(QUBO)
                print("a job of three variables:", flush=True)
                latency(session)
                throughput(url, key, options.seconds)
                fill(session, gpu_worker(url, key), options.queued)
                latency(session)
                throughput(url, key, options.seconds)
                upload(url, key, options.variables)
                overhead(session, 10.0)
                used = resource.getrusage(resource.RUSAGE_SELF)
                print(f"this client: {used.ru_utime + used.ru_stime:.1f} s of processor time")
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
