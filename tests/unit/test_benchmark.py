"""The benchmark's arithmetic, readers, ids and rows."""

from __future__ import annotations

import csv
import itertools
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from isinglass.benchmark import OBJECTIVES, ROWS, Outcome, Row, Task, run
from isinglass.benchmark.listing import list_instances
from isinglass.benchmark.objectives import objective_of, read_instance
from isinglass.benchmark.peers import SETTINGS, Peer
from isinglass.benchmark.running import _Runs
from isinglass.benchmark.time_to_target import time_to_target
from isinglass.errors import FileFormatError, ParameterError, ProblemError
from isinglass.problems.energies import energies
from isinglass.rows import strong_id

TINY = "3 5\n1 1 2\n1 2 -3\n2 2 1\n2 3 4\n3 1 -1\n"
"""rudy's layout: a diagonal and three pairs."""


def test_tts_is_the_exponential_estimate() -> None:
    found = time_to_target([1.0, 2.0, 5.0, 5.0], [True, True, False, False])
    assert (found.hits, found.runs, found.quantiles) == (2, 4, None)
    assert found.tts99 == pytest.approx(math.log(100) * 13 / 2)
    # Garwood's interval for 2 counts: 0.242209 to 7.224688 (tables of the Poisson distribution).
    assert found.low == pytest.approx(math.log(100) * 13 / 7.224688, rel=1e-6)
    assert found.high == pytest.approx(math.log(100) * 13 / 0.242209, rel=1e-5)
    every = time_to_target([1.0, 2.0, 3.0], [True] * 3)
    assert every.quantiles == pytest.approx((2.0, 2.8, 2.98))


def test_without_a_hit_only_a_lower_bound_is_left() -> None:
    found = time_to_target([5.0] * 4, [False] * 4)
    assert found.tts99 == found.high == math.inf
    assert found.low == pytest.approx(math.log(100) * 20 / -math.log(0.025))


@pytest.mark.parametrize("limit", [0.3, 1.0, 1e9])
def test_the_interval_covers_the_truth(limit: float) -> None:
    # 2000 benchmarks of 12 runs with rate 1, censored at the limit: the truth is ln 100. Coverage is at least
    # 95 %, less 4 standard errors sqrt(0.95 0.05 / 2000) = 0.0049; the slack for censoring by time is 1 %.
    draw = np.random.default_rng(5)
    covered, estimates = 0, []
    for times in draw.exponential(size=(2000, 12)):
        found = time_to_target(np.minimum(times, limit).tolist(), (times <= limit).tolist())
        covered += found.low <= math.log(100) <= found.high
        estimates.append(found.tts99)
    assert covered / 2000 >= 0.95 - 0.01 - 4 * 0.0049
    # The rate is estimated within a few per cent at the median: 12 runs have at least 3 hits on average.
    assert np.median(estimates) == pytest.approx(math.log(100), rel=0.15)


def by_hand(words: str, x: np.ndarray) -> float:
    s = 2 * x - 1
    if words == "maxcut":
        return float(sum(w * (s[i] != s[j]) for i, j, w in ((0, 1, -3), (1, 2, 4), (2, 0, -1))))
    v = s if words == "ising-energy" else x
    factor = 2 if words.endswith("symmetric") else 1
    pairs = -3 * v[0] * v[1] + 4 * v[1] * v[2] - v[2] * v[0]
    return float(2 * v[0] + v[1] + factor * pairs)


@pytest.mark.parametrize("words", sorted(OBJECTIVES))
def test_each_objective_against_its_formula(tmp_path: Path, words: str) -> None:
    path = tmp_path / "tiny.txt"
    path.write_text("3 3\n1 2 -3\n2 3 4\n3 1 -1\n" if words == "maxcut" else TINY)
    instance = read_instance(path, OBJECTIVES[words])
    values, found = [], []
    for bits in itertools.product((0, 1), repeat=3):
        x = np.array(bits)
        energy = float(energies(instance.problem, (2 * x - 1).astype(np.int8)[None])[0])
        values.append(by_hand(words, x))
        found.append(energy)
        assert instance.value(energy) == values[-1]
        assert instance.energy(values[-1]) == energy
    best = max(values) if OBJECTIVES[words].maximize else min(values)
    assert instance.value(min(found)) == best
    assert instance.gap(best, best) == 0 and min(instance.gap(v, best) for v in values) == 0
    assert max(instance.gap(v, best) for v in values) > 0


