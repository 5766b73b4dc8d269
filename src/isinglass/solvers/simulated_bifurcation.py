"""Simulated bifurcation: particles between walls, driven by the gradient of the energy.

Ballistic and discrete: Goto et al., Sci. Adv. 7, eabe7953 (2021). Generalised: Goto, Hidaka, Tatsumura,
Phys. Rev. Applied 25, 044011 (2026), arXiv 2508.17655, as ballistic with a bifurcation parameter of each
particle's own; its equation was taken from a public implementation's documentation that cites that paper,
the paper itself was not read, and we depart from it twice: c0 is the one of 2021 (from the sum of squared
couplings) instead of 1 / lambda_max, and momenta start within +-0.1 instead of at 0.
Deterministic but for its start; all spins move in each step. Strong on dense problems, weak on lattices. A
read returns the best rounded state it saw. Heuristic: no bound on the distance from the optimum.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np

from isinglass.control import RunControl
from isinglass.errors import ParameterError
from isinglass.problems.compiled import CompiledProblem, Packed, Sparse
from isinglass.solvers.bifurcations import (
    VARIANTS,
    Bifurcations,
    Motion,
    default_c0,
    default_time_step,
    reads_at_once,
)
from isinglass.solvers.contract import SEED, Parameter, Samples, Solver, whole_number
from isinglass.solvers.rounds import MOST_READS_KEPT
from isinglass.solvers.start import INITIAL_STATES, StartStates

DEFAULT_STEPS = 5000
_FEWEST_STEPS = 200
_DEFAULT_WORK_NS = 2e9


def _variant(name: str, value: Any) -> str | None:
    if value is not None and value not in VARIANTS:
        raise ParameterError(f"{name}={value!r} is not one of {', '.join(map(repr, VARIANTS))}")
    return None if value is None else str(value)


def _number(low: float, high: float) -> Callable[[str, Any], float | None]:
    """A check: a number above ``low``, at most ``high``; None passes."""

    def check(name: str, value: Any) -> float | None:
        if value is None:
            return None
        real = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
        if not real or not low < value <= high:
            raise ParameterError(f"{name}={value!r} is not a number above {low:g}, at most {high:g}")
        return float(value)

    return check


class SimulatedBifurcation(Solver):
    """See the module's docstring."""

    name = "simulated_bifurcation"
    summary = "particles driven by the energy's gradient, all spins at once; for dense problems"
    batched = ("packed", "dense", "sparse")
    parameters: ClassVar[Mapping[str, Parameter]] = {
        "num_reads": Parameter(
            None,
            "runs, 1 up; None: as many as take about two core-seconds, 128 at most; under a time_limit "
            "as many as fit, the best 128 of which are returned",
            whole_number(1),
        ),
        "steps": Parameter(
            None,
            f"time steps of each read, 1 up; None: {DEFAULT_STEPS}, fewer for large problems, more where a "
            "time_limit allows",
            whole_number(1),
        ),
        "variant": Parameter(
            None,
            '"ballistic" (force from positions), "discrete" (from their signs) or "generalized" '
            "(ballistic, each particle with a bifurcation parameter of its own); None: discrete for sparse "
            "problems, generalized for others",
            _variant,
        ),
        "time_step": Parameter(
            None,
            "above 0, at most 2; None: four fifths of what is stable for these couplings, 1.25 at most",
            _number(0.0, 2.0),
        ),
        "c0": Parameter(
            None,
            "weight of the force, above 0, in 1 / energy; None: 0.5 sqrt(n - 1) / |J|, |J|^2 the sum over "
            "all ordered pairs, a field counted as a coupling to one more spin",
            _number(0.0, 1e30),
        ),
        "control": Parameter(
            None,
            "strength A of the nonlinear control of the generalized variant, above 0, at most 10; None: the "
            "first 16 reads try 0.1 to 0.8, further ones stay within a tenth of what did best",
            _number(0.0, 10.0),
        ),
        "initial_states": INITIAL_STATES,
        "seed": SEED,
    }

    def run(self, problem: CompiledProblem, parameters: Mapping[str, Any], control: RunControl) -> Samples:
        sparse = isinstance(problem.couplings, Sparse)
        variant = parameters["variant"] or ("discrete" if sparse else "generalized")
        reads, steps = default_work(problem, variant, parameters["steps"], control.time_left)
        c0 = default_c0(problem) if parameters["c0"] is None else parameters["c0"] * problem.scale
        time_step = parameters["time_step"] or default_time_step(problem, c0)
        motion = Motion(variant, steps, time_step, c0, parameters["control"])
        start = StartStates(problem, parameters["initial_states"], parameters["seed"])
        runs = Bifurcations(problem, start, parameters["seed"], control, motion)
        num_reads = parameters["num_reads"] or len(start) or None
        count = num_reads or reads
        runs.round(count)
        while num_reads is None and control.time_left is not None and not control.stopped:
            # Further rounds, and larger ones: none of them ends what it began before the deadline.
            runs.keep_best(MOST_READS_KEPT)
            count = min(2 * count, runs.block * MOST_READS_KEPT)
            runs.round(count)
        runs.keep_best(num_reads or MOST_READS_KEPT)
        return runs.samples(
            {
                "variant": variant,
                "steps": steps,
                "time_step": motion.time_step,
                "c0": motion.c0 / problem.scale,
                "control": (parameters["control"] or runs.best_control) if variant == "generalized" else None,
            }
        )


def _read_step_ns(problem: CompiledProblem, variant: str) -> float:
    """About how long one step of one read takes."""
    n = max(1, problem.num_variables)
    if isinstance(problem.couplings, Sparse):
        return 2.0 * n + 0.1 * int(problem.couplings.indices.shape[0])
    packed = isinstance(problem.couplings, Packed)
    if variant == "discrete":
        return n * (2.0 + n / (1000 if packed else 200))
    return n * (2.0 + n / (150 if packed else 40))


def default_work(
    problem: CompiledProblem, variant: str, steps: int | None, time_left: float | None
) -> tuple[int, int]:
    """(reads, steps) of about two core-seconds, or of a fifth of the time that is left."""
    work_ns = _DEFAULT_WORK_NS if time_left is None else 2e8 * time_left
    step_ns, together = _read_step_ns(problem, variant), reads_at_once(problem, variant)
    if steps is None:
        most = DEFAULT_STEPS if time_left is None else 4 * DEFAULT_STEPS
        steps = int(np.clip(work_ns / (step_ns * together), _FEWEST_STEPS, most))
    blocks = max(1, round(work_ns / (step_ns * steps * together)))
    return min(MOST_READS_KEPT, blocks * together), steps
