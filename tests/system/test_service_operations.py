"""An administrator's day: a certificate for another name, logs for programs, a backup while jobs run."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import isinglass
from isinglass.client.session import Session
from isinglass.client.transport import Transport
from isinglass.errors import UnreachableError
from isinglass.jobs.results import result_of
from isinglass.service.core import JobService
from tests.system.service_process import COMMAND, ServiceProcess

LARGE = isinglass.generate("gnp", n=2000, p=0.5, seed=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("operations")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout", place / "key.pem",
         "-out", place / "cert.pem", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    return place


@pytest.fixture(scope="module")
def service(folder: Path) -> Iterator[ServiceProcess]:
    tls = ("--tls-cert", folder / "cert.pem", "--tls-key", folder / "key.pem")
    served = ServiceProcess(
        folder / "data", *map(str, tls), "--threads", "1", "--log-json", "--log-level", "info"
    )
    yield served
    assert served.stop() == 0


@pytest.fixture(scope="module")
def key(service: ServiceProcess) -> str:
    return service.key("ann", "submit", "read", "metrics")


@pytest.fixture(scope="module")
def session(service: ServiceProcess, folder: Path, key: str) -> Iterator[Session]:
    url = f"https://localhost:{service.port}"
    with isinglass.connect(url, key, ca=str(folder / "cert.pem")) as session:
        yield session


def test_local_workers_reach_a_service_whose_certificate_names_another_host(
    service: ServiceProcess, session: Session, folder: Path
) -> None:
    # Workers use the address 127.0.0.1, for which the certificate is not; others are refused there.
    assert session.submit({("a", "a"): -1}).result(timeout=60).first.energy == -1
    for url, ca in ((service.url, str(folder / "cert.pem")), (f"https://localhost:{service.port}", None)):
        with pytest.raises(UnreachableError):
            Transport(url, None, tries=0, ca=ca).request("GET", "/health")


def test_backup_while_jobs_run(service: ServiceProcess, session: Session, folder: Path, key: str) -> None:
    done = session.submit(LARGE, solver="steepest_descent", num_reads=1)
    result = done.result()
    long = session.submit(LARGE, time_limit=60.0, description="in work while the copy is made")
    for event in long.events():
        if event.kind == "shot_leased":
            break
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(verify=False, headers=headers) as prometheus:
        assert 'isinglass_shots_in_work{backend="cpu"} 1.0' in prometheus.get(f"{service.url}/metrics").text
    command = [*COMMAND, "backup", folder / "copy", "--data-dir", service.folder]
    assert "jobs and 1 blobs" in subprocess.check_output(command, text=True)
    long.cancel()
    long.wait(60)
    lines = [json.loads(line) for line in (folder / "service.log").read_text().splitlines()]
    events = [line["event"] for line in lines if line.get("job") == done.id]
    assert events == ["submitted", "started", "shot_leased", "shot_done", "finished"]
    assert [line["user"] for line in lines if line.get("event") == "cancelled"] == ["ann"]

    subprocess.check_output([*COMMAND, "restore", folder / "copy", "--data-dir", folder / "again"])
    again = JobService(folder / "again")
    _, (shot,) = again.store.results("ann", done.id)
    assert (result_of(again.contents.of_result("ann", shot)).record == result.record).all()
    assert again.store.status("ann", long.id)["state"] == "running"
    again.store.dispose()
