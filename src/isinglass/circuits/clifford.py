"""Clifford circuits on Stim: thousands of qubits, mid-circuit measurements and resets included.

Gidney, "Stim: a fast stabilizer circuit simulator", Quantum 5, 497 (2021). Stim's seeds give the
same shots on machines with the same vector width, not on all.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from isinglass.circuits.counts import Counts, counts_of_bits
from isinglass.circuits.program import Op, Program
from isinglass.circuits.qiskit_circuits import qiskit_module

_NAMES = {
    "id": "I", "u0": "I", "x": "X", "y": "Y", "z": "Z", "h": "H", "s": "S", "sdg": "S_DAG", "sx": "SQRT_X",
    "sxdg": "SQRT_X_DAG", "cx": "CX", "CX": "CX", "cy": "CY", "cz": "CZ", "swap": "SWAP", "iswap": "ISWAP",
    "measure": "M", "reset": "R",
}  # fmt: skip
_Z_TURNS = ("I", "S", "Z", "S_DAG")
_TURNS = {
    "rz": _Z_TURNS, "p": _Z_TURNS, "u1": _Z_TURNS, "phase": _Z_TURNS,
    "rx": ("I", "SQRT_X", "X", "SQRT_X_DAG"), "ry": ("I", "SQRT_Y", "Y", "SQRT_Y_DAG"),
    "rzz": ("I", "SQRT_ZZ", "ZZ", "SQRT_ZZ_DAG"), "rxx": ("I", "SQRT_XX", "XX", "SQRT_XX_DAG"),
    "ryy": ("I", "SQRT_YY", "YY", "SQRT_YY_DAG"),
}  # fmt: skip
_PAULI_PAIRS = {"ZZ": "Z", "XX": "X", "YY": "Y"}


def may_be_clifford(program: Program) -> bool:
    """False if a gate of the program is not Clifford at most angles, or is conditional."""
    names = {op.name for op in program.ops}
    known = _NAMES.keys() | _TURNS.keys() | {"u", "U", "u2", "u3", "cp", "cu1", "cphase"}
    return names <= known and all(op.condition is None for op in program.ops)


def stim_text(program: Program, angles: np.ndarray) -> str | None:
    """The program in Stim's language for one row of the table of angles; None if it is not Clifford."""
    lines: list[str] = []
    known: dict[tuple[Any, ...], str | None] = {}
    for op in program.ops:
        key = op[:3]
        if key not in known:
            known[key] = _line(op, angles)
        line = known[key]
        if line is None:
            return None
        lines.append(line)
    return "\n".join(lines)


def _line(op: Op, angles: np.ndarray) -> str | None:
    qubits = " ".join(map(str, op.qubits))
    if op.name in _NAMES:
        return f"{_NAMES[op.name]} {qubits}"
    quarters = [_quarter(float(angles[column])) for column in op.params]
    if None in quarters:
        return None
    turns = [quarter or 0 for quarter in quarters]
    if op.name in _TURNS:
        name = _TURNS[op.name][turns[0]]
        return f"{_PAULI_PAIRS.get(name, name)} {qubits}"
    if op.name in ("cp", "cu1", "cphase"):
        return None if turns[0] % 2 else f"CZ {qubits}" if turns[0] else f"I {qubits}"
    if op.name == "u2":
        turns = [1, *turns]
    theta, phi, lam = turns
    return f"{_Z_TURNS[lam]} {qubits}\n{_TURNS['ry'][theta]} {qubits}\n{_Z_TURNS[phi]} {qubits}"


def _quarter(angle: float) -> int | None:
    """Which multiple of pi/2, modulo 4; None if it is not one to within 1e-12 (1e-15 of large angles)."""
    turns = angle / (math.pi / 2)
    nearest = round(turns)
    return nearest % 4 if abs(turns - nearest) <= 1e-12 + 1e-15 * abs(turns) else None


def sample(text: str, program: Program, shots: int, key: int) -> Counts:
    """Counts of a Stim circuit whose k-th measurement is the program's k-th."""
    stim = qiskit_module("stim")
    records = stim.Circuit(text).compile_sampler(seed=key >> 1).sample(shots, bit_packed=True)
    distinct, times = _distinct(records)
    clbits = [op.clbit for op in program.ops if op.name == "measure"]
    bits = np.unpackbits(distinct, axis=1, bitorder="little")[:, : len(clbits)]
    rows = np.zeros((len(bits), program.clbits), np.uint8)
    latest = {clbit: k for k, clbit in enumerate(clbits)}
    rows[:, list(latest)] = bits[:, list(latest.values())]
    return counts_of_bits(rows, times, program.cregs)


def _distinct(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distinct rows of uint8[shots, bytes] and how often each occurs."""
    seen: dict[bytes, int] = {}
    width = rows.shape[1]
    whole = rows.tobytes()
    for at in range(0, len(whole), width):
        row = whole[at : at + width]
        seen[row] = seen.get(row, 0) + 1
    flat = np.frombuffer(b"".join(seen), np.uint8)
    return flat.reshape(-1, width), np.array(list(seen.values()), np.int64)
