"""The default: look at the problem, make it smaller, then run the solvers that suit its kind.

1. With a target, small problems get a quick look: most end there, before the looks below have begun.
2. If an exact method is known to end soon (exact_plan.py), that is all, and the answer is certified. With
   a target a search of a fraction of its time goes first.
3. Presolve (problems/reduce): spins that can be fixed or folded into others are. Both looks are
   skipped where a glance at the degrees says that they will find nothing.
4. What is left is classified (classify.py) and gets a plan (plan.py): solvers in turn, each starting
   from the best states so far, within the time limit and on all threads.

Where reads run many at a call (``control.batch``) only 3 and 4 are done, with a plan of their own.

The result says what was run, why, what each found, and which found the best.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from isinglass.control import RunControl
from isinglass.problems.compile import compile
from isinglass.problems.compiled import CompiledProblem, Sparse
from isinglass.problems.energies import energies, in_alphabet
from isinglass.problems.given import EdgeList
from isinglass.problems.reduce.presolve import Reduction, presolve
from isinglass.problems.reduce.terms import terms_of
from isinglass.solvers.classify import Portrait, classify, may_be_narrow, may_fold
from isinglass.solvers.contract import SEED, Parameter, Samples, Solver, whole_number
from isinglass.solvers.exact import Exact
from isinglass.solvers.exact_plan import plan as exact_plan
from isinglass.solvers.parallel_tempering import ParallelTempering
from isinglass.solvers.plan import Stage, batch_stages, longer_look, quick_look, stages
from isinglass.solvers.simulated_annealing import SimulatedAnnealing
from isinglass.solvers.start import INITIAL_STATES, StartStates
from isinglass.solvers.tabu_search import TabuSearch

MOST_STATES = 128
_EXACT_SECONDS = 0.25
"""What an exact method may take without a time limit ..."""
_EXACT_SHARE = 0.3
"""... and its share of one."""
_LARGEST_PRESOLVED = 20_000_000
"""Couplings (both directions) up to which presolve is quick compared with the search."""
_HANDED_ON = 8
"""Best states that the next stage starts from."""

_SOLVERS: dict[str, Solver] = {
    solver.name: solver for solver in (ParallelTempering(), TabuSearch(), SimulatedAnnealing())
}


class Auto(Solver):
    """See the module's docstring."""

    name = "auto"
    summary = "looks at the problem, makes it smaller and runs what suits it; certified where that is quick"
    batched = ("sparse", "packed")
    parameters: ClassVar[Mapping[str, Parameter]] = {
        "num_reads": Parameter(
            None,
            f"states to return at most, best first, 1 up; None: all that the solvers return, {MOST_STATES} "
            "at most",
            whole_number(1),
        ),
        "initial_states": INITIAL_STATES,
        "seed": SEED,
    }

    def run(self, problem: CompiledProblem, parameters: Mapping[str, Any], control: RunControl) -> Samples:
        wanted = parameters["num_reads"] or MOST_STATES
        given = StartStates(problem, parameters["initial_states"], parameters["seed"]).states
        search = _Search(problem, parameters["seed"], control, given)
        if control.batch is not None:
            search.reduce()
            search.run()
            return search.samples(wanted)
        has_target = control.target_energy is not None
        if has_target and search.ends_with(quick_look(problem)):
            return search.samples(wanted)
        left = control.time_left
        seconds = _EXACT_SECONDS if left is None else _EXACT_SHARE * left
        foreseen = exact_plan(problem, seconds) if may_be_narrow(problem) else None
        if foreseen is not None and foreseen.method is not None:
            if has_target and search.ends_with(longer_look(problem, foreseen.estimated_seconds)):
                return search.samples(wanted)
            samples = _exactly(problem, parameters, control, wanted, None if left is None else 2 * seconds)
            if samples.facts["certified"] or control.stopped:
                return samples
            search.keep(samples.states, "exact")
        search.reduce()
        search.run()
        return search.samples(wanted)


def _exactly(
    problem: CompiledProblem, parameters: Mapping[str, Any], control: RunControl, wanted: int,
    seconds: float | None,
) -> Samples:  # fmt: skip
    exact = Exact()
    with control.part(seconds):
        samples = exact.run(
            problem, exact.resolve({"num_reads": wanted, "seed": parameters["seed"]}), control
        )
    return Samples(samples.states, samples.kernel_energies, {**samples.facts, "found_by": exact.name})


