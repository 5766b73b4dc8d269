"""Do the cards of this machine give the processor's answers: each kernel once, against its oracle."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from isinglass.control import RunControl
from isinglass.kernels.batch import BatchKernels
from isinglass.problems.compile import compile
from isinglass.problems.compiled import CompiledProblem
from isinglass.solvers.registry import solver_named


@dataclass(frozen=True)
class Check:
    """What one kernel came to."""

    name: str
    passed: bool
    seconds: float
    trouble: str = ""
    """What was raised, if anything."""


def check_cards(batch: BatchKernels, variables: int) -> Iterator[Check]:
    """Run every kernel on problems of ``variables`` spins, a check at a time.

    Anneals, ladders and discrete bifurcation of whole numbers must give the processor's samples; trajectories
    of memcomputing its energies, to single precision.
    """
    n = variables
    anneal: dict[str, Any] = {"num_reads": 3, "annealing_time": 3}
    temper: dict[str, Any] = {"num_reads": 1, "sweeps": 3, "num_temperatures": 64}
    discrete: dict[str, Any] = {"num_reads": 3, "steps": 6, "variant": "discrete"}
    plan: list[tuple[str, str, Callable[[], CompiledProblem], dict[str, Any]]] = [
        ("annealing, sparse", "simulated_annealing", lambda: _two_halves(n, "sparse"), anneal),
        ("annealing, packed", "simulated_annealing", lambda: _two_valued(n, "packed"), anneal),
        ("tempering, sparse", "parallel_tempering", lambda: _two_halves(n, "sparse"), temper),
        (
            "tempering, packed", "parallel_tempering", lambda: _two_valued(n, "packed"),
            {**temper, "num_temperatures": 3},
        ),
        ("bifurcation, sparse", "simulated_bifurcation", lambda: _two_halves(n, "sparse"), discrete),
        ("bifurcation, matrix", "simulated_bifurcation", lambda: _two_valued(n, "packed"), discrete),
        ("memcomputing", "memcomputing", lambda: _two_halves(n, "sparse"), {"num_reads": 3, "steps": 6}),
    ]  # fmt: skip
    for name, solver, problem, parameters in plan:
        yield _timed(name, lambda s=solver, p=problem, v=parameters: _same(s, p(), v, batch))  # type: ignore[misc]


def _timed(name: str, check: Callable[[], bool]) -> Check:
    began = time.perf_counter()
    try:
        passed, trouble = check(), ""
    except Exception as error:
        passed, trouble = False, f"{type(error).__name__}: {error}"
    return Check(name, passed, time.perf_counter() - began, trouble)


def _same(solver: str, problem: CompiledProblem, given: dict[str, Any], batch: BatchKernels) -> bool:
    chosen = solver_named(solver)
    values = chosen.resolve({**given, "seed": 5})
    here, there = (
        chosen.run(problem, values, RunControl(num_threads=1, batch=machine)) for machine in (None, batch)
    )
    if solver != "memcomputing":
        return bool((here.states == there.states).all())
    assert here.kernel_energies is not None and there.kernel_energies is not None
    return bool(np.allclose(here.kernel_energies, there.kernel_energies, rtol=1e-3))


def _two_halves(n: int, storage: str) -> CompiledProblem:
    """A sparse bipartite glass, whose order of index falls into two classes."""
    draw = np.random.default_rng(1)
    half = n // 2
    matrix = np.zeros((n, n))
    matrix[:half, half:] = draw.choice([-1.0, 1.0], (half, n - half)) * (
        draw.random((half, n - half)) < min(1.0, 6.0 / half)
    )
    return compile(matrix, kind="ising", storage=storage)


def _two_valued(n: int, storage: str) -> CompiledProblem:
    return compile(
        np.triu(np.random.default_rng(2).choice([-1.0, 1.0], (n, n)), 1), kind="ising", storage=storage
    )
