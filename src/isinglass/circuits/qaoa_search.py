"""QAOA: the quantum approximate optimisation algorithm on any circuit runner. Heuristic.

The angles come from the best of five annealing ramps, improved by COBYLA. Memory is the runner's:
16 * 2^n bytes on a state vector.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy.optimize import minimize

from isinglass.circuits.gate_list import GateList
from isinglass.circuits.parallel_simulator import ParallelSimulator
from isinglass.circuits.qaoa_circuits import QaoaCircuit
from isinglass.circuits.runner import CircuitRunner, whole_number
from isinglass.control import Cancel, Progress, RunControl
from isinglass.errors import CircuitError, ParameterError, nearest
from isinglass.kernels.cpu.progress import BEST
from isinglass.problems.compile import compile
from isinglass.problems.compiled import CompiledProblem
from isinglass.problems.energies import in_alphabet, in_users_terms
from isinglass.problems.given import Kind
from isinglass.results.sampleset import SampleSet, make_record
from isinglass.rng import resolve_seed

_PARAMETERS = ("depth", "runner", "shots", "max_evaluations", "angles")
_RAMPS = (0.75, 0.3, 0.5, 1.0, 1.3)
"""Time steps of the annealing ramps that the start is chosen from (Sack, Serbyn, Quantum 5, 491, 2021)."""
_FIRST_STEP, _TOLERANCE = 0.1, 1e-3
_SAMPLING = 1.5
"""What the last circuit may take, in those before it: the time limit holds for it too."""


def check_names(parameters: Iterable[str]) -> None:
    """ParameterError for a name that is not a parameter of ``qaoa`` alone."""
    for name in parameters:
        if name not in _PARAMETERS:
            raise ParameterError(
                f"{name!r} is not a parameter of backend 'circuit'{nearest(name, _PARAMETERS)}; "
                f"it takes {', '.join(_PARAMETERS)}"
            )


class _Stopped(Exception):
    pass


class _Search:
    """Mean energies of angles, and the best seen."""

    def __init__(self, circuit: QaoaCircuit, runner: CircuitRunner, shots: int, control: RunControl) -> None:
        self.circuit, self.runner, self.shots, self.control = circuit, runner, shots, control
        self.strings = circuit.observable() if runner.supports_expval else {}
        self.best = np.inf
        self.means: list[float] = []

    def many(self, points: Sequence[np.ndarray]) -> list[float]:
        """One submission; points are (gammas in inverse units, betas)."""
        # The same labels each time: a seeded runner repeats its stream, and noise cancels in differences.
        texts = {f"point {k}": self.gates(point).qasm() for k, point in enumerate(points)}
        try:
            entries = self.runner.submit(
                texts, self.control, observables=list(self.strings) or None, shots=self.shots
            )
        except (CircuitError, KeyboardInterrupt):
            if self.control.stopped:
                raise _Stopped from None
            raise
        means = [self.mean(entry["results"]) for entry in entries if "results" in entry]
        # Circuits run in order, so those that a stop kept from running are the last.
        for point, mean in zip(points, means, strict=False):
            if mean < self.best:
                self.best, self.angles = mean, np.array(point)
                self.control.row()[BEST] = mean
        self.means += means
        if len(means) < len(points) or self.control.stopped:
            raise _Stopped
        return means

    def mean(self, results: Mapping[str, Any]) -> float:
        if self.strings:
            terms = sum(c * results[s] for s, c in self.strings.items())
            return float(self.circuit.problem.offset + terms)
        _, energy, times = self.circuit.samples(results)
        return float(energy @ times / times.sum())

    def gates(self, point: np.ndarray) -> GateList:
        gammas, betas = np.split(point, 2)
        return self.circuit.gates((gammas / self.circuit.unit).tolist(), betas.tolist())

    def run(self, depth: int, evaluations: int, given: np.ndarray | None) -> None:
        """Ramps, then COBYLA from the best of them; or the angles given."""
        place = (np.arange(depth) + 0.5) / depth
        ramps = [np.concatenate([step * place, step * (1 - place)]) for step in _RAMPS[:evaluations]]
        points = ramps if given is None else [given]
        self.angles = points[0]
        left = evaluations - len(ramps) if given is None else 0
        began = self.control.clock()
        try:
            self.many(points[:1])
            self.control.hold_back(_SAMPLING * (self.control.clock() - began))
            if points[1:]:
                self.many(points[1:])
            # COBYLA takes a simplex of its own before it moves.
            if left > 2 * depth + 1:
                minimize(
                    lambda point: self.many([point])[0], self.angles, method="COBYLA", tol=_TOLERANCE,
                    options={"maxiter": left, "rhobeg": _FIRST_STEP},
                )  # fmt: skip
        except _Stopped:
            pass
        # Tells of the best angles.
        self.control.run([])


def qaoa(
    problem: Any, depth: int = 1, runner: CircuitRunner | str | None = None, *, shots: int = 1000,
    seed: int | None = None, kind: Kind | None = None, max_evaluations: int | None = None,
    angles: tuple[Sequence[float], Sequence[float]] | None = None, time_limit: float | None = None,
    num_threads: int | None = None, progress: Callable[[Progress], None] | None = None,
    cancel: Cancel | None = None,
) -> SampleSet:  # fmt: skip
    """Sample low energies of a problem with QAOA circuits.

    Args:
        problem: what ``isinglass.solve`` takes, without constraints; one qubit for each variable.
        depth: layers p, 1 up.
        runner: what runs the circuits: a runner, or a word that ``ParallelSimulator`` takes as
            ``qiskit_backend``; None for "auto". Mean energies are exact where the runner knows expectation
            values, else means of ``shots`` shots.
        shots: measurements of the last circuit, and of each before it on runners that give counts only.
        seed: handed to the runner (``set_seed``); None draws one for a runner of our own.
        kind: meaning of bare arrays, as in ``isinglass.solve``.
        max_evaluations: circuits that the angles are optimised with; None for 50 (depth + 1).
        angles: (gammas in 1 / energy, betas) to be used as they are, ``depth`` of each.
        time_limit: seconds from this call, > 0, after which the best angles so far are sampled.
        num_threads: 1 up; None for the runner's number.
        progress: called about ten times a second with a ``Progress``: ``reads_done`` are circuits,
            ``best_energy`` is the lowest mean energy of angles.
        cancel: a ``threading.Event``, or anything with ``is_set()``: once it is set, the best angles so far
            are sampled.

    Returns:
        Distinct samples with ``num_occurrences``, lowest energy first. ``info`` has what every result has,
        and ``gammas``, ``betas``, ``expectation`` (mean energy at those angles), ``evaluations`` and
        ``engine``.

    Raises:
        ParameterError, ProblemError: a bad argument or problem. OutOfMemoryError: too many qubits.
        CircuitError: the runner cannot run these circuits, or has too few qubits.
    """
    marks = [time.perf_counter()]
    depth, shots = whole_number("depth", depth), whole_number("shots", shots)
    evaluations = whole_number(
        "max_evaluations", 50 * (depth + 1) if max_evaluations is None else max_evaluations
    )
    threads = None if num_threads is None else whole_number("num_threads", num_threads)
    runner = _seeded(runner, seed)
    control = runner.control(time_limit, progress, cancel, threads)
    compiled = compile(problem, kind=kind)
    if not compiled.num_variables:
        raise ParameterError("the problem has no variables, so there is no circuit for it")
    runner.check_width(compiled.num_variables)
    circuit = QaoaCircuit(compiled)
    given = None if angles is None else _given_angles(angles, depth, circuit.unit)
    marks.append(time.perf_counter())
    search = _Search(circuit, runner, shots, control)
    search.run(depth, evaluations, given)
    # Whatever stopped the search, the best angles are sampled.
    unstopped = runner.control(num_threads=threads)
    (entry,) = runner.submit({"samples": search.gates(search.angles).qasm()}, unstopped, shots=shots)
    marks.append(time.perf_counter())
    gammas, betas = np.split(search.angles, 2)
    info = {
        "solver": "qaoa",
        "seed": entry["metadata"].get("seed", seed),
        "stop_reason": control.stop_reason,
        "interrupted": control.interrupted,
        "parameters": {"depth": depth, "shots": shots, "max_evaluations": evaluations},
        "num_threads": control.num_threads,
        "engine": entry["metadata"].get("engine"),
        "gammas": (gammas / circuit.unit).tolist(),
        "betas": betas.tolist(),
        "expectation": search.best if search.means else None,
        "evaluations": len(search.means),
    }
    return _sampleset(circuit, entry["results"], info, marks)


def _seeded(runner: CircuitRunner | str | None, seed: int | None) -> CircuitRunner:
    if runner is None or isinstance(runner, str):
        return ParallelSimulator(qiskit_backend=runner, seed=resolve_seed(seed))
    if not isinstance(runner, CircuitRunner):
        raise ParameterError(f"runner={runner!r} is neither a CircuitRunner nor the name of a simulator")
    if seed is not None:
        runner.set_seed(resolve_seed(seed))
    return runner


def _given_angles(angles: tuple[Sequence[float], Sequence[float]], depth: int, unit: float) -> np.ndarray:
    try:
        gammas, betas = (np.asarray(part, np.float64) for part in angles)
    except (TypeError, ValueError):
        gammas = betas = np.zeros(0)
    if gammas.shape != (depth,) or betas.shape != (depth,) or not np.isfinite([gammas, betas]).all():
        raise ParameterError(f"angles={angles!r} are not ({depth} gammas, {depth} betas), finite numbers")
    return np.concatenate([gammas * unit, betas])


def _sampleset(
    circuit: QaoaCircuit, counts: Mapping[str, int], info: dict[str, Any], marks: list[float]
) -> SampleSet:
    problem: CompiledProblem = circuit.problem
    spins, energy, times = circuit.samples(counts)
    order = np.argsort(energy, kind="stable")
    spins, energy, times = spins[order], energy[order], times[order]
    vectors: dict[str, np.ndarray] = {"energy": energy, "num_occurrences": times}
    vectors |= in_users_terms(problem.given, energy)
    states = in_alphabet(spins, problem.vartype)
    if info["expectation"] is None:
        info["expectation"] = float(energy @ times / times.sum())
    seconds = np.diff([*marks, time.perf_counter()]).tolist()
    info["timing"] = dict(zip(("compile", "solve", "energies"), seconds, strict=True))
    info["timing"]["total"] = sum(seconds)
    info["trace"] = [(info["timing"]["total"], float(energy[0]))]
    info |= {"storage": problem.storage, "variables": problem.num_variables}
    info |= {"interactions": problem.num_interactions, "kind": problem.kind}
    return SampleSet(make_record(states, vectors), problem.labels, info, problem.vartype)
