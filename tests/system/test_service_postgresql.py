"""Two servers on one PostgreSQL: work goes where workers are, news to whoever waits, and nothing is lost.

``ISINGLASS_FAULTS`` is how often each of them is cut or killed; make soak does it fifty times.
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
from isinglass.jobs.states import JobState
from tests.postgres import Postgres
from tests.system.service_process import ServiceProcess
from tests.system.test_service_faults import check_ended, patient

pytestmark = pytest.mark.skipif(not Path("/proc/self").exists(), reason="finds processes in /proc")

FAULTS = int(os.environ.get("ISINGLASS_FAULTS", "1"))
QUBO = {("a", "b"): 1, ("a", "a"): -1, ("b", "b"): -1}
LARGE = isinglass.generate("gnp", n=2000, p=0.5, seed=1)


class TwoServers:
    """One without workers, one with: whatever is asked of the first happens at the second."""

    def __init__(self, postgres: Postgres, folder: Path) -> None:
        self.url = postgres.database()
        common = ("--threads", "1", "--blobs", f"file://{folder}/shared")
        self.idle = ServiceProcess(folder / "a", *common, "--workers", "0", database=self.url)
        self.busy = ServiceProcess(folder / "b", *common, "--workers", "1", database=self.url)


@pytest.fixture(scope="module")
def two(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoServers]:
    servers = TwoServers(postgres, tmp_path_factory.mktemp("two"))
    yield servers
    assert servers.busy.stop() == 0 and servers.idle.stop() == 0


def test_work_and_news_cross_at_once(two: TwoServers) -> None:
    with two.idle.connect("ann", "grpc") as session:
        session.solve(QUBO)
        took = []
        for seed in range(7):
            began = time.perf_counter()
            session.submit(QUBO, seed=seed).result(timeout=20)
            took.append(time.perf_counter() - began)
        # Without news from the other server a waiting client looks every five seconds.
        assert sorted(took)[3] < 1.0, took
        handle = session.submit(LARGE, time_limit=60.0)
        for event in handle.events():
            if event.kind == "progress":
                break
        began = time.perf_counter()
        handle.cancel()
        assert handle.result(timeout=20).info["job"]["state"] == "cancelled"
        assert time.perf_counter() - began < 4.0
    with two.busy.connect("bob") as other, pytest.raises(isinglass.errors.UnknownJobError):
        other.job(handle.id)


def test_nothing_is_lost_when_connections_are_cut_and_servers_die(
    two: TwoServers, postgres: Postgres
) -> None:
    rng = random.Random(7)
    over = threading.Event()
    acknowledged: list[str] = []

    def submit(server: ServiceProcess, key: str) -> None:
        with patient(server, key) as session:
            while not over.is_set():
                acknowledged.append(session.submit(QUBO, shots=2, num_reads=1, timeout=None).id)
                time.sleep(0.25)

    def crash() -> None:
        postgres.stop()
        time.sleep(rng.uniform(0.0, 1.0))
        postgres.start()

    def restart(server: ServiceProcess) -> None:
        server.kill()
        server.start()

    faults = [
        lambda: postgres.cut(two.url), crash,
        lambda: restart(two.idle), lambda: restart(two.busy),
    ]  # fmt: skip
    key = two.idle.key("cyd")
    clients = [threading.Thread(target=submit, args=(server, key)) for server in (two.idle, two.busy)]
    for client in clients:
        client.start()
    for fault in faults * FAULTS:
        time.sleep(rng.uniform(0.2, 1.0))
        fault()
    before, until = len(acknowledged), time.monotonic() + 30
    while len(acknowledged) < before + 4 and time.monotonic() < until:
        time.sleep(0.05)
    over.set()
    for client in clients:
        client.join()
    assert len(acknowledged) >= before + 4
    with patient(two.busy, key) as session:
        check_ended(session, acknowledged, len(acknowledged))
        assert len(session.jobs(limit=1000)) == min(1000, len(acknowledged))
        assert not session.jobs(state=JobState.DEAD)
