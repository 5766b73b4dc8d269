"""Do the cards of this machine give the processor's answers: each kernel once, against its oracle."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse

from isinglass.control import RunControl
from isinglass.kernels.batch import BatchKernels
from isinglass.kernels.cpu.anneal_rotors import anneal_rotors
from isinglass.kernels.cpu.rotor_lanes import LANES
from isinglass.problems.compile import compile
from isinglass.problems.compiled import CompiledProblem
from isinglass.problems.generators import generate
from isinglass.rng import read_keys
from isinglass.solvers.registry import solver_named

_FROM = 500
"""Variables from which the kernels for large problems are checked too, at the sizes that they begin at."""


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

    Anneals, ladders and discrete bifurcation of whole numbers must give the processor's samples, bifurcation
    from positions nearly all of their spins; trajectories of memcomputing its energies, to single precision.
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
        ("bifurcation, signs", "simulated_bifurcation", lambda: _two_valued(n, "packed"), discrete),
        (
            "bifurcation, digits", "simulated_bifurcation", lambda: _two_valued(n, "packed"),
            {**discrete, "variant": "generalized"},
        ),
        (
            "bifurcation, bfloat16", "simulated_bifurcation", lambda: _gaussian(n),
            {**discrete, "variant": "ballistic"},
        ),
        ("memcomputing", "memcomputing", lambda: _two_halves(n, "sparse"), {"num_reads": 3, "steps": 6}),
    ]  # fmt: skip
    if n >= _FROM:
        plan += [
            ("annealing, whole grid", "simulated_annealing", _regular, anneal),
            ("annealing, in tiles", "simulated_annealing", _nearly_complete, anneal),
        ]
    for name, solver, problem, parameters in plan:
        # mypy has no type for a lambda with defaults.
        yield _timed(name, lambda s=solver, p=problem, v=parameters: _same(s, p(), v, batch))  # type: ignore[misc]  # defaults
    yield _timed("spin vectors", lambda: _same_rotors(n, batch))


_rotors_here: Callable[..., int] = anneal_rotors


def rotor_glass(n: int, reads: int, sweeps: int) -> tuple[Any, ...]:
    """(rows, h, flux, schedule, rotors, keys) of a glass of degree 6 between two halves of ``n`` rotors."""
    half, draw = n // 2, np.random.default_rng(3)
    i = np.repeat(np.arange(half), 6)
    j = half + (i + np.tile(np.arange(6), half)) % half
    J = draw.normal(size=i.size)
    matrix = scipy.sparse.csr_array(
        (np.tile(J, 2), (np.concatenate([i, j]), np.concatenate([j, i]))), (2 * half, 2 * half)
    )
    rows = (matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data.astype(np.float32))
    down, up = np.linspace(4.0, 0.1, sweeps), np.linspace(0.1, 4.0, sweeps)
    one = np.ones(sweeps)
    columns = (down, up, one, one, np.minimum(1.0, down / up) * np.pi / 2.0**31, one, one)
    group = np.zeros(2 * half, np.int32)
    flat = [c.astype(np.float32) for c in columns]
    schedule = (group, *(c if place in (2, 3) else c[:, None] for place, c in enumerate(flat)))
    z, x, phi = np.zeros((3, 2 * half, reads), np.float32)
    x += 1.0
    h = draw.normal(size=2 * half).astype(np.float32)
    return rows, h, np.zeros_like(z), schedule, (z, x, phi), read_keys(7, 0, reads)


def _same_rotors(n: int, batch: BatchKernels) -> bool:
    """Angles agree but for a decision in 10^4 that rounding turns and what follows from it."""
    flag, angles = np.zeros(8, np.int64), []
    for machine in (None, batch):
        rows, h, flux, schedule, rotors, keys = rotor_glass(n, LANES, 3)
        row = np.array([0.0, np.inf, -np.inf, 0.0])
        if machine is None:
            _rotors_here(*rows, h, flux, *schedule, *rotors, keys, LANES, flag, row)
        else:
            machine.anneal_rotors(rows, h, flux, schedule, rotors, keys, LANES, flag, row)
        angles.append(rotors[2])
    return bool((np.abs(angles[0] - angles[1]) < 1e-4).mean() > 0.99)


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
        # Positions that round elsewhere may turn the sign of a spin that stands at 0.
        exact = given.get("variant", "discrete") == "discrete"
        return bool((here.states == there.states).mean() >= (1.0 if exact else 0.99))
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


def _regular() -> CompiledProblem:
    """Large enough for all blocks to share its replicas."""
    return compile(generate("random_regular", n=24_000, degree=4, seed=1), storage="sparse")


def _nearly_complete() -> CompiledProblem:
    """Rows whose sums leave 16 bits."""
    return compile(generate("gnp", n=34_000, p=0.98, seed=1), storage="packed")


def _gaussian(n: int) -> CompiledProblem:
    return compile(np.triu(np.random.default_rng(4).normal(size=(n, n)), 1), kind="ising", storage="dense")


def _two_valued(n: int, storage: str) -> CompiledProblem:
    return compile(
        np.triu(np.random.default_rng(2).choice([-1.0, 1.0], (n, n)), 1), kind="ising", storage=storage
    )
