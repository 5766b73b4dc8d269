"""Every solver that has kernels for cards, on every storage it has them for: the promises of all solvers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dimod
import numpy as np
import pytest

import isinglass
from isinglass.cli.doctor import _check_cards
from isinglass.control import Progress, RunControl
from isinglass.errors import DeviceError, OutOfMemoryError
from isinglass.kernels.cuda import card as card_module
from isinglass.kernels.cuda import opening
from isinglass.kernels.cuda.card import Card, Work
from isinglass.kernels.cuda.cards import Cards
from isinglass.solvers.registry import SOLVERS, solver_named
from tests.conftest import random_couplings

pytestmark = pytest.mark.usefixtures("simulator")
SHORT: dict[str, dict[str, Any]] = {
    "simulated_annealing": {"annealing_time": 1, "num_reads": 2},
    "parallel_tempering": {"sweeps": 1, "num_reads": 2, "num_temperatures": 2},
    "simulated_bifurcation": {"steps": 3, "num_reads": 2},
    "memcomputing": {"steps": 3, "num_reads": 2},
}
LENGTH = {
    "simulated_annealing": "annealing_time", "parallel_tempering": "sweeps",
    "simulated_bifurcation": "steps", "memcomputing": "steps",
}  # fmt: skip
CASES = [(name, storage) for name in sorted(SHORT) for storage in SOLVERS[name].batched]


def problem_of(storage: str, variables: int = 10) -> isinglass.CompiledProblem:
    matrix = random_couplings(variables, 0.3 if storage == "sparse" else 1.0, "pm1", 2)
    return isinglass.compile(matrix, kind="ising", storage=storage)


@pytest.fixture(params=CASES, ids=[" ".join(case) for case in CASES])
def case(request: pytest.FixtureRequest) -> tuple[str, isinglass.CompiledProblem]:
    name, storage = request.param
    return name, problem_of(storage)


def run(case: tuple[str, isinglass.CompiledProblem], **given: Any) -> isinglass.SampleSet:
    name, problem = case
    return isinglass.solve(problem, solver=name, backend="gpu", seed=4, **SHORT[name] | given)


def test_all_solvers_with_kernels_are_here() -> None:
    assert set(SHORT) | {"auto"} == {name for name, solver in SOLVERS.items() if solver.batched}


def test_energies_seed_and_progress(case: tuple[str, isinglass.CompiledProblem]) -> None:
    seen: list[Progress] = []
    one, two = run(case, progress=seen.append), run(case)
    bqm = dimod.BQM.from_ising({}, {(i, j): v for (i, j), v in np.ndenumerate(case[1].given.matrix) if v})
    dimod.testing.assert_response_energies(one, bqm)
    assert (one.record.sample == two.record.sample).all() and len(one.record) == SHORT[case[0]]["num_reads"]
    assert one.info["backend"] == "gpu" and one.stop_reason.startswith("finished")
    assert seen[-1].best_energy <= one.record.energy.min() and seen[-1].reads_done == seen[-1].reads_started


def test_a_deadline_a_cancel_and_a_target_end_it(case: tuple[str, isinglass.CompiledProblem]) -> None:
    # Bifurcation looks at its states 64 times a read.
    endless = {LENGTH[case[0]]: 1000 if case[0] == "simulated_bifurcation" else 10**6}
    began = time.perf_counter()
    late = run(case, time_limit=0.3, **endless)
    assert time.perf_counter() - began < 5.0 and "time limit" in late.stop_reason
    cancel = threading.Event()
    timer = threading.Timer(0.2, cancel.set)
    timer.start()
    assert run(case, cancel=cancel, **endless).stop_reason.startswith("cancelled")
    reached = run(case, target_energy=0.0, **endless)
    assert reached.stop_reason.startswith("target") and reached.record.energy.min() <= 0.0
    assert reached.trace[-1, 1] <= reached.record.energy.min() and len(late.record) > 0


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """Numbers of the cards that did something; the simulator's one device is two."""
    numbers: set[int] = set()
    work = Card.work

    @contextmanager
    def recorded(self: Card, what: str) -> Iterator[Work]:
        numbers.add(self.number)
        with work(self, what) as queue:
            yield queue

    device = card_module.cuda.gpus[0]
    monkeypatch.setattr(card_module.cuda, "gpus", {0: device, 1: device})
    monkeypatch.setattr(Card, "work", recorded)
    return numbers


