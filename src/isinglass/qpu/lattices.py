"""Chimera, Pegasus and Zephyr as fabricated: every qubit and coupler, numbered as D-Wave numbers them.

Numbers and shapes are those of dwave-graphs; Pegasus is without the qubits that no other qubit crosses
(its ``fabric_only``). Boothby, Bunyk, Raymond, Roy, arXiv 2003.00133 (Pegasus); Boothby, King, Raymond,
"Zephyr topology of D-Wave quantum processors", 2021.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from isinglass.errors import ParameterError

LATTICES = ("chimera", "pegasus", "zephyr")
PEGASUS_OFFSETS = np.array(
    [[2, 2, 2, 2, 10, 10, 10, 10, 6, 6, 6, 6], [6, 6, 6, 6, 2, 2, 2, 2, 10, 10, 10, 10]]
)
"""Where, in unit lengths, the qubits of each track begin: vertical ones, then horizontal ones."""


def lattice(kind: str, shape: Sequence[int]) -> tuple[int, np.ndarray, np.ndarray]:
    """The whole lattice: (length of per-qubit arrays, int32[q] qubits, int32[c, 2] couplers).

    ``kind`` and ``shape``: "chimera" [m, n, t], "pegasus" [m] or "zephyr" [m, t]. Couplers have q1 < q2
    and are sorted by (q2, q1), the order of the machines.
    """
    lengths = {"chimera": 3, "pegasus": 1, "zephyr": 2}
    if kind not in lengths:
        raise ParameterError(f"topology type {kind!r} is not one of {', '.join(LATTICES)}")
    smallest = 2 if kind == "pegasus" else 1
    if len(shape) != lengths[kind] or any(int(x) != x or x < smallest for x in shape):
        words = {"chimera": "[rows, columns, shore]", "pegasus": "[m] with m >= 2", "zephyr": "[m, t]"}
        raise ParameterError(f"topology shape {list(shape)} of {kind} is not {words[kind]} of whole numbers")
    size = [int(x) for x in shape]
    makers: dict[str, Callable[..., tuple[int, np.ndarray]]]
    makers = {"chimera": _chimera, "pegasus": _pegasus, "zephyr": _zephyr}
    count, pairs = makers[kind](*size)
    qubits = np.arange(count)
    if kind == "pegasus":
        pairs = _with_crossings(size[0], pairs)
        qubits = np.unique(pairs)
    return count, qubits.astype(np.int32), in_machine_order(pairs)


def in_machine_order(pairs: np.ndarray) -> np.ndarray:
    """int32[c, 2]: each pair ascending, all sorted by (q2, q1)."""
    pairs = np.sort(np.asarray(pairs, dtype=np.int32).reshape(-1, 2), axis=1)
    ordered: np.ndarray = pairs[np.lexsort((pairs[:, 0], pairs[:, 1]))]
    return ordered


def zephyr_coordinates(m: int, t: int, qubits: np.ndarray) -> tuple[np.ndarray, ...]:
    """(u, w, k, j, z) of each qubit: orientation, line, track, half, place along the line."""
    rest, z = np.divmod(qubits, m)
    rest, j = np.divmod(rest, 2)
    rest, k = np.divmod(rest, t)
    u, w = np.divmod(rest, 2 * m + 1)
    return u, w, k, j, z


def _grid(*lengths: int) -> list[np.ndarray]:
    return [axis.ravel() for axis in np.meshgrid(*map(np.arange, lengths), indexing="ij")]


def _chimera(m: int, n: int, t: int) -> tuple[int, np.ndarray]:
    def number(i: np.ndarray, j: np.ndarray, u: int, k: np.ndarray) -> np.ndarray:
        return np.asarray(((n * i + j) * 2 + u) * t + k)

    i, j, k, other = _grid(m, n, t, t)
    cells = (number(i, j, 0, k), number(i, j, 1, other))
    i, j, k = _grid(m - 1, n, t)
    down = (number(i, j, 0, k), number(i + 1, j, 0, k))
    i, j, k = _grid(m, n - 1, t)
    right = (number(i, j, 1, k), number(i, j + 1, 1, k))
    return 2 * m * n * t, _stack(cells, down, right)


def _pegasus(m: int) -> tuple[int, np.ndarray]:
    def number(u: int, w: np.ndarray, k: np.ndarray, z: np.ndarray) -> np.ndarray:
        return np.asarray(z + (m - 1) * (k + 12 * (w + m * u)))

    w, k, z = _grid(m, 12, m - 2)
    external = [(number(u, w, k, z), number(u, w, k, z + 1)) for u in (0, 1)]
    w, k, z = _grid(m, 6, m - 1)
    odd = [(number(u, w, 2 * k, z), number(u, w, 2 * k + 1, z)) for u in (0, 1)]
    # The vertical qubit (0, w, k, z) stands at x = 12 w + k over 12 unit lengths of y, and likewise across.
    w, k, z, step = _grid(m, 12, m - 1, 12)
    y = 12 * z + PEGASUS_OFFSETS[0, k] + step
    x = 12 * w + k
    place = x - PEGASUS_OFFSETS[1, y % 12]
    crossing = (place >= 0) & (place < 12 * (m - 1))
    internal = (number(0, w, k, z)[crossing], number(1, y // 12, y % 12, place // 12)[crossing])
    return 24 * m * (m - 1), _stack(*external, *odd, internal)


def _with_crossings(m: int, pairs: np.ndarray) -> np.ndarray:
    """Couplers of the qubits that cross another one: the fabric."""
    half = 12 * m * (m - 1)
    crossed = np.zeros(2 * half, dtype=bool)
    crossed[pairs[(pairs[:, 0] < half) != (pairs[:, 1] < half)]] = True
    kept: np.ndarray = pairs[crossed[pairs].all(axis=1)]
    return kept


def _zephyr(m: int, t: int) -> tuple[int, np.ndarray]:
    def number(u: int, w: np.ndarray, k: np.ndarray, j: np.ndarray | int, z: np.ndarray) -> np.ndarray:
        return np.asarray(z + m * (j + 2 * (k + t * (w + (2 * m + 1) * u))))

    w, k, j, z = _grid(2 * m + 1, t, 2, m - 1)
    external = [(number(u, w, k, j, z), number(u, w, k, j, z + 1)) for u in (0, 1)]
    w, k, z = _grid(2 * m + 1, t, m)
    odd = [(number(u, w, k, 0, z), number(u, w, k, 1, z)) for u in (0, 1)]
    w, k, z = _grid(2 * m + 1, t, m - 1)
    odd += [(number(u, w, k, 1, z), number(u, w, k, 0, z + 1)) for u in (0, 1)]
    # A qubit (j, z) lies across the lines 2z + j and 2z + j + 1 of the other direction.
    w, k, j, z, reach, k2, back = _grid(2 * m + 1, t, 2, m, 2, t, 2)
    across = 2 * z + j + reach
    place = w - back
    fits = (place >= 0) & (place < 2 * m)
    j2, z2 = place % 2, place // 2
    internal = (number(0, w, k, j, z)[fits], number(1, across, k2, j2, z2)[fits])
    return 4 * t * m * (2 * m + 1), _stack(*external, *odd, internal)


def _stack(*ends: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    return np.concatenate([np.stack(pair, axis=1) for pair in ends])
