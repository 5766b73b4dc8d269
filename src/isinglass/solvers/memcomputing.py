"""Digital memcomputing: a differential equation whose memories drive spins out of local minima.

Continuous spins and one memory a bond (``form="bonds"``: Sheldon, Traversa, Di Ventra, Phys. Rev. E
100, 053311, 2019, with a memory gain that falls to 0) or two memories a clause (``form="clauses"``:
Bearden, Pei, Di Ventra, Sci. Rep. 10, 19741, 2020, on the weighted MAX-2-SAT form of the problem, with
constants found for frustrated problems) are integrated by forward Euler. There is no noise: a read is
a function of its start. The best rounded state of a trajectory is kept; a steepest descent from it
ends the read. Restarts are further reads. Heuristic: no bound on the distance from the optimum.

Where it stands (bench/memcomputing.py, two seconds a run on a busy machine, one thread each, means of three
seeds): it beat simulated annealing on no Ising instance. Equal on a planted 2-D lattice of 256 spins and on
3R3X with 64; behind on G1 (-4067 against -4072), G2 (-4047, -4064), 3-D glasses of 999 spins (-1728, -1731;
-1718, -1726), planted lattices of 1024 spins (2-D: -1867, -1873; -1894, -1905) and 512 (3-D: -756, -764) and
3R3X with 128 (-251, -255). The constants were chosen on G1 and the first glass and 2-D lattice; their
fresh siblings, named after them, came out worse. On planted 3-SAT its own form (isinglass.sat) left
fewer clauses unsatisfied than annealing of a QUBO gadget of them, which is a weak
opponent: no SAT solver was compared, and 1000 variables at ratio 4.3 stayed unsolved. The clause form of
Ising problems was 3 to 9 % above the lowest known energies where it was tried: it is there to compare. Dense
problems are costly: 64 bytes of memories a bond for each block of sixteen reads, all passed over each step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np

from isinglass.control import RunControl
from isinglass.errors import ParameterError
from isinglass.problems.compiled import CompiledProblem
from isinglass.solvers.contract import SEED, Parameter, Samples, Solver, whole_number
from isinglass.solvers.memcomputing_forms import bonds_of, clauses_of
from isinglass.solvers.rounds import MOST_READS_KEPT, Lengths, fill_time
from isinglass.solvers.start import INITIAL_STATES, StartStates
from isinglass.solvers.trajectories import BondMachine, ClauseMachine, Machine, Trajectories

DEFAULT_READS = {"bonds": BondMachine.lanes, "clauses": 4}
_DEFAULT_WORK_NS = 1.5e9
_FEWEST_STEPS, _MOST_STEPS = 100, 10_000
_TRIAL_STEPS = 20
_LONGEST_READ = 1_000_000


def _number(
    highest: float, *, lowest: float = 0.0, positive: bool = False
) -> Callable[[str, Any], float | None]:
    """A check: a number from ``lowest``, or above it where ``positive``, to ``highest``; None passes."""

    def check(name: str, value: Any) -> float | None:
        if value is None:
            return None
        real = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
        if not real or not lowest <= value <= highest or (positive and value == lowest):
            low = f"above {lowest:g} and up to" if positive else f"from {lowest:g} to"
            raise ParameterError(f"{name}={value!r} is not a number {low} {highest:g}")
        return float(value)

    return check


def _check_form(name: str, value: Any) -> str:
    if value not in DEFAULT_READS:
        raise ParameterError(f"{name}={value!r} is not one of {', '.join(map(repr, DEFAULT_READS))}")
    return str(value)


class Memcomputing(Solver):
    """See the module's docstring."""

    name = "memcomputing"
    summary = "a differential equation with memories, integrated; no noise, many replicas"
    batched = ("sparse", "dense", "packed")
    parameters: ClassVar[Mapping[str, Parameter]] = {
        "num_reads": Parameter(
            None,
            "trajectories, 1 up; None: 16 (bonds) or 4 (clauses), or one for each initial state; under "
            f"a time_limit as many as fit, the best {MOST_READS_KEPT} of which are returned",
            whole_number(1),
        ),
        "form": Parameter("bonds", '"bonds" or "clauses": what has memories', _check_form),
        "steps": Parameter(
            None,
            "Euler steps of each read, 1 up; None: as many as take about 1.5 core-seconds, "
            f"{_FEWEST_STEPS} to {_MOST_STEPS:,}, or fewer or more as the time_limit allows",
            whole_number(1),
        ),
        "time_step": Parameter(
            None,
            "bonds: length of a step, above 0, up to 10, in units of 1 / force; None: 0.2, or 1.4 over the "
            "spectral radius of the normalised couplings where that is shorter. clauses: largest move of a "
            "variable in a step; None: 1",
            _number(10, positive=True),
        ),
        "memory_gain": Parameter(
            2.0, "bonds: pull added by a full memory at the start, falling to 0; 0 to 100", _number(100)
        ),
        "memory_rate": Parameter(0.8, "bonds: gamma, speed of the memories; 0 to 100", _number(100)),
        "threshold": Parameter(
            0.45, "bonds: theta, the frustration above which memories grow; 0 to 1", _number(1)
        ),
        "softening": Parameter(
            0.0, "bonds: b, how far a full memory slackens its two spins; 0 to 100", _number(100)
        ),
        "alpha": Parameter(0.5, "clauses: speed of the long-term memory; 0 to 1000", _number(1000)),
        "beta": Parameter(20.0, "clauses: speed of the short-term memory; 0 to 1000", _number(1000)),
        "gamma": Parameter(
            0.45, "clauses: unsatisfaction above which the short-term memory grows; 0 to 1", _number(1)
        ),
        "delta": Parameter(
            0.3, "clauses: unsatisfaction above which the long-term memory grows; 0 to 1", _number(1)
        ),
        "zeta": Parameter(1.0, "clauses: weight of rigidity under long memory; 0 to 100", _number(100)),
        "most_memory": Parameter(
            3.0, "clauses: bound of the long-term memory, 1 to 1e6", _number(1e6, lowest=1)
        ),
        "stagnation": Parameter(
            1000,
            "clauses: steps without a better state after which memories start afresh, 1 up",
            whole_number(1),
        ),
        "initial_states": INITIAL_STATES,
        "seed": SEED,
    }

    def run(self, problem: CompiledProblem, parameters: Mapping[str, Any], control: RunControl) -> Samples:
        start = StartStates(problem, parameters["initial_states"], parameters["seed"])
        wanted = parameters["num_reads"] or len(start) or None
        form = parameters["form"]
        default = DEFAULT_READS[form]
        if problem.num_variables == 0:
            count = wanted or default
            return Samples(np.zeros((count, 0), np.int8), np.zeros(count), {"steps": []})
        if form == "clauses" and control.batch is not None:
            raise ParameterError(
                f"form='clauses' has no kernel for backend {control.batch.name!r}: leave it at 'bonds', "
                "or use backend 'cpu'"
            )
        bonds = bonds_of(problem, form, 0 if control.batch is not None else control.num_threads)
        machine: Machine = BondMachine(bonds, parameters, control.batch)
        if form == "clauses":
            machine = ClauseMachine(clauses_of(bonds), problem.num_variables, parameters)
        trajectories = Trajectories(problem, start, parameters["seed"], control, machine)
        lengths = _run_rounds(trajectories, wanted, parameters["steps"], default)
        return trajectories.samples({"steps": lengths, "time_step": machine.time_step})


def _run_rounds(
    trajectories: Trajectories, num_reads: int | None, steps: int | None, default_reads: int
) -> list[int]:
    """One round of reads, or under a time limit rounds until it is spent; returns their steps.

    A read count that is given is spread over one round that fills the time.
    """
    control = trajectories.control
    count = num_reads or default_reads
    length = steps or _default_steps(trajectories, count)
    if control.time_left is None or (num_reads is not None and steps is not None):
        trajectories.round(count, length)
        return [length]
    if num_reads is None:
        count = max(count, default_reads * control.num_threads)
    longest = length if num_reads is None else _LONGEST_READ
    lengths = None if steps else Lengths(_TRIAL_STEPS, longest, shortest=_TRIAL_STEPS)
    return fill_time(
        trajectories, trajectories.round, count, length, lengths, further_rounds=num_reads is None
    )


def _default_steps(trajectories: Trajectories, count: int) -> int:
    cost = trajectories.machine.step_ns * count
    return int(np.clip(_DEFAULT_WORK_NS / max(cost, 1.0), _FEWEST_STEPS, _MOST_STEPS))
