"""Measurements in mid-circuit, resets and conditions, without running every shot.

At a measurement the shots part: a binomial number of them sees 1, the others 0, and each side with any
shots goes on from its own collapsed state. So a teleportation is simulated four times, not once a
shot, and the counts have the same distribution. In the worst case, when every shot has a history
of its own, it is as slow as running each shot.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from isinglass.circuits.counts import Counts, counts_of_bits
from isinglass.circuits.fusing import fuse
from isinglass.circuits.plan import Plan
from isinglass.circuits.program import Op, Program
from isinglass.circuits.state_vector import FloatType, primitives, state_bytes, work_array
from isinglass.control import RunControl
from isinglass.kernels.cpu.amplitudes import run_pass
from isinglass.kernels.cpu.shots import CHUNK, chunk_weights, collapse, draw, gather_bits, weight_of_one
from isinglass.memory import require


class _Part(NamedTuple):
    """Gates (with their plan), or one measurement or reset."""

    plan: Plan | None
    op: Op


class _Branch(NamedTuple):
    """Shots with one history: where they are, their state, their classical bits, how many."""

    part: int
    re: np.ndarray
    im: np.ndarray
    bits: int
    shots: int


class BranchingSampler:
    """Shots of any program, with measurements, resets and conditions anywhere."""

    def __init__(self, program: Program, dtype: FloatType) -> None:
        self.program, self.dtype = program, dtype
        ops, self.last = _split_last(program)
        self.parts: list[_Part] = []
        gates: list[Op] = []
        for op in [*ops, None]:
            if gates and (
                op is None or op.name in ("measure", "reset") or op.condition != gates[-1].condition
            ):
                plan = Plan(
                    fuse(primitives(gates, keep_wires=True), program.qubits, from_zero=False, measured=False),
                    program.qubits,
                )
                self.parts.append(_Part(plan, gates[-1]))
                gates = []
            if op is not None and op.name in ("measure", "reset"):
                self.parts.append(_Part(None, op))
            elif op is not None:
                gates.append(op)

    def counts(self, angles: np.ndarray, key: int, shots: int, control: RunControl) -> Counts | None:
        """Counts of one circuit (one row of the table of angles); None if a stop comes first."""
        n = self.program.qubits
        branchings = sum(part.plan is None for part in self.parts)
        states = 1 + min(branchings, shots.bit_length() + 8)
        require(int(states * state_bytes(n, self.dtype)), f"{states} states of {n} qubits")
        numbers = [
            None if part.plan is None else part.plan.numbers(angles[None])[0].astype(self.dtype, copy=False)
            for part in self.parts
        ]
        random = np.random.Generator(np.random.PCG64(key))
        work = work_array(n, self.dtype)
        re, im = np.zeros(1 << n, self.dtype), np.zeros(1 << n, self.dtype)
        re[0] = 1
        waiting = [_Branch(0, re, im, 0, shots)]
        seen: dict[int, int] = {}
        while waiting:
            branch = waiting.pop()
            if control.stopped:
                return None
            if branch.part == len(self.parts):
                self._sample(branch, random, seen)
                continue
            part = self.parts[branch.part]
            if not self._holds(part.op.condition, branch.bits):
                waiting.append(branch._replace(part=branch.part + 1))
            elif part.plan is not None:
                self._gates(part.plan, numbers[branch.part], branch, work, control)
                waiting.append(branch._replace(part=branch.part + 1))
            else:
                waiting += self._measured(part.op, branch, random)
        if control.stopped:
            return None
        return self._counts(seen)

    def _holds(self, condition: tuple[int, int] | None, bits: int) -> bool:
        if condition is None:
            return True
        register = self.program.cregs[condition[0]]
        return (bits >> register.first) & ((1 << register.size) - 1) == condition[1]

    def _gates(
        self, plan: Plan, numbers: np.ndarray | None, branch: _Branch, work: np.ndarray, control: RunControl
    ) -> None:
        for one in plan.passes:
            buffer = np.empty((2, 1 << len(one.bits) if len(one.outside) else 1), self.dtype)
            run_pass(
                branch.re, branch.im, one.steps, one.bits, one.outside, one.offsets, numbers, -1, plan.qubits,
                0, one.blocks, buffer, work, control.flag,
            )  # fmt: skip

    def _measured(self, op: Op, branch: _Branch, random: np.random.Generator) -> list[_Branch]:
        """The branches after a measurement or a reset, the one with fewer shots to be done first."""
        qubit, reset = op.qubits[0], op.name == "reset"
        weights = np.empty(-(-branch.re.size // CHUNK))
        chunk_weights(branch.re, branch.im, weights)
        total = float(weights.sum())
        one = min(1.0, weight_of_one(branch.re, branch.im, qubit) / total)
        ones = int(random.binomial(branch.shots, one))
        sides = sorted([(branch.shots - ones, 0), (ones, 1)], reverse=True)
        sides = [(shots, outcome) for shots, outcome in sides if shots]
        after = []
        for number, (shots, outcome) in enumerate(sides):
            last = number == len(sides) - 1
            re, im = (branch.re, branch.im) if last else (branch.re.copy(), branch.im.copy())
            chance = one if outcome else 1 - one
            collapse(re, im, qubit, outcome, reset, self.dtype(1 / np.sqrt(chance * total)))
            bits = branch.bits if reset else branch.bits & ~(1 << op.clbit) | outcome << op.clbit
            after.append(_Branch(branch.part + 1, re, im, bits, shots))
        return after

    def _sample(self, branch: _Branch, random: np.random.Generator, seen: dict[int, int]) -> None:
        """Count the shots of a finished branch, with the measurements at the very end."""
        if not self.last:
            seen[branch.bits] = seen.get(branch.bits, 0) + branch.shots
            return
        weights = np.empty(-(-branch.re.size // CHUNK))
        chunk_weights(branch.re, branch.im, weights)
        most = min(branch.shots, branch.re.size)
        outcomes, times = np.empty((2, most), np.int64)
        key = np.uint64(random.integers(1 << 63))
        found = draw(
            branch.re, branch.im, weights, branch.shots, key, np.empty(branch.shots), outcomes, times
        )
        clbits = list(self.last)
        kept = branch.bits & ~sum(1 << clbit for clbit in clbits)
        places = np.array(list(self.last.values()), np.int64)
        values = gather_bits(outcomes[:found], places)
        for value, count in zip(values.tolist(), times[:found].tolist(), strict=True):
            bits = kept
            for k, clbit in enumerate(clbits):
                bits |= (value >> k & 1) << clbit
            seen[bits] = seen.get(bits, 0) + count

    def _counts(self, seen: dict[int, int]) -> Counts:
        width = -(-self.program.clbits // 8)
        packed = np.frombuffer(b"".join(bits.to_bytes(width, "little") for bits in seen), np.uint8)
        rows = np.unpackbits(packed.reshape(-1, width), axis=1, bitorder="little")
        return counts_of_bits(rows, np.array(list(seen.values()), np.int64), self.program.cregs)


def _split_last(program: Program) -> tuple[list[Op], dict[int, int]]:
    """(the ops before, clbit -> qubit): plain measurements at the end."""
    last: dict[int, int] = {}
    ops = list(program.ops)
    qubits: set[int] = set()
    while ops and ops[-1].name == "measure" and ops[-1].condition is None:
        op = ops.pop()
        if op.qubits[0] in qubits:
            ops.append(op)
            break
        qubits.add(op.qubits[0])
        last.setdefault(op.clbit, op.qubits[0])
    return ops, last
