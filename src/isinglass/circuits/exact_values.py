"""Expectation values of Pauli strings from our state vector, without shots."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import numpy as np

from isinglass.circuits.fusing import fuse
from isinglass.circuits.pauli_sums import masks
from isinglass.circuits.plan import Plan
from isinglass.circuits.program import Program
from isinglass.circuits.state_vector import (
    SPLIT_QUBITS,
    FloatType,
    Scratch,
    evolve,
    evolve_on_all_threads,
    primitives,
    state_bytes,
)
from isinglass.control import RunControl
from isinglass.kernels.cpu.paulis import CHUNK, pauli_sums
from isinglass.memory import require

_PARTS = 16
"""A power of two, as is a chunk: parts are whole chunks."""
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
        require(int(states * 1.1 * state_bytes(qubits, self.dtype)), f"expectation values of {qubits} qubits")

    def values(
        self, angles: np.ndarray, strings: tuple[str, ...], control: RunControl
    ) -> dict[str, float] | None:
        """String -> value for one row of angles; None where a stop came first.

        From ``SPLIT_QUBITS`` qubits on by all threads, so to be called where no task is; else on this one.
        """
        plan, scratch = self.plan, Scratch(self.plan, self.dtype)
        data = plan.numbers(angles[None])[0].astype(self.dtype, copy=False)
        wide = plan.qubits >= SPLIT_QUBITS
        (evolve_on_all_threads if wide else evolve)(plan, data, scratch, control)
        found: dict[str, float] = {}
        for (x, imaginary), members in self.together(strings).items():
            zs = np.array([z for _, z, _ in members], np.int64)
            # The same parts whatever the threads, so that sums are rounded alike.
            sums = np.zeros((min(_PARTS, scratch.re.size // CHUNK) or 1, len(zs)))
            edges = np.linspace(0, scratch.re.size, len(sums) + 1).astype(np.int64).tolist()
            tasks = [
                partial(pauli_sums, scratch.re, scratch.im, x, imaginary, zs, *part, row, control.flag)
                for part, row in zip(pairwise(edges), sums, strict=True)
            ]
            if wide:
                control.run([(0, task) for task in tasks], tell=False)
            else:
                for task in tasks:
                    task()
            for (string, _, ys), value in zip(members, sums.sum(axis=0).tolist(), strict=True):
                # i^y times a sum whose other part is 0: 1, i, -1, -i.
                found[string] = -value if ys % 4 in (1, 2) else value
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