class _Search:
    """The stages of one run and the best states so far, of the problem or of a smaller one."""

    def __init__(
        self, problem: CompiledProblem, seed: int, control: RunControl, given: np.ndarray | None
    ) -> None:
        self.problem, self.seed, self.control = problem, seed, control
        self.small = problem
        self.reduction: Reduction | None = None
        self.portrait: Portrait | None = None
        self.states = np.zeros((0, problem.num_variables), np.int8)
        self.energies = np.zeros(0)
        self.log: list[dict[str, Any]] = []
        self.found_by = "presolve"
        if given is not None:
            self.keep(given, "initial_states")

    def ends_with(self, stage: Stage | None) -> bool:
        """Run ``stage``, if it is one, and say whether that was the end."""
        if stage is not None:
            self._turn(stage)
        return self.control.stopped

    def reduce(self) -> None:
        """Presolve and classify what is left; from here on the search is for states of that."""
        problem, control = self.problem, self.control
        self.portrait = classify(problem)
        # Dense problems hardly ever fold, and finding that out takes longer than solving a small one.
        self.reduction = None if self.portrait.dense else _presolved(problem, control)
        if self.reduction is not None:
            self.small = _compiled(self.reduction)
            self.portrait = classify(self.small)
        if self.control.batch is not None and self.small.storage not in Auto.batched:
            self.small = compile(self.small.given, storage=Auto.batched[0])
        elif self.portrait.kind == "chain" and self.control.batch is None and self.small.storage != "dense":
            self.small = compile(self.small.given, storage="dense")
        if self.reduction is not None:
            known, found_by = self.states[:, self.reduction.kept], self.found_by
            self.states, self.energies = known[:0], self.energies[:0]
            self.keep(known, found_by)
        if self.small is not problem:
            # Kernel energies k of the smaller problem are offset + scale k of its own given one.
            scale = self.small.scale * (1.0 if self.reduction is None else problem.scale)
            control.measure_in(scale, self._in_users_units(self.small.offset), control.target_energy)

    def run(self) -> None:
        """The plan for what ``reduce`` left."""
        assert self.portrait is not None
        if self.small.num_variables:
            one_by_one = self.control.batch is None
            plan = (
                stages(self.portrait, self.control.time_left) if one_by_one else batch_stages(self.portrait)
            )
            for stage in plan:
                if self.control.stopped and len(self.log):
                    break
                self._turn(stage)

    def samples(self, wanted: int) -> Samples:
        """The best states, best first."""
        states = self.states[:wanted] if self.small.num_variables else np.zeros((1, 0), np.int8)
        full = states if self.reduction is None else self.reduction.undo(states)
        facts: dict[str, Any] = {
            "stages": self.log,
            "found_by": self.found_by,
            "certified": self.small.num_variables == 0,
        }
        if self.portrait is not None:
            facts["class"] = self.portrait.facts()
        if self.reduction is not None:
            facts["presolve"] = {**self.reduction.counts, "variables_left": self.small.num_variables}
        return Samples(full, facts=facts)

    def _turn(self, stage: Stage) -> None:
        try:
            self._run(stage)
        except KeyboardInterrupt:
            # Between two kernels nobody else catches it; what was found is not lost.
            if not len(self.states):
                raise
            self.control.interrupted = True
            self.control.cancel()

    def _run(self, stage: Stage) -> None:
        solver, control = _SOLVERS[stage.solver], self.control
        left = control.time_left
        given = {**stage.parameters, "seed": self.seed, "initial_states": self._handed_on()}
        began = time.perf_counter()
        with control.part(None if left is None else stage.share * left):
            samples = solver.run(self.small, solver.resolve(given), control)
        self.keep(samples.states, solver.name, samples.kernel_energies)
        self.log.append(
            {
                "solver": solver.name,
                "why": stage.why,
                "seconds": time.perf_counter() - began,
                "best_energy": float(self._in_users_units(self.energies[0])),
            }
        )

    def _handed_on(self) -> np.ndarray | None:
        if not len(self.states):
            return None
        best = self.states[:_HANDED_ON]
        return in_alphabet(best, self.small.vartype)

    def keep(self, states: np.ndarray, found_by: str, tracked: np.ndarray | None = None) -> None:
        """Merge ``states`` into the best ones; equal states are kept once.

        ``tracked``: their kernel energies, which are believed here if they are exact.
        """
        before = self.energies.min(initial=np.inf)
        every = np.concatenate([self.states, states])
        # By their bytes: np.unique compares column by column, which takes longer than finding them.
        first = np.array(list({row.tobytes(): r for r, row in reversed([*enumerate(every)])}.values()), int)
        small = self.small
        if tracked is not None and small.integer and np.isfinite(tracked).all():
            new = small.offset + small.scale * tracked
        else:
            new = energies(small.given, states, self.control.num_threads)
        energy = np.concatenate([self.energies, new])
        best = first[np.lexsort((first, energy[first]))][:MOST_STATES]
        self.states, self.energies = every[best], energy[best]
        if self.energies.min(initial=np.inf) < before:
            self.found_by = found_by

    def _in_users_units(self, energy: float) -> float:
        if self.reduction is None:
            return energy
        return self.problem.offset + self.problem.scale * (self.reduction.constant + energy)


def _presolved(problem: CompiledProblem, control: RunControl) -> Reduction | None:
    """The reduction, or None where nothing was gained or looking for it would take too long."""
    couplings = problem.couplings
    if not isinstance(couplings, Sparse) or len(couplings.indices) > _LARGEST_PRESOLVED:
        return None
    if not (problem.h.any() or may_fold(couplings)):
        return None
    reduction = presolve(terms_of(problem), control.flag, roof_duality=bool(problem.h.any()))
    return reduction if reduction.terms.num_variables < problem.num_variables else None


def _compiled(reduction: Reduction) -> CompiledProblem:
    terms = reduction.terms
    row, col, value = terms.edges()
    return compile(EdgeList(terms.num_variables, row, col, value, terms.h))
