"""Exact minimum with a certificate, by the method that fits the problem.

1. A tree decomposition (tree_decomposition.py), where the problem is narrow enough: any size.
2. Otherwise presolve (problems/reduce): spins that can be fixed or eliminated are; what is left falls into
   components. Each is solved by a tree decomposition, by enumeration (enumeration.py) or by
   branch and cut (cutting_planes.py).

The answer is certified, or comes with a lower bound where time ran out. For whole-number problems
both are exact; others are solved in double precision, to within a billionth of the sum of
all coefficients' sizes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from isinglass.control import RunControl
from isinglass.errors import ParameterError, ProblemError, nearest
from isinglass.kernels.cpu.descend import descend_sparse
from isinglass.kernels.cpu.progress import BEST, ROW, STOP_TARGET, TARGET
from isinglass.problems.compile import compile
from isinglass.problems.compiled import CompiledProblem
from isinglass.problems.energies import energies
from isinglass.problems.given import EdgeList
from isinglass.problems.reduce.presolve import Reduction, presolve
from isinglass.problems.reduce.terms import Terms, terms_of
from isinglass.solvers.contract import Parameter, Samples, Solver, whole_number
from isinglass.solvers.cutting_planes import RELATIVE_GAP, Bounded, branch_and_cut
from isinglass.solvers.enumeration import solve_by_enumeration
from isinglass.solvers.exact_parts import METHODS, PATIENCE, Part, join, split, whole_part
from isinglass.solvers.simulated_annealing import SimulatedAnnealing
from isinglass.solvers.tree_decomposition import EliminationPlan, GroundStates, solve_by_elimination

_FIRST_STATE = {"num_reads": 16, "annealing_time": 1000}
"""The anneal before a branch and cut: fixed work, so that the answer depends on no clock."""
_LARGEST_PROGRAM = 50_000
"""Couplings beyond which one linear program takes minutes: the anneal's state is all there is."""
_TRIAL_ROUNDS = 100
"""Linear programs that a branch and cut may take before a method of foreseeable time takes over."""


def _method(name: str, value: Any) -> str:
    if value not in METHODS:
        raise ParameterError(f"{name}={value!r} is not one of {', '.join(METHODS)}{nearest(value, METHODS)}")
    return str(value)


class Exact(Solver):
    """See the module's docstring."""

    name = "exact"
    summary = "presolve, tree decomposition, enumeration, branch and cut; the answer is certified"
    parameters: ClassVar[Mapping[str, Parameter]] = {
        "num_reads": Parameter(1, "ground states to return at most, 1 up, all distinct", whole_number(1)),
        "method": Parameter(
            "auto",
            '"auto", "enumeration" (up to 40 variables), "tree_decomposition" or "branch_and_cut"',
            _method,
        ),
        "seed": Parameter(0, "of the short anneal before a branch and cut", whole_number(0)),
    }

    def run(self, problem: CompiledProblem, parameters: Mapping[str, Any], control: RunControl) -> Samples:
        return ExactRun(problem, parameters, control).samples()


