"""QAOA: the quantum approximate optimisation algorithm on any circuit runner.

Farhi, Goldstone, Gutmann, arXiv:1411.4028. Layer k applies exp(-i gamma_k H) and exp(i beta_k sum X);
all qubits begin in |+>. Qubit i is variable i; bit 1 is spin +1 (binary 1), so s_i = -Z_i. Heuristic. A gate
for each coupling, field and qubit in each layer; memory is the runner's: 16 * 2^n bytes on a state vector.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.optimize import minimize

from isinglass.circuits.counts import Register
from isinglass.circuits.gate_list import BoundGate, GateList
from isinglass.circuits.parallel_simulator import ParallelSimulator
from isinglass.circuits.runner import CircuitRunner, whole_number
from isinglass.control import check_positive
from isinglass.errors import ParameterError
from isinglass.problems.compile import compile
from isinglass.problems.compiled import CompiledProblem, Dense
from isinglass.problems.energies import energies
from isinglass.problems.given import Kind
from isinglass.results.sampleset import SampleSet, make_record
from isinglass.rng import resolve_seed

_RAMPS = (0.3, 0.5, 0.75, 1.0, 1.3)
"""Time steps of the annealing ramps that the start is chosen from (Sack, Serbyn, Quantum 5, 491, 2021)."""
_FIRST_STEP, _TOLERANCE = 0.1, 1e-3


class QaoaCircuit:
    """The circuits of one problem; fields and couplings in the user's units."""

    def __init__(self, problem: CompiledProblem) -> None:
        assert isinstance(problem.couplings, Dense)
        self.problem = problem
        matrix = problem.scale * problem.couplings.matrix.astype(np.float64)
        self.h = problem.scale * problem.h.astype(np.float64)
        self.pairs = [(int(i), int(j), float(matrix[i, j])) for i, j in np.argwhere(np.triu(matrix, 1))]
        squares = self.h**2 + (matrix**2).sum(axis=1)
        self.unit = float(np.sqrt(squares.mean())) or 1.0
        """Root-mean-square local field: gammas are of the size of its inverse."""

    @property
    def qubits(self) -> int:
        return self.problem.num_variables

    def gates(self, gammas: Sequence[float], betas: Sequence[float]) -> GateList:
        """The circuit for some angles, all qubits measured into one register."""
        n = self.qubits
        gates = [BoundGate("h", (), (q,)) for q in range(n)]
        for gamma, beta in zip(gammas, betas, strict=True):
            # s = -Z turns the sign of fields and keeps that of couplings.
            gates += [BoundGate("rz", (-2 * gamma * float(h),), (q,)) for q, h in enumerate(self.h) if h]
            gates += [BoundGate("rzz", (2 * gamma * value,), (i, j)) for i, j, value in self.pairs]
            gates += [BoundGate("rx", (-2 * beta,), (q,)) for q in range(n)]
        return GateList(n, tuple(gates), (Register("c", n, 0),), tuple((q, q) for q in range(n)))

    def observable(self) -> dict[str, float]:
        """The energy without its constant part, as Pauli strings (leftmost letter for qubit 0)."""
        letters = {self._string(q): -float(h) for q, h in enumerate(self.h) if h}
        return letters | {self._string(i, j): value for i, j, value in self.pairs}

    def _string(self, *qubits: int) -> str:
        return "".join("Z" if q in qubits else "I" for q in range(self.qubits))

    def samples(self, counts: Mapping[str, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(spins int8[samples, n], energies, occurrences) of counts."""
        text = "".join(key[::-1] for key in counts).encode()
        bits = np.frombuffer(text, np.uint8).reshape(len(counts), self.qubits) - ord("0")
        spins = (2 * bits.astype(np.int8) - 1).astype(np.int8)
        return spins, energies(self.problem.given, spins), np.fromiter(counts.values(), np.intp)


class _OutOfTime(Exception):
    pass


class _Search:
    """Mean energies of angles, and the best seen."""

    def __init__(self, circuit: QaoaCircuit, runner: CircuitRunner, shots: int, deadline: float) -> None:
        self.circuit, self.runner, self.shots, self.deadline = circuit, runner, shots, deadline
        self.strings = circuit.observable() if runner.supports_expval else {}
        self.best = np.inf
        self.angles = np.zeros(0)
        self.means: list[float] = []

    def many(self, points: Sequence[np.ndarray]) -> list[float]:
        """One submission; points are (gammas in inverse units, betas)."""
        if self.means and time.perf_counter() > self.deadline:
            raise _OutOfTime
        # The same labels each time: a seeded runner repeats its stream, and noise cancels in differences.
        texts = {f"point {k}": self.gates(point).qasm() for k, point in enumerate(points)}
        means = []
        if self.strings:
            for entry in self.runner.submit_circuits(texts, observables=list(self.strings)):
                values = entry["results"]
                means.append(self.constant() + sum(c * values[s] for s, c in self.strings.items()))
        else:
            for entry in self.runner.submit_circuits(texts, shots=self.shots):
                _, energy, times = self.circuit.samples(entry["results"])
                means.append(float(energy @ times / times.sum()))
        for point, mean in zip(points, means, strict=True):
            if mean < self.best:
                self.best, self.angles = mean, np.array(point)
        self.means += means
        return means

    def constant(self) -> float:
        return float(self.circuit.problem.offset)

    def gates(self, point: np.ndarray) -> GateList:
        gammas, betas = np.split(point, 2)
        return self.circuit.gates((gammas / self.circuit.unit).tolist(), betas.tolist())

    def run(self, depth: int, evaluations: int) -> str:
        """Ramps, then COBYLA from the best of them; returns why it ended."""
        place = (np.arange(depth) + 0.5) / depth
        ramps = [np.concatenate([step * place, step * (1 - place)]) for step in _RAMPS[:evaluations]]
        try:
            self.many(ramps)
            left = evaluations - len(ramps)
            # COBYLA takes a simplex of its own before it moves.
            if left > 2 * depth + 1:
                minimize(
                    lambda point: self.many([point])[0], self.angles, method="COBYLA", tol=_TOLERANCE,
                    options={"maxiter": left, "rhobeg": _FIRST_STEP},
                )  # fmt: skip
        except _OutOfTime:
            return "time limit: the angles are the best found by then"
        return "finished"


def qaoa(
    problem: Any, depth: int = 1, runner: CircuitRunner | None = None, *, shots: int = 1000,
    seed: int | None = None, kind: Kind | None = None, max_evaluations: int | None = None,
    angles: tuple[Sequence[float], Sequence[float]] | None = None, time_limit: float | None = None,
) -> SampleSet:  # fmt: skip
    """Sample low energies of a problem with QAOA circuits.

    Args:
        problem: what ``isinglass.solve`` takes, without constraints; one qubit for each variable.
        depth: layers p, 1 up.
        runner: what runs the circuits; None for a ``ParallelSimulator``. Mean energies are exact where the
            runner knows expectation values, else means of ``shots`` shots.
        shots: measurements of the last circuit, and of each before it on runners that give counts only.
        seed: handed to the runner (``set_seed``); None draws one for a runner of our own.
        kind: meaning of bare arrays, as in ``isinglass.solve``.
        max_evaluations: circuits that the angles are optimised with; None for 50 (depth + 1).
        angles: (gammas in 1 / energy, betas) to be used as they are, ``depth`` of each.
        time_limit: seconds after which the best angles so far are taken.

    Returns:
        Distinct samples with ``num_occurrences``, lowest energy first. ``info`` holds ``gammas``, ``betas``,
        ``expectation`` (mean energy at those angles), ``evaluations`` and ``seed``.

    Raises:
        ParameterError, ProblemError: a bad argument or problem. OutOfMemoryError: too many qubits.
    """
    started = time.perf_counter()
    depth, shots = whole_number("depth", depth), whole_number("shots", shots)
    evaluations = whole_number(
        "max_evaluations", 50 * (depth + 1) if max_evaluations is None else max_evaluations
    )
    check_positive("time_limit", time_limit)
    if runner is None:
        runner = ParallelSimulator(seed=resolve_seed(seed))
    elif seed is not None:
        runner.set_seed(resolve_seed(seed))
    given = problem.given if isinstance(problem, CompiledProblem) else problem
    compiled = compile(given, kind=kind, storage="dense")
    if not compiled.num_variables:
        raise ParameterError("the problem has no variables, so there is no circuit for it")
    circuit = QaoaCircuit(compiled)
    deadline = np.inf if time_limit is None else started + time_limit
    search = _Search(circuit, runner, shots, deadline)
    reason = "finished"
    if angles is None:
        reason = search.run(depth, evaluations)
    else:
        search.many([_given_angles(angles, depth, circuit.unit)])
    (entry,) = runner.submit_circuits({"samples": search.gates(search.angles).qasm()}, shots=shots)
    gammas, betas = np.split(search.angles, 2)
    info = {
        "solver": "qaoa",
        "seed": entry["metadata"].get("seed", seed),
        "stop_reason": reason,
        "engine": entry["metadata"].get("engine"),
        "gammas": (gammas / circuit.unit).tolist(),
        "betas": betas.tolist(),
        "expectation": search.best,
        "evaluations": len(search.means),
        "timing": {"total": time.perf_counter() - started},
    }
    return _sampleset(circuit, entry["results"], info)


def _given_angles(angles: tuple[Sequence[float], Sequence[float]], depth: int, unit: float) -> np.ndarray:
    try:
        gammas, betas = (np.asarray(part, np.float64) for part in angles)
    except (TypeError, ValueError):
        gammas = betas = np.zeros(0)
    if gammas.shape != (depth,) or betas.shape != (depth,) or not np.isfinite([gammas, betas]).all():
        raise ParameterError(f"angles={angles!r} are not ({depth} gammas, {depth} betas), finite numbers")
    return np.concatenate([gammas * unit, betas])


def _sampleset(circuit: QaoaCircuit, counts: Mapping[str, int], info: dict[str, Any]) -> SampleSet:
    problem = circuit.problem
    spins, energy, times = circuit.samples(counts)
    order = np.argsort(energy, kind="stable")
    spins, energy, times = spins[order], energy[order], times[order]
    vectors: dict[str, np.ndarray] = {"energy": energy, "num_occurrences": times}
    if problem.kind == "maxcut":
        total = energies(problem.given, np.ones((1, circuit.qubits), np.int8))[0]
        vectors["cut"] = (total - energy) / 2
    states = (spins + np.int8(1)) >> np.int8(1) if problem.vartype == "BINARY" else spins
    info["trace"] = [(info["timing"]["total"], float(energy[0]))]
    return SampleSet(make_record(states, vectors), problem.labels, info, problem.vartype)
