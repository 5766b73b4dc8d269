"""The command line as a user meets it: real processes, exit codes, one sentence an error."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import dimod
import numpy as np
import pytest

ISINGLASS = str(Path(sys.executable).with_name("isinglass"))


def run(*arguments: object, check: int = 0, **options: object) -> subprocess.CompletedProcess[str]:
    result = subprocess.run(
        [ISINGLASS, *map(str, arguments)], capture_output=True, text=True, timeout=120, **options
    )
    assert result.returncode == check, result.stderr
    assert "Traceback" not in result.stderr
    return result


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("graphs") / "graph.txt.gz"
    run("generate", "gnp", "--n", 200, "--p", 0.1, "--seed", 3, "--output", path)
    return path


def read_edges(path: Path) -> tuple[int, np.ndarray]:
    with gzip.open(path, "rt") as file:
        n, m = map(int, file.readline().split())
        edges = np.array([list(map(int, line.split())) for line in file])
    assert len(edges) == m
    return n, edges


def test_solve_json_is_one_object_whose_cut_can_be_checked(graph: Path) -> None:
    result = run("solve", graph, "--num-reads", 20, "--seed", 5, "--json")
    answer = json.loads(result.stdout)
    n, edges = read_edges(graph)
    assert answer["variables"] == n == len(answer["sample"]) and answer["interactions"] == len(edges)
    sample = np.array(answer["sample"])
    assert set(sample.tolist()) <= {-1, 1}
    cut = int((edges[:, 2] * (sample[edges[:, 0] - 1] != sample[edges[:, 1] - 1])).sum())
    assert answer["cut"] == cut and answer["energy"] == edges[:, 2].sum() - 2 * cut
    assert answer["seed"] == 5 and answer["storage"] == "sparse"
    assert answer["stop_reason"].startswith("finished")
    assert answer["timing"]["total"] > 0 and answer["trace"][-1][1] <= answer["energy"]
    assert "best energy" in result.stderr


def test_flags_mirror_the_python_parameters(graph: Path) -> None:
    import isinglass

    answer = json.loads(
        run("solve", graph, "--num-reads", 7, "--seed", 9, "--threads", 1, "--storage", "dense", "--solver",
            "simulated_annealing:annealing_time=50,beta_range=[0.1,3],beta_schedule=linear", "--quiet",
            "--json").stdout
    )  # fmt: skip
    same = isinglass.solve(
        graph, solver="simulated_annealing", num_reads=7, annealing_time=50, beta_range=(0.1, 3), seed=9,
        beta_schedule="linear",
    )  # fmt: skip
    assert answer["energies"] == same.record.energy.tolist()


def test_target_cut_and_time_limit(graph: Path) -> None:
    best = json.loads(run("solve", graph, "--json", "--quiet").stdout)["cut"]
    answer = json.loads(run("solve", graph, "--target-cut", best, "--time-limit", 30, "--json").stdout)
    assert answer["cut"] >= best and answer["stop_reason"].startswith("target")
    answer = json.loads(run("solve", graph, "--time-limit", 0.5, "--json").stdout)
    assert answer["timing"]["total"] < 1.0 and "time limit" in answer["stop_reason"]


def test_table_picture_and_samples(graph: Path, tmp_path: Path) -> None:
    for suffix in ("npz", "json", "csv"):
        output, picture = tmp_path / f"samples.{suffix}", tmp_path / "picture.png"
        result = run("solve", graph, "--solver", "simulated_annealing", "--num-reads", 6, "--output", output,
                     "--plot", picture)  # fmt: skip
        assert "best cut" in result.stdout and "stopped" in result.stdout
        assert picture.read_bytes().startswith(b"\x89PNG")
        assert output.stat().st_size > 0
    with np.load(tmp_path / "samples.npz", allow_pickle=False) as arrays:
        assert arrays["sample"].shape == (6, 200) and arrays["energy"].shape == (6,)
    assert len((tmp_path / "samples.csv").read_text().splitlines()) == 7
    assert len(json.loads((tmp_path / "samples.json").read_text())["samples"]) == 6


def test_every_solver_and_constrained_files(tmp_path: Path) -> None:
    run("generate", "chain_1d", "--n", 12, "--couplings", "pm1", "--seed", 1, "--output", tmp_path / "c")
    for solver in ("simulated_annealing", "steepest_descent", "exact"):
        answer = json.loads(
            run("solve", tmp_path / "c", "--kind", "ising", "--solver", solver, "--seed", 1, "--json").stdout
        )
        assert answer["energy"] >= -11
    assert answer["certified"] is True and answer["energy"] == -11
    (tmp_path / "m.lp").write_text(
        "Minimize\n obj: - 2 i - 3 j\nSubject To\n budget: i + 2 j <= 14\nBounds\n 0 <= i <= 10\n"
        " 0 <= j <= 10\nGenerals\n i j\nEnd\n"
    )
    answer = json.loads(run("solve", tmp_path / "m.lp", "--seed", 1, "--json").stdout)
    assert answer["is_feasible"] is True and answer["energy"] == -26
    assert dict(zip(answer["labels"], answer["sample"], strict=True)) == {"i": 10, "j": 2}
    cqm = dimod.lp.loads((tmp_path / "m.lp").read_text())
    with cqm.to_file() as stream:
        (tmp_path / "m.cqm").write_bytes(stream.read())
    assert json.loads(run("solve", tmp_path / "m.cqm", "--seed", 1, "--json").stdout)["energy"] == -26


def test_info_generate_list_and_doctor(graph: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = json.loads(run("info", graph, "--json").stdout)
    assert facts["variables"] == 200 and facts["kind"] == "maxcut" and facts["storage"] == "sparse"
    assert "variables" in run("info", graph).stdout
    listing = run("generate", "list").stdout
    assert all(kind in listing for kind in ("gnp", "sk", "lattice_2d", "planted", "chain_1d"))
    monkeypatch.delenv("NUMBA_ENABLE_CUDASIM")
    said = run("doctor").stdout
    assert ("every kernel agrees" in said and "\ncard 0: " in said) or "\nno card: " in said


def test_generate_writes_to_stdout_and_repeats(tmp_path: Path) -> None:
    one = run("generate", "lattice_2d", "--length", 4, "--seed", 1).stdout
    assert one == run("generate", "lattice_2d", "--length=4", "--seed", 1).stdout
    assert one.splitlines()[0] == "16 32"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("3 2\n1 2 1\n", "line"),
        ("3 1\n1 4 1\n", "line 2"),
        ("3 1\n1 2 nan\n", "line 2"),
        ("3 1\n1 2 1\n2 3 1\n", "line"),
        ("3 1\n1 2 99999999999999999999999\n", "line 2"),
        ("3 1\n1 x 1\n", "line 2"),
    ],
)
def test_broken_files_get_one_sentence_and_exit_code_2(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "g").write_text(text)
    result = run("solve", tmp_path / "g", check=2)
    assert result.stdout == "" and said in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_other_bad_input_gets_one_sentence_and_exit_code_2(graph: Path, tmp_path: Path) -> None:
    cut_short = tmp_path / "cut.gz"
    cut_short.write_bytes(graph.read_bytes()[:300])
    for arguments, said in [
        (("solve", cut_short), "cut"),
        (("solve", tmp_path / "absent"), "absent"),
        (("solve", tmp_path), str(tmp_path)),
        (("solve", graph, "--solver", "anneal"), "simulated_annealing"),
        (("solve", graph, "--num-reads", 0), "num_reads=0"),
        (("solve", graph, "--time-limit", -1), "time_limit"),
        (("solve", graph, "--output", "x.txt"), ".npz, .json or .csv"),
        (("solve", graph, "--storage", "packd"), "packed"),
        (("generate", "gnq", "--n", 3), "did you mean 'gnp'"),
        (("generate", "gnp", "--nodes", 3), "--n"),
        (("generate", "gnp"), "needs the parameter n"),
        (("generate", "gnp", "--n", 10, "--p", 1.5), "1.5"),
        (("info", tmp_path / "absent"), "absent"),
    ]:
        result = run(*arguments, check=2)
        assert said in result.stderr, (arguments, result.stderr)
        assert len(result.stderr.strip().splitlines()) == 1, result.stderr


def test_ctrl_c_prints_the_best_so_far_and_exits_130(graph: Path) -> None:
    solver = "simulated_annealing:annealing_time=100000000"
    command = [ISINGLASS, "solve", str(graph), "--num-reads", "3", "--solver", solver, "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    while "best energy" not in process.stderr.readline():
        assert process.poll() is None
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 130
    answer = json.loads(output)
    assert answer["stop_reason"].startswith("interrupted") and answer["cut"] > 0


@pytest.mark.clock
def test_import_is_light() -> None:
    # numba, scipy and the kernels load on first use, not with the name.
    code = (
        "import sys, time, dimod; t = time.perf_counter(); import isinglass; dt = time.perf_counter() - t;"
        "assert 'numba' not in sys.modules; assert dt < 0.3, dt; print(isinglass.__all__)"
    )
    assert (
        "solve"
        in subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ)
        ).stdout
    )
