"""``isinglass qscore`` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from isinglass.cli.qscore import parse_sizes
from isinglass.errors import ParameterError
from tests.system.test_command_line import run


def test_run_verify_plot_and_page(tmp_path: Path) -> None:
    rows, picture = tmp_path / "rows.csv", tmp_path / "picture.png"
    common = ("qscore", "run", "--sizes", "6:10:4", "--graphs", 2, "--time-limit", 1, "--out", rows)
    answer = json.loads(run(*common, "--json", "--plot", picture).stdout)
    assert [(size["n"], size["graphs"], size["solved"]) for size in answer["sizes"]] == [
        (6, 2, 2),
        (10, 2, 2),
    ]
    assert answer["score"] in (6, 10) and answer["backend"] == "cpu" and answer["convention"] == "atos"
    assert picture.read_bytes().startswith(b"\x89PNG")
    before = rows.read_bytes()
    table = run(*common)
    assert rows.read_bytes() == before and "Q-score" in table.stdout and "95 % interval" in table.stdout
    checked = run("qscore", "verify", rows)
    assert checked.stdout == f"{rows}: 4 rows, 4 graphs made again, 0 faults\n"
    assert checked.stderr.count("true") == 4
    drawn = run("qscore", "plot", rows, "--output", tmp_path / "again.svg")
    assert drawn.returncode == 0 and b"<svg" in (tmp_path / "again.svg").read_bytes()
    run("qscore", "page", rows, "--output", tmp_path / "page.md")
    assert "page-max-cut.png" in (tmp_path / "page.md").read_text()
    assert (tmp_path / "page-max-cut.png").read_bytes().startswith(b"\x89PNG")


def test_a_forged_row_fails(tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    run("qscore", "run", "--sizes", "8", "--graphs", 1, "--time-limit", 1, "--out", rows, "--quiet")
    lines = rows.read_text().splitlines()
    cells = lines[1].split(",")
    cells[-2] = str(int(cells[-2]) + 1)
    rows.write_text("\n".join([lines[0], ",".join(cells)]) + "\n")
    forged = run("qscore", "verify", rows, "--quiet", check=1)
    assert "1 faults" in forged.stdout
    assert "the answer is worth" in forged.stderr and "Traceback" not in forged.stderr


def test_sizes_in_words() -> None:
    assert parse_sizes("5:25:10") == [5, 15, 25] and parse_sizes("7:9") == [7, 8, 9]
    assert parse_sizes("30,10") == [30, 10]
    for words in ("5:4", "5:9:0", "a", "1:2:3:4", ""):
        with pytest.raises(ParameterError, match=r"such as 5:200:10"):
            parse_sizes(words)


def test_bad_words_give_a_sentence() -> None:
    refused = run("qscore", "run", "--sizes", "ten", check=2)
    assert "such as 5:200:10" in refused.stderr
    refused = run("qscore", "run", "--sizes", "9", "--backend", "nowhere:Sampler", check=2)
    assert "cannot be imported" in refused.stderr
    assert "Traceback" not in refused.stderr
