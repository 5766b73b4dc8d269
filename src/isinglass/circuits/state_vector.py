"""Circuits on our own state vectors: plans for structures, tasks for batches.

Below ``SPLIT_QUBITS`` qubits each thread runs circuits of its own; from there on one circuit at a
time is run by all threads, which share the blocks of each pass. Counts do not depend on which.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

import numpy as np

from isinglass.circuits.counts import Counts, counts_of_values
from isinglass.circuits.fusing import fuse
from isinglass.circuits.gates import GATES, Primitive, Swap, flip
from isinglass.circuits.plan import Plan
from isinglass.circuits.program import Op, Program
from isinglass.control import RunControl
from isinglass.kernels.cpu.amplitudes import LOW, run_pass
from isinglass.kernels.cpu.sample_circuits import sample_circuits
from isinglass.kernels.cpu.shots import CHUNK, chunk_weights, draw, gather_bits
from isinglass.memory import require

FloatType = type[np.float64] | type[np.float32]
"""Of real and imaginary parts."""
SPLIT_QUBITS = 20
"""From this width on all threads work on one circuit."""
_DATA_BYTES = 1 << 24
"""Kernel data and outcomes that a task holds; bounds memory for large batches."""


def primitives(ops: Sequence[Op], keep_wires: bool = False) -> list[Primitive]:
    """What gates do, one after another; ``keep_wires``: swaps as three CX, so that no qubit is renamed."""
    found: list[Primitive] = []
    for op in ops:
        found += GATES[op.name].build([((column, 1.0),) for column in op.params], op.qubits)
    if keep_wires:
        found = [part for p in found for part in (_swap(p) if isinstance(p, Swap) else [p])]
    return found


def _swap(swap: Swap) -> list[Primitive]:
    a, b = swap
    return [*flip(a, b), *flip(b, a), *flip(a, b)]


class Scratch:
    """The arrays that one thread needs to run circuits of ``qubits`` qubits."""

    def __init__(self, plan: Plan, dtype: FloatType) -> None:
        n = plan.qubits
        size = 1 << n
        block = (
            1 if len(plan.passes) == 1 and not len(plan.passes[0].outside) else 1 << len(plan.passes[0].bits)
        )
        self.re, self.im = np.empty(size, dtype), np.empty(size, dtype)
        self.buffer = np.empty((2, block), dtype)
        self.work = work_array(n, dtype)
        self.weights = np.empty(-(-size // CHUNK))


def work_array(qubits: int, dtype: FloatType) -> np.ndarray:
    """Scratch of ``run_pass``."""
    return np.empty((4, (qubits + 2) * (qubits + 1) + (1 << LOW)), dtype)


def state_bytes(qubits: int, dtype: FloatType) -> int:
    return 2 * np.dtype(dtype).itemsize << qubits


def evolve(plan: Plan, data: np.ndarray, scratch: Scratch, control: RunControl) -> None:
    """From |0...0> to the final state, on this thread; ``data`` is one row of ``Plan.numbers``."""
    for number, one in enumerate(plan.passes):
        _run_blocks(plan, number, data, scratch, scratch.buffer, scratch.work, control, (0, one.blocks))


def evolve_on_all_threads(plan: Plan, data: np.ndarray, scratch: Scratch, control: RunControl) -> None:
    """The same by all threads, which share the blocks of each pass."""
    threads = control.num_threads
    spaces = [(np.empty_like(scratch.buffer), np.empty_like(scratch.work)) for _ in range(threads)]
    for number, one in enumerate(plan.passes):
        edges = np.linspace(0, one.blocks, threads + 1).astype(int).tolist()
        control.run(
            [
                (0, partial(_run_blocks, plan, number, data, scratch, *space, control, part))
                for space, part in zip(spaces, pairwise(edges), strict=True)
            ],
            tell=False,
        )


def _run_blocks(
    plan: Plan, number: int, data: np.ndarray, scratch: Scratch, buffer: np.ndarray, work: np.ndarray,
    control: RunControl, blocks: tuple[int, int],
) -> None:  # fmt: skip
    one = plan.passes[number]
    run_pass(
        scratch.re, scratch.im, one.steps, one.bits, one.outside, one.offsets, data,
        plan.start if number == 0 else -1, plan.qubits, *blocks, buffer, work, control.flag,
    )  # fmt: skip


class Sampler:
    """Shots of a program whose measurements come last.

    Args:
        program: what to run.
        dtype: np.float64 or np.float32, of real and imaginary parts.
    """

    def __init__(self, program: Program, dtype: FloatType) -> None:
        self.program, self.dtype = program, dtype
        gates = [op for op in program.ops if op.name != "measure"]
        self.plan = Plan(
            fuse(primitives(gates), program.qubits, from_zero=True, measured=True), program.qubits
        )
        into = {op.clbit: op.qubits[0] for op in program.ops if op.name == "measure"}
        self.clbits = sorted(into)
        self.places = np.array([self.plan.wires[into[clbit]] for clbit in self.clbits], np.int64)
        self.identity = self.places.tolist() == list(range(program.qubits))

    def counts(self, outcomes: np.ndarray, times: np.ndarray) -> Counts:
        """Counts of states of all qubits, ascending and distinct."""
        values = outcomes
        if not self.identity:
            values, inverse = np.unique(gather_bits(outcomes, self.places), return_inverse=True)
            times = np.bincount(inverse, weights=times, minlength=len(values)).astype(np.int64)
        return counts_of_values(values, times, self.clbits, self.program.cregs)

    def tasks(
        self, angles: np.ndarray, keys: np.ndarray, shots: int, control: RunControl,
        done: Callable[[int, Counts], None],
    ) -> list[tuple[int, Callable[[], None]]]:  # fmt: skip
        """(circuits, task) pairs for narrow circuits, one row of ``angles`` and one key each.

        Tasks call ``done`` with the index of a row and its counts, unless a stop comes first.
        """
        states = min(control.num_threads, len(angles))
        require(int(1.1 * states * state_bytes(self.plan.qubits, self.dtype)), purpose(self.plan.qubits))
        most = min(shots, 1 << self.plan.qubits)
        bounded = _DATA_BYTES // (8 * max(self.plan.width, 2 * most))
        rows = max(1, min(64, bounded, len(angles) // (2 * states)))
        return [
            (len(part), partial(self._run, angles, part, keys, shots, control, done))
            for part in np.split(np.arange(len(angles)), range(rows, len(angles), rows))
        ]

    def _run(
        self, angles: np.ndarray, part: np.ndarray, keys: np.ndarray, shots: int, control: RunControl,
        done: Callable[[int, Counts], None],
    ) -> None:  # fmt: skip
        plan, scratch = self.plan, Scratch(self.plan, self.dtype)
        data = plan.numbers(angles[part]).astype(self.dtype, copy=False)
        uniforms = np.empty(shots)
        most = min(shots, 1 << plan.qubits)
        outcomes, times = np.empty((2, len(part), most), np.int64)
        found = np.empty(len(part), np.int64)
        if len(plan.passes) == 1:
            (only,) = plan.passes
            sample_circuits(
                scratch.re, scratch.im, only.steps, only.bits, only.outside, only.offsets, data, plan.start,
                plan.qubits, shots, keys[part], scratch.weights, scratch.buffer, scratch.work, uniforms,
                outcomes, times, found, control.flag,
            )  # fmt: skip
        else:
            for row in range(len(part)):
                found[row] = -1
                evolve(plan, data[row], scratch, control)
                if not control.flag[0]:
                    chunk_weights(scratch.re, scratch.im, scratch.weights)
                    found[row] = draw(
                        scratch.re, scratch.im, scratch.weights, shots, keys[part[row]], uniforms,
                        outcomes[row], times[row],
                    )  # fmt: skip
        for row, index in enumerate(part.tolist()):
            if found[row] >= 0:
                done(index, self.counts(outcomes[row, : found[row]], times[row, : found[row]]))

    def run_wide(
        self, angles: np.ndarray, keys: np.ndarray, shots: int, control: RunControl,
        done: Callable[[int, Counts], None],
    ) -> None:  # fmt: skip
        """The same for wide circuits, one after another, each on all threads."""
        require(int(1.1 * state_bytes(self.plan.qubits, self.dtype)), purpose(self.plan.qubits))
        plan, scratch = self.plan, Scratch(self.plan, self.dtype)
        uniforms = np.empty(shots)
        most = min(shots, 1 << plan.qubits)
        outcomes, times = np.empty((2, most), np.int64)
        for index in range(len(angles)):
            data = plan.numbers(angles[index : index + 1])[0].astype(self.dtype, copy=False)
            evolve_on_all_threads(plan, data, scratch, control)
            if control.stopped:
                return
            chunk_weights(scratch.re, scratch.im, scratch.weights)
            found = draw(
                scratch.re, scratch.im, scratch.weights, shots, keys[index], uniforms, outcomes, times
            )
            control.reads_started += 1
            control.reads_done += 1
            done(index, self.counts(outcomes[:found], times[:found]))


def purpose(qubits: int) -> str:
    """What the memory of a state is for."""
    return (
        f"the state of {qubits} qubits (if they are little entangled, qiskit_backend="
        "'aer_simulator_matrix_product_state' needs less)"
    )
