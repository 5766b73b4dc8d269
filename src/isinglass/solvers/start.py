"""Where reads start: random states from their streams, or the states the user gave."""

from __future__ import annotations

from typing import Any

import numpy as np

from isinglass.errors import ParameterError
from isinglass.problems.compiled import CompiledProblem
from isinglass.rng import read_key, start_bits
from isinglass.solvers.contract import Parameter


def _check(name: str, value: Any) -> Any:
    # Shape and alphabet are checked against the problem by ``StartStates``.
    return value


INITIAL_STATES = Parameter(None, "states to start from, in the problem's own values; None: random", _check)


class StartStates:
    """Start of each read, made when it is asked for.

    ``given``: None for random; otherwise an array [k, n] or [n] in the problem's vartype (columns
    in the order of ``problem.labels``), a dict {label: value}, a list of such dicts or a
    dimod.SampleSet. Read r starts from row r mod k.
    """

    def __init__(self, problem: CompiledProblem, given: Any, seed: int) -> None:
        self.num_variables = problem.num_variables
        self.seed = seed
        self.states = None if given is None else _as_spins(problem, given)

    def __len__(self) -> int:
        """How many states were given; 0 for random starts."""
        return 0 if self.states is None else len(self.states)

    def words(self, read: int) -> np.ndarray:
        """uint64[ceil(n / 64)]: bit i % 64 of word i // 64 is spin i up."""
        count = -(-self.num_variables // 64)
        if self.states is None:
            words = start_bits(read_key(self.seed, read), count)
            if self.num_variables % 64:
                words[-1] &= np.uint64((1 << self.num_variables % 64) - 1)
            return words
        bits = np.zeros(64 * count, np.uint8)
        bits[: self.num_variables] = self.states[read % len(self.states)] > 0
        return np.packbits(bits, bitorder="little").view(np.uint64)


def _as_spins(problem: CompiledProblem, given: Any) -> np.ndarray:
    if hasattr(given, "record") and hasattr(given, "variables"):
        given = [dict(zip(given.variables, row, strict=True)) for row in given.record.sample]
    if isinstance(given, dict):
        given = [given]
    if isinstance(given, (list, tuple)) and given and isinstance(given[0], dict):
        missing = [v for v in problem.labels if any(v not in state for state in given)]
        if missing:
            raise ParameterError(f"initial_states gives no value for variable {missing[0]!r}")
        given = [[state[v] for v in problem.labels] for state in given]
    try:
        states = np.atleast_2d(np.asarray(given))
    except ValueError as error:
        raise ParameterError(f"initial_states is not a table of states: {error}") from None
    n = problem.num_variables
    if states.ndim != 2 or states.shape[1] != n or states.shape[0] == 0:
        raise ParameterError(f"initial_states has shape {states.shape}; {n} variables need (reads, {n})")
    allowed = (-1, 1) if problem.vartype == "SPIN" else (0, 1)
    wrong = ~np.isin(states, allowed)
    if wrong.any():
        r, i = np.argwhere(wrong)[0]
        raise ParameterError(
            f"initial_states has {states[r, i]!r} for variable {problem.labels[i]!r}; "
            f"{problem.vartype} variables are {allowed[0]} or {allowed[1]}"
        )
    return np.where(states > 0, 1, -1).astype(np.int8)
