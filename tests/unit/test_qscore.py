"""The Q-score: its arithmetic, its graphs, what it believes and what it refuses."""

from __future__ import annotations

import csv
import itertools
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import dimod
import networkx as nx
import numpy as np
import pytest

from isinglass import qscore
from isinglass.errors import FileFormatError, ParameterError, VerificationError
from isinglass.problems.energies import unpack_bits
from isinglass.qscore import bounds, score
from isinglass.qscore.graphs import fingerprint, graph
from isinglass.qscore.instances import Instance, decode, encode
from isinglass.qscore.limits import check_size, credible
from isinglass.qscore.page import page_of
from isinglass.qscore.report import Report
from isinglass.qscore.searching import bisection


def adjacency(n: int, seed: int, generator: str = "isinglass") -> np.ndarray:
    return unpack_bits(graph(n, seed, generator).bits, n)


# --- arithmetic ---------------------------------------------------------------------------------


def test_beta_by_hand() -> None:
    # n = 16: n^1.5 = 64, so FIT n^1.5 = 11.392; 16 * 15 / 8 = 30, 16^2 / 8 = 32.
    assert score.beta(41.392, 16) == pytest.approx(1.0)
    assert score.beta(32 + 0.2 * 11.392, 16, "max-cut", "tno") == pytest.approx(0.2)
    # The conventions differ by n / 8 in the cut: 0.702 / sqrt(n) in beta.
    assert score.beta(99, 100) - score.beta(99, 100, "max-cut", "tno") == pytest.approx(0.0702, abs=1e-4)


def test_the_vendors_claim_is_beyond_every_limit() -> None:
    # 79 % of the edges of G(15000, 1/2).
    claimed = score.beta(0.79 * 15000 * 14999 / 4, 15000)
    assert claimed == pytest.approx(50.0, rel=0.01)
    assert claimed > 40 * score.limit_of_mean(15000, 5, "atos")
    # More than half of the edges by 0.25 / sqrt(n) n^2 is impossible by the spectral bound too.
    assert pytest.approx(1.072, abs=5e-4) == score.PARISI / 4 / score.FIT


@pytest.mark.parametrize(("n", "expected"), [(40, 0.95), (100, 0.998), (200, 1.046), (300, 1.052)])
def test_the_finite_size_optimum_is_near_measured_optima(n: int, expected: float) -> None:
    # Measured means of optima in the tno convention, each with an error of about one percent;
    # the fit is said to be good to three percent at n = 100 and below.
    assert score.finite_size_optimum(n, "tno") == pytest.approx(expected, rel=0.04)


def test_clique_references() -> None:
    # n = 1: the clique is the vertex. n = 2: 1 * (1 - 1/2) + 2 * (1 - 1/4) * 1/2.
    assert score.random_clique(1) == pytest.approx(0.5)
    assert score.random_clique(2) == pytest.approx(1.25)
    # Matula's formula at n = 1024: 20 - 2 log2(10) + 2 log2(e / 2) + 1.
    assert score.largest_clique(1024) == pytest.approx(21 - 2 * math.log2(10) + 2 * math.log2(math.e / 2))
    assert score.largest_clique(1024) < score.largest_credible_clique(1024) < 26


def test_means_and_intervals() -> None:
    mean = score.mean_of([0.9, 1.0, 1.1])
    # Student's t for two degrees of freedom at 97.5 %: 4.302653.
    half = 4.302653 * 0.1 / math.sqrt(3)
    assert (mean.low, mean.beta, mean.high) == pytest.approx((1 - half, 1.0, 1 + half))
    assert math.isnan(score.mean_of([1.0]).low)


# --- graphs and answers -------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "seed"), [(5, 0), (40, 7), (77, 2**40)])
def test_networkx_graphs_are_those_of_networkx(n: int, seed: int) -> None:
    theirs = nx.to_numpy_array(nx.erdos_renyi_graph(n, 0.5, seed=seed), nodelist=range(n))
    assert (adjacency(n, seed, "networkx") == theirs).all()


def test_the_hash_is_of_the_edges() -> None:
    assert fingerprint(graph(70, 3)) == fingerprint(graph(70, 3, num_threads=1))
    hashes = {
        fingerprint(graph(n, s, g)) for n in (70, 71) for s in (3, 4) for g in ("isinglass", "networkx")
    }
    assert len(hashes) == 8
    # The definition in one line, so that anybody can check it; the value must never change.
    assert fingerprint(graph(10, 0)) == "45bafb2042962a940e19e352dbc6a9085218ec96ab741560a04839bac1daf7cc"


