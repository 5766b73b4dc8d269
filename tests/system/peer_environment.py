"""Environments of packages that we do not depend on, made from PyPI where ISINGLASS_PEERS names a folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = os.environ.get("ISINGLASS_PEERS")
needs_peers = pytest.mark.skipif(
    FOLDER is None, reason="installs packages from PyPI: ISINGLASS_PEERS=folder (make soak) runs it"
)
SOURCES = Path(__file__).parents[2] / "src"


def python_with(*requirements: str) -> Path:
    """The interpreter of an environment with these packages; made once, kept in the folder."""
    assert FOLDER is not None
    home = Path(FOLDER).absolute() / "+".join(requirements).replace("==", "-")
    python = home / "bin/python"
    finished = home / "finished"
    if not finished.exists():
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        subprocess.run(
            [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *requirements], check=True
        )
        finished.touch()
    return python


def run_script(python: Path, script: Path, *arguments: object, **environment: str) -> str:
    """What a script prints in such an environment, with our sources beside its packages; it must end well."""
    result = subprocess.run(
        [python, script, *map(str, arguments)], capture_output=True, text=True, timeout=600,
        env={**os.environ, "PYTHONPATH": str(SOURCES), **environment},
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout
