"""What the Dynex room adds to a small job: milliseconds to an answer, beside the native door.

    python bench/dynex_room.py [--jobs 200]

One service with one worker, on free ports. The two ways take turns, so both meet the same machine. The room's
way is ``CreateJob`` and ``SubscribeJob`` up to the answer, on the messages themselves: the client of the
vendor looks for answers twice a second, whatever the service does.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

import grpc
import numpy as np

import isinglass
from isinglass.compat.dynex.v2 import sdk_pb2 as pb
from isinglass.compat.dynex.v2.sdk_pb2_grpc import SDKStub

QUBO = {("a", "b"): 1, ("a", "a"): -1, ("b", "c"): -1}
DATA = pb.JobData(num_vars=3, row=[1, 2, 0, 1, 2], col=[0, 1, 0, 1, 2], val=[1, -1, -1, 0, 0])
OPTS = pb.JobNewOpts(max_steps=10, num_reads=32, shots=1, rank=1, job_metadata_json='{"seed": 1}')


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=200)
    jobs = parser.parse_args().jobs
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "isinglass.cli.main", "serve", "--data-dir", folder]
        command += ["--http-port", "0", "--grpc-port", "0", "--compat", "dynex"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            said = iter(process.stdout or [])
            key = next(line for line in said if "first key" in line).split()[-1]
            url = next(line for line in said if "serves gRPC" in line).split()[-1]
            measure(url, key, jobs)
        finally:
            process.terminate()
            process.wait()


def measure(url: str, key: str, jobs: int) -> None:
    with isinglass.connect(url, key) as session, grpc.insecure_channel(url.split("//")[1]) as channel:
        stub, metadata = (
            SDKStub(channel),
            (("authorization", f"Bearer {key}"), ("dynex-sdk-version", "1.4.7")),
        )

        def through_the_room() -> None:
            requests = (
                pb.CreateJobRequest(init=pb.CreateJobInit(opts=OPTS)),
                pb.CreateJobRequest(job_data=DATA),
            )
            job = stub.CreateJob(iter(requests), metadata=metadata).job_id
            call = stub.SubscribeJob(pb.SubscribeJobRequest(job_id=job), metadata=metadata)
            next(event for event in call if event.HasField("envelope"))
            call.cancel()

        ways: dict[str, Callable[[], object]] = {
            "native, one request": lambda: session.solve(QUBO, seed=1),
            "native, two requests": lambda: session.submit(QUBO, seed=1).result(),
            "Dynex room": through_the_room,
        }
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for turn in range(jobs + 20):
            for name, way in ways.items():
                began = time.perf_counter()
                way()
                if turn >= 20:
                    seconds[name].append(time.perf_counter() - began)
        for name, values in seconds.items():
            p50, p99 = np.percentile(values, [50, 99]) * 1e3
            print(f"{name:22} p50 {p50:6.2f} ms   p99 {p99:6.2f} ms")
        added = np.median(seconds["Dynex room"]) - np.median(seconds["native, one request"])
        print(f"the room adds {added * 1e3:.2f} ms (medians)")


if __name__ == "__main__":
    main()
