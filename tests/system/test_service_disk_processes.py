"""A disk that is really full, under a real service: what was acknowledged is kept, every job ends, once.

The data folder lies on a small file system of its own (``small_disk.py``) that is filled and freed at any
moment; ``ISINGLASS_FAULTS`` is how often.
"""

from __future__ import annotations

import base64
import os
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

import isinglass
from isinglass.client.session import Session
from isinglass.errors import QuotaError
from isinglass.jobs.problems import problem_content
from isinglass.jobs.wire import PIECE_BYTES, fold
from tests.system.service_process import ServiceProcess, kill_worker
from tests.system.small_disk import SmallDisk
from tests.system.test_service_faults import check_ended, patient

pytestmark = pytest.mark.skipif(not Path("/proc/self").exists(), reason="finds processes in /proc")

FAULTS = int(os.environ.get("ISINGLASS_FAULTS", "1"))
MEBIBYTE = 1 << 20
QUBO = {("a", "b"): 1, ("a", "a"): -1, ("b", "b"): -1}
RING = {(k, (k + 1) % 2000): 1.0 for k in range(2000)}
SEARCH = {"solver": "simulated_annealing"}


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallDisk]:
    disk = SmallDisk(tmp_path_factory.mktemp("full") / "disk", (64 + 16 * FAULTS) * MEBIBYTE)
    if disk.why_not is not None:
        pytest.skip(
            f"no file system of its own can be mounted here, so nothing is really full: {disk.why_not}"
        )
    yield disk
    disk.close()


@pytest.fixture(scope="module")
def service(disk: SmallDisk) -> Iterator[ServiceProcess]:
    served = ServiceProcess(disk.folder / "data", "--threads", "1", "--workers", "2", inside=disk.inside)
    yield served
    assert served.stop() == 0


@pytest.fixture(scope="module")
def key(service: ServiceProcess) -> str:
    (said,) = [line for line in service.said if "first key" in line]
    return said.split()[-1]


def impatient(service: ServiceProcess, key: str) -> Session:
    return isinglass.connect(config=isinglass.Config(endpoint=service.url, sdk_key=key, retry_count=1))


class Client(threading.Thread):
    """Submits jobs of every size until it is over; what was acknowledged, and what was refused."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session, self._rng = session, np.random.default_rng(1)
        self.acknowledged: list[str] = []
        self.refused: list[str] = []
        self.unexpected: list[Exception] = []
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.is_set():
            try:
                self.acknowledged.append(self._submit().id)
            except QuotaError as error:
                assert error.status == 507
                self.refused.append(str(error))
            except Exception as error:
                self.unexpected.append(error)
            self.over.wait(0.2)

    def _submit(self) -> Any:
        quick = {**SEARCH, "annealing_time": 1}
        match self._rng.integers(12):
            case 0:  # an upload
                matrix = np.triu(self._rng.normal(size=(200, 200)))
                return self._session.submit(matrix, num_reads=5, **quick)
            case 1:  # a result that lies beside the database
                return self._session.submit(RING, num_reads=300, **quick)
            case 2:  # one that goes ahead of its delivery, in pieces
                return self._session.submit(RING, num_reads=4100, **quick, shots=2)
        return self._session.submit(QUBO, time_limit=float(self._rng.uniform(0, 1)), shots=2)


def test_a_disk_that_is_full_at_random_times(service: ServiceProcess, disk: SmallDisk, key: str) -> None:
    rng = random.Random(1)
    with impatient(service, key) as session:
        session.solve(QUBO)
        client = Client(session)
        client.start()
        for round_ in range(1, FAULTS + 1):
            time.sleep(rng.uniform(0.2, 1.5))
            disk.fill()
            # Every tenth time for longer than a lease, and than a worker waits for a service that is gone.
            time.sleep(rng.uniform(0.2, 4.0) if round_ % 10 else 40.0)
            disk.free()
        client.over.set()
        client.join()
        assert not client.unexpected and client.refused
        assert all("no room" in words for words in client.refused)
        check_ended(session, client.acknowledged, len(client.acknowledged))


def test_what_a_full_disk_says_and_who_survives_it(
    service: ServiceProcess, disk: SmallDisk, key: str
) -> None:
    """Uploads, jobs and results are refused in words; workers die meanwhile, and all goes on afterwards."""
    small = problem_content(QUBO).to_bytes()
    body = {
        "problem": {"content": base64.b64encode(fold(small)).decode()},
        "spec": {"description": "x" * 1000},
    }
    piece = np.random.default_rng(1).bytes(PIECE_BYTES)
    where = f"/v1/blobs/{'ab' * 32}?size={2 * PIECE_BYTES}"
    headers = {"Authorization": f"Bearer {key}"}
    with (
        patient(service, key) as session,
        httpx.Client(base_url=service.url, headers=headers, timeout=30) as client,
    ):
        for round_ in range(FAULTS):
            long = session.submit(QUBO, time_limit=1.0)
            next(event for event in long.events() if event.kind == "shot_leased")
            disk.fill()
            upload = client.put(f"{where}&offset=0", content=fold(piece))
            acknowledged = [long.id]
            while (answer := client.post("/v1/jobs", json=body)).status_code == 201:
                acknowledged.append(answer.json()["job"]["id"])
            for refused in (answer, upload):
                assert refused.status_code == 507 and "no room" in refused.json()["error"]["message"]
            assert client.get("/health").status_code == 200
            assert client.get(f"/v1/jobs/{long.id}").status_code == 200
            # The more often one died, the longer the pause before it is started again.
            if round_ % 5 == 0:
                kill_worker(service.workers()[0])
            time.sleep(1.5)
            disk.free()
            check_ended(session, acknowledged, len(acknowledged))
            until = time.monotonic() + 20.0
            while len(service.workers()) < 2 and time.monotonic() < until:
                time.sleep(0.1)
            assert len(service.workers()) == 2
            assert client.get(where).json()["arrived"] == 0


def test_a_server_that_dies_on_a_full_disk_comes_back(
    service: ServiceProcess, disk: SmallDisk, key: str
) -> None:
    """On the full disk already, which it only reads; afterwards everything is there."""
    rng = random.Random(3)
    with patient(service, key) as session:
        for _ in range(FAULTS):
            jobs = [session.submit(RING, **SEARCH, time_limit=0.5, shots=2).id for _ in range(3)]
            time.sleep(rng.uniform(0.0, 1.0))
            disk.fill()
            time.sleep(rng.uniform(0.0, 0.5))
            service.kill()
            service.start()
            assert session.jobs()
            time.sleep(rng.uniform(0.0, 1.0))
            disk.free()
            check_ended(session, jobs, 3)
