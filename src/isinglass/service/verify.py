"""Is a result true? Every sample is evaluated again here, whoever sent it. Circuits: ``verify_circuits.py``;
nonlinear models: ``verify_nonlinear.py``.

``VerificationError`` says what is wrong: another number of columns, other labels, values that the variables
cannot have, energies or cuts that are not those of the samples, another seed.
"""

from __future__ import annotations

from typing import Any

import dimod
import numpy as np

from isinglass.errors import VerificationError
from isinglass.jobs.circuits import Circuits
from isinglass.jobs.estimate import Estimate
from isinglass.jobs.problems import Decoded
from isinglass.jobs.results import Result
from isinglass.jobs.spec import JobSpec, JobType
from isinglass.problems.dense_given import PackedGraph
from isinglass.problems.energies import energies
from isinglass.problems.files.nl import NonlinearFile
from isinglass.problems.given import EdgeList, MatrixProblem
from isinglass.results.nonlinear import NonlinearResult
from isinglass.results.sampleset import SampleSet
from isinglass.service.verify_circuits import check_circuits
from isinglass.service.verify_nonlinear import check_nonlinear

_RELATIVE = 1e-9


def check_result(problem: Decoded, spec: JobSpec, shot: int, result: Result) -> float | None:
    """The lowest energy of a result that is true (None of circuits); VerificationError of any other."""
    if spec.type is JobType.ESTIMATE:
        if not isinstance(result, Estimate):
            raise VerificationError(f"the result is a {type(result).__name__} and not an estimate")
        return None
    if isinstance(problem, Circuits):
        check_circuits(problem, spec, shot, result)
        return None
    if isinstance(problem, NonlinearFile):
        if not isinstance(result, NonlinearResult):
            raise VerificationError(f"the result is a {type(result).__name__} and not states of the model")
        _check_seed(spec, shot, result)
        return check_nonlinear(problem, result)
    if not isinstance(result, SampleSet):
        raise VerificationError(f"the result is a {type(result).__name__} and not samples")
    if not len(result.record):
        raise VerificationError("the result has no samples")
    _check_seed(spec, shot, result)
    _check_occurrences(spec, result)
    if isinstance(problem, EdgeList | MatrixProblem | PackedGraph):
        return _check_given(problem, result)
    return _check_model(problem, result)


def _check_seed(spec: JobSpec, shot: int, result: SampleSet | NonlinearResult) -> None:
    if result.info.get("seed") != spec.shot_seed(shot):
        raise VerificationError(f"the seed is {result.info.get('seed')!r}, not {spec.shot_seed(shot)}")


def _check_occurrences(spec: JobSpec, result: SampleSet) -> None:
    """Annealers count equal answers; other solvers give every read its row."""
    times = np.asarray(result.record.num_occurrences)
    if spec.backend != "qpu":
        if (times != 1).any():
            raise VerificationError("num_occurrences is not 1 everywhere")
        return
    asked = spec.parameters.get("num_reads")
    if asked is not None:
        # An Apollo machine reads once a shot at least.
        asked = max(asked, spec.parameters.get("shots") or 1)
    charged = result.info.get("qpu", {}).get("charge_seconds", 0.0)
    if type(charged) not in (int, float) or not 0 <= charged < 1e9:
        raise VerificationError(f"the annealer charges {charged!r} seconds")
    if times.dtype.kind != "i" or (times < 1).any() or (asked is not None and times.sum() > asked):
        raise VerificationError(f"num_occurrences are not counts that sum to num_reads={asked} at most")


def _check_given(problem: EdgeList | MatrixProblem | PackedGraph, result: SampleSet) -> float:
    vartype = "SPIN" if isinstance(problem, PackedGraph) else problem.vartype
    n = problem.num_variables
    labels = [] if isinstance(problem, PackedGraph) else list(problem.labels)
    if result.vartype.name != vartype:
        raise VerificationError(f"the samples are {result.vartype.name}, the problem is {vartype}")
    states = np.asarray(result.record.sample)
    if list(result.variables) != (labels := labels or list(range(n))):
        states = _in_order(states, list(result.variables), labels)
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


def _in_order(states: np.ndarray, variables: list[Any], labels: list[Any]) -> np.ndarray:
    """Columns as the problem has them: an annealer's answer has its qubits in ascending order."""
    places = {label: k for k, label in enumerate(variables)}
    if len(variables) != len(labels) or any(label not in places for label in labels):
        raise VerificationError("the samples are of other variables than the problem")
    return states[:, [places[label] for label in labels]]


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
