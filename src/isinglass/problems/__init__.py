"""What is solved: arrays, the one door in (``compile``), energies, constraints, files, generators."""

from isinglass.problems.compile import compile
from isinglass.problems.compiled import CompiledProblem
from isinglass.problems.energies import energies

__all__ = ["CompiledProblem", "compile", "energies"]
