"""Satisfiability of clauses of up to three literals by a digital memcomputing machine.

Bearden, Pei, Di Ventra, Sci. Rep. 10, 19741 (2020); kernels/cpu/memcompute_clauses.py has the
equations. It finds assignments and never proves that there is none; where it ends without one it
returns the assignment that left the fewest clauses unsatisfied, which makes it a MAX-SAT heuristic.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from isinglass.control import Progress, RunControl, check_positive
from isinglass.errors import ProblemError
from isinglass.kernels.cpu.memcompute_clauses import memcompute_clauses
from isinglass.problems.energies import unpack_spins
from isinglass.problems.files.compression import as_path, read_bytes
from isinglass.problems.files.text import Line, Text, shown
from isinglass.rng import read_keys, resolve_seed, start_bits
from isinglass.solvers.contract import whole_number
from isinglass.solvers.memcomputing_forms import Clauses
from isinglass.solvers.trajectories import (
    EPSILON,
    LARGEST_MOVE,
    LONGEST_CLAUSE_STEP,
    SHORTEST_STEP,
    start_voltages,
)

DEFAULT_STEPS = 100_000
_ALPHA, _BETA, _GAMMA, _DELTA, _ZETA = 5.0, 20.0, 0.25, 0.05, 0.01
_MOST_Y_A_CLAUSE = 1e4
"""Bearden, Pei, Di Ventra bound the long-term memory by 10^4 times the clauses."""
_MOST_LITERALS = 3


@dataclass(frozen=True)
class SatResult:
    """What ``solve_sat`` found."""

    assignment: np.ndarray
    """bool[n]: the value of variable i + 1."""
    unsatisfied: int
    """Clauses that the assignment leaves unsatisfied, counted from the clauses as given."""
    steps: int
    stop_reason: str
    seed: int


def solve_sat(
    clauses: Sequence[Sequence[int]] | str | Path,
    *,
    seed: int | None = None,
    time_limit: float | None = None,
    steps: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> SatResult:
    """Search for an assignment that satisfies all clauses, or as many as it can.

    Args:
        clauses: each a sequence of up to three non-zero integers, i for variable i and -i for its
            negation, i from 1; or the path of a DIMACS CNF file, compressed or not.
        seed: 0 to 2^63 - 1; None draws one. The same seed gives the same trajectory.
        time_limit: seconds from this call, > 0; None for none.
        steps: Euler steps at most, 1 up, one of which costs about 10 ns a clause; None: 100,000.
        progress: called about ten times a second; its ``best_energy`` counts unsatisfied clauses.

    Raises:
        ProblemError, FileFormatError, ParameterError: see isinglass.errors.

    >>> solve_sat([[1, 2], [-1, 2], [-2, 3]], seed=0).assignment.tolist()[1:]
    [True, True]
    """
    check_positive("time_limit", time_limit)
    most = whole_number(1)("steps", steps) or DEFAULT_STEPS
    chosen = resolve_seed(seed)
    control = RunControl(time_limit, progress, 1)
    least, given = read_cnf(clauses) if isinstance(clauses, (str, Path)) else (0, clauses)
    n, table = _table(least, given)
    control.measure_in(1.0, 0.0, 0.0)
    key = read_keys(chosen, 0, 1)[0]
    start = start_voltages(unpack_spins(start_bits(key, -(-n // 64)), n), key)
    v = np.append(start.astype(np.float64), -1.0)
    best, done = np.ones(n, np.int8), [0]

    def integrate() -> None:
        done[0], _ = memcompute_clauses(
            *table[:3], *table.occurrences(n), v, best, 0.0, most, most + 1,
            _ALPHA, _BETA, _GAMMA, _DELTA, EPSILON, _ZETA, _MOST_Y_A_CLAUSE * max(1, len(table.costs)),
            LARGEST_MOVE, SHORTEST_STEP, LONGEST_CLAUSE_STEP, control.flag, control.row(),
        )  # fmt: skip

    control.run([(1, integrate)])
    left = unsatisfied(given, best > 0)
    if left == 0:
        reason = "satisfied: every clause holds"
    elif done[0] == most:
        reason = f"finished: {most} steps left clauses unsatisfied; raise steps or try another seed"
    else:
        reason = control.stop_reason
    return SatResult(best > 0, left, done[0], reason, chosen)


def unsatisfied(clauses: Sequence[Sequence[int]], assignment: np.ndarray) -> int:
    """How many clauses have no true literal under ``assignment`` (bool[n])."""
    return sum(not any(assignment[abs(a) - 1] == (a > 0) for a in clause) for clause in clauses)


def read_cnf(path: str | Path) -> tuple[int, list[list[int]]]:
    """(variables, clauses) of a DIMACS CNF file: comments ``c``, ``p cnf n m``, literals ended by 0.

    A line that begins with ``%`` ends the file, as in SATLIB's. Raises FileFormatError.
    """
    place = as_path(path)
    text = Text(place, read_bytes(place))
    header: Line | None = None
    n, count = 0, 0
    clauses: list[list[int]] = []
    clause: list[int] = []
    for line in text.lines(comments=b"c"):
        if line.content.startswith(b"%"):
            break
        tokens = line.content.split()
        if header is None:
            if len(tokens) != 4 or tokens[:2] != [b"p", b"cnf"]:
                raise text.error(
                    f"the first line is 'p cnf variables clauses', not {shown(line.content)}", line
                )
            header, n, count = line, text.node(tokens[2], line), text.node(tokens[3], line)
            continue
        for token in tokens:
            literal = text.node(token, line)
            if abs(literal) > n:
                raise text.error(f"literal {literal} stands in a file of {n} variables", line)
            if literal:
                clause.append(literal)
            else:
                clauses.append(clause)
                clause = []
    if header is None:
        raise text.error("has no line 'p cnf variables clauses'")
    if clause:
        raise text.error("its last clause is not ended by 0: the file has been cut off")
    if len(clauses) != count:
        raise text.error(f"its first line says {count} clauses and {len(clauses)} follow", header)
    return n, clauses


def _table(least: int, clauses: Sequence[Sequence[int]]) -> tuple[int, Clauses]:
    """(variables, padded arrays); ProblemError names the clause that does not fit."""
    literals = np.zeros((len(clauses), _MOST_LITERALS), np.int64)
    for m, clause in enumerate(clauses):
        if len(clause) > _MOST_LITERALS:
            raise ProblemError(
                f"clause {m} has {len(clause)} literals and this machine takes up to {_MOST_LITERALS}: "
                "split it with new variables, (a or b or z) and (not z or c or d)"
            )
        for a, literal in enumerate(clause):
            whole = isinstance(literal, (int, np.integer)) and not isinstance(literal, bool)
            if not whole or not 0 < abs(literal) < 1 << 31:
                raise ProblemError(
                    f"clause {m} has literal {literal!r}; literals are non-zero 32-bit integers"
                )
            literals[m, a] = literal
    n = max(least, int(np.abs(literals).max(initial=0)))
    variables = np.where(literals == 0, n, np.abs(literals) - 1).astype(np.int32)
    signs = np.where(literals < 0, -1.0, 1.0)
    return n, Clauses(variables, signs, np.ones(len(clauses)), 0.0)
