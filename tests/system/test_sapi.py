"""D-Wave's own packages against ``isinglass serve``: a short script here, all of it under ``make soak``."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.peer_environment import needs_peers, python_with
from tests.system.service_process import ServiceProcess

SCRIPT = Path(__file__).with_name("dwave_script.py")
DOCUMENTS = SCRIPT.with_name("dwave_documents.py")
VERSIONS = (("0.14.4", "1.34.0"), ("0.14.8", "1.36.0"))
"""Of dwave-cloud-client and dwave-system."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    served = ServiceProcess(tmp_path_factory.mktemp("sapi") / "data", "--threads", "2")
    yield served
    served.stop()


def run(service: ServiceProcess, folder: Path, python: Path, argument: str, script: Path = SCRIPT) -> None:
    """A script with nothing but three variables set, in a home that has no configuration."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DWAVE_", "PYTHON"))}
    settings = {
        "DWAVE_API_ENDPOINT": f"{service.url}/sapi/v2/",
        "DWAVE_API_TOKEN": service.key("ann"),
        "DWAVE_METADATA_API_ENDPOINT": f"{service.url}/metadata/v1/",
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "XDG_CACHE_HOME": str(folder),
    }
    command, env = [python, script, argument], kept | settings
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=1800)
    log = (service.folder.parent / "service.log").read_text()
    assert done.returncode == 0, (done.stdout, done.stderr, log)
    assert "Traceback" not in log


def test_the_quick_script(service: ServiceProcess, tmp_path: Path) -> None:
    run(service, tmp_path, Path(sys.executable), "quick")


def test_the_published_blocks(service: ServiceProcess, tmp_path: Path) -> None:
    run(service, tmp_path, Path(sys.executable), "dwave.system", DOCUMENTS)


@needs_peers
@pytest.mark.parametrize("versions", VERSIONS, ids="-".join)
def test_everything(service: ServiceProcess, tmp_path: Path, versions: tuple[str, str]) -> None:
    python = python_with(f"dwave-cloud-client=={versions[0]}", f"dwave-system=={versions[1]}")
    run(service, tmp_path, python, "all")
    run(service, tmp_path, python, "dwave.system", DOCUMENTS)


def test_the_lines_that_a_person_sets(service: ServiceProcess) -> None:
    said = [line.strip().removeprefix("export ") for line in service.said if "export DWAVE_" in line]
    assert [line.partition("=")[0] for line in said] == [
        "DWAVE_API_ENDPOINT", "DWAVE_API_TOKEN", "DWAVE_METADATA_API_ENDPOINT",
    ]  # fmt: skip
    assert said[0] == f"DWAVE_API_ENDPOINT={service.url}/sapi/v2/" and "isg_" in said[1]
