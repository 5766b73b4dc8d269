"""An administrator's day: serve with logs for programs, back up while jobs run, restore, go on, restart."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import httpx
import pytest

import isinglass
from isinglass.client.transport import Transport
from isinglass.errors import UnreachableError
from tests.system.service_process import COMMAND, ServiceProcess

QUBO = {("a", "b"): 1, ("a", "a"): -1, ("b", "b"): -1}
LARGE = isinglass.generate("gnp", n=2000, p=0.5, seed=1)


def test_backup_restore_logs_and_metrics(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    options = ("--threads", "1", "--log-json", "--log-level", "info", "--keep-days", "7")
    service = ServiceProcess(tmp_path / "first" / "data", *options)
    key = service.key("ann", "submit", "read", "metrics")
    with isinglass.connect(service.url, key) as session:
        done = session.submit(LARGE, solver="steepest_descent", num_reads=1)
        result = done.result()
        long = session.submit(LARGE, time_limit=60.0, description="in work while the copy is made")
        for event in long.events():
            if event.kind == "shot_leased":
                break
        command = [*COMMAND, "backup", tmp_path / "copy", "--data-dir", service.folder]
        assert "2 jobs and 1 blobs" in subprocess.check_output(command, text=True)
        metrics = httpx.get(f"{service.url}/metrics", headers={"Authorization": f"Bearer {key}"}).text
        assert 'isinglass_shots_in_work{backend="cpu"} 1.0' in metrics
        long.cancel()
        long.wait(60)
    assert service.stop() == 0
    lines = [json.loads(line) for line in (tmp_path / "first" / "service.log").read_text().splitlines()]
    events = [line["event"] for line in lines if line.get("job") == done.id]
    assert events == ["submitted", "started", "shot_leased", "shot_done", "finished"]
    assert any(line.get("event") == "cancelled" and line["job"] == long.id for line in lines)

    other = tmp_path / "second" / "data"
    subprocess.check_output([*COMMAND, "restore", tmp_path / "copy", "--data-dir", other])
    service = ServiceProcess(other, "--threads", "1")
    with isinglass.connect(service.url, key) as session:
        assert (session.job(done.id).result().record == result.record).all()
        # What was in work when the copy was made is taken up again when its lease has run out.
        assert session.job(long.id).status().state == "running"
    assert service.stop() == 0


def test_local_workers_reach_a_service_whose_certificate_names_another_host(tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout", key, "-out", certificate,
         "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    options = ("--tls-cert", certificate, "--tls-key", key, "--threads", "1")
    service = ServiceProcess(tmp_path / "data", *map(str, options))
    # Workers use the address 127.0.0.1, for which the certificate is not.
    url = f"https://localhost:{service.port}"
    with isinglass.connect(url, service.key("ann"), ca=str(certificate)) as session:
        assert session.submit(QUBO).result(timeout=60).first.energy == -1
    with pytest.raises(UnreachableError):
        Transport(service.url, None, tries=0, ca=str(certificate)).request("GET", "/health")
    with pytest.raises(UnreachableError):
        Transport(url, None, tries=0).request("GET", "/health")
    assert service.stop() == 0
