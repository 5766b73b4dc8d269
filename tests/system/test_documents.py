"""Every Python block of the README and the docs runs, page by page, in a fresh folder."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WITH_A_SERVICE = [ROOT / "docs" / name for name in ("service.md", "operations.md")]
PAGES = [ROOT / "README.md", *sorted(set((ROOT / "docs").glob("*.md")) - set(WITH_A_SERVICE))]


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "python")], ids=lambda p: p.name)
def test_python_blocks_run(page: Path, tmp_path: Path) -> None:
    code = "\n".join(blocks(page, "python"))
    result = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "console")], ids=lambda p: p.name)
def test_isinglass_commands_run(page: Path, tmp_path: Path) -> None:
    lines = [line[2:] for block in blocks(page, "console") for line in block.splitlines() if line[:2] == "$ "]
    commands = [line for line in lines if line.startswith("isinglass ")]
    assert commands
    for command in commands:
        name, *arguments = shlex.split(command, comments=True)
        executable = Path(sys.executable).with_name(name)
        result = subprocess.run([executable, *arguments], cwd=tmp_path, capture_output=True, text=True)
        assert result.returncode == 0, (command, result.stderr)


def test_the_pages_of_the_service_run_beside_one(tmp_path: Path) -> None:
    options = ("--http-port", "0", "--grpc-port", "0", "--threads", "1")
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    with (tmp_path / "log").open("w+") as log:
        server = subprocess.Popen(["isinglass", "serve", *options], cwd=tmp_path, env=environment, stdout=log)
        try:
            while "serves at" not in (said := (tmp_path / "log").read_text()):
                assert server.poll() is None
                time.sleep(0.05)
            environment["ISINGLASS_ENDPOINT"] = said.split()[-1]
            make_key = ["isinglass", "keys", "create", "--user", "ann"]
            key = subprocess.check_output(make_key, cwd=tmp_path, env=environment, text=True)
            environment["ISINGLASS_SDK_KEY"] = key.strip()
            for page in WITH_A_SERVICE:
                lines = [line for block in blocks(page, "console") for line in block.splitlines()]
                shell = "set -e\n" + "\n".join(line.removeprefix("$ ") for line in lines)
                script = "\n".join(blocks(page, "python"))
                for command in (["bash", "-c", shell], [sys.executable, "-c", script]):
                    done = subprocess.run(
                        command, cwd=tmp_path, env=environment, capture_output=True, text=True
                    )
                    assert done.returncode == 0, (page.name, done.stderr)
        finally:
            server.terminate()
            server.wait()


def test_docstring_examples() -> None:
    import doctest

    import isinglass.client.sampler
    import isinglass.compat.dwave.sampler
    import isinglass.problems.generators
    import isinglass.qpu.sampler

    modules = (
        isinglass, isinglass.client.sampler, isinglass.qpu.sampler, isinglass.problems.generators,
        isinglass.compat.dwave.sampler,
    )  # fmt: skip
    for module in modules:
        outcome = doctest.testmod(module)
        assert outcome.attempted > 0 and outcome.failed == 0
