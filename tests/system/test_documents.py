"""Every Python block of the README and the docs runs, page by page, in a fresh folder."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


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


def test_docstring_examples() -> None:
    import doctest

    import isinglass.problems.generators
    import isinglass.qpu.sampler
    import isinglass.sampler

    for module in (isinglass, isinglass.sampler, isinglass.qpu.sampler, isinglass.problems.generators):
        outcome = doctest.testmod(module)
        assert outcome.attempted > 0 and outcome.failed == 0
