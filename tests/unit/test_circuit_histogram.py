"""What a histogram shows and refuses."""

from __future__ import annotations

import pytest

from isinglass.circuits import ParallelSimulator
from isinglass.circuits.histogram import MOST_BARS, histogram
from isinglass.cli.observable_words import parse_observable
from isinglass.errors import ParameterError

HEAD = 'OPENQASM 2.0; include "qelib1.inc"; '


def test_bars_are_shares_and_the_rarest_are_put_together() -> None:
    gates = "".join(f"ry(0.4) q[{k}]; " for k in range(8))
    many = HEAD + f"qreg q[8]; creg c[8]; {gates} measure q -> c;"
    one = HEAD + "qreg q[1]; creg c[1]; x q[0]; measure q -> c;"
    results = ParallelSimulator(shots=2000, seed=1).submit_circuits({"many": many, "one": one, "bad": "x"})
    panels = histogram(results).axes
    assert [panel.get_title() for panel in panels] == ["many: 2000 shots", "one: 2000 shots"]
    heights = [bar.get_height() for bar in panels[0].patches]
    names = [tick.get_text() for tick in panels[0].get_xticklabels()]
    counts = results[0]["results"]
    assert len(counts) > MOST_BARS == len(heights) and sum(heights) == pytest.approx(1)
    assert names[-1] == f"{len(counts) - MOST_BARS + 1} others" and names[:-1] == sorted(names[:-1])
    assert heights[names.index("00000000")] == counts["00000000"] / 2000
    assert [bar.get_height() for bar in panels[1].patches] == [1.0]


def test_what_is_refused() -> None:
    text = HEAD + "qreg q[1]; creg c[1]; x q[0]; measure q -> c;"
    with pytest.raises(ParameterError, match="not 13"):
        histogram(ParallelSimulator().submit_circuits([text] * 13))
    with pytest.raises(ParameterError, match="leave observables out"):
        histogram(ParallelSimulator().submit_circuits([text], observables=["Z"]))


@pytest.mark.parametrize(
    ("words", "terms"),
    [
        ("ZZ", {"ZZ": 1.0}),
        ("-ZZ+2 XI", {"ZZ": -1.0, "XI": 2.0}),
        (" 0.5*ZZ - 1e-3XI + 2 + ZZ", {"ZZ": 1.5, "XI": -1e-3, "II": 2.0}),
        ("3", {"I": 3.0}),
    ],
)
def test_observables_in_words(words: str, terms: dict[str, float]) -> None:
    assert parse_observable(words) == terms


@pytest.mark.parametrize("words", ["zz", "ZZ*2", "2**ZZ", "ZZ XX", "+", "ZZ +", "nan ZZ", "0x1 ZZ"])
def test_words_that_are_none(words: str) -> None:
    with pytest.raises(ParameterError, match="sum of Pauli strings"):
        parse_observable(words)
