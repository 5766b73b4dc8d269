"""``isinglass bench`` and ``isinglass tune`` as a user meets them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from isinglass.benchmark import ROWS
from tests.system.test_command_line import ISINGLASS, run

PEER = """
import numpy as np
import dimod


class SimulatedAnnealingSampler:
    def sample(self, bqm, seed=None, num_reads=1, num_sweeps=1):
        print("a peer that talks")
        if num_sweeps == 100:
            raise RuntimeError("no such luck")
        return dimod.ExactSolver().sample(bqm) if seed % 2 else dimod.SampleSet.from_samples_bqm(
            {v: 1 for v in bqm.variables}, bqm)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("instances")
    (folder / "ring.txt").write_text("6 6\n" + "".join(f"{i + 1} {(i + 1) % 6 + 1} 1\n" for i in range(6)))
    (folder / "field.txt").write_text("3 4\n1 1 0.5\n1 2 -1\n2 3 -1\n1 3 -1\n")
    (folder / "best.csv").write_text(
        "family,instance,objective,best_known\nrings,ring,maxcut,6\nsmall,field,ising-energy,-3.5\n"
        "small,elsewhere,maxcut,1\n"
    )
    return folder


def bench(folder: Path, *more: object) -> subprocess.CompletedProcess[str]:
    return run("bench", "--instances", folder, "--best-known", folder / "best.csv", "--time-limit", 0.5,
               "--repeats", 3, "--threads", 1, *more)  # fmt: skip


def test_json_table_markdown_picture_and_resume(folder: Path, tmp_path: Path) -> None:
    rows, picture = tmp_path / "rows.csv", tmp_path / "picture.png"
    answer = json.loads(bench(folder, "--out", rows, "--plot", picture, "--json").stdout)
    assert [(s["instance"], s["time"]["hits"], s["gap"]) for s in answer["summaries"]] == [
        ("ring", 3, 0), ("field", 3, 0)
    ]  # fmt: skip
    assert len(answer["rows"]) == 6 and answer["missing"] == ["elsewhere"] and answer["failures"] == []
    assert all(0 < row["trace_seconds"] <= row["seconds"] for row in answer["rows"])
    assert picture.read_bytes().startswith(b"\x89PNG")
    before = rows.read_bytes()
    table = bench(folder, "--out", rows)
    assert table.stderr == "" and rows.read_bytes() == before
    assert "TTS99" in table.stdout and "3/3" in table.stdout and "ring" in table.stdout
    assert bench(folder, "--out", rows, "--markdown").stdout.startswith("| instance | n | best known |")


def test_solvers_with_parameters_stand_side_by_side(folder: Path) -> None:
    answer = json.loads(
        bench(folder, "--select", "rings/*", "--solver", "exact", "--solver",
              "simulated_annealing:annealing_time=20,beta_schedule=linear", "--json", "--quiet").stdout
    )  # fmt: skip
    assert [s["parameters"] for s in answer["summaries"]] == [
        {}, {"annealing_time": 20, "beta_schedule": "linear"}
    ]  # fmt: skip


def test_a_peer_in_another_environment(folder: Path, tmp_path: Path) -> None:
    # The interpreter of an environment that has a package called dwave.samplers, made here.
    home = tmp_path / "site"
    (home / "dwave").mkdir(parents=True)
    (home / "dwave" / "samplers.py").write_text(PEER)
    (home / "dwave_samplers-9.dist-info").mkdir()
    (home / "dwave_samplers-9.dist-info" / "METADATA").write_text("Name: dwave-samplers\nVersion: 9\n")
    python = tmp_path / "python"
    start = (
        f"import sys, runpy; sys.path.insert(0, {str(home)!r}); "
        "runpy.run_path(sys.argv[-1], run_name='__main__')"
    )
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{start}" "$@"\n')
    os.chmod(python, 0o755)
    answer = json.loads(bench(folder, "--peer", "dwave-sa", "--peer-python", python, "--json").stdout)
    peer = [s for s in answer["summaries"] if s["solver"] == "dwave-sa"]
    assert [(s["instance"], s["time"]["hits"], s["best"]) for s in peer] == [
        ("ring", 3, 6),
        ("field", 3, -3.5),
    ]
    (ratio,) = answer["ratios"]
    assert ratio["instances"] == 2 and ratio["factor"] > 0
    assert len(answer["failures"]) == 2 and all("no such luck" in f for f in answer["failures"])


def test_tune(folder: Path, tmp_path: Path) -> None:
    tried = tmp_path / "tried.csv"
    result = run("tune", folder / "ring.txt", "--time-limit", 1, "--seed", 1, "--output", tried, "--json")
    answer = json.loads(result.stdout)
    # Every candidate solves six spins: there is nothing to recommend.
    assert answer["recommended"] is False and answer["best_parameters"] == {}
    assert len(tried.read_text().splitlines()) == 1 + len(answer["trials"])
    assert "the defaults" in run("tune", folder / "ring.txt", "--time-limit", 1, "--seed", 1).stdout


def test_ctrl_c_keeps_whole_rows_only(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "best.csv").write_text(
        "instance,objective,best_known\nfield,ising-energy,-3.5\nring,maxcut,7\n"
    )
    rows = tmp_path / "rows.csv"
    process = subprocess.Popen(
        [ISINGLASS, "bench", "--instances", folder, "--best-known", tmp_path / "best.csv",
         "--solver", "simulated_annealing", "--time-limit", "60", "--repeats", "2", "--out", rows],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    while not process.stderr.readline().startswith("ring"):
        assert process.poll() is None
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130 and "Traceback" not in said
    assert {row.task.instance for row in ROWS.read(rows).values()} == {"field"}


def test_bad_input_gets_one_sentence_and_exit_code_2(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "best.csv").write_text("instance,objective,best_known\nring,smallest,1\n")
    common = ("bench", "--instances", folder, "--best-known", folder / "best.csv")
    for arguments, said in [
        (("bench", "--instances", folder, "--best-known", tmp_path / "best.csv"), "qubo-min"),
        ((*common, "--solver", "exact:threads"), "is not parameter=value"),
        ((*common, "--peer", "openjij-sa", "--peer-python", tmp_path / "python"), "does not start"),
        (("tune", folder / "ring.txt", "--output", "x.txt"), ".json or .csv"),
    ]:
        result = run(*arguments, check=2)
        assert said in result.stderr and len(result.stderr.strip().splitlines()) == 1, result.stderr
