"""Blobs in an object store: the tests of blobs once more, by s3fs and a local server of S3 (moto)."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.system.peer_environment import SOURCES, needs_peers, python_with

TESTS = Path(__file__).parents[1] / "unit" / "test_service_blobs.py"


@pytest.fixture(scope="module")
def python() -> Path:
    return python_with("moto[server]>=5.1,<6", "s3fs>=2024.6", "numpy>=2.0", "zstandard>=0.22", "pytest>=8.3")


@pytest.fixture(scope="module")
def store(python: Path) -> Iterator[str]:
    """Its URL; it has one bucket, named ``isinglass``."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [python, "-m", "moto.server", "--host", "127.0.0.1", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        url, until = f"http://127.0.0.1:{port}", time.monotonic() + 60
        while True:
            try:
                assert httpx.put(f"{url}/isinglass").status_code == 200
                break
            except httpx.TransportError:
                assert time.monotonic() < until and server.poll() is None
                time.sleep(0.1)
        yield url
        server.terminate()


@needs_peers
def test_blobs_behind_s3(python: Path, store: str) -> None:
    where = {
        "ISINGLASS_BLOBS": "s3://isinglass/blobs", "AWS_ENDPOINT_URL": store, "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1",
    }  # fmt: skip
    # Settings of our own environment name packages that this one does not have.
    pytest_alone = [python, "-m", "pytest", "-q", "--noconftest", "-c", os.devnull, "-p", "no:cacheprovider"]
    ran = subprocess.run(
        [*pytest_alone, "-k", "given", TESTS], env={**os.environ, **where, "PYTHONPATH": str(SOURCES)},
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    # Of each test of two servers, the one with the place that was given.
    assert ran.returncode == 0 and f"{TESTS.read_text().count('pair: tuple')} passed" in ran.stdout, (
        ran.stdout + ran.stderr
    )
