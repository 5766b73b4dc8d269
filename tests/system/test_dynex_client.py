"""The real Dynex client, of several ages, against a real service; and ``dynexcore`` under its LOCAL backend.

The client brings 650 MB of packages. Where ``ISINGLASS_PEERS`` names a folder, each version is installed from
PyPI into an environment of its own in there (once), and everything runs; make soak does that. Without it our
own stubs talk with the service, which tests/wire/dynex/ does at length in one process.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from isinglass.compat.dynex import dynexcore
from isinglass.compat.dynex.v2 import sdk_pb2 as pb
from isinglass.compat.dynex.v2.sdk_pb2_grpc import SDKStub
from isinglass.errors import ParameterError
from tests.system.peer_environment import needs_peers, python_with
from tests.system.service_process import COMMAND, ServiceProcess
from tests.wire.dynex.in_process import batch, options, with_data

VERSIONS = ("1.4.7", "1.3.3")
STEPS = "models words constraints circuits errors stopping again many published study local million"
SCRIPT = Path(__file__).with_name("dynex_script.py")
PROBLEM = "p qubo 3 5 0.250000\n1 0 3.0\n2 1 -1.0\n0 0 -1.0\n1 1 -2.0\n2 2 0.5\n"


def python_of(version: str) -> Path:
    """The interpreter of that client, with what the published blocks import beside it."""
    return python_with(f"dynex=={version}", "ipywidgets", "tqdm")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    served = ServiceProcess(tmp_path_factory.mktemp("dynex") / "data", "--compat", "dynex")
    yield served
    served.stop()


@pytest.fixture(scope="module")
def gpu(service: ServiceProcess) -> Iterator[None]:
    """A worker with the simulated card: services do not start one for it by themselves."""
    worker = subprocess.Popen(
        [*COMMAND, "worker", "--url", service.url, "--backends", "gpu", "--threads", "1"],
        env={**os.environ, "ISINGLASS_SDK_KEY": service.key("gpu", "work")},
    )
    with service.connect() as session:
        until = time.monotonic() + 60
        while True:  # it is told of by the service's refusals
            try:
                session.solve({("a", "b"): 1}, backend="gpu")
                break
            except ParameterError:
                assert time.monotonic() < until and worker.poll() is None
                time.sleep(0.1)
    yield
    worker.terminate()
    worker.wait()


def test_a_job_through_a_real_service(service: ServiceProcess) -> None:
    """Submitted, run by a worker in another process, told as events."""
    metadata = (("authorization", f"Bearer {service.key('ann')}"), ("dynex-sdk-version", "1.4.7"))
    with grpc.insecure_channel(f"127.0.0.1:{service.grpc_port}") as channel:
        stub = SDKStub(channel)
        qpu = options(compute_backend=3, job_metadata_json='{"qpu_model": "apollo_rc1"}')
        for opts in (options(), qpu):
            job = stub.CreateJob(iter(with_data(opts)), metadata=metadata, timeout=60).job_id
            call = stub.SubscribeJob(pb.SubscribeJobRequest(job_id=job), metadata=metadata, timeout=60)
            found = next(event for event in call if event.HasField("envelope"))
            call.cancel()
            assert batch(found.envelope).energies[0] == -2.25


@needs_peers
@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize("version", VERSIONS)
def test_the_client(version: str, service: ServiceProcess, tmp_path: Path) -> None:
    core = tmp_path / "testnet"
    core.mkdir()
    (core / "dynexcore").write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -m isinglass.compat.dynex.dynexcore "$@"\n'
    )
    (core / "dynexcore").chmod(0o755)
    subprocess.run(
        [python_of(version), SCRIPT, *STEPS.split()], check=True, cwd=tmp_path, timeout=1500,
        env={
            **os.environ, "DYNEX_SDK_KEY": service.key("ann"),
            "DYNEX_GRPC_ENDPOINT": f"127.0.0.1:{service.grpc_port}",
        },
    )  # fmt: skip


def test_dynexcore(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One file beside its input, named by chips, steps, loc and energy, with as many lines as are asked
    for."""
    given = tmp_path / "0123.dnx"
    given.write_text(PROBLEM)
    words = ["num_steps=10", "population_size=8", "max_iterations=8", "target_energy=-0.25", "init_dt=0.05"]
    assert (
        dynexcore.main([f"file={given}", *words, "cpu_threads=4", "shots=2", "solver=simulated_annealing"])
        == 0
    )
    out = tmp_path / "0123.dnx.1.10.0.-2.500000"
    assert sorted(tmp_path.iterdir()) == [given, out] and capsys.readouterr().out == f"{out}\n"
    lines = out.read_text().splitlines()
    assert lines[0] == "-1.0, 1.0, 1.0, " and len(lines) == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "there is no file"),
        (["file=missing.dnx"], "missing.dnx"),
        (["file={bad}"], "first line"),
        (["file={good}", "num_steps=x"], "num_steps='x'"),
        (["file={good}", "population_size=0"], "num_reads=0"),
        (["file={good}", "seed=1.5"], "seed=1.5"),
    ],
)
def test_dynexcore_says_what_is_wrong(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = tmp_path / "good.dnx", tmp_path / "bad.dnx"
    good.write_text(PROBLEM)
    bad.write_text("p cnf 3 5\n")
    assert dynexcore.main([word.format(good=good, bad=bad) for word in words]) == 1
    assert said in capsys.readouterr().err and len(list(tmp_path.iterdir())) == 2


def test_dynexcore_is_a_command() -> None:
    assert COMMAND[0] == sys.executable
    ended = subprocess.run(
        [sys.executable, "-m", "isinglass.compat.dynex.dynexcore"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1 and ended.stderr.startswith("dynexcore: there is no file")
