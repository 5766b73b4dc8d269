"""The straight way: problem -> compiled arrays -> solver -> samples -> energies -> SampleSet."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dimod
import numpy as np

from isinglass.control import Cancel, Progress, RunControl, check_positive
from isinglass.errors import IsinglassError, ParameterError, nearest
from isinglass.kernels.batch import BatchKernels
from isinglass.problems.compile import compile
from isinglass.problems.compiled import CompiledProblem
from isinglass.problems.energies import energies, in_alphabet, in_users_terms, total_weight
from isinglass.problems.files import read_file
from isinglass.problems.files.nl import is_model, written
from isinglass.problems.given import Kind
from isinglass.results.sampleset import SampleSet, make_record
from isinglass.rng import resolve_seed
from isinglass.run_info import run_info
from isinglass.solvers.contract import Samples, Solver, whole_number
from isinglass.solvers.registry import DEFAULT_SOLVER, SOLVERS, solver_named
from isinglass.solving_constrained import solve_constrained
from isinglass.solving_nonlinear import solve_nonlinear
from isinglass.solving_quantum import check_quantum, solve_quantum

BACKENDS = ("cpu", "gpu", "qpu", "circuit")
_MOST_HELD_BACK = 0.1
"""Of a time limit: what is kept for the energies of large dense problems."""
RUN_PARAMETERS = (
    "backend", "qpu_model", "kind", "storage", "solver", "time_limit", "target_energy", "target_cut",
    "num_threads", "progress", "cancel",
)  # fmt: skip


def solve(
    problem: Any,
    *,
    backend: str = "cpu",
    qpu_model: str | None = None,
    solver: str = DEFAULT_SOLVER,
    kind: Kind | None = None,
    storage: str | None = None,
    seed: int | None = None,
    time_limit: float | None = None,
    target_energy: float | None = None,
    target_cut: float | None = None,
    num_threads: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    cancel: Cancel | None = None,
    **parameters: Any,
) -> SampleSet:
    """Find low energies of a problem on this machine.

    Args:
        problem: a dimod BQM, CQM or DQM, QUBO dict, (h, J), matrix, graph, edge arrays, file path
            or compiled problem; problems/compile.py has the table. Also a ``dwave.optimization.Model``
            (extra: nonlinear), with ``time_limit``, ``target_energy`` (of its objective), ``seed``,
            ``progress``, ``cancel``, ``num_reads`` and ``annealing_time``: see solving_nonlinear.py.
        backend: "cpu" (default) runs a solver on this machine; "gpu" runs it on its NVIDIA cards (extra: gpu;
            docs/gpu.md says which solvers); "qpu" an emulated quantum annealer, onto which any unconstrained
            problem is embedded (extra: qpu), "gpu" with a ``qpu_model`` the same with its reads on cards;
            "circuit" QAOA on a circuit runner, one qubit for each variable, for small problems without
            constraints. ``parameters`` are then those of ``isinglass.circuits.qaoa``: ``depth``, ``runner``,
            ``shots``, ``max_evaluations``, ``angles``.
        qpu_model: which annealer, of ``isinglass.qpu.MODELS`` or "apollo_rc1", "apollo_10000"; needed with
            backend "qpu", possible with "gpu". ``parameters`` are then those of
            ``isinglass.qpu.sample_embedded``, such as ``num_reads``, ``annealing_time`` (µs) or
            ``chain_strength``.
        solver: "auto" (default) looks at the problem and runs what suits it; or one by name,
            ``isinglass.solvers.registry.SOLVERS`` has them all. Under "auto" models with constraints
            (CQM, DQM) are annealed.
        kind: meaning of bare arrays and files: "qubo", "ising" or "maxcut"; None for their default.
        storage: "packed", "dense" or "sparse"; None takes the cheapest.
        seed: 0 to 2^63 - 1; None draws one. The result stores it, and the same seed gives the same
            samples on any number of threads.
        time_limit: seconds from this call, compiling the problem included, > 0; None for none. Honoured
            within one sweep; what was found by then is returned. Only the first run on a machine, which
            compiles kernels, takes those seconds longer.
        target_energy: stop at the first energy at or below this; None for none.
        target_cut: for Max-Cut, stop at the first cut of at least this weight; None for none.
        num_threads: 1 up; None for every core this process may use. Not for backend "gpu".
        progress: called about ten times a second with a ``Progress``.
        cancel: a ``threading.Event``, or anything with ``is_set()``: once it is set, from any thread, the
            run ends within one sweep and returns the best so far.
        **parameters: of the solver: ``num_reads`` and ``initial_states`` of most, others such as
            ``annealing_time`` (sweeps) of "simulated_annealing" only;
            ``isinglass.Sampler(solver=solver).properties["parameters"]`` lists them. An unknown name is an
            error.

    Returns:
        A SampleSet (a ``dimod.SampleSet``) in the user's variables. Reads that were cut short by the
        time limit, Ctrl-C or the target give their best state; reads that never began are left out.
        Of a nonlinear model a ``NonlinearResult``.

    Raises:
        ProblemError, ParameterError, OutOfMemoryError, DeviceError: see isinglass.errors.
    """
    started = time.perf_counter()
    chosen = solver_named(solver)
    check_positive("time_limit", time_limit)
    _check_backend(backend, qpu_model)
    if is_model(problem):
        not_here = {
            "solver": None if solver == DEFAULT_SOLVER else solver, "kind": kind, "storage": storage,
            "target_cut": target_cut, "num_threads": num_threads,
            "backend": None if backend == "cpu" else backend,
        }  # fmt: skip
        for name, value in not_here.items():
            if value is not None:
                raise ParameterError(f"{name}={value!r} is not for nonlinear models: leave it out")
        given = {**parameters, "time_limit": time_limit, "target_energy": target_energy}
        given["seed"] = resolve_seed(seed)
        found: Any = solve_nonlinear(written(problem), given, progress, cancel, started)
        return found  # type: ignore[no-any-return]  # a NonlinearResult
    if isinstance(problem, (str, Path)):
        problem = read_file(problem, kind=kind)
    constrained = isinstance(problem, (dimod.ConstrainedQuadraticModel, dimod.DiscreteQuadraticModel))
    if qpu_model is not None or backend == "circuit":
        not_here = {
            "solver": None if solver == DEFAULT_SOLVER else solver, "storage": storage,
            "target_energy": target_energy, "target_cut": target_cut,
        }  # fmt: skip
        check_quantum(problem, "circuit" if qpu_model is None else "qpu", not_here)
        run = {
            "seed": seed, "time_limit": time_limit, "num_threads": num_threads, "progress": progress,
            "cancel": cancel,
        }  # fmt: skip
        return solve_quantum(problem, kind, backend, qpu_model, parameters, run)
    if constrained and solver == DEFAULT_SOLVER:
        # Penalty weights are found in many short rounds, and annealing is made for those.
        chosen = solver_named("simulated_annealing")
    _check_unknown(chosen, parameters)
    values = chosen.resolve({**parameters, "seed": resolve_seed(seed)})
    target = _check_targets(target_energy, target_cut)
    threads = whole_number(1)("num_threads", num_threads)
    batch = cards_for(chosen, threads) if backend == "gpu" else None
    control = RunControl(
        time_limit, progress, threads if batch is None else batch.tasks, started, cancel, batch
    )
    if constrained:
        if target_cut is not None:
            raise ParameterError(
                "target_cut is for Max-Cut and this problem has constraints: use target_energy"
            )
        return solve_constrained(problem, chosen, values, control, target)
    compiled = compile(problem, kind=kind, storage=storage)
    if batch is not None and compiled.storage not in chosen.batched:
        if storage is not None:
            raise ParameterError(
                f"solver {solver!r} has no kernel for {storage} problems on backend 'gpu': "
                "leave storage out, or use backend 'cpu'"
            )
        compiled = compile(problem, kind=kind, storage=chosen.batched[0])
    compiled_at = time.perf_counter()
    if target_cut is not None:
        if compiled.kind != "maxcut":
            raise ParameterError(
                f"target_cut is for Max-Cut and this problem is {compiled.kind}: use target_energy"
            )
        target = total_weight(compiled.given) - 2.0 * target_cut
    control.measure_in(compiled.scale, compiled.offset, target)
    if time_limit is not None and compiled.storage != "sparse":
        # Compiling read all couplings once; counting the energies of the answers takes some times that.
        control.hold_back(min(4.0 * (compiled_at - started), _MOST_HELD_BACK * time_limit))
    samples = chosen.run(compiled, values, control)
    solved_at = time.perf_counter()
    energy = energies(compiled.given, samples.states, control.num_threads)
    _check_tracked(compiled, samples, energy)
    finished = time.perf_counter()
    timing = {
        "compile": compiled_at - started,
        "solve": solved_at - compiled_at,
        "energies": finished - solved_at,
        "total": finished - started,
    }
    info = run_info(chosen.name, values, control, timing, samples.facts)
    return _sampleset(compiled, samples, energy, info)


def _check_backend(backend: str, qpu_model: str | None) -> None:
    if backend not in BACKENDS:
        raise ParameterError(
            f"backend={backend!r} is not one of {', '.join(BACKENDS)}{nearest(backend, BACKENDS)}"
        )
    if qpu_model is not None and backend not in ("qpu", "gpu"):
        raise ParameterError(
            f"qpu_model={qpu_model!r} is for backends 'qpu' and 'gpu', and backend is {backend!r}"
        )
    if qpu_model is not None or backend != "qpu":
        return
    from isinglass.qpu import MODELS

    raise ParameterError(f"backend 'qpu' needs qpu_model, one of {', '.join(MODELS)}")


def check_batched(solver: Solver) -> None:
    """ParameterError for a solver that backend "gpu" does not have."""
    if not solver.batched:
        able = [name for name, other in SOLVERS.items() if other.batched]
        raise ParameterError(
            f"solver {solver.name!r} has no kernels for backend 'gpu': name one that has "
            f"({', '.join(able)}), or use backend 'cpu'"
        )


def cards_for(solver: Solver, threads: int | None) -> BatchKernels:
    """The cards of this machine, for a solver with kernels for them; they take no ``threads``."""
    check_batched(solver)
    if threads is not None:
        raise ParameterError(f"num_threads={threads} is for backend 'cpu': 'gpu' uses its cards whole")
    from isinglass.kernels.cuda.opening import open_cards

    return open_cards()


def _check_targets(target_energy: float | None, target_cut: float | None) -> float | None:
    if target_energy is not None and target_cut is not None:
        raise ParameterError("target_energy and target_cut are both given; give one of them")
    for name, value in (("target_energy", target_energy), ("target_cut", target_cut)):
        if value is not None and not np.isfinite(value):
            raise ParameterError(f"{name}={value!r} is not a finite number")
    return target_energy


def _check_unknown(solver: Solver, parameters: dict[str, Any]) -> None:
    known = [*solver.parameters, *RUN_PARAMETERS]
    for name in parameters:
        if name not in solver.parameters:
            others = [other.name for other in SOLVERS.values() if name in other.parameters]
            raise ParameterError(
                f"{name!r} is not a parameter of solve() with solver={solver.name!r}"
                + (
                    f" but of {', '.join(others)}: name that solver"
                    if others
                    else f"{nearest(name, known)}; it takes {', '.join(known)}"
                )
            )


def _check_tracked(problem: CompiledProblem, samples: Samples, energy: np.ndarray) -> None:
    """What a kernel tracked must be what the given problem says."""
    if samples.kernel_energies is None:
        return
    tracked = problem.offset + problem.scale * samples.kernel_energies
    size = np.abs(energy) + abs(problem.offset) + abs(problem.scale) * problem.num_variables
    allowed = (1e-9 if problem.integer else 1e-3) * size
    wrong = np.isfinite(tracked) & (np.abs(tracked - energy) > allowed)
    if wrong.any():
        r = int(np.flatnonzero(wrong)[0])
        raise IsinglassError(
            f"read {r}: the kernel tracked energy {tracked[r]!r} but the problem says {energy[r]!r}; "
            "this is a fault of isinglass, please report it with the problem"
        )


def _sampleset(
    problem: CompiledProblem, samples: Samples, energy: np.ndarray, info: dict[str, Any]
) -> SampleSet:
    states = in_alphabet(samples.states, problem.vartype)
    vectors: dict[str, np.ndarray] = {"energy": energy}
    vectors["num_occurrences"] = np.ones(len(energy), np.intp)
    vectors |= in_users_terms(problem.given, energy)
    info |= {"storage": problem.storage, "variables": problem.num_variables}
    info |= {"interactions": problem.num_interactions, "kind": problem.kind}
    return SampleSet(make_record(states, vectors), problem.labels, info, problem.vartype)
