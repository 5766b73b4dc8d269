"""``ParallelSimulator``: batches of circuits on this machine, each on the engine that suits it.

* our state vector (``state_vector.py``; ``branching.py`` where measurements come in mid-circuit), up to
  what memory holds;
* Stim for Clifford circuits of more than ``_CLIFFORD_QUBITS`` qubits;
* Aer for noise, devices, its own methods by name, and for control flow that only Qiskit can say.

The choice depends on the circuit and the settings alone, and stands in the result's metadata.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from isinglass.circuits import clifford
from isinglass.circuits.aer import METHODS, AerEngine
from isinglass.circuits.batch import CircuitBatch
from isinglass.circuits.branching import BranchingSampler
from isinglass.circuits.counts import Counts
from isinglass.circuits.devices import OWN, engine_for
from isinglass.circuits.reading import Read, Reader
from isinglass.circuits.run_times import estimate_run_time_batch, estimate_run_time_single_circuit
from isinglass.circuits.runner import CircuitRunner, Outcome
from isinglass.circuits.state_vector import SPLIT_QUBITS, FloatType, Sampler
from isinglass.control import RunControl
from isinglass.errors import CircuitError, IsinglassError, ParameterError
from isinglass.rng import read_key, resolve_seed

_CLIFFORD_QUBITS = 14
"""Up to here a state vector is as quick as a tableau."""
_KEPT = 64
_PRECISIONS: dict[str, FloatType] = {"double": np.float64, "single": np.float32}

Task = tuple[int, Callable[[], None]]


@dataclass
class _Group:
    """Circuits of one structure: their indices, values of slots and keys."""

    read: Read
    indices: list[int] = field(default_factory=list)
    slots: list[np.ndarray] = field(default_factory=list)


class ParallelSimulator(CircuitRunner):
    """Runs circuits on all cores of this machine.

    Args:
        n_processes: circuits in work at a time; None for every core. They are threads: no process is started.
        shots: measurements of each circuit.
        simulation_seed, seed: two names of one thing. A circuit's counts depend on the seed, its label and
            itself, not on other circuits, their order or ``n_processes``. None draws a new seed for
            each submission; ``metadata["seed"]`` says which.
        qiskit_backend: None, "auto" or "qasm_simulator" for the engine that suits each circuit;
            "statevector_simulator" for state vectors only; an Aer name such as
            "aer_simulator_density_matrix"; a device, such as "FakeManilaV2" or any BackendV2, whose noise is
            simulated.
        noise_model: an Aer ``NoiseModel``. A device given as well goes first.
        precision: "double", or "single" for half the memory and errors of about 1e-6.
        track_depth: keep depths of circuits.
    """

    def __init__(
        self,
        n_processes: int | None = None,
        shots: int = 5000,
        simulation_seed: int | None = None,
        qiskit_backend: Any = None,
        noise_model: Any = None,
        *,
        seed: int | None = None,
        precision: str = "double",
        track_depth: bool = False,
    ) -> None:
        super().__init__(shots, track_depth=track_depth, n_processes=n_processes)
        if seed is not None and simulation_seed not in (None, seed):
            raise ParameterError(f"seed={seed!r} and simulation_seed={simulation_seed!r} differ: give one")
        if precision not in _PRECISIONS:
            raise ParameterError(f"precision={precision!r} is neither 'double' nor 'single'")
        self.simulation_seed: int | None = None
        if seed is not None or simulation_seed is not None:
            self.set_seed(simulation_seed if seed is None else seed)  # type: ignore[arg-type]  # one is given
        self.qiskit_backend, self.noise_model, self.precision = qiskit_backend, noise_model, precision
        named = qiskit_backend is None or isinstance(qiskit_backend, str)
        device = not (named and qiskit_backend in (*OWN, *METHODS))
        if device and noise_model is not None:
            warnings.warn("the device's own noise is used: noise_model is left out", stacklevel=2)
        self._aer = engine_for(qiskit_backend, noise_model)
        self._fallback: AerEngine | None = None
        self._reader = Reader()
        self._samplers: dict[str, Sampler | BranchingSampler] = {}

    estimate_run_time_single_circuit = staticmethod(estimate_run_time_single_circuit)
    estimate_run_time_batch = staticmethod(estimate_run_time_batch)

    def set_seed(self, seed: int) -> None:
        """Seed of later submissions."""
        self.simulation_seed = resolve_seed(seed)

    def run(self, batch: CircuitBatch, control: RunControl) -> Sequence[Outcome | None]:
        """One outcome for each circuit."""
        return _Submission(self, batch, control).run()

    def sampler(self, read: Read) -> Sampler | BranchingSampler:
        """The compiled form of a structure, kept for later submissions."""
        assert read.program is not None
        found = self._samplers.get(read.structure)
        if found is None:
            kind = Sampler if read.program.measures_only_at_the_end() else BranchingSampler
            found = kind(read.program, _PRECISIONS[self.precision])
            if read.qiskit is None:
                if len(self._samplers) >= _KEPT:
                    self._samplers.clear()
                self._samplers[read.structure] = found
        return found

    def aer(self) -> AerEngine:
        """Aer as set up for this runner."""
        if self._aer is not None:
            return self._aer
        if self._fallback is None:
            self._fallback = AerEngine()
        return self._fallback


class _Submission:
    """One call of ``ParallelSimulator.run``."""

    def __init__(self, runner: ParallelSimulator, batch: CircuitBatch, control: RunControl) -> None:
        self.runner, self.batch, self.control = runner, batch, control
        self.outcomes: list[Outcome | None] = [None] * len(batch.labels)
        self.seed = resolve_seed(runner.simulation_seed)

    def run(self) -> list[Outcome | None]:
        tasks: list[Task] = []
        wide: list[Callable[[], None]] = []
        for group in self.groups():
            try:
                self.plan(group, tasks, wide)
            except (IsinglassError, RecursionError) as error:
                self.fail(group.indices, error)
        if tasks:
            self.control.run(tasks)
        for one in wide:
            if not self.control.stopped:
                one()
        if wide:
            # Tells how far it came: wide circuits count themselves.
            self.control.run([])
        return self.outcomes

    def groups(self) -> list[_Group]:
        groups: dict[str, _Group] = {}
        for index, circuit in enumerate(self.batch.circuits):
            try:
                read = self.runner._reader.read(circuit)
            except IsinglassError as error:
                self.fail([index], error)
                continue
            group = groups.setdefault(read.structure, _Group(read))
            group.indices.append(index)
            group.slots.append(read.slots)
        return list(groups.values())

    def fail(self, indices: Sequence[int], error: Exception) -> None:
        for index in indices:
            self.outcomes[index] = Outcome(error=error)

    def plan(self, group: _Group, tasks: list[Task], wide: list[Callable[[], None]]) -> None:
        """Add the group's work: tasks for threads, or calls that use all threads themselves."""
        program = group.read.program
        if program is None:
            tasks += [self.aer_task(group.read, index, None) for index in group.indices]
            return
        if not any(op.name == "measure" for op in program.ops):
            raise CircuitError(
                "the circuit measures nothing, so there is nothing to count: declare 'creg c[n];' and add "
                "'measure q -> c;'"
            )
        angles = program.angles(np.array(group.slots).reshape(len(group.indices), program.slots))
        finite = np.isfinite(angles).all(axis=1)
        self.fail(
            [group.indices[row] for row in np.flatnonzero(~finite)],
            CircuitError("an angle is not a finite number: it divides by zero or overflows"),
        )
        rows = np.flatnonzero(finite)
        if self.runner._aer is not None:
            tasks += [self.aer_task(group.read, group.indices[row], angles[row]) for row in rows]
            return
        if program.qubits > _CLIFFORD_QUBITS and self.runner.qiskit_backend != "statevector_simulator":
            rows = self.clifford(group, angles, rows, tasks)
        if len(rows):
            self.state_vector(group, angles, rows, tasks, wide)

    def clifford(self, group: _Group, angles: np.ndarray, rows: np.ndarray, tasks: list[Task]) -> np.ndarray:
        """Add tasks for the rows that are Clifford circuits; returns the others."""
        program = group.read.program
        assert program is not None
        if not clifford.may_be_clifford(program):
            return rows
        others = []
        for row in rows:
            text = clifford.stim_text(program, angles[row])
            if text is None:
                others.append(row)
                continue
            index = group.indices[row]
            work = partial(clifford.sample, text, program, self.runner.shots, int(self.key(index)))
            tasks.append((1, partial(self.do, index, "stim", work)))
        return np.array(others, np.int64)

    def state_vector(
        self, group: _Group, angles: np.ndarray, rows: np.ndarray, tasks: list[Task],
        wide: list[Callable[[], None]],
    ) -> None:  # fmt: skip
        sampler = self.runner.sampler(group.read)
        keys = np.array([self.key(group.indices[row]) for row in rows], np.uint64)
        shots, control = self.runner.shots, self.control
        if isinstance(sampler, BranchingSampler):
            for row, key in zip(rows, keys, strict=True):
                work = partial(sampler.counts, angles[row], int(key), shots, control)
                tasks.append((1, partial(self.do, group.indices[row], "state vector, branching", work)))
            return
        indices = [group.indices[row] for row in rows]

        def done(row: int, counts: Counts) -> None:
            self.done(indices[row], "state vector", counts)

        if sampler.plan.qubits < SPLIT_QUBITS:
            tasks += sampler.tasks(angles[rows], keys, shots, control, done)
        else:
            wide.append(partial(self.wide, sampler, angles[rows], keys, indices, done))

    def wide(
        self, sampler: Sampler, angles: np.ndarray, keys: np.ndarray, indices: list[int],
        done: Callable[[int, Counts], None],
    ) -> None:  # fmt: skip
        try:
            sampler.run_wide(angles, keys, self.runner.shots, self.control, done)
        except IsinglassError as error:
            self.fail([index for index in indices if self.outcomes[index] is None], error)

    def aer_task(self, read: Read, index: int, angles: np.ndarray | None) -> Task:
        engine = self.runner.aer()

        def work() -> Counts:
            return engine.counts(engine.circuit(read, angles), self.runner.shots, int(self.key(index)))

        return 1, partial(self.do, index, engine.name, work)

    def do(self, index: int, engine: str, work: Callable[[], Counts | None]) -> None:
        """Run one circuit; whatever goes wrong stays under its label."""
        try:
            counts = work()
        except IsinglassError as error:
            self.outcomes[index] = Outcome(error=error)
        except Exception as error:
            wrapped = CircuitError(f"{engine} cannot run this circuit: {error}")
            wrapped.__cause__ = error
            self.outcomes[index] = Outcome(error=wrapped)
        else:
            if counts is not None:
                self.done(index, engine, counts)

    def done(self, index: int, engine: str, counts: Counts) -> None:
        self.outcomes[index] = Outcome(counts, metadata={"engine": engine, "seed": self.seed})

    def key(self, index: int) -> np.uint64:
        """The circuit's stream, from the seed and its label."""
        digest = hashlib.blake2b(self.batch.labels[index].encode(), digest_size=8).digest()
        return read_key(self.seed, int.from_bytes(digest, "little"))
