"""The real Divi, unmodified from PyPI: its programs on our runner, its ``QoroService`` on our service."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.system.peer_environment import needs_peers, python_with, run_script
from tests.system.service_process import ServiceProcess

NEWEST = ("qoro-divi==0.15.1", "dimod", "numba")


@needs_peers
def test_programs_of_the_newest_divi() -> None:
    printed = run_script(python_with(*NEWEST), Path(__file__).with_name("divi_programs.py"))
    assert printed.splitlines()[-1] == "all done"


@needs_peers
@pytest.mark.parametrize("package", [("qoro-divi==0.3.5",), NEWEST], ids=lambda package: package[0])
def test_the_real_client_of_both_eras(package: tuple[str, ...], tmp_path: Path) -> None:
    service = ServiceProcess(tmp_path / "data", "--compat", "divi")
    try:
        script = Path(__file__).with_name("divi_client.py")
        printed = run_script(python_with(*package), script, service.url, service.key("ann"))
    finally:
        service.stop()
    assert printed.splitlines()[-1] == "all done"
