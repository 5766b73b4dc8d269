"""CQMs and DQMs: constraints become penalties, and their weights rise until the answers obey.

Each round solves the penalised problem with the weights so far and judges every read by the user's
own model. A round without a feasible read raises the weights of the constraints it broke, at
most to the safe bound; under a time limit further rounds anneal longer until it is spent. The exact
solver starts at the safe bound, where the minimum is known to be feasible if anything is.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import dimod
import numpy as np

from isinglass.control import RunControl
from isinglass.errors import ParameterError
from isinglass.problems.compile import compile
from isinglass.problems.constrained import Encoding, Report, encode
from isinglass.results.sampleset import SampleSet, make_record
from isinglass.run_info import run_info
from isinglass.solvers.contract import Samples, Solver
from isinglass.solvers.exact import Exact

_FIRST_SWEEPS = 1000
_FIRST_SWEEPS_UNDER_LIMIT = 100
_READS = 64
_MOST_ROUNDS = 24
"""Without a time limit: weights grow fourfold a round, so this is far beyond any safe bound."""
_MOST_STUCK_ROUNDS = 3


def solve_constrained(
    model: dimod.ConstrainedQuadraticModel | dimod.DiscreteQuadraticModel,
    solver: Solver,
    values: Mapping[str, Any],
    control: RunControl,
    target_energy: float | None,
) -> SampleSet:
    """Solve a CQM or DQM; the SampleSet holds every read of every round, in the user's variables."""
    if values.get("initial_states") is not None:
        raise ParameterError("initial_states are for unconstrained problems; leave them out for a CQM or DQM")
    encoding = encode(model)
    encoded_at = control.elapsed
    rounds = _Rounds(encoding, solver, dict(values), control, target_energy)
    rounds.run()
    solved_at = control.elapsed
    result = _merge(encoding, rounds.reports)
    timing = {
        "compile": encoded_at + rounds.compile_seconds,
        "solve": solved_at - encoded_at - rounds.compile_seconds - rounds.decode_seconds,
        "energies": rounds.decode_seconds,
        "total": control.elapsed,
    }
    facts = {**rounds.facts, "encoding": encoding.info(), "weights": rounds.weights_used}
    info = run_info(solver.name, values, control, timing, facts)
    info |= {"trace": rounds.trace, "rounds": len(rounds.reports), "kind": type(model).__name__}
    info |= {"variables": encoding.num_variables, "storage": rounds.storage}
    info |= {"interactions": rounds.interactions, "constraint_labels": list(encoding.constraint_labels)}
    if rounds.target_met:
        info["stop_reason"] = "target reached: a feasible sample at or below target_energy was found"
    elif not result["is_feasible"].any():
        info["stop_reason"] += "; no sample satisfies every constraint"
    report = rounds.reports[0]
    info["constraint_labels"] = list(report.constraint_labels)
    record = make_record(result.pop("samples"), result)
    return SampleSet(record, report.variable_labels, info, report.vartype)


def _merge(encoding: Encoding, reports: list[Report]) -> dict[str, np.ndarray]:
    columns = {
        "samples": "samples", "energy": "energies", "is_feasible": "is_feasible",
        "is_satisfied": "is_satisfied", "violations": "violations", "repaired": "repaired",
    }  # fmt: skip
    merged = {name: np.concatenate([getattr(r, source) for r in reports]) for name, source in columns.items()}
    merged["num_occurrences"] = np.ones(len(merged["energy"]), np.intp)
    return merged


class _Rounds:
    """The loop of the module's docstring and what it leaves behind."""

    def __init__(
        self,
        encoding: Encoding,
        solver: Solver,
        values: dict[str, Any],
        control: RunControl,
        target_energy: float | None,
    ) -> None:
        self.encoding = encoding
        self.solver = solver
        self.control = control
        self.target_energy = target_energy
        self.limited = control.time_left is not None
        self.values = values
        self.reports: list[Report] = []
        self.weights_used: list[list[float]] = []
        self.trace: list[tuple[float, float]] = []
        self.facts: dict[str, Any] = {}
        self.storage, self.interactions = "", 0
        self.compile_seconds = self.decode_seconds = 0.0
        self.target_met = False
        if "num_reads" in values and not isinstance(solver, Exact):
            values["num_reads"] = values["num_reads"] or _READS
        self._open_sweeps = "annealing_time" in values and values["annealing_time"] is None
        if self._open_sweeps and isinstance(values["beta_schedule"], str):
            values["annealing_time"] = _FIRST_SWEEPS_UNDER_LIMIT if self.limited else _FIRST_SWEEPS

    def run(self) -> None:
        encoding, exact = self.encoding, isinstance(self.solver, Exact)
        weights = encoding.safe_weights.copy() if exact else encoding.initial_weights()
        stuck = 0
        while True:
            report = self._round(weights)
            feasible = bool(report.is_feasible.any())
            if self.control.stopped or self.target_met or exact:
                return
            raised = weights if feasible else encoding.raise_weights(weights, report)
            unchanged = bool((raised == weights).all())
            weights = raised
            if self.limited:
                self._anneal_longer(unchanged)
                continue
            stuck = stuck + 1 if unchanged else 0
            if feasible or stuck == _MOST_STUCK_ROUNDS or len(self.reports) == _MOST_ROUNDS:
                return
            self._anneal_longer(unchanged)

    def _anneal_longer(self, weights_unchanged: bool) -> None:
        """Twice the sweeps once the weights rest; another seed, so that no round repeats the last."""
        if self._open_sweeps and weights_unchanged and self.values["annealing_time"] is not None:
            self.values["annealing_time"] *= 2
        self.values["seed"] = (self.values["seed"] + 1) % (1 << 63)

    def _round(self, weights: np.ndarray) -> Report:
        began = time.perf_counter()
        storage = None if self.control.batch is None else self.solver.batched[0]
        problem = compile(self.encoding.penalised(weights), storage=storage)
        self.compile_seconds += time.perf_counter() - began
        self.storage, self.interactions = problem.storage, problem.num_interactions
        self.control.measure_in(problem.scale, problem.offset)
        with self.control.part(None):  # so that even a round which begins as the run ends has a read
            samples: Samples = self.solver.run(problem, self.values, self.control)
        self.facts = samples.facts
        began = time.perf_counter()
        report = self.encoding.decode((samples.states + np.int8(1)) >> np.int8(1))
        self.decode_seconds += time.perf_counter() - began
        self.reports.append(report)
        self.weights_used.append(weights.tolist())
        self._note_best(report)
        return report

    def _note_best(self, report: Report) -> None:
        if not report.is_feasible.any():
            return
        best = float(report.energies[report.is_feasible].min())
        if not self.trace or best < self.trace[-1][1]:
            self.trace.append((self.control.elapsed, best))
        self.target_met = self.target_energy is not None and best <= self.target_energy
