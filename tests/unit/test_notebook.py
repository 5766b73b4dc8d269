"""The live table of a notebook, with a notebook that writes down what it is told to show."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest

import isinglass
from isinglass.config import Config

QUBO = {("a", "b"): 1, ("a", "a"): -1, ("b", "b"): -1}


class Shown:
    def __init__(self, pages: list[str]) -> None:
        self.pages = pages

    def update(self, page: str) -> None:
        self.pages.append(page)


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    seen: list[str] = []
    kernel: Any = ModuleType("IPython")
    display: Any = ModuleType("IPython.display")
    kernel.get_ipython = type("ZMQInteractiveShell", (), {})
    display.HTML = str

    def show(page: str, display_id: bool) -> Shown:
        seen.append(page)
        return Shown(seen)

    display.display = show
    monkeypatch.setitem(sys.modules, "IPython", kernel)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    return seen


def test_a_table_follows_the_job(pages: list[str]) -> None:
    with isinglass.connect(config=Config(compute_backend="local")) as session:
        found = session.solve(QUBO, shots=2, seed=1, description="<b>me</b>")
    assert found.info["job"]["shots_done"] == 2
    assert (
        "<td>finished</td>" in pages[-1] and "<td>2 of 2</td>" in pages[-1] and "<td>-1.0</td>" in pages[-1]
    )
    assert "&lt;b&gt;me" in pages[0]


def test_no_table_where_nobody_wants_one(pages: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with isinglass.connect(config=Config(compute_backend="local", use_notebook_output=False)) as session:
        session.solve(QUBO)
    monkeypatch.delitem(sys.modules, "IPython")
    with isinglass.connect(config=Config(compute_backend="local")) as session:
        session.submit(QUBO).result()
    assert not pages
