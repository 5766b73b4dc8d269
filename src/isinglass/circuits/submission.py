"""One call of ``ParallelSimulator.run``: circuits grouped by structure, groups given to engines."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from isinglass.circuits import clifford
from isinglass.circuits.batch import CircuitBatch
from isinglass.circuits.branching import BranchingSampler
from isinglass.circuits.counts import Counts
from isinglass.circuits.pauli_sums import check_string
from isinglass.circuits.program import Program
from isinglass.circuits.reading import Read
from isinglass.circuits.runner import Outcome
from isinglass.circuits.state_vector import SPLIT_QUBITS, Sampler
from isinglass.control import RunControl
from isinglass.errors import CircuitError, IsinglassError, ParameterError
from isinglass.rng import read_key, resolve_seed

if TYPE_CHECKING:
    from isinglass.circuits.parallel_simulator import ParallelSimulator

CLIFFORD_QUBITS = 14
"""Up to here a state vector is as quick as a tableau."""

Task = tuple[int, Callable[[], None]]
Results = Counts | dict[str, float]


@dataclass
class _Group:
    """Circuits of one structure: their indices, values of slots and keys."""

    read: Read
    indices: list[int] = field(default_factory=list)
    slots: list[np.ndarray] = field(default_factory=list)


class Submission:
    """A batch on the engines of a runner."""

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
                read = self.runner.reader.read(circuit)
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
        if self.batch.observables is not None:
            self.exact(group, self.batch.observables, tasks, wide)
            return
        if program is None:
            tasks += [self.aer_task(group.read, index, None) for index in group.indices]
            return
        if not any(op.name == "measure" for op in program.ops):
            raise CircuitError(
                "the circuit measures nothing, so there is nothing to count: declare 'creg c[n];' and add "
                "'measure q -> c;'"
            )
        angles, rows = self.angles(group, program)
        if self.runner.own_aer is not None:
            tasks += [self.aer_task(group.read, group.indices[row], angles[row]) for row in rows]
            return
        if program.qubits > CLIFFORD_QUBITS and self.runner.qiskit_backend != "statevector_simulator":
            rows = self.clifford(group, angles, rows, tasks)
        if len(rows):
            self.state_vector(group, angles, rows, tasks, wide)

    def angles(self, group: _Group, program: Program) -> tuple[np.ndarray, np.ndarray]:
        """The table of angles and the rows without a fault; the others get an error."""
        angles = program.angles(np.array(group.slots).reshape(len(group.indices), program.slots))
        finite = np.isfinite(angles).all(axis=1)
        self.fail(
            [group.indices[row] for row in np.flatnonzero(~finite)],
            CircuitError("an angle is not a finite number: it divides by zero or overflows"),
        )
        return angles, np.flatnonzero(finite)

    def exact(
        self, group: _Group, strings: tuple[str, ...], tasks: list[Task], wide: list[Callable[[], None]]
    ) -> None:
        """Add the expectation values of one structure."""
        program = group.read.program
        if program is None or not program.measures_only_at_the_end():
            raise CircuitError(
                "exact expectation values need a circuit that measures at its end only: ask for counts"
            )
        for string in strings:
            check_string(string)
            if len(string) != program.qubits:
                raise ParameterError(
                    f"{string} has {len(string)} letters and the circuit {program.qubits} qubits: write one "
                    "for each, the leftmost for qubit 0"
                )
        exact = self.runner.exact(group.read)
        split = program.qubits >= SPLIT_QUBITS
        exact.require_memory(1 if split else min(self.control.num_threads, len(group.indices)))
        angles, rows = self.angles(group, program)
        for row in rows:
            values = partial(exact.values, angles[row], strings, self.control)
            work = partial(self.do, group.indices[row], "state vector", values)
            if split:
                wide.append(partial(self.counted, work))
            else:
                tasks.append((1, work))

    def counted(self, work: Callable[[], None]) -> None:
        """Run a circuit that uses all threads itself."""
        self.control.reads_started += 1
        work()
        if not self.control.stopped:
            self.control.reads_done += 1

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
            work = partial(clifford.sample, text, program, self.batch.shots, int(self.key(index)))
            tasks.append((1, partial(self.do, index, "stim", work)))
        return np.array(others, np.int64)

    def state_vector(
        self, group: _Group, angles: np.ndarray, rows: np.ndarray, tasks: list[Task],
        wide: list[Callable[[], None]],
    ) -> None:  # fmt: skip
        sampler = self.runner.sampler(group.read)
        keys = np.array([self.key(group.indices[row]) for row in rows], np.uint64)
        shots, control = self.batch.shots, self.control
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
            sampler.run_wide(angles, keys, self.batch.shots, self.control, done)
        except IsinglassError as error:
            self.fail([index for index in indices if self.outcomes[index] is None], error)

    def aer_task(self, read: Read, index: int, angles: np.ndarray | None) -> Task:
        engine = self.runner.aer()

        def work() -> Counts:
            return engine.counts(engine.circuit(read, angles), self.batch.shots, int(self.key(index)))

        return 1, partial(self.do, index, engine.name, work)

    def do(self, index: int, engine: str, work: Callable[[], Results | None]) -> None:
        """Run one circuit; whatever goes wrong stays under its label."""
        try:
            results = work()
        except IsinglassError as error:
            self.outcomes[index] = Outcome(error=error)
        except Exception as error:
            wrapped = CircuitError(f"{engine} cannot run this circuit: {error}")
            wrapped.__cause__ = error
            self.outcomes[index] = Outcome(error=wrapped)
        else:
            if results is not None:
                self.done(index, engine, results)

    def done(self, index: int, engine: str, results: Results) -> None:
        self.outcomes[index] = Outcome(results, metadata={"engine": engine, "seed": self.seed})

    def key(self, index: int) -> np.uint64:
        """The circuit's stream, from the seed and its label."""
        digest = hashlib.blake2b(self.batch.labels[index].encode(), digest_size=8).digest()
        return read_key(self.seed, int.from_bytes(digest, "little"))