def test_a_qplib_file_keeps_its_own_sense_and_half(tmp_path: Path) -> None:
    path = tmp_path / "tiny.qplib"
    path.write_text(
        "TINY\nQBB\nmaximize\n2\n2\n2 1 4.0\n1 1 -2\n0.0\n1\n2 1.0\n0.5\n1e30\n0.0\n0\n0.0\n0\n0\n0\n"
    )
    instance = read_instance(path, OBJECTIVES["qubo-max"])
    energy = float(energies(instance.problem, np.ones((1, 2), np.int8))[0])
    assert instance.value(energy) == 0.5 * (8 - 2) + 1 + 0.5
    for words in ("qubo-min", "qubo-max-symmetric"):
        with pytest.raises(ProblemError, match=r"tiny\.qplib"):
            read_instance(path, OBJECTIVES[words])


def test_real_coefficients_leave_room_for_printed_digits(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("2 1\n1 2 0.333333\n")
    (tmp_path / "whole").write_text("2 1\n1 2 30000000\n")
    real = read_instance(tmp_path / "real", OBJECTIVES["ising-energy"])
    whole = read_instance(tmp_path / "whole", OBJECTIVES["ising-energy"])
    assert real.target(-0.3333330001) >= -0.333333 and real.target(-0.333334) < -0.333333
    assert whole.target(-30000001) < -30000000


def test_words_and_families() -> None:
    assert objective_of("qubo-min", "biqmac-be").doubled and not objective_of("qubo-min", "mine").doubled
    assert objective_of("qubo-max", "orlib-bqp") is OBJECTIVES["qubo-max-symmetric"]
    with pytest.raises(ParameterError, match="did you mean 'maxcut'"):
        objective_of("maxcutt", "")


def test_files_are_found_by_name(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "down"
    folder.mkdir(parents=True)
    for name in ("b1.1.sparse.gz", "b1.10.sparse.gz", "g.txt", "g.sol.gz", "plain_2.5", "renamed.rud.xz"):
        (folder / name).touch()
    table = tmp_path / "best.csv"
    table.write_text(
        "family,instance,objective,best_known,file\nf,b1.1,maxcut,1,\nf,b1.10,maxcut,1,\nf,g,maxcut,1,\n"
        "f,plain_2.5,maxcut,1,\nf,absent,maxcut,1,\nh,K,maxcut,1,renamed.rud.xz\nf,b1,maxcut,1,\n"
    )
    found, missing = list_instances([tmp_path], table)
    assert {one.name: one.path.name for one in found} == {
        "b1.1": "b1.1.sparse.gz", "b1.10": "b1.10.sparse.gz", "g": "g.txt", "plain_2.5": "plain_2.5",
        "K": "renamed.rud.xz",
    }  # fmt: skip
    assert missing == ["absent", "b1"]
    assert [one.name for one in list_instances([tmp_path], table, "h/*")[0]] == ["K"]
    (tmp_path / "g.txt").touch()
    with pytest.raises(ParameterError, match="several files"):
        list_instances([tmp_path], table)
    table.write_text("instance,objective\n")
    with pytest.raises(FileFormatError, match="no column best_known"):
        list_instances([tmp_path], table)
    table.write_text("instance,objective,best_known\ng.txt,maxcut,one\n")
    with pytest.raises(FileFormatError, match=r"line 2: instance g.txt: could not convert"):
        list_instances([folder], table)


TASK = Task("f", "i", "maxcut", "0" * 64, 3.0, "s", "{}", 1, 2.0, 1, "{}")
OUTCOME = Outcome(3, True, 0.1, 0.01, float("nan"), 3.0, 0.0)


def test_every_field_of_a_task_is_in_its_id() -> None:
    changed = {
        name: strong_id(replace(TASK, **{name: 7 if isinstance(value, (int, float)) else "other"}))
        for name, value in vars(TASK).items()
    }
    assert len({strong_id(TASK), *changed.values()}) == len(changed) + 1 == 12


def test_rows_come_back_and_merge(tmp_path: Path) -> None:
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    rows = [Row(replace(TASK, seed=k, instance='a,"b'), OUTCOME) for k in range(3)]
    for row in rows[:2]:
        ROWS.append(one, row)
    for row in (replace(rows[1], outcome=replace(OUTCOME, seconds=9.0)), rows[2]):
        ROWS.append(two, row)
    assert list(ROWS.merge(one, [two])) == [row.strong_id for row in rows]
    merged = ROWS.read(one)
    assert len(merged) == 3 and merged[rows[1].strong_id].outcome.seconds == 0.1
    with one.open("a") as stream:
        stream.write("half a ro")
    assert len(ROWS.merge(one)) == 3 and one.read_text().endswith("\n")
    one.write_text(one.read_text().replace(",2.0,1,", ",4.0,1,", 1))
    with pytest.raises(FileFormatError, match="the id does not fit the row"):
        ROWS.read(one)
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(FileFormatError, match="other columns"):
        ROWS.read(tmp_path / "other.csv")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "square.txt").write_text("4 4\n1 2 1\n2 3 1\n3 4 1\n4 1 1\n")
    (tmp_path / "best.csv").write_text("instance,objective,best_known\nsquare,maxcut,4\n")
    return tmp_path


def test_a_run_that_has_its_row_is_not_run_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"time_limit": 0.2, "num_threads": 1, "out": folder / "rows.csv"}
    first = run(folder, folder / "best.csv", repeats=2, **options)
    assert [s.time.hits for s in first.summaries] == [2] and first.summaries[0].gap == 0
    told: list[str] = []
    longer = run(folder, folder / "best.csv", repeats=3, progress=told.append, **options)
    assert len(told) == 1 and "seed 2" in told[0] and longer.rows[:2] == first.rows
    monkeypatch.setattr(_Runs, "_run", None)
    again = run(folder, folder / "best.csv", repeats=3, **options)
    assert again.as_object() == longer.as_object()
    with (folder / "rows.csv").open() as stream:
        assert len(list(csv.DictReader(stream))) == 3


