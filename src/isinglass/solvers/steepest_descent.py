"""Steepest descent from random or given states: the nearest local minimum, deterministic.

Each step flips the spin whose flip lowers the energy most; it ends where no flip lowers it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

import numpy as np

from isinglass.control import RunControl
from isinglass.kernels.cpu.descend import descend_dense, descend_packed, descend_sparse
from isinglass.problems.compiled import CompiledProblem, Dense, Packed
from isinglass.problems.energies import unpack_spins
from isinglass.solvers.contract import SEED, Parameter, Samples, Solver, whole_number
from isinglass.solvers.start import INITIAL_STATES, StartStates

_SMALLEST_GAIN = 1e-9
"""In units of the smallest field: below it a gain is taken for rounding, not for descent."""


class SteepestDescent(Solver):
    """See the module's docstring."""

    name = "steepest_descent"
    summary = "always the best single flip, to the nearest local minimum"
    parameters: ClassVar[Mapping[str, Parameter]] = {
        "num_reads": Parameter(
            None, "descents, 1 up; None: one for each initial state, or 1", whole_number(1)
        ),
        "initial_states": INITIAL_STATES,
        "seed": SEED,
    }

    def run(self, problem: CompiledProblem, parameters: Mapping[str, Any], control: RunControl) -> Samples:
        start = StartStates(problem, parameters["initial_states"], parameters["seed"])
        reads = parameters["num_reads"] or len(start) or 1
        states: dict[int, np.ndarray] = {}
        flips: dict[int, int] = {}

        def one(read: int) -> None:
            states[read] = unpack_spins(start.words(read), problem.num_variables)
            flips[read] = descend(problem, states[read], control.flag, control.row())

        control.run([(1, partial(one, read)) for read in range(reads)])
        return Samples(
            states=np.stack([states[r] for r in sorted(states)]),
            facts={"flips": [flips[r] for r in sorted(flips)]},
        )


def descend(problem: CompiledProblem, spins: np.ndarray, flag: np.ndarray, row: np.ndarray) -> int:
    """Descend from ``spins`` (int8[n]) in place; returns the flips; ``row`` receives the energy."""
    tolerance = 0.0 if problem.integer else _SMALLEST_GAIN * float(problem.field_scale[0])
    tail = (problem.h, spins, tolerance, flag, row)
    couplings = problem.couplings
    if isinstance(couplings, Packed):
        return int(descend_packed(couplings.bits, couplings.low, couplings.step, *tail))
    if isinstance(couplings, Dense):
        return int(descend_dense(couplings.matrix, *tail))
    return int(descend_sparse(couplings.indptr, couplings.indices, couplings.weights, *tail))
