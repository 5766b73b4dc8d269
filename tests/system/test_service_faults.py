"""Processes that die at any moment: what was acknowledged is kept, no shot has two results, every job ends.

``ISINGLASS_FAULTS`` is how often each fault is tried; make soak tries fifty times.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

import isinglass
from isinglass.client.session import Session
from isinglass.executors.shots import run_shot
from isinglass.jobs.problems import problem_content, problem_of
from isinglass.jobs.results import result_content
from isinglass.jobs.spec import JobSpec
from isinglass.jobs.states import FINAL, JobState
from isinglass.jobs.wire import PIECE_BYTES, fold
from isinglass.service.core import JobService
from isinglass.service.keys import create_key
from tests.system.service_process import ServiceProcess, kill_worker

pytestmark = pytest.mark.skipif(not Path("/proc/self").exists(), reason="finds processes in /proc")

FAULTS = int(os.environ.get("ISINGLASS_FAULTS", "1"))
QUBO = {("a", "b"): 1, ("a", "a"): -1, ("b", "b"): -1}
MIDDLING = isinglass.generate("gnp", n=300, p=0.5, seed=1)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    folder = tmp_path_factory.mktemp("faults") / "data"
    served = ServiceProcess(folder, "--threads", "1", "--workers", "2")
    yield served
    served.stop()


def patient(service: ServiceProcess, key: str) -> Session:
    return isinglass.connect(config=isinglass.Config(endpoint=service.url, sdk_key=key, retry_count=100))


def check_ended(session: Session, ids: list[str], expected: int) -> None:
    """Each of the jobs has ended well, once, with one result a shot."""
    assert len(set(ids)) == len(ids) == expected
    for job in ids:
        handle = session.job(job)
        status = handle.wait(timeout=60)
        assert status.state is JobState.FINISHED, (status, [e.as_object() for e in handle.events()])
        kinds = [event.kind for event in handle.events()]
        assert kinds.count("shot_done") == status.shots and sum(kind in FINAL for kind in kinds) == 1
        assert len(handle.result().record) > 0


def test_workers_killed_at_random_times(service: ServiceProcess) -> None:
    rng = random.Random(1)
    with service.connect() as session:
        ids = [session.submit(MIDDLING, time_limit=0.4, shots=2, timeout=None).id for _ in range(3 * FAULTS)]
        for _ in range(FAULTS):
            time.sleep(rng.uniform(0.2, 1.5))
            workers = service.workers()
            if workers:
                kill_worker(rng.choice(workers))
        check_ended(session, ids, 3 * FAULTS)


def test_the_server_killed_at_random_times(service: ServiceProcess) -> None:
    """A client submits all the while; it notices nothing but time."""
    rng = random.Random(2)
    acknowledged: list[str] = []
    over = threading.Event()

    def submit() -> None:
        with isinglass.connect(
            config=isinglass.Config(endpoint=service.url, sdk_key=key, retry_count=100)
        ) as s:
            while not over.is_set():
                acknowledged.append(s.submit(QUBO, seed=len(acknowledged), timeout=None).id)
                time.sleep(0.02)

    key = service.key("bob")
    thread = threading.Thread(target=submit)
    thread.start()
    for _ in range(FAULTS):
        # Workers need some seconds until they are at work: some deaths come before that, some after.
        time.sleep(rng.uniform(0.5, 6.0))
        service.kill()
        service.start()
    before = len(acknowledged)
    until = time.monotonic() + 30
    while len(acknowledged) < before + 5 and time.monotonic() < until:
        time.sleep(0.05)
    over.set()
    thread.join()
    with isinglass.connect(service.url, key) as session:
        check_ended(session, acknowledged, len(acknowledged))
        # Nothing was made twice, either.
        assert len(session.jobs(limit=1000)) == min(1000, len(acknowledged))


def test_a_handle_survives_the_death_of_everything(service: ServiceProcess) -> None:
    rng = random.Random(3)
    with service.connect() as session:
        for _ in range(FAULTS):
            handle = session.submit(MIDDLING, time_limit=2.0, shots=2)
            seen = []
            killed = False
            for event in handle.events():
                if event.seq:
                    seen.append(event.seq)
                if event.kind == "progress" and not killed:
                    killed = True
                    time.sleep(rng.uniform(0.0, 0.3))
                    workers = service.workers()
                    service.kill()
                    for pid in workers:
                        kill_worker(pid)
                    service.start()
            assert killed and seen == list(range(1, len(seen) + 1))
            result = handle.result(timeout=60)
            assert len(result.info["shots"]) == 2 and handle.status().state is JobState.FINISHED


@pytest.mark.clock
def test_sigterm_hands_the_work_on(service: ServiceProcess) -> None:
    rng = random.Random(4)
    with service.connect() as session:
        for _ in range(FAULTS):
            long = session.submit(MIDDLING, time_limit=30.0)
            while long.status().state is JobState.QUEUED:
                time.sleep(0.02)
            waiting = [session.submit(QUBO).id for _ in range(3)]
            time.sleep(rng.uniform(0.0, 0.2))
            began = time.monotonic()
            assert service.stop() == 0
            assert time.monotonic() - began < 12.0
            service.start()
            check_ended(session, waiting, 3)
            assert long.status().state is JobState.RUNNING
            # Its shot waits for a worker that starts; before it has one, a cancel would find nothing.
            next(event for event in long.events() if event.kind == "progress")
            long.cancel()
            assert len(long.result(timeout=30).record) > 0


@pytest.mark.parametrize("wire", ["http", "grpc"])
def test_an_upload_goes_on_after_the_server_died(service: ServiceProcess, wire: str) -> None:
    rng = random.Random(5)
    matrix = np.triu(np.random.default_rng(1).normal(size=(2600, 2600)))
    url = service.url if wire == "http" else service.grpc_url
    settings = isinglass.Config(endpoint=url, sdk_key=service.key("ann"), retry_count=100)
    with isinglass.connect(config=settings) as session:
        for round_ in range(FAULTS):
            matrix[0, 0] = round_
            assert problem_content(matrix).size > 3 * PIECE_BYTES

            def die(after: float) -> None:
                time.sleep(after)
                service.kill()
                service.start()

            killer = threading.Thread(target=die, args=(rng.uniform(0.1, 0.7),))
            killer.start()
            handle = session.submit(matrix, solver="steepest_descent", num_reads=1, seed=1)
            killer.join()
            there = handle.result(timeout=60)
            here = isinglass.solve(matrix, solver="steepest_descent", num_reads=1, seed=1)
            assert (there.record == here.record).all()


def test_clients_that_vanish_while_they_send(service: ServiceProcess) -> None:
    """A connection cut inside of a piece leaves whole pieces only; the next client goes on after them."""
    rng = random.Random(6)
    data = np.random.default_rng(1).bytes(2 * PIECE_BYTES + 5)
    key = service.key("dee")
    bearer = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=service.url, headers=bearer, timeout=30) as client:
        for round_ in range(FAULTS):
            content = data + round_.to_bytes(4)
            where = f"/v1/blobs/{hashlib.sha256(content).hexdigest()}?size={len(content)}"
            arrived = 0
            while arrived < len(content):
                frame = fold(content[arrived : arrived + PIECE_BYTES])
                head = f"PUT {where}&offset={arrived} HTTP/1.1\r\nHost: x\r\n"
                head += f"Authorization: Bearer {key}\r\nContent-Length: {len(frame)}\r\n\r\n"
                with socket.create_connection(("127.0.0.1", service.port)) as connection:
                    connection.sendall(head.encode() + frame[: rng.randrange(len(frame))])
                assert client.get(where).json()["arrived"] == arrived
                arrived = client.put(f"{where}&offset={arrived}", content=frame).json()["arrived"]
            assert client.get(where).json()["arrived"] == len(content)


def test_clocks_that_jump(tmp_path: Path) -> None:
    """By up to a day, either way, at any moment: leases, pauses and timeouts go with them."""
    asyncio.run(jump(tmp_path))


async def jump(folder: Path) -> None:
    rng, offset = random.Random(7), 0.0
    service = JobService(folder)
    with service.store.transaction() as connection:
        create_key(connection, "ann", ["submit", "read"], time.time())
    service.store.clock = lambda: time.time() + offset
    await service.start()
    content = problem_content(QUBO).to_bytes()
    for _ in range(FAULTS):
        spec = JobSpec(shots=2, timeout=60.0, parameters={"num_reads": 1})
        status, _ = await service.submit("ann", spec, content, None, None)
        before = service.store.clock()
        held = [lease for _ in range(2) for lease in await service.work.lease("w", ["cpu"], 5.0)]
        assert len(held) == 2
        await asyncio.sleep(rng.uniform(0.0, 0.3))
        offset += rng.choice([-1, 1]) * rng.uniform(10.0, 86_400.0)
        await asyncio.sleep(0.6)
        for lease in held:
            assert await service.work.heartbeat(lease.job, lease.shot, lease.token, 0.0, None) is False
            result = result_content(run_shot(problem_of(content), lease.spec, lease.shot)).to_bytes()
            assert await service.work.deliver("w", lease.job, lease.shot, lease.token, 0.1, result)
        status = await service.status("ann", status["id"], 5.0)
        assert status["state"] == "finished" and status["created"] <= before
    await service.stop()
