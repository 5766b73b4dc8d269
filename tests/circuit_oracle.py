"""State vectors the slow and obvious way: one matrix for each gate, straight from its definition."""

from __future__ import annotations

import math
from functools import reduce

import numpy as np

I2 = np.eye(2, dtype=complex)
X, Y, Z = np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1])
H, S, T = (X + Z) / math.sqrt(2), np.diag([1, 1j]), np.diag([1, np.exp(0.25j * math.pi)])
SX = (1 + 1j) / 2 * I2 + (1 - 1j) / 2 * X
SWAP = np.eye(4)[[0, 2, 1, 3]].astype(complex)


def u3(theta: float, phi: float, lam: float) -> np.ndarray:
    c, s = math.cos(theta / 2), math.sin(theta / 2)
    e = np.exp
    return np.array([[c, -e(1j * lam) * s], [e(1j * phi) * s, e(1j * (phi + lam)) * c]])


def exp_of(angle: float, pauli: np.ndarray) -> np.ndarray:
    """exp(-i angle/2 P) for P^2 = 1."""
    return math.cos(angle / 2) * np.eye(len(pauli)) - 1j * math.sin(angle / 2) * pauli


def on(matrices: dict[int, np.ndarray], qubits: int) -> np.ndarray:
    """Tensor product with qubit 0 as the lowest bit."""
    return reduce(np.kron, [matrices.get(q, I2) for q in reversed(range(qubits))])


def controlled(matrix: np.ndarray, controls: int = 1) -> np.ndarray:
    """The controls are the lowest qubits, the target comes last."""
    full = np.eye(2 << controls, dtype=complex)
    mask = (1 << controls) - 1
    where = [mask, mask | 1 << controls]
    full[np.ix_(where, where)] = matrix
    return full


def product(*words: tuple[np.ndarray, tuple[int, ...]], qubits: int) -> np.ndarray:
    state = np.eye(1 << qubits, dtype=complex)
    for matrix, places in words:
        state = apply(state, matrix, places)
    return state


def apply(state: np.ndarray, matrix: np.ndarray, places: tuple[int, ...]) -> np.ndarray:
    """``matrix`` on qubits ``places`` (its lowest first) of every column of ``state``."""
    out = np.zeros_like(state)
    mask = sum(1 << q for q in places)
    for z in range(len(state)):
        column = sum((z >> q & 1) << k for k, q in enumerate(places))
        for row in range(len(matrix)):
            target = z & ~mask | sum((row >> k & 1) << q for k, q in enumerate(places))
            out[target] += matrix[row, column] * state[z]
    return out


TDG, CX = T.conj(), controlled(X)
A, B, C, D = (0,), (1,), (2,), (3,)
RCCX = product(
    (H, C), (T, C), (CX, B + C), (TDG, C), (CX, A + C), (T, C), (CX, B + C), (TDG, C), (H, C), qubits=3
)
RC3X = product(
    (H, D), (T, D), (CX, C + D), (TDG, D), (H, D), (CX, A + D), (T, D), (CX, B + D), (TDG, D), (CX, A + D),
    (T, D), (CX, B + D), (TDG, D), (H, D), (T, D), (CX, C + D), (TDG, D), (H, D), qubits=4,
)  # fmt: skip
MATRICES = {
    "id": lambda: I2, "u0": lambda g: I2, "x": lambda: X, "y": lambda: Y, "z": lambda: Z, "h": lambda: H,
    "s": lambda: S, "sdg": lambda: S.conj(), "t": lambda: T, "tdg": lambda: TDG, "sx": lambda: SX,
    "sxdg": lambda: SX.conj(), "p": lambda a: u3(0, 0, a), "u1": lambda a: u3(0, 0, a),
    "phase": lambda a: u3(0, 0, a), "u2": lambda a, b: u3(math.pi / 2, a, b), "u3": u3, "u": u3, "U": u3,
    "rx": lambda a: exp_of(a, X), "ry": lambda a: exp_of(a, Y), "rz": lambda a: exp_of(a, Z),
    "r": lambda a, b: exp_of(a, math.cos(b) * X + math.sin(b) * Y),
    "cx": lambda: CX, "CX": lambda: CX, "cy": lambda: controlled(Y), "cz": lambda: controlled(Z),
    "ch": lambda: controlled(H), "cs": lambda: controlled(S), "csdg": lambda: controlled(S.conj()),
    "csx": lambda: controlled(SX), "swap": lambda: SWAP, "iswap": lambda: SWAP @ np.diag([1, 1j, 1j, 1]),
    "dcx": lambda: product((CX, (0, 1)), (CX, (1, 0)), qubits=2),
    "ecr": lambda: (on({0: X}, 2) - on({0: Y, 1: X}, 2)) / math.sqrt(2),
    "cp": lambda a: controlled(u3(0, 0, a)), "cu1": lambda a: controlled(u3(0, 0, a)),
    "cphase": lambda a: controlled(u3(0, 0, a)), "crx": lambda a: controlled(exp_of(a, X)),
    "cry": lambda a: controlled(exp_of(a, Y)), "crz": lambda a: controlled(exp_of(a, Z)),
    "cu3": lambda *a: controlled(u3(*a)), "cu": lambda a, b, c, g: controlled(np.exp(1j * g) * u3(a, b, c)),
    "rxx": lambda a: exp_of(a, np.kron(X, X)), "ryy": lambda a: exp_of(a, np.kron(Y, Y)),
    "rzz": lambda a: exp_of(a, np.kron(Z, Z)), "rzx": lambda a: exp_of(a, np.kron(X, Z)),
    "ccx": lambda: controlled(X, 2), "ccz": lambda: controlled(Z, 2),
    "cswap": lambda: np.kron(SWAP, np.diag([0, 1])) + np.kron(np.eye(4), np.diag([1, 0])),
    "rccx": lambda: RCCX, "rc3x": lambda: RC3X, "rcccx": lambda: RC3X,
    "c3x": lambda: controlled(X, 3), "mcx": lambda: controlled(X, 3), "c3sqrtx": lambda: controlled(SX, 3),
    "c4x": lambda: controlled(X, 4),
}  # fmt: skip


def state_of(gates: list[tuple[str, tuple[float, ...], tuple[int, ...]]], qubits: int) -> np.ndarray:
    """complex[2^qubits] after (name, angles, qubits) from |0...0>."""
    state = np.zeros((1 << qubits, 1), complex)
    state[0] = 1
    for name, angles, places in gates:
        state = apply(state, MATRICES[name](*angles), places)
    return state[:, 0]
