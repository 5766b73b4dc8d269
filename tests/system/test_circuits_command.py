"""``isinglass circuits`` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.system.test_command_line import run

BELL = """OPENQASM 2.0;
include "qelib1.inc";
qreg q[2];
creg c[2];
h q[0];
cx q[0], q[1];
measure q -> c;
"""


def test_run_and_draw(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.qasm", tmp_path / "bad.qasm"
    good.write_text(BELL)
    bad.write_text(BELL.replace("h q", "hh q"))
    common = ("circuits", "run", good, "--shots", 200, "--seed", 3)
    (answer,) = json.loads(run(*common, "--json").stdout)
    assert answer["label"] == str(good) and sum(answer["results"].values()) == 200
    assert answer["metadata"] == {"engine": "state vector", "seed": 3}
    assert json.loads(run(*common, "--json").stdout) == [answer]
    table = run(*common).stdout
    assert "00" in table and "▇" in table and "seed 3" in table
    drawn = run("circuits", "draw", good).stdout
    assert "┤ H ├" in drawn
    failed = run(*common, bad, check=1)
    assert "bad.qasm: line 5, column 1: gate 'hh' is not defined" in failed.stderr and "00" in failed.stdout
    assert "line 5, column 1" in run("circuits", "run", bad, check=2).stderr
    assert "cannot be read" in run("circuits", "run", tmp_path / "none.qasm", check=2).stderr
    assert "FakeManilla" in run("circuits", "run", good, "--noise", "FakeManilla", check=2).stderr


def test_histograms(tmp_path: Path) -> None:
    files = []
    for k in range(3):
        files.append(tmp_path / f"circuit {k}.qasm")
        files[-1].write_text(BELL.replace("h q[0];", f"ry({k}) q[0];"))
    picture = tmp_path / "histogram.png"
    run("circuits", "run", *files, "--plot", picture)
    assert picture.read_bytes().startswith(b"\x89PNG") and picture.stat().st_size > 5000