class ExactRun:
    """One run: its parts, the states found for each and the bounds proven."""

    def __init__(self, problem: CompiledProblem, parameters: Mapping[str, Any], control: RunControl) -> None:
        self.problem, self.control = problem, control
        self.wanted, self.seed = parameters["num_reads"], parameters["seed"]
        self.method: str = parameters["method"]
        self.terms = terms_of(problem)
        self.seconds = PATIENCE if control.time_left is None else control.time_left
        n = self.terms.num_variables
        self.reduction = Reduction(self.terms, np.arange(n), 0.0, n)
        self.parts: list[Part] = []
        self.alone = False
        """True where the one part is the whole problem, not reduced."""
        self.outcomes: list[GroundStates | Bounded] = []
        self.methods: Counter[str] = Counter()

    def samples(self) -> Samples:
        """Solve and say what is proven."""
        self.control.run([(0, self._prepare)])
        for part in self.parts:
            self._solve(part)
        pairs = [(part, _states(o)) for part, o in zip(self.parts, self.outcomes, strict=True)]
        reduced = join(self.reduction.terms.num_variables, pairs, self.wanted)
        states = self.reduction.undo(reduced)
        self.row = self.control.row()
        self._tell(self.terms.energy(states[0]))
        self.control.run([])
        return Samples(states, facts=self._facts(states))

    def _prepare(self) -> None:
        """Fall into parts; where time runs out on the way, what is reached is kept."""
        flag = self.control.flag
        whole = whole_part(self.terms, self.method, self.seconds, flag)
        if whole is not None:
            self.parts, self.alone = [whole], True
            return
        self.reduction = presolve(self.terms, flag)
        self.parts = split(self.reduction.terms, self.method, self.seconds, flag)
        self._refuse_hopeless()

    def _solve(self, part: Part) -> None:
        if self.method == "auto" and part.worth_cutting and not self.control.stopped:
            attempt = self._cut(part.terms, _TRIAL_ROUNDS)
            if self._proves(attempt, part.terms) or self.control.stopped:
                self._keep("branch_and_cut", attempt)
                return
        if self.control.stopped:
            self._keep(part.method, self._unsolved(part.terms))
        elif part.method == "enumeration":
            # The energies of a part mean nothing to those who watch the whole.
            new_row = self.control.row if self.alone else lambda: np.zeros(ROW)
            self._keep(part.method, solve_by_enumeration(part.terms, self.wanted, self.control, new_row))
        elif part.plan is not None:
            self._keep(part.method, self._eliminate(part.terms, part.plan))
        else:
            self._keep(part.method, self._cut(part.terms, None))

    def _keep(self, method: str, outcome: GroundStates | Bounded) -> None:
        self.methods[method] += 1
        self.outcomes.append(outcome)

    def _eliminate(self, terms: Terms, plan: EliminationPlan) -> GroundStates | Bounded:
        count = self.alone and 2 * plan.seconds <= self.seconds
        outcome: list[GroundStates | None] = []

        def task() -> None:
            outcome.append(solve_by_elimination(terms, plan, self.wanted, self.control.flag, count))

        self.control.run([(1, task)])
        return (outcome and outcome[0]) or self._unsolved(terms)

    def _cut(self, terms: Terms, most_rounds: int | None) -> Bounded:
        control = self.control
        energy, spins = self._first_state(terms)
        if len(terms.values) // 2 > _LARGEST_PROGRAM:
            return Bounded(energy, spins, -terms.size, 0)
        outcome: list[Bounded] = []

        def task() -> None:
            outcome.append(
                branch_and_cut(
                    terms, energy, spins, control.flag, lambda: control.time_left, self._report, most_rounds
                )
            )

        self.row = control.row()
        self._report(energy)
        control.run([(1, task)])
        return outcome[0] if outcome else Bounded(energy, spins, -terms.size, 0)

    def _proves(self, outcome: GroundStates | Bounded, terms: Terms) -> bool:
        """True where bound and energy meet."""
        gap = 0.0 if terms.whole else RELATIVE_GAP * terms.size
        return _bound(outcome) >= outcome.energy - gap

    def _report(self, energy: float) -> None:
        """A part has a better state; with all others solved, the whole problem has."""
        if len(self.outcomes) == len(self.parts) - 1:
            self._tell(self.reduction.constant + sum(o.energy for o in self.outcomes) + energy)

    def _tell(self, energy: float) -> None:
        self.row[BEST] = min(self.row[BEST], energy)
        if self.row[BEST] <= self.row[TARGET] and not self.control.flag[0]:
            self.control.flag[0] = STOP_TARGET

    def _refuse_hopeless(self) -> None:
        hopeless = [part for part in self.parts if part.hopeless]
        if self.control.time_left is None and hopeless:
            largest = max(hopeless, key=lambda part: part.terms.num_variables).terms
            raise ProblemError(
                f"after presolve a connected part of {largest.num_variables} variables and "
                f"{len(largest.values) // 2} couplings is left: too many for enumeration, too wide for a "
                "tree decomposition and too dense for branch and cut to end in minutes. Give a time_limit "
                "to get the best state and a lower bound, or use solver='simulated_annealing'"
            )

    def _first_state(self, terms: Terms) -> tuple[float, np.ndarray]:
        """A good state to start from, by a short anneal."""
        row, col, value = terms.edges()
        compiled = compile(EdgeList(terms.num_variables, row, col, value, terms.h))
        solver = SimulatedAnnealing()
        left = self.control.time_left
        control = RunControl(None if left is None else max(left, 1e-3), None, self.control.num_threads)
        control.measure_in(compiled.scale, compiled.offset)
        samples = solver.run(compiled, solver.resolve({**_FIRST_STATE, "seed": self.seed}), control)
        if control.interrupted:
            self.control.interrupted = True
            self.control.cancel()
        found = [terms.energy(state) for state in samples.states]
        best = int(np.argmin(found))
        return found[best], samples.states[best]

    def _unsolved(self, terms: Terms) -> Bounded:
        """What is left to say once time is up: a local minimum, and that no energy is below -sum |terms|."""
        spins = np.ones(terms.num_variables, np.int8)
        descend_sparse(
            terms.indptr, terms.indices, 2.0 * terms.values, terms.h, spins, 1e-9 * terms.size,
            np.zeros(8, np.int64), np.zeros(ROW),
        )  # fmt: skip
        return Bounded(terms.energy(spins), spins, -terms.size, 0)

    def _facts(self, states: np.ndarray) -> dict[str, Any]:
        problem, terms = self.problem, self.terms
        bound = self.reduction.constant + sum(_bound(o) for o in self.outcomes)
        pairs = zip(self.outcomes, self.parts, strict=True)
        certified = all(self._proves(outcome, part.terms) for outcome, part in pairs)
        given_energy = float(energies(problem.given, states).min())
        lower = problem.offset + problem.scale * bound
        exact = certified and terms.whole
        facts: dict[str, Any] = {
            "certified": certified,
            "lower_bound": given_energy if exact else min(float(lower), given_energy),
            "method": dict(self.methods),
            "presolve": {**self.reduction.counts, "variables_left": self.reduction.terms.num_variables},
        }
        widths = [part.plan.width for part in self.parts if part.plan is not None]
        if widths:
            facts["treewidth"] = max(widths)
        nodes = [o.nodes for o in self.outcomes if isinstance(o, Bounded)]
        if nodes:
            facts["nodes"] = sum(nodes)
        if self.alone and certified and isinstance(self.outcomes[0], GroundStates) and self.outcomes[0].count:
            facts["ground_states"] = self.outcomes[0].count
        return facts


def _states(outcome: GroundStates | Bounded) -> np.ndarray:
    return outcome.states if isinstance(outcome, GroundStates) else outcome.spins[None]


def _bound(outcome: GroundStates | Bounded) -> float:
    return outcome.energy if isinstance(outcome, GroundStates) else outcome.lower_bound