def test_reads_are_split_over_two_cards_and_stay_the_same(
    case: tuple[str, isinglass.CompiledProblem], used: set[int]
) -> None:
    name, problem = case
    solver = solver_named(name)
    values = solver.resolve({**SHORT[name], "seed": 4})
    found = []
    for cards in (1, 2):
        used.clear()
        batch = Cards([Card(number) for number in range(cards)])
        found.append(solver.run(problem, values, RunControl(num_threads=1, batch=batch)).states)
        assert used == set(range(cards)) and batch.facts()["cards"] == cards * ["CUDA simulator"]
    assert (found[0] == found[1]).all()


def test_memory_is_said_before_it_is_taken(
    case: tuple[str, isinglass.CompiledProblem], monkeypatch: pytest.MonkeyPatch
) -> None:
    said, taken = 0.0, 0
    name, problem = case

    def require(self: Card, needed: float, purpose: str) -> None:
        nonlocal said
        said += needed

    def counted(make: Any) -> Any:
        def counting(*arguments: Any) -> Any:
            nonlocal taken
            made = make(*arguments)
            taken += made.nbytes
            return made

        return counting

    monkeypatch.setattr(Card, "require", require)
    monkeypatch.setattr(Work, "put", counted(Work.put))
    monkeypatch.setattr(Work, "room", counted(Work.room))
    bifurcates = name == "simulated_bifurcation"
    for more in [{"variant": v} for v in ("discrete", "generalized")] if bifurcates else [{}]:
        both = []
        for variables in (10, 20):
            said, taken = 0.0, 0
            run((name, problem_of(problem.storage, variables)), num_reads=1, **{LENGTH[name]: 1}, **more)
            both.append((said, taken))
        # The growth with the problem: there are a few numbers of each replica and launch besides.
        said, taken = np.subtract(both[1], both[0])
        assert taken <= said <= 3.0 * taken
    monkeypatch.undo()
    monkeypatch.setattr(Card, "free_bytes", lambda card: 100.0)
    with pytest.raises(
        OutOfMemoryError, match=r"needs .* GB of memory and 1e-07 GB are free .* backend 'cpu'"
    ):
        run(case)


FAILURES = [
    (DeviceError("needs an NVIDIA card (no driver)"), 0, "no card: needs an NVIDIA card"),
    (DeviceError("the NVIDIA driver speaks CUDA 11.8"), 0, "no card: the NVIDIA driver speaks CUDA 11.8"),
]


@pytest.mark.parametrize(("error", "failures", "words"), FAILURES)
def test_doctor_says_why_there_is_no_card(
    error: Exception, failures: int, words: str, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    def none_here() -> Cards:
        raise error

    monkeypatch.setattr(opening, "open_cards", none_here)
    assert _check_cards() == failures
    assert words in capsys.readouterr().out


@pytest.mark.parametrize(
    ("raised", "words"),
    [
        ("TypingError", "WRONG DeviceError: a kernel does not compile for CUDA simulator"),
        ("OUT_OF_MEMORY", "WRONG OutOfMemoryError: CUDA simulator ran out of memory while"),
        ("LAUNCH_FAILED", "WRONG DeviceError: CUDA simulator failed while"),
    ],
)
def test_doctor_counts_each_kernel_that_fails(
    raised: str, words: str, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    from numba.core.errors import TypingError
    from numba.cuda.cudadrv.driver import CudaAPIError

    def launch(self: Work, *arguments: Any, **more: Any) -> None:
        raise TypingError("no such type") if raised == "TypingError" else CudaAPIError(f"CUDA_ERROR_{raised}")

    monkeypatch.setattr(Work, "launch", launch)
    assert _check_cards() >= 8
    out = capsys.readouterr().out
    assert out.count(words) >= 8 and "Traceback" not in out


def test_doctor_goes_on_where_a_card_cannot_even_be_looked_at(
    monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    def full(cards: Cards) -> list[str]:
        raise OutOfMemoryError("card 0 ran out of memory while looking at it: ask for fewer reads")

    monkeypatch.setattr(opening, "describe_cards", full)
    assert _check_cards() == 1
    assert "WRONG card 0 ran out of memory" in capsys.readouterr().out
