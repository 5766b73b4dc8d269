"""``isinglass qpu ...`` as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest


def run(*words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    result = subprocess.run(
        [sys.executable, "-m", "isinglass.cli.main", "qpu", *words], capture_output=True, text=True
    )
    assert result.returncode == code, result.stderr
    return result


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    path = tmp_path / "graph.txt"
    edges = [(i, j) for i in range(6) for j in range(i)]
    path.write_text(f"6 {len(edges)}\n" + "".join(f"{i + 1} {j + 1} 1\n" for i, j in edges))
    return path


def test_list_and_show(tmp_path: Path) -> None:
    listed = run("list").stdout
    for name in ("DW_2000Q_6", "DW_2000Q_VFYC", "Advantage_system4", "Advantage2_system1", "apollo_rc1"):
        assert name in listed
    picture, schedule = tmp_path / "chip.png", tmp_path / "schedule.png"
    shown = json.loads(
        run(
            "show", "DW_2000Q_6", "--json", "--picture", str(picture), "--schedule-picture", str(schedule)
        ).stdout
    )
    assert list(shown) == ["properties"]
    assert shown["properties"]["topology"] == {"type": "chimera", "shape": [16, 16, 4]}
    assert len(shown["properties"]["couplers"]) == 5974
    assert picture.read_bytes()[:4] == schedule.read_bytes()[:4] == b"\x89PNG"
    assert "graph_id" in run("show", "Advantage2_system1").stdout
    assert json.loads(run("show", "apollo_10000", "--json").stdout)["properties"]["qpu_max_coeff"] == 9.0


def test_sample(graph: Path, tmp_path: Path) -> None:
    samples, picture = tmp_path / "samples.npz", tmp_path / "embedding.png"
    words = ["sample", str(graph), "--model", "DW_2000Q_6", "--seed", "1", "--quiet", "--num-reads", "40"]
    answer = json.loads(
        run(*words, "--anneal-schedule", "[[0, 0], [2, 0.5], [4, 1]]", "--answer-mode", "raw", "--json",
            "--output", str(samples), "--picture", str(picture)).stdout
    )  # fmt: skip
    assert answer["cut"] == 9 and len(answer["embedding"]) == 6 and answer["reads"] == 40
    assert answer["qpu"]["timing"]["qpu_anneal_time_per_sample"] == 4.0
    assert np.load(samples)["sample"].shape == (40, 6) and picture.exists()
    assert "best cut" in run(*words, "--chain-strength", "4", "--embedding=heuristic").stdout
    assert (
        "apollo_rc1" in run("sample", str(graph), "--model", "apollo_rc1", "--shots", "2", "--quiet").stdout
    )


@pytest.mark.parametrize(
    ("words", "match"),
    [
        (["show", "Advantage"], "did you mean 'Advantage"),
        (["sample", "GRAPH", "--model", "DW_2000Q_6", "--num-read", "5"], "did you mean 'num_reads'"),
        (["sample", "GRAPH", "--model", "DW_2000Q_6", "--num-reads", "0"], "num_reads_range"),
        (["sample", "GRAPH", "--model", "DW_2000Q_6", "--annealing-time"], "needs a value"),
        (["sample", "GRAPH", "--model", "DW_2000Q_6", "--chain-strength", "1x"], "not a number"),
        (["sample", "GRAPH", "--model", "DW_2000Q_6", "--output", "x.txt"], ".npz, .json or .csv"),
    ],
)
def test_errors_are_one_sentence(graph: Path, words: list[str], match: str) -> None:
    result = run(*(str(graph) if word == "GRAPH" else word for word in words), code=2)
    assert match in result.stderr and "Traceback" not in result.stderr