def brute_force(adjacent: np.ndarray) -> tuple[int, int]:
    """(largest cut, largest clique) by trying everything."""
    n = len(adjacent)
    cut = clique = 0
    for chosen in itertools.product((False, True), repeat=n):
        side = np.array(chosen)
        cut = max(cut, int(adjacent[side][:, ~side].sum()))
        if adjacent[side][:, side].sum() == side.sum() * (side.sum() - 1):
            clique = max(clique, int(side.sum()))
    return cut, clique


@pytest.mark.parametrize("seed", range(3))
def test_small_graphs_are_solved_and_bounded(seed: int) -> None:
    cut, clique = brute_force(adjacency(9, seed))
    for variant, most in (("max-cut", cut), ("max-clique", clique)):
        report = qscore.run(sizes=[9], graphs=1, seed=seed, time_limit=5, variant=variant)
        assert report.rows[0].outcome.found == most
        answer = decode(report.rows[0].outcome.answer, 9)
        assert Instance(graph(9, seed), variant).size_of(answer) == most
    given = Instance(graph(9, seed), "max-cut")
    assert cut <= bounds.spectral_bound(given.graph, given.edges)


def test_lanczos_gives_the_eigenvalue(monkeypatch: pytest.MonkeyPatch) -> None:
    given = Instance(graph(700, 1), "max-cut")
    exact = bounds.spectral_bound(given.graph, given.edges)
    monkeypatch.setattr(bounds, "_SMALL", 0)
    # The residual is added, so the bound is above the eigenvalue; 30 steps leave it within three percent.
    excess = (bounds.spectral_bound(given.graph, given.edges) - exact) / (exact - given.edges / 2)
    assert 0 <= excess < 0.03


def test_a_set_that_is_no_clique_is_made_one() -> None:
    given = Instance(graph(30, 2), "max-clique")
    size, answer = given.best_of(np.ones((1, 30), np.int8))
    assert size == answer.sum() == given.size_of(answer) > 2
    with pytest.raises(ValueError, match="not a clique"):
        given.size_of(np.ones(30, bool))


def test_answers_survive_their_text() -> None:
    for n in (1, 8, 77):
        answer = np.random.default_rng(n).random(n) < 0.5
        assert (decode(encode(answer), n) == answer).all()
    with pytest.raises(ValueError, match="bits for 200 vertices"):
        decode(encode(np.ones(77, bool)), 200)
    # A text that inflates to far more than an answer is not inflated.
    with pytest.raises(ValueError, match="bits for 8 vertices"):
        decode(encode(np.zeros(10**7, bool)), 8)
    with pytest.raises(ValueError, match=r"cannot be read|padding|base64|alphabet"):
        decode("!!!!", 8)


# --- runs ---------------------------------------------------------------------------------------


class Fixed(dimod.Sampler):
    """All vertices on one side, or worse."""

    properties: dict[str, Any] = {}  # noqa: RUF012  # dimod's contract has it as a plain attribute
    parameters: dict[str, Any] = {"seed": [], "trouble": []}  # noqa: RUF012  # as above

    def sample(self, bqm: dimod.BinaryQuadraticModel, seed: int = 0, trouble: str = "") -> dimod.SampleSet:
        if trouble:
            raise RuntimeError(trouble)
        return dimod.SampleSet.from_samples_bqm(dict.fromkeys(bqm.variables, 1), bqm)


def test_any_sampler_is_measured_and_its_failures_are_rows(tmp_path: Path) -> None:
    report = qscore.run(Fixed(), sizes=[10], graphs=2, time_limit=5)
    assert [row.outcome.found for row in report.rows] == [0, 0]
    assert report.score == 0 and not report.sizes[0].passed
    failed = qscore.run(
        "tests.unit.test_qscore:Fixed", parameters={"trouble": "no\nembedding"}, sizes=[10], graphs=2,
        time_limit=5, out=tmp_path / "rows.csv",
    )  # fmt: skip
    assert failed.rows[0].outcome.status == "failed: RuntimeError: no embedding"
    assert failed.sizes[0].beta == 0.0 and failed.sizes[0].solved == 0
    assert qscore.verify(tmp_path / "rows.csv").faults == []


