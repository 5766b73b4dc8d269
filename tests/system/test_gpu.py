"""backend="gpu" as a user meets it, on the simulated card: promises, errors, the benchmark's one command."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import dimod
import numpy as np
import pytest
from typer.testing import CliRunner

import isinglass
from isinglass.cli.main import app
from isinglass.errors import DeviceError, MissingExtraError, OutOfMemoryError, ParameterError
from isinglass.executors import machine, sampling
from isinglass.executors.contract import Run
from isinglass.jobs.spec import JobSpec
from isinglass.kernels.cuda import card, opening
from isinglass.kernels.cuda.card import Card
from tests.conftest import random_couplings

pytestmark = pytest.mark.usefixtures("simulator")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def problem() -> isinglass.CompiledProblem:
    matrix = random_couplings(30, 0.2, "pm1", 3)
    matrix[:15, :15] = matrix[15:, 15:] = 0.0
    return isinglass.compile(matrix, kind="ising", storage="sparse")


def anneal(problem: Any, **given: Any) -> isinglass.SampleSet:
    return isinglass.solve(problem, backend="gpu", solver="simulated_annealing", seed=4, **given)


def test_the_default_solver_says_where_it_ran(problem: isinglass.CompiledProblem) -> None:
    ring = {(i, (i + 1) % 9): 1 + (i % 3) for i in range(9)} | {(i, (i + 4) % 9): -2 for i in range(9)}
    bqm = dimod.BQM.from_ising({}, ring)
    result = isinglass.solve(bqm, backend="gpu", seed=1, num_reads=3, time_limit=0.4)
    dimod.testing.assert_response_energies(result, bqm)
    assert result.info["backend"] == "gpu" and result.info["cards"] == ["CUDA simulator"]
    assert result.info["certified"] is False
    assert {stage["solver"] for stage in result.info["stages"]} <= {
        "simulated_annealing",
        "parallel_tempering",
    }


def test_a_read_is_the_same_among_few_and_many(problem: isinglass.CompiledProblem) -> None:
    # 33 reads are two groups of lanes.
    many = anneal(problem, num_reads=33, annealing_time=1)
    few = anneal(problem, num_reads=2, annealing_time=1)
    assert (many.record.sample[:2] == few.record.sample).all()


def test_constraints_become_penalties_there_too() -> None:
    x, y, z = dimod.Binaries("xyz")
    cqm = dimod.CQM()
    cqm.set_objective(-x - 2 * y - 3 * z)
    cqm.add_constraint(x + y + z == 1, label="one")
    result = anneal(cqm, num_reads=4, annealing_time=6)
    assert result.info["backend"] == "gpu" and (result.record.energy[result.record.is_feasible] >= -3).all()


@pytest.mark.parametrize("solver", ["auto", "simulated_annealing", "simulated_bifurcation", "memcomputing"])
@pytest.mark.parametrize("variables", [0, 1])
def test_the_smallest_problems(solver: str, variables: int) -> None:
    bqm = dimod.BQM({i: 1.0 for i in range(variables)}, {}, 0.5, "SPIN")
    lengths = {
        "simulated_annealing": "annealing_time",
        "simulated_bifurcation": "steps",
        "memcomputing": "steps",
    }
    given = {lengths[solver]: 2} if solver in lengths else {}
    result = isinglass.solve(bqm, backend="gpu", solver=solver, seed=1, num_reads=2, **given)
    dimod.testing.assert_response_energies(result, bqm)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"solver": "tabu_search"}, "'tabu_search' has no kernels for backend 'gpu'.*auto"),
        ({"solver": "exact"}, "'exact' has no kernels"),
        ({"solver": "simulated_annealing", "num_threads": 2}, "num_threads=2 is for backend 'cpu'"),
        ({"solver": "simulated_annealing", "storage": "dense"}, "no kernel for dense problems"),
        ({"solver": "memcomputing", "form": "clauses"}, "form='clauses' has no kernel"),
    ],
)
def test_what_has_no_kernel_is_refused(
    problem: isinglass.CompiledProblem, given: dict[str, Any], words: str
) -> None:
    with pytest.raises(ParameterError, match=words):
        isinglass.solve(problem, backend="gpu", **given)


def test_without_numba_cuda_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'isinglass\[gpu\]'"):
        opening.open_cards()


class Driver:
    """What numba says of a driver."""

    def __init__(
        self, error: str | None = None, cuda: tuple[int, int] = (13, 0), compiler: bool = True
    ) -> None:
        self.driver = self
        self.is_available = error is None
        self.error, self.cuda, self.compiler = error, cuda, compiler

    def get_version(self) -> tuple[int, int]:
        return self.cuda


@pytest.mark.parametrize(
    ("driver", "words"),
    [
        (Driver("no driver\n library:"), r"needs an NVIDIA card with its driver.*\(no driver library\)"),
        (Driver(cuda=(11, 8)), r"speaks CUDA 11\.8 and backend 'gpu' needs 12\.0"),
        (Driver(compiler=False), r"compiler libraries.*pip install 'isinglass\[gpu\]'"),
    ],
)
def test_a_card_that_cannot_be_used_is_one_sentence(
    driver: Driver, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from numba.cuda import cudadrv

    class Cuda:
        cuda_error = staticmethod(lambda: driver.error)
        is_available = staticmethod(lambda: driver.compiler)

    monkeypatch.setattr(cudadrv, "driver", driver)
    with pytest.raises(DeviceError, match=words) as caught:
        opening._check(Cuda)
    assert "\n" not in str(caught.value) and "backend 'cpu'" in str(caught.value)


def test_failures_of_driver_and_compiler_are_sentences() -> None:
    from numba.core.errors import TypingError
    from numba.cuda.cudadrv.driver import CudaAPIError

    full = CudaAPIError("Call to cuMemAlloc results in CUDA_ERROR_OUT_OF_MEMORY")
    cases: list[tuple[Exception, type[Exception], str]] = [
        (full, OutOfMemoryError, "ran out of memory while annealing"),
        (CudaAPIError("launch failed\nmore"), DeviceError, r"failed while annealing \(launch failed\)"),
        (TypingError("no such type\nlong story"), DeviceError, r"does not compile for .* \(no such type\)"),
    ]
    for raised, expected, words in cases:
        with pytest.raises(expected, match=words), Card(0).work("annealing"):
            raise raised


def test_the_command_line_takes_a_backend(tmp_path: Path) -> None:
    path = tmp_path / "graph.txt"
    path.write_text("4 4\n1 2 1\n2 3 1\n3 4 1\n4 1 1\n")
    words = [
        "solve", str(path), "--backend", "gpu", "--seed", "1", "--json", "--quiet", "--num-reads", "1",
        "--solver", "simulated_annealing:annealing_time=2",
    ]  # fmt: skip
    answer = json.loads(CliRunner().invoke(app, words, catch_exceptions=False).stdout)
    assert answer["backend"] == "gpu" and answer["cards"] == ["CUDA simulator"]


def test_the_benchmark_runs_end_to_end_and_a_row_that_fails_does_not_take_the_others(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    command = [sys.executable, str(ROOT / "bench" / "gpu.py"), "--simulator", "--output", str(rows)]
    names = ["checks", "products", "bifurcate", "rotors", "qscore"]
    command += ["--instances", str(tmp_path), "--only", "K2000", *names]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 1 and len(done.stdout.splitlines()) == 6, done.stdout + done.stderr
    failed, *others = (json.loads(line) for line in rows.read_text().splitlines())
    assert failed["row"] == "K2000" and "failed" in failed
    assert [row["row"] for row in others] == names
    assert others[0]["card"] == "card: CUDA simulator" and np.isfinite(others[4]["beta"])


def test_what_is_compiled_without_a_card_is_every_kernel() -> None:
    # Compiling itself needs the libraries of the extra "gpu"; what is compiled does not.
    command = [sys.executable, str(ROOT / "bench" / "gpu_compile.py"), "--record"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    recorded = json.loads(done.stdout)
    room = ROOT / "src" / "isinglass" / "kernels" / "cuda"
    text = "".join(file.read_text() for file in room.glob("*.py"))
    # Kernels inside a function are made for three kinds of numbers.
    assert len(recorded) == text.count("\n@kernel(") + 3 * text.count("\n    @kernel(")
    assert all(recorded.values())
    assert ["float32", 2, "C"] in recorded["memcompute.pull"][0]


def test_a_job_runs_there_too_and_a_simulated_card_offers_itself_to_no_service() -> None:
    spec = JobSpec(
        solver="simulated_annealing", backend="gpu", seed=1, parameters={"annealing_time": 1, "num_reads": 1}
    )
    found = sampling.run({("a", "b"): -1}, spec, 0, Run(num_threads=2))
    assert found.info["cards"] == ["CUDA simulator"]
    assert "gpu" not in machine.backends_here()


def test_the_q_score_is_measured_there_too() -> None:
    given: dict[str, Any] = {"annealing_time": 1, "num_reads": 1}
    report = isinglass.qscore.run(
        "gpu", solver="simulated_annealing", parameters=given, sizes=[6], graphs=1, time_limit=2, seed=1
    )
    task = report.rows[0].task
    assert task.backend == "gpu"
    assert json.loads(task.facts) == {"solver": "simulated_annealing", "cards": ["CUDA simulator"], **given}
    with pytest.raises(ParameterError, match="num_threads=2 is for backend 'cpu'"):
        isinglass.qscore.run("gpu", sizes=[6], graphs=1, num_threads=2)


def test_memory_that_waits_to_be_given_back_counts_as_free(monkeypatch: pytest.MonkeyPatch) -> None:
    class Context:
        """As numba-cuda's: freed arrays are kept until there are many."""

        free = 300e6

        def __init__(self) -> None:
            self.memory_manager = self.deallocations = self

        def get_memory_info(self) -> Context:
            return self

        def clear(self) -> None:
            self.free = 2e9

    context = Context()
    monkeypatch.setattr(card, "SIMULATED", False)
    monkeypatch.setattr(card.cuda, "current_context", lambda: context, raising=False)
    monkeypatch.setattr(Card, "name", "card")
    Card(0).require(1e9, "this")
    assert context.free == 2e9
    with pytest.raises(OutOfMemoryError, match=r"needs 3 GB of memory and 1\.73 GB are free on card"):
        Card(0).require(3e9, "this")
