"""Rows of couplings for tabu search: what the flip of one spin does to the gains of all.

The gain of spin i is ``g_i = s_i f_i`` with local field f_i; its flip changes the energy by -2 g_i.
A flip of spin j adds ``-2 s_j s_i J_ij`` to every other gain. The largest gain of every block of
``2^shift`` spins stands in ``peaks``, so that the next move is found without a second pass:

* dense rows: update and block maxima are one branch-free pass over n numbers, which LLVM turns
  into vector code: per vector one load of the row, two of the state, one store;
* packed rows: the row's bits become a row of numbers first, n / 64 stores, then the same pass;
* sparse rows: neighbours only, then the blocks they lie in.

All arithmetic is in whole numbers. ``signs`` (-1, +1; 0 in the padding) and ``gains`` are padded to
whole blocks; gains of the padding are the smallest number of their type and never chosen.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numba.extending import overload

from isinglass.kernels.cpu.vector import expand_bits, stop_requested

_ROWS_BETWEEN_POLLS = 512


class DenseRows(NamedTuple):
    matrix: np.ndarray
    """int8, int16 or int32 [n, padded]: J, symmetric, zero diagonal."""


class PackedRows(NamedTuple):
    """J_ij is ``values[1]`` where bit j of row i is set, else ``values[0]``; 0 for i = j."""

    bits: np.ndarray
    """uint64[n, words]"""
    values: np.ndarray
    """int8 to int64 [2]"""
    row: np.ndarray
    """[64 words] of the type of ``values``: scratch, one array a thread."""


class SparseRows(NamedTuple):
    indptr: np.ndarray
    """int64[n + 1]"""
    indices: np.ndarray
    """int32[nnz], both directions of every coupling."""
    values: np.ndarray
    """int8, int16 or int32 [nnz]: J."""
    touched: np.ndarray
    """bool[blocks]: scratch, all False between calls, one array a thread."""


@njit(cache=True)
def lowest(gains):
    """The smallest number of the type of ``gains``."""
    return gains.dtype.type(-(1 << (8 * gains.itemsize - 1)))


@njit(cache=True)
def block_peak(gains):
    peak = lowest(gains)
    for i in range(gains.shape[0]):
        peak = max(peak, gains[i])
    return peak


@njit(cache=True)
def all_peaks(gains, peaks, shift):
    """Fill ``peaks`` with the largest gain of every block."""
    for b in range(peaks.shape[0]):
        peaks[b] = block_peak(gains[b << shift : (b + 1) << shift])


@njit(cache=True)
def _add_numbers(row, change, signs, gains, peaks, shift):
    kind = gains.dtype.type
    for b in range(peaks.shape[0]):
        # Slices from zero: no test for a negative index stands in the way of vector code.
        J = row[b << shift : (b + 1) << shift]
        s = signs[b << shift : (b + 1) << shift]
        g = gains[b << shift : (b + 1) << shift]
        peak = lowest(gains)
        for i in range(g.shape[0]):
            gain = kind(g[i] + kind(change * kind(s[i] * J[i])))
            g[i] = gain
            peak = max(peak, gain)
        peaks[b] = peak


def _add_dense(rows: Any, j: Any, change: Any, signs: Any, gains: Any, peaks: Any, shift: Any) -> None:
    _add_numbers(rows.matrix[j], change, signs, gains, peaks, shift)


def _add_packed(rows: Any, j: Any, change: Any, signs: Any, gains: Any, peaks: Any, shift: Any) -> None:
    expand_bits(rows.bits[j], rows.values[0], rows.values[1], rows.row)
    rows.row[j] = 0
    _add_numbers(rows.row, change, signs, gains, peaks, shift)


def _add_sparse(rows: Any, j: Any, change: Any, signs: Any, gains: Any, peaks: Any, shift: Any) -> None:
    kind = gains.dtype.type
    rows.touched[j >> shift] = True
    for k in range(rows.indptr[j], rows.indptr[j + 1]):
        i = np.int64(rows.indices[k])
        gains[i] = kind(gains[i] + kind(change * kind(signs[i] * rows.values[k])))
        rows.touched[i >> shift] = True
    for b in range(peaks.shape[0]):
        if rows.touched[b]:
            rows.touched[b] = False
            peaks[b] = block_peak(gains[b << shift : (b + 1) << shift])


_ADD = {DenseRows: _add_dense, PackedRows: _add_packed, SparseRows: _add_sparse}


def add_row(rows: Any, j: Any, change: Any, signs: Any, gains: Any, peaks: Any, shift: Any) -> None:
    """``gains[i] += change signs[i] J_ij`` for all i, and ``peaks`` anew; -2 s_j flips spin j.

    What the caller changed at spin j itself counts too. Chosen by the type of ``rows``.
    """
    _ADD[type(rows)](rows, j, change, signs, gains, peaks, shift)


@overload(add_row)
def _add_row(rows: Any, j: Any, change: Any, signs: Any, gains: Any, peaks: Any, shift: Any) -> Any:
    return _ADD[rows.instance_class]


@njit(nogil=True, cache=True)
def start_gains(rows, h, signs, gains, peaks, shift, flag):
    """Fill ``gains`` and ``peaks`` from nothing; False if stopped on the way. Reads all couplings.

    ``h``: int64[n]. Returns (done, energy); the energy is ``sum_i (g_i + s_i h_i) / 2``.
    """
    n = h.shape[0]
    gains[:] = lowest(gains)
    for i in range(n):
        gains[i] = np.int64(signs[i]) * h[i]
    all_peaks(gains, peaks, shift)
    for j in range(n):
        if j % _ROWS_BETWEEN_POLLS == _ROWS_BETWEEN_POLLS - 1 and stop_requested(flag):
            return False, 0
        add_row(rows, j, gains.dtype.type(signs[j]), signs, gains, peaks, shift)
    twice = np.int64(0)
    for i in range(n):
        twice += np.int64(gains[i]) + np.int64(signs[i]) * h[i]
    return True, twice // 2