@pytest.mark.parametrize("variant", ["max-cut", "max-clique"])
def test_circuits_are_measured(variant: str, tmp_path: Path) -> None:
    out = tmp_path / "rows.csv"
    report = qscore.run(
        "circuit:auto",
        parameters={"shots": 200},
        variant=variant,
        sizes=[6],
        graphs=2,
        time_limit=10,
        out=out,
    )
    for row in report.rows:
        assert row.outcome.status == "ok" and row.task.backend == "circuit:auto"
        assert '"depth":1' in row.task.facts and '"shots":200' in row.task.facts
        # 200 shots over 64 states: QAOA makes the best ones likelier, and the seed is fixed.
        adjacent = adjacency(6, row.task.graph_seed)
        states = list(itertools.product((0, 1), repeat=6))
        if variant == "max-cut":
            best = max(
                sum(adjacent[i, j] * (s[i] != s[j]) for i in range(6) for j in range(i)) for s in states
            )
        else:
            chosen = [[i for i in range(6) if s[i]] for s in states]
            best = max(len(c) for c in chosen if all(adjacent[i, j] for i in c for j in c if i != j))
        assert row.outcome.found == best
    assert qscore.verify(out).faults == []


def test_a_late_answer_is_none() -> None:
    report = qscore.run(dimod.ExactSolver(), sizes=[16], graphs=1, time_limit=1e-6)
    assert report.rows[0].outcome.status == "late" and report.rows[0].outcome.found > 0
    assert report.sizes[0].beta == 0.0


def test_rows_resume_and_both_conventions_come_of_them(tmp_path: Path) -> None:
    out = tmp_path / "rows.csv"
    lines: list[str] = []

    def measure(**more: Any) -> Report:
        return qscore.run(sizes=[8, 12], graphs=2, time_limit=5, out=out, progress=lines.append, **more)

    first = measure()
    assert len(lines) == 4 and first.score == 12
    text = out.read_text()
    out.write_text(text[: len(text) - 20])
    again = measure(convention="tno")
    assert len(lines) == 5 and len(qscore.ROWS.read(out)) == 4
    # n / 8 fewer in the cut is 0.702 / sqrt(n) in beta.
    difference = first.sizes[0].beta - again.sizes[0].beta
    assert difference == pytest.approx(8 / 8 / (0.178 * 8**1.5))
    known = first.as_object()["sizes"][0]
    assert known["n"] == 8 and known["low"] <= known["beta"] <= known["high"]


def test_bisection_finds_the_last_size_that_is_passed() -> None:
    for most in (0, 9, 10, 33, 1000):
        tried: list[int] = []

        def passed(n: int, most: int = most, tried: list[int] = tried) -> bool:
            tried.append(n)
            return n <= most

        bisection(passed, None, None, 1e-9)
        good = [n for n in tried if n <= most]
        assert max(good, default=0) == (most if most >= 10 else 0)
        assert len(tried) == len(set(tried)) < 25
        tried.clear()
        bisection(passed, [5, 20, 35, 50], None, 0.01)
        assert len(tried) <= 3


# --- what is refused ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("qscore") / "rows.csv"
    for variant in score.VARIANTS:
        qscore.run(sizes=[12], graphs=2, time_limit=5, variant=variant, out=out)
    assert qscore.verify(out) == qscore.Verification(4, 4, [])
    return out


