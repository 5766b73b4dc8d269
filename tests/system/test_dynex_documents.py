"""The published examples of the Dynex client, with only the import line changed.

``published/`` has them; test_dynex_client.py runs the same with the client itself.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import dimod
import numpy as np
import pytest

import isinglass.compat.dynex as dynex
from tests.system.peer_environment import needs_peers, run_script
from tests.system.published import dynex_backends as page
from tests.system.published import qscore_study as study
from tests.system.test_dynex_client import python_of


def here(text: str) -> str:
    text = re.sub(r"^import dynex\b", "import isinglass.compat.dynex as dynex", text, flags=re.M)
    return re.sub(r"^from dynex import", "from isinglass.compat.dynex import", text, flags=re.M)


def run(text: str, **names: Any) -> dict[str, Any]:
    exec(here(text), names)
    return names


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("DYNEX_SDK_KEY", "DYNEX_COMPUTE_BACKEND", "DYNEX_GRPC_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("block", "backend"),
    [
        (page.GPU_CONFIG, "gpu"),
        (page.QPU_CONFIG, "qpu"),
        (page.CPU_CONFIG, "cpu"),
        (page.LOCAL_CONFIG, "local"),
        (page.REFERENCE, "gpu"),
    ],
)
def test_configurations(block: str, backend: str) -> None:
    names = {"DynexConfig": dynex.DynexConfig, "ComputeBackend": dynex.ComputeBackend}
    assert run(block, **names)["config"].compute_backend == backend


def test_the_production_example(capsys: pytest.CaptureFixture[str]) -> None:
    """As published it asks for a GPU: without one it is refused, and runs on the CPU."""
    try:
        run(page.PRODUCTION, Q=page.QUBO)
    except dynex.DynexError:
        run(page.PRODUCTION.replace("ComputeBackend.GPU", "ComputeBackend.CPU"), Q=page.QUBO)
    assert capsys.readouterr().out == f"Best energy: {page.LOWEST:.4f}\n"


def test_the_qpu_example(capsys: pytest.CaptureFixture[str]) -> None:
    bqm = dimod.BinaryQuadraticModel.from_qubo(page.QUBO)
    names = run(page.QPU, bqm=bqm)
    assert capsys.readouterr().out == f"Best energy: {page.LOWEST:.4f}\n"
    assert len(names["sampleset"]) == 50
    assert len(run(page.BOUNDS, sampler=names["sampler"])["sampleset"]) == 50


def test_the_choice_by_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    choose = run(page.BY_ENVIRONMENT)["get_config"]
    for word, backend in (("production", "gpu"), ("qpu", "qpu"), ("", "local")):
        monkeypatch.setenv("ENV", word)
        assert choose().compute_backend == backend


def test_the_q_score_study() -> None:
    """Its own sizes begin at 5; a random cut of half the edges is what its score is counted from.

    Of its imports ``pyqubo``, which nothing of it uses, and ``tqdm``, a bar, are not here.
    """
    imports = "".join(
        line for line in study.IMPORTS.splitlines(True) if "pyqubo" not in line and "tqdm" not in line
    )
    size = 25
    np.random.seed(1)
    names = run(imports + study.RUN_JOB, tqdm=iter)
    cut, random_cut = names["run_job"](size, seed=1, generate_random=True, num_reads=500)
    edges = names["nx"].generators.erdos_renyi_graph(size, 0.5, seed=1).number_of_edges()
    assert (cut - edges / 2) / (0.178 * size**1.5) > 0.8
    assert 0 < random_cut < cut


@needs_peers
def test_all_imports_of_the_q_score_study(tmp_path: Path) -> None:
    script = tmp_path / "imports.py"
    script.write_text(here(study.IMPORTS) + "print(dynex.__name__, Array, tqdm)")
    assert run_script(python_of("1.4.7"), script).startswith("isinglass.compat.dynex")
