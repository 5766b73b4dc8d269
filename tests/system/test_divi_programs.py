"""Our runner as ``backend=`` of programs of the real Divi, unmodified from PyPI."""

from __future__ import annotations

from pathlib import Path

from tests.system.peer_environment import needs_peers, python_with, run_script

NEWEST = ("qoro-divi==0.15.1", "dimod", "numba")


@needs_peers
def test_programs_of_the_newest_divi() -> None:
    printed = run_script(python_with(*NEWEST), Path(__file__).with_name("divi_programs.py"))
    assert printed.splitlines()[-1] == "all done"
