"""Tabu search with path relinking: the family that holds most records on dense QUBO.

Glover, Lü, Hao, 4OR 8, 239 (2010); Wang, Lü, Glover, Hao, EJOR 223, 595 (2012). A read is one search
with its own elite set (elite_search.py) and returns its best state. Heuristic: no bound on the
distance from the optimum.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

import numpy as np

from isinglass.control import RunControl
from isinglass.problems.compiled import CompiledProblem, Sparse
from isinglass.rng import read_key
from isinglass.solvers.contract import SEED, Parameter, Samples, Solver, whole_number
from isinglass.solvers.elite_search import EliteSearch
from isinglass.solvers.rounds import MOST_READS_KEPT
from isinglass.solvers.start import INITIAL_STATES, StartStates
from isinglass.solvers.whole_numbers import in_whole_numbers

_DEFAULT_WORK_NS = 1e9
_FEWEST_ITERATIONS = 10_000
_ITERATIONS_PER_VARIABLE = 1000


class TabuSearch(Solver):
    """See the module's docstring."""

    name = "tabu_search"
    summary = "best single flip that is not tabu, with path relinking; strongest on dense QUBO"
    parameters: ClassVar[Mapping[str, Parameter]] = {
        "num_reads": Parameter(
            None,
            "searches, 1 up; None: one for each initial state, or 1; under a time_limit one a thread, "
            "again and again where iterations is given (the best 128 are returned)",
            whole_number(1),
        ),
        "iterations": Parameter(
            None,
            f"flips of each read, 1 up; None: {_FEWEST_ITERATIONS} and {_ITERATIONS_PER_VARIABLE} for each "
            "variable, or as many as take about a second if those are fewer; under a time_limit as many "
            "as fit",
            whole_number(1),
        ),
        "initial_states": INITIAL_STATES,
        "seed": SEED,
    }

    def run(self, problem: CompiledProblem, parameters: Mapping[str, Any], control: RunControl) -> Samples:
        start = StartStates(problem, parameters["initial_states"], parameters["seed"])
        count, iterations = parameters["num_reads"] or len(start) or 1, parameters["iterations"]
        if problem.num_variables == 0:
            return Samples(np.zeros((count, 0), np.int8))
        timed, open_reads = control.time_left is not None, parameters["num_reads"] is None
        if timed and open_reads:
            count = max(len(start), control.num_threads)
        if not timed:
            iterations = iterations or default_iterations(problem)
        numbers = in_whole_numbers(problem)
        reads: dict[int, tuple[np.ndarray, float]] = {}
        flips: list[int] = []

        def search(read: int, last: int) -> None:
            seconds = None
            if iterations is None:
                # The time that is left, shared with the reads that wait for this thread.
                seconds = (control.time_left or 0.0) / -(-(last - read) // control.num_threads)
            one = EliteSearch(numbers, read_key(parameters["seed"], read), control, iterations, seconds)
            reads[read] = one.run(start.words(read))
            flips.append(one.flips)

        reads_run = 0
        while True:
            last = reads_run + count
            control.run([(1, partial(search, read, last)) for read in range(reads_run, last)])
            reads_run = last
            if timed and open_reads:
                best = sorted(reads, key=lambda read: reads[read][1])[:MOST_READS_KEPT]
                reads = {read: reads[read] for read in best}
            if not (timed and open_reads and iterations) or control.stopped:
                break
        if timed and iterations is None:
            # Every read used its share of the time up.
            control.expire()
        order = sorted(reads)
        return Samples(
            states=np.stack([reads[r][0] for r in order]),
            kernel_energies=np.array([reads[r][1] for r in order]),
            facts={"iterations": sum(flips), "reads_run": len(flips)},
        )


def default_iterations(problem: CompiledProblem) -> int:
    """Flips of a read without a time limit; fewer than about a second's."""
    n = problem.num_variables
    if isinstance(problem.couplings, Sparse):
        flip_ns = 150.0 + 10.0 * len(problem.couplings.indices) / n + 0.015 * n
    else:
        flip_ns = 50.0 + 0.25 * n
    return int(min(_FEWEST_ITERATIONS + _ITERATIONS_PER_VARIABLE * n, _DEFAULT_WORK_NS / flip_ns))
