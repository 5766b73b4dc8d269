"""Is a result true? Every sample is evaluated again here, whoever sent it.

``VerificationError`` says what is wrong: another number of columns, other labels, values that the variables
cannot have, energies or cuts that are not those of the samples, another seed.
"""

from __future__ import annotations

from typing import Any

import dimod
import numpy as np

from isinglass.errors import VerificationError
from isinglass.jobs.problems import Decoded
from isinglass.jobs.spec import JobSpec
from isinglass.problems.dense_given import PackedGraph
from isinglass.problems.energies import energies
from isinglass.problems.given import EdgeList, MatrixProblem
from isinglass.results.sampleset import SampleSet

_RELATIVE = 1e-9


def check_result(problem: Decoded, spec: JobSpec, shot: int, result: SampleSet) -> float:
    """The lowest energy of a result that is true; VerificationError of any other."""
    if not len(result.record):
        raise VerificationError("the result has no samples")
    if result.info.get("seed") != spec.shot_seed(shot):
        raise VerificationError(f"the seed is {result.info.get('seed')!r}, not {spec.shot_seed(shot)}")
    if (np.asarray(result.record.num_occurrences) != 1).any():
        raise VerificationError("num_occurrences is not 1 everywhere")
    if isinstance(problem, EdgeList | MatrixProblem | PackedGraph):
        return _check_given(problem, result)
    return _check_model(problem, result)


def _check_given(problem: EdgeList | MatrixProblem | PackedGraph, result: SampleSet) -> float:
    vartype = "SPIN" if isinstance(problem, PackedGraph) else problem.vartype
    n = problem.num_variables
    labels = [] if isinstance(problem, PackedGraph) else list(problem.labels)
    if result.vartype.name != vartype:
        raise VerificationError(f"the samples are {result.vartype.name}, the problem is {vartype}")
    if list(result.variables) != (labels or list(range(n))):
        raise VerificationError("the samples are of other variables than the problem")
    states = np.asarray(result.record.sample)
    spins = states if vartype == "SPIN" else states * np.int8(2) - np.int8(1)
    if not (np.abs(spins) == 1).all():
        raise VerificationError(f"a sample has a value that no {vartype} variable has")
    true = energies(problem, spins)
    _compare("energy", result, true)
    if problem.kind == "maxcut":
        up = float(energies(problem, np.ones((1, n), np.int8))[0])
        _compare("cut", result, (up - true) / 2.0)
    if isinstance(problem, EdgeList) and problem.maximized:
        _compare("objective", result, -true)
    return float(true.min())


def _check_model(
    problem: dimod.ConstrainedQuadraticModel | dimod.DiscreteQuadraticModel, result: SampleSet
) -> float:
    labels: list[Any] = list(problem.variables)  # type: ignore[arg-type]  # dimod is half typed
    if list(result.variables) != labels:
        raise VerificationError("the samples are of other variables than the model")
    states = np.asarray(result.record.sample)
    if isinstance(problem, dimod.DiscreteQuadraticModel):
        cases = np.array([problem.num_cases(label) for label in labels])
        if not ((states == np.rint(states)) & (states >= 0) & (states < cases)).all():
            raise VerificationError("a sample names a case that its variable does not have")
        true = problem.energies((states, labels))
        _compare("energy", result, np.asarray(true))
        return float(np.min(true))
    bounds = [(problem.lower_bound(v), problem.upper_bound(v)) for v in labels]
    low, high = np.array(bounds).reshape(-1, 2).T
    if not ((states >= low) & (states <= high)).all():
        raise VerificationError("a sample has a value outside of its variable's bounds")
    made: Any = dimod.SampleSet.from_samples_cqm((states, labels), problem)
    _compare("energy", result, made.record.energy)
    if (made.record.is_feasible != result.record.is_feasible).any():
        raise VerificationError("a sample is called feasible and is not, or the other way round")
    feasible = np.asarray(made.record.energy)[made.record.is_feasible]
    return float(feasible.min() if len(feasible) else made.record.energy.min())


def _compare(name: str, result: SampleSet, true: np.ndarray) -> None:
    if name not in result.record.dtype.names:
        raise VerificationError(f"the result has no {name}")
    claimed = np.asarray(result.record[name], dtype=np.float64)
    allowed = _RELATIVE * (1.0 + np.abs(true).max(initial=0.0))
    # Written so that NaN is wrong, too.
    wrong = ~(np.abs(claimed - true) <= allowed)
    if claimed.shape != true.shape or wrong.any():
        k = int(np.flatnonzero(wrong)[0])
        raise VerificationError(f"sample {k} claims the {name} {claimed[k]!r} and has {true[k]!r}")
