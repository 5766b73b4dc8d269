"""The real Divi, unmodified from PyPI: its programs on our runner, its ``QoroService`` on our service."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.system.connect_proxy import proxy_to
from tests.system.peer_environment import needs_peers, python_with, run_script
from tests.system.service_process import ServiceProcess

OLDEST = ("qoro-divi==0.3.5",)
NEWEST = ("qoro-divi==0.15.1", "dimod", "numba")
BETWEEN = ("0.4.2", "0.9.0", "0.14.0")
"""The wire changed with 0.4 (types of jobs), 0.9 (clusters, pages) and 0.14 (payloads)."""
HERE = Path(__file__).parent
ADDRESS = "app.qoroquantum.net"
"""A constant of the package; its path there is ``/api``."""
both_eras = pytest.mark.parametrize("package", [OLDEST, NEWEST], ids=lambda package: package[0])


@needs_peers
def test_programs_of_the_newest_divi() -> None:
    printed = run_script(python_with(*NEWEST), HERE / "divi_programs.py")
    assert printed.splitlines()[-1] == "all done"


@needs_peers
@pytest.mark.parametrize(
    "package",
    [OLDEST, *((f"qoro-divi=={release}",) for release in BETWEEN), NEWEST],
    ids=lambda package: package[0],
)
def test_the_real_client(package: tuple[str, ...], tmp_path: Path) -> None:
    service = ServiceProcess(tmp_path / "data", "--compat", "divi")
    try:
        printed = run_script(python_with(*package), HERE / "divi_client.py", service.url, service.key("ann"))
    finally:
        service.stop()
    assert printed.splitlines()[-1] == "all done"


@needs_peers
@both_eras
def test_the_guide_with_nothing_but_the_environment(package: tuple[str, ...], tmp_path: Path) -> None:
    """Under the vendor's own address and path, through a proxy and with a certificate of that name."""
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert,
         "-days", "2", "-subj", f"/CN={ADDRESS}", "-addext", f"subjectAltName=DNS:{ADDRESS}"],
        check=True, capture_output=True,
    )  # fmt: skip
    tls = ("--tls-cert", str(cert), "--tls-key", str(key))
    service = ServiceProcess(tmp_path / "data", "--compat", "divi", *tls)
    api_key = service.key("ann")
    (tmp_path / ".env").write_text(f"QORO_API_KEY={api_key}\n")
    try:
        with proxy_to(service.port) as proxy:
            done = subprocess.run(
                [python_with(*package), "-c", "import divi_guide"], cwd=tmp_path, capture_output=True,
                text=True, timeout=300,
                env={
                    **os.environ, "PYTHONPATH": str(HERE), "QORO_API_KEY": api_key,
                    "HTTPS_PROXY": proxy, "REQUESTS_CA_BUNDLE": str(cert),
                },
            )  # fmt: skip
    finally:
        service.stop()
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "all done"