@pytest.mark.parametrize(
    ("column", "value", "fault"),
    [
        ("found", "43", "the answer is worth"),
        ("found", "65", "above its spectral bound"),
        ("edges", "1", "the graph has"),
        ("edges_sha256", "0" * 64, "another hash"),
        ("edges_sha256", "", "an answer without a graph"),
        ("answer", encode(np.zeros(12, bool)), "the answer is worth 0"),
        ("answer", "AAAA", "the answer cannot be read"),
        ("seconds", "5.5", "more than the time limit"),
        ("status", "excellent", "none of ok, late, failed"),
        ("status", "failed: tired", "has an answer"),
    ],
)
def test_an_edited_row_is_found_out(rows: Path, tmp_path: Path, column: str, value: str, fault: str) -> None:
    head, *cells = csv.reader(rows.read_text().splitlines())
    cells[0][head.index(column)] = value
    edited = tmp_path / "edited.csv"
    with edited.open("w", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([head, *cells])
    assert any(fault in said for said in qscore.verify(edited).faults)


def test_an_edited_task_breaks_its_id(rows: Path, tmp_path: Path) -> None:
    edited = tmp_path / "edited.csv"
    edited.write_text(rows.read_text().replace("max-cut,12,0", "max-cut,12,9", 1))
    with pytest.raises(FileFormatError, match="the id does not fit"):
        qscore.verify(edited)
    with pytest.raises(FileFormatError, match="no such file"):
        qscore.verify(tmp_path / "nothing.csv")


def test_an_impossible_mean_is_an_error_not_a_score(rows: Path) -> None:
    row = next(iter(qscore.ROWS.read(rows).values()))
    # The vendor's figure: 79 % of the edges.
    claim = replace(
        row,
        task=replace(row.task, n=15000),
        outcome=replace(row.outcome, found=int(0.79 * 15000 * 14999 / 4)),
    )
    with pytest.raises(VerificationError, match=r"mean beta 49\.88\d+ .* is above 1\.11"):
        check_size([claim], "atos")
    with pytest.raises(VerificationError, match="spectral bound"):
        credible(Instance(graph(12, 0), "max-cut"), 66)
    with pytest.raises(VerificationError, match="clique of 40"):
        credible(Instance(graph(50, 0), "max-clique"), 40)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"sizes": [4]}, "sizes=4 is not an integer from 5 up"),
        ({}, "give sizes, or search=True"),
        ({"sizes": [9], "convention": "dynex"}, "convention='dynex' is not one of atos, tno"),
        ({"sizes": [9], "variant": "cut"}, "variant='cut'"),
        ({"sizes": [9], "generator": "own"}, "generator='own'"),
        ({"sizes": [9], "time_limit": 0}, "time_limit=0"),
        ({"sizes": [9], "graphs": 0}, "graphs=0"),
        ({"sizes": [9], "solver": "anneal"}, "anneal"),
        ({"sizes": [9], "parameters": {"sweeps": 3}}, "'sweeps' is not a parameter"),
        (
            {"sizes": [9], "backend": "quantum"},
            "neither 'cpu', 'gpu', 'qpu:MODEL', 'circuit:RUNNER' nor 'module:object'",
        ),
        ({"sizes": [9], "backend": "circuit:FakeManilla"}, "did you mean"),
        ({"sizes": [9], "backend": "circuit:auto", "parameters": {"dept": 1}}, "did you mean 'depth'"),
        ({"sizes": [9], "backend": "circuit:auto", "solver": "exact"}, "is for backends 'cpu'"),
        ({"sizes": [9], "backend": "nowhere:Sampler"}, "cannot be imported"),
        ({"sizes": [9], "backend": "math:pi"}, "is float, not a dimod.Sampler"),
        ({"sizes": [9], "backend": 7}, "neither 'cpu'"),
        ({"sizes": [9], "backend": "dimod:ExactSolver", "solver": "auto"}, "is for backends 'cpu'"),
    ],
)
def test_bad_parameters_are_refused_before_anything_runs(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError) as error:
        qscore.run(**given)
    assert message in str(error.value)


def test_a_graph_that_does_not_fit_ends_a_search() -> None:
    report = qscore.run(sizes=[10**8], graphs=1)
    assert "needs 1.25e+06 GB of memory" in report.sizes[0].trouble
    assert report.score == 0


# --- pictures and pages -------------------------------------------------------------------------


def test_the_page_and_the_picture_say_what_the_rows_say(rows: Path) -> None:
    known = list(qscore.ROWS.read(rows).values())
    text = page_of(known, ["rows.csv"], "results")
    assert "isinglass qscore verify rows.csv" in text
    assert "## Maximum cut" in text and "![beta against n](results-max-clique.png)" in text
    assert "| Dynex, vendor's claim | 15000 |" in text
    cuts = [row for row in known if row.task.variant == "max-cut"]
    assert f"| 12 | 2 | 2 | {Report(cuts, 'atos').sizes[0].beta:.4f} |" in text
    axes = qscore.plot(cuts).axes[0]
    assert "cpu auto, 5 s" in [text.get_text() for text in axes.figure.legends[0].get_texts()]
    with pytest.raises(ParameterError, match="one picture is of one variant"):
        qscore.plot(known)


ROWS_OF_THE_DOCS = Path(__file__).parents[2] / "docs" / "qscore-rows"


def test_the_results_page_is_what_its_rows_say() -> None:
    files = [ROWS_OF_THE_DOCS / f"{name}.csv" for name in ("local", "large", "annealers", "circuits")]
    rows = [row for path in files for row in qscore.ROWS.read(path).values()]
    page = ROWS_OF_THE_DOCS.with_name("qscore-results.md")
    assert page_of(rows, [path.name for path in files], page.stem) == page.read_text()


def test_small_rows_of_the_docs_are_true(tmp_path: Path) -> None:
    """The large ones take minutes: ``isinglass qscore verify docs/qscore-rows/*.csv``."""
    small = tmp_path / "small.csv"
    for name in ("local", "annealers", "circuits"):
        for row in qscore.ROWS.read(ROWS_OF_THE_DOCS / f"{name}.csv").values():
            if row.task.n <= 500:
                qscore.ROWS.append(small, row)
    checked = qscore.verify(small)
    assert checked.faults == [] and checked.rows == checked.graphs > 150
