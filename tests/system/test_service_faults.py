"""Processes that die at any moment: what was acknowledged is kept, no shot has two results, every job ends.

``ISINGLASS_FAULTS`` is how often each fault is tried; make soak tries fifty times.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import isinglass
from isinglass.client.session import Session
from isinglass.jobs.states import FINAL, JobState
from isinglass.jobs.wire import PIECE_BYTES
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
    return isinglass.connect(config=isinglass.Config(endpoint=service.url, sdk_key=key, retry_count=20))


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
        ids = [session.submit(MIDDLING, time_limit=0.4, shots=2).id for _ in range(3 * FAULTS)]
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
            config=isinglass.Config(endpoint=service.url, sdk_key=key, retry_count=20)
        ) as s:
            while not over.is_set():
                acknowledged.append(s.submit(QUBO, seed=len(acknowledged)).id)

    key = service.key("bob")
    thread = threading.Thread(target=submit)
    thread.start()
    for _ in range(FAULTS):
        time.sleep(rng.uniform(0.5, 2.0))
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
    with service.connect() as session:
        handle = session.submit(MIDDLING, time_limit=2.0, shots=2)
        seen = []
        killed = False
        for event in handle.events():
            if event.seq:
                seen.append(event.seq)
            if event.kind == "progress" and not killed:
                killed = True
                workers = service.workers()
                service.kill()
                for pid in workers:
                    kill_worker(pid)
                service.start()
        assert killed and seen == list(range(1, len(seen) + 1))
        result = handle.result(timeout=60)
        assert len(result.info["shots"]) == 2 and handle.status().state is JobState.FINISHED


def test_sigterm_hands_the_work_on(service: ServiceProcess) -> None:
    with service.connect() as session:
        long = session.submit(MIDDLING, time_limit=30.0)
        while long.status().state is JobState.QUEUED:
            time.sleep(0.02)
        waiting = [session.submit(QUBO).id for _ in range(3)]
        began = time.monotonic()
        assert service.stop() == 0
        assert time.monotonic() - began < 12.0
        service.start()
        check_ended(session, waiting, 3)
        assert long.status().state is JobState.RUNNING
        long.cancel()
        assert len(long.result(timeout=30).record) > 0


def test_an_upload_goes_on_after_the_server_died(service: ServiceProcess) -> None:
    import numpy as np

    from isinglass.jobs.problems import problem_content

    n = 2600
    matrix = np.triu(np.random.default_rng(1).normal(size=(n, n)))
    content = problem_content(matrix)
    assert content.size > 3 * PIECE_BYTES
    killer = threading.Thread(target=lambda: (time.sleep(0.35), service.kill(), service.start()))
    key = service.key("ann")
    with isinglass.connect(
        config=isinglass.Config(endpoint=service.url, sdk_key=key, retry_count=20)
    ) as session:
        killer.start()
        handle = session.submit(matrix, solver="steepest_descent", num_reads=1, seed=1)
        killer.join()
        there = handle.result(timeout=60)
    here = isinglass.solve(matrix, solver="steepest_descent", num_reads=1, seed=1)
    assert (there.record == here.record).all()