def test_a_miss_has_a_gap_and_a_failure_is_told(folder: Path) -> None:
    (folder / "best.csv").write_text("instance,objective,best_known\nsquare,maxcut,5\n")
    report = run(
        folder, folder / "best.csv", solvers=["steepest_descent", ("exact", {})], time_limit=0.2, repeats=2
    )
    for summary in report.summaries:
        assert summary.time.hits == 0 and summary.best <= 4 and summary.gap >= 0.2
    assert "> " in report.markdown() and report.failures == []
    (folder / "square.txt").write_text("not a graph")
    assert "square, auto" in run(folder, folder / "best.csv", time_limit=0.1).failures[0]


def test_what_cannot_be_run_is_said(folder: Path) -> None:
    table = folder / "best.csv"
    for options, said in [
        ({"select": "G*"}, "no instance"),
        ({"peers": ["dwave"]}, "dwave-sa"),
        ({"time_limit": 0}, "time_limit"),
        ({"repeats": 0}, "repeats=0"),
        ({"solvers": ["annealing"]}, "simulated_annealing"),
        ({"solvers": [("exact", {"sweeps": 3})]}, "sweeps"),
        ({"merge": ["x.csv"]}, "merge needs out"),
        ({"peers": ["dwave-sa"], "peer_python": "/no/python"}, "does not start"),
    ]:
        with pytest.raises(ParameterError, match=said):
            run(folder, table, **options)


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_a_peer_that_is_absent_names_its_package(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda module: None)
    with pytest.raises(ParameterError, match=r"not installed here; pip install .*--peer-python"):
        Peer(name)
