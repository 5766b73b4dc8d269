"""What the words of a table of best values mean: how to read the file, and in which sense its value counts.

``OBJECTIVES`` is the whole of it. Libraries of instances print the same lines ``i j q`` and mean different
things by them; a table of best values says which by its column ``objective``, and for the libraries in
``FAMILIES``, whose tables say only "qubo-min" or "qubo-max", by its column ``family``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from isinglass.errors import ParameterError, ProblemError, nearest
from isinglass.problems.files import read_file
from isinglass.problems.given import EdgeList, Kind
from isinglass.problems.intake import to_given


@dataclass(frozen=True)
class Objective:
    """One row of the table."""

    meaning: str
    kind: Kind
    maximize: bool = False
    doubled: bool = False
    """True where each pair counts twice: the file has half of a symmetric matrix."""


OBJECTIVES: dict[str, Objective] = {
    "maxcut": Objective("largest cut: sum of w_ij over the pairs i j on different sides", "maxcut", True),
    "ising-energy": Objective("smallest sum h_i s_i + sum J_ij s_i s_j over the lines, s = -1/+1", "ising"),
    "qubo-min": Objective("smallest sum q_ij x_i x_j over the lines, x = 0/1", "qubo"),
    "qubo-max": Objective("largest sum q_ij x_i x_j over the lines", "qubo", True),
    "qubo-min-symmetric": Objective("smallest sum q_ii x_i + 2 sum_{i<j} q_ij x_i x_j", "qubo", doubled=True),
    "qubo-max-symmetric": Objective("largest sum q_ii x_i + 2 sum_{i<j} q_ij x_i x_j", "qubo", True, True),
}

FAMILIES: dict[str, dict[str, str]] = {
    "biqmac-be": {"qubo-min": "qubo-min-symmetric"},
    "biqmac-gka": {"qubo-min": "qubo-min-symmetric"},
    "orlib-bqp": {"qubo-max": "qubo-max-symmetric"},
    "palubeckis": {"qubo-max": "qubo-max-symmetric"},
}
"""Libraries whose files hold half of a symmetric matrix by custom (Biq Mac, Beasley, Palubeckis)."""

ROUNDING = 1e-7
"""Relative: what six printed digits of each coefficient leave open in an energy."""

_WHOLE_MATRICES = ("qplib", "matrix_market", "npz")


def objective_of(words: str, family: str) -> Objective:
    """The row of the table; ParameterError lists the words that are known."""
    settled = FAMILIES.get(family, {}).get(words, words)
    if settled not in OBJECTIVES:
        raise ParameterError(
            f"objective {words!r} is not one of {', '.join(OBJECTIVES)}{nearest(words, OBJECTIVES)}"
        )
    return OBJECTIVES[settled]


@dataclass(frozen=True, eq=False)
class Instance:
    """A problem to be minimised, and what its energies are worth in the objective's own words."""

    problem: EdgeList
    objective: Objective
    total_weight: float
    """Sum of the edge weights of a Max-Cut problem; 0 for others."""

    def value(self, energy: float) -> float:
        """The objective at an energy of ``problem``."""
        if self.objective.kind == "maxcut":
            return (self.total_weight - energy) / 2.0
        return -energy if self.objective.maximize else energy

    def energy(self, value: float) -> float:
        """The energy of ``problem`` at a value of the objective."""
        if self.objective.kind == "maxcut":
            return self.total_weight - 2.0 * value
        return -value if self.objective.maximize else value

    def gap(self, value: float, best_known: float) -> float:
        """How far ``value`` is from ``best_known``, relative to it; below 0 where it is better.

        0 where the two differ by no more than ``rounding``.
        """
        behind = best_known - value if self.objective.maximize else value - best_known
        relative = behind / (abs(best_known) or 1.0)
        return 0.0 if abs(relative) <= self.rounding else relative

    @property
    def rounding(self) -> float:
        """What tables leave open, relative: nothing to speak of for whole coefficients.

        Files and tables of real numbers are printed with few digits, and the optimum of a file may miss the
        printed one.
        """
        linear = self.problem.linear
        whole = _whole(self.problem.value) and (linear is None or _whole(linear))
        return 1e-12 if whole else ROUNDING

    def target(self, best_known: float) -> float:
        """The energy at or below which ``best_known`` counts as reached: ``rounding`` above its own."""
        energy = self.energy(best_known)
        return energy + self.rounding * max(1.0, abs(energy))


def _whole(numbers: np.ndarray) -> bool:
    return bool((numbers == np.rint(numbers)).all())


def read_instance(path: Path, objective: Objective) -> Instance:
    """The instance in a file of any format that ``read_file`` reads, meant as ``objective`` says.

    A file that states its own sense and factors (QPLIB) keeps them. ProblemError where they contradict
    the objective, or where the file holds a constrained model.
    """
    read = to_given(read_file(path, kind=objective.kind), objective.kind)
    if not isinstance(read, EdgeList):
        raise ProblemError(f"{path}: a matrix without a kind; save it in a format of read_file")
    return as_instance(read, objective, path)


def as_instance(read: EdgeList, objective: Objective, path: Path) -> Instance:
    """``read`` with pairs doubled and signs turned where the objective asks for it."""
    form = read.facts.get("format")
    if form == "qplib" and read.maximized != objective.maximize:
        sense = "maximise" if read.maximized else "minimise"
        raise ProblemError(f"{path} says {sense} and the table of best values does not; correct the table")
    if objective.doubled and form in _WHOLE_MATRICES:
        raise ProblemError(
            f"{path}: {form} files have whole matrices; write the objective without -symmetric"
        )
    value, linear, offset = read.value, read.linear, read.offset
    if objective.doubled:
        value = 2 * value
    turned = objective.kind == "qubo" and objective.maximize and form != "qplib"
    if turned:
        value, linear, offset = -value, None if linear is None else -linear, -offset
    problem = replace(read, value=value, linear=linear, offset=offset, maximized=read.maximized or turned)
    weight = float(np.sum(value, dtype=np.float64)) if objective.kind == "maxcut" else 0.0
    return Instance(problem, objective, weight)
