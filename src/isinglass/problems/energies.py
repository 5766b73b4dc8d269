"""The one place where energies come from: float64, from the problem as it was given."""

from __future__ import annotations

import numpy as np

from isinglass.kernels.cpu.build import row_popcounts
from isinglass.kernels.cpu.energies import edge_energies, row_energies
from isinglass.kernels.cpu.packed_product import packed_quadratic_forms
from isinglass.problems.dense_given import PackedGraph
from isinglass.problems.given import EdgeList, MatrixProblem
from isinglass.workers import share_out

_BATCH_BYTES = 1 << 28


def energies(
    given: EdgeList | MatrixProblem | PackedGraph, spins: np.ndarray, num_threads: int = 1
) -> np.ndarray:
    """Energy of each sample in the user's own units.

    ``spins``: int8[reads, n], -1/+1 whatever the problem's vartype (+1 is binary 1), columns in
    the order of the given coefficients. ``num_threads`` is for packed graphs, which are large.
    Returns float64[reads].
    """
    if isinstance(given, PackedGraph):
        return _packed(given, spins, num_threads)
    reads = spins.shape[0]
    totals = np.full(reads, given.offset)
    batch = max(1, _BATCH_BYTES // max(1, 9 * given.num_variables))
    for first in range(0, reads, batch):
        part = slice(first, first + batch)
        states = np.ascontiguousarray(spins[part].T)
        _add_terms(given, in_alphabet(states, given.vartype), totals[part])
    return totals


def in_alphabet(spins: np.ndarray, vartype: str) -> np.ndarray:
    """int8 of -1/+1 as values of the problem's variables: 0/1 where ``vartype`` is "BINARY"."""
    return spins if vartype == "SPIN" else (spins + np.int8(1)) >> np.int8(1)


def in_users_terms(
    given: EdgeList | MatrixProblem | PackedGraph, energy: np.ndarray
) -> dict[str, np.ndarray]:
    """What energies mean for the user: ``cut`` for Max-Cut, ``objective`` where it is maximised."""
    found: dict[str, np.ndarray] = {}
    if given.kind == "maxcut":
        found["cut"] = (total_weight(given) - energy) / 2.0
    if isinstance(given, EdgeList) and given.maximized:
        found["objective"] = -energy
    return found


def total_weight(given: EdgeList | MatrixProblem | PackedGraph) -> float:
    """Sum of the edge weights of a Max-Cut problem: the energy with every spin up."""
    if isinstance(given, PackedGraph):
        n, counts = given.num_variables, np.empty(given.num_variables, np.int32)
        row_popcounts(given.bits, counts)
        high = int(counts.sum(dtype=np.int64)) // 2
        return given.low * (n * (n - 1) // 2 - high) + given.high * high
    return float(energies(given, np.ones((1, given.num_variables), np.int8))[0])


def _add_terms(given: EdgeList | MatrixProblem, states: np.ndarray, totals: np.ndarray) -> None:
    """Add linear and pair terms; ``states`` is int8[n, reads] in the problem's vartype."""
    if given.linear is not None:
        totals += given.linear @ states
    if isinstance(given, EdgeList):
        edge_energies(given.row, given.col, given.value, states, totals)
        return
    pairs = np.zeros(totals.shape[0])
    if isinstance(given.matrix, np.ndarray):
        x = states.astype(np.float64)
        rows = max(1, _BATCH_BYTES // max(1, 8 * given.num_variables))
        for first in range(0, given.num_variables, rows):
            block = np.asarray(given.matrix[first : first + rows], dtype=np.float64)
            pairs += np.einsum("ir,ir->r", x[first : first + rows], block @ x)
    else:
        row_energies(given.matrix.indptr, given.matrix.indices, given.matrix.data, states, pairs)
    totals += given.pair_factor * pairs


def _packed(given: PackedGraph, spins: np.ndarray, num_threads: int) -> np.ndarray:
    n, words = given.num_variables, given.bits.shape[1]
    packed = np.stack([pack_spins(sample, words) for sample in spins])
    blocks = range(0, n, max(1, _BATCH_BYTES // max(1, 8 * words)))
    under = np.zeros((len(blocks), len(spins)), np.int64)

    def one(k: int) -> None:
        packed_quadratic_forms(given.bits, packed, blocks[k], min(n, blocks[k] + blocks.step), under[k])

    share_out(one, len(blocks), num_threads)
    everywhere = spins.sum(axis=1, dtype=np.float64) ** 2 - n
    total: np.ndarray = 0.5 * (given.low * everywhere + (given.high - given.low) * under.sum(axis=0))
    return total


def pack_spins(spins: np.ndarray, words: int) -> np.ndarray:
    """int8[n] of -1/+1 to uint64[words], bit i % 64 of word i // 64 set where spin i is up."""
    bits = np.zeros(64 * words, np.uint8)
    bits[: spins.shape[0]] = spins > 0
    return np.packbits(bits, bitorder="little").view(np.uint64)


def unpack_spins(words: np.ndarray, n: int) -> np.ndarray:
    """The inverse of ``pack_spins``: int8[n]."""
    bits = np.unpackbits(words.view(np.uint8), count=n, bitorder="little")
    return bits.view(np.int8) * np.int8(2) - np.int8(1)


def unpack_bits(bits: np.ndarray, n: int) -> np.ndarray:
    """uint64[rows, words] to uint8[rows, n] of 0/1."""
    return np.unpackbits(bits.view(np.uint8), axis=1, count=n, bitorder="little")
