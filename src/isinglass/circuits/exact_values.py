"""Expectation values of Pauli strings from our state vector, without shots."""

from __future__ import annotations

import numpy as np

from isinglass.circuits.fusing import fuse
from isinglass.circuits.pauli_sums import masks
from isinglass.circuits.plan import Plan
from isinglass.circuits.program import Program
from isinglass.circuits.state_vector import FloatType, Scratch, primitives, state_bytes
from isinglass.control import RunControl
from isinglass.kernels.cpu.amplitudes import run_pass
from isinglass.kernels.cpu.paulis import overlaps, signed_sum, walsh_hadamard
from isinglass.memory import require

_Together = dict[tuple[int, bool], list[tuple[str, int, int]]]
"""(x, odd number of Y) -> (string, z, number of Y) of the strings that share products of amplitudes."""


class ExactValues:
    """Expectation values of a program's final state; measurements at its end are left out.

    Args:
        program: what to run; it must measure at its end only.
        dtype: np.float64 or np.float32, of real and imaginary parts.
    """

    def __init__(self, program: Program, dtype: FloatType) -> None:
        self.dtype = dtype
        gates = [op for op in program.ops if op.name != "measure"]
        fused = fuse(primitives(gates), program.qubits, from_zero=True, measured=False)
        self.plan = Plan(fused, program.qubits)
        self._latest: tuple[tuple[str, ...], _Together] = ((), {})

    def require_memory(self, states: int) -> None:
        """OutOfMemoryError unless so many states fit at a time."""
        qubits = self.plan.qubits
        needed = states * (1.1 * state_bytes(qubits, self.dtype) + (8 << qubits))
        require(int(needed), f"expectation values of {qubits} qubits")

    def values(
        self, angles: np.ndarray, strings: tuple[str, ...], control: RunControl
    ) -> dict[str, float] | None:
        """String -> value for one row of angles; None where a stop came first."""
        plan, scratch = self.plan, Scratch(self.plan, self.dtype)
        data = plan.numbers(angles[None])[0].astype(self.dtype, copy=False)
        for number, one in enumerate(plan.passes):
            run_pass(
                scratch.re, scratch.im, one.steps, one.bits, one.outside, one.offsets, data,
                plan.start if number == 0 else -1, plan.qubits, 0, one.blocks, scratch.buffer, scratch.work,
                control.flag,
            )  # fmt: skip
        found: dict[str, float] = {}
        sums = np.empty(1 << plan.qubits)
        for (x, imaginary), members in self.together(strings).items():
            overlaps(scratch.re, scratch.im, x, imaginary, sums, control.flag)
            all_at_once = len(members) > plan.qubits
            if all_at_once:
                walsh_hadamard(sums, control.flag)
            for string, z, ys in members:
                value = sums[z] if all_at_once else signed_sum(sums, z)
                # i^y times a sum whose other part is 0: 1, i, -1, -i.
                found[string] = float(-value if ys % 4 in (1, 2) else value)
        return None if control.stopped else {string: found[string] for string in strings}

    def together(self, strings: tuple[str, ...]) -> _Together:
        """The strings by what they share; kept, for all circuits of a submission ask for the same."""
        known, found = self._latest
        if known != strings:
            found = {}
            order = np.argsort(self.plan.wires).tolist()
            for string in strings:
                x, z, ys = masks("".join(string[q] for q in order))
                found.setdefault((x, ys % 2 == 1), []).append((string, z, ys))
            self._latest = strings, found
        return found
