"""``isinglass circuits run --observable``, in this process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from isinglass.cli.circuits import app
from isinglass.errors import IsinglassError

BELL = """OPENQASM 2.0;
include "qelib1.inc";
qreg q[2];
creg c[2];
h q[0];
cx q[0], q[1];
measure q -> c;
"""


@pytest.fixture
def bell(tmp_path: Path) -> Path:
    path = tmp_path / "bell.qasm"
    path.write_text(BELL)
    return path


def told(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["run", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.output


def value(*arguments: object) -> dict[str, Any]:
    (entry,) = json.loads(told(*arguments, "--seed", 3, "--json"))
    return entry


def test_exact_counted_extrapolated_and_cut(bell: Path) -> None:
    exact = value(bell, "--observable", "0.5*ZZ - XX + 2")
    assert exact["value"] == pytest.approx(1.5) and exact["std_error"] == exact["shots"] == 0
    counted = value(bell, "--observable", "ZI", "--shots", 100)
    # 5 sigma of a fair coin thrown 100 times.
    assert counted["shots"] == 100 and abs(counted["value"]) < 0.5
    noisy = ("--observable", "ZZ", "--noise", "FakeManilaV2", "--shots", 2000)
    better = value(bell, *noisy, "--zero-noise", "1,3")
    assert better["scales"] == [1.0, 3.0] and better["values"][1] < better["values"][0] < better["value"]
    cut = value(bell, "--observable", "ZZ", "--max-qubits", 1, "--shots", 1000)
    # 5 sigma, and the overhead of one cut CX is 9.
    assert abs(cut["value"] - 1) < 5 * 3 / 1000**0.5


def test_a_bad_circuit_keeps_the_others(bell: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.qasm"
    bad.write_text(BELL.replace("h q", "hh q"))
    said = told(bell, bad, "--observable", "ZZ", code=1)
    assert "bell.qasm: 1 +- 0" in said and "gate 'hh' is not defined" in said
    assert "the observable is on 3 qubits" in told(bell, "--observable", "ZZZ", code=1)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--observable", "ZZ XX"), "not a sum of Pauli strings at 'XX'"),
        (("--zero-noise", "1,3"), "give --observable as well"),
        (("--max-qubits", 3), "give --observable as well"),
        (("--observable", "ZZ", "--zero-noise", "1;3"), "not n,n,n"),
        (("--observable", "ZZ", "--zero-noise", "1,3", "--max-qubits", 1), "do not go together"),
        (("--observable", "ZZ", "--plot", "x.png"), "leave --observable out"),
        (("--noise", "FakeManilaV2", "--runner", "aer_simulator"), "leave --runner"),
        (("--shots", 0), "shots=0"),
        (("--time-limit", -1), "time_limit=-1"),
    ],
)
def test_what_is_refused(bell: Path, options: tuple[object, ...], words: str) -> None:
    with pytest.raises(IsinglassError, match=words):
        told(bell, *options)
