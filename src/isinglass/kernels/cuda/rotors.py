"""Reads of the emulated annealer on one card."""

from __future__ import annotations

import numpy as np

from isinglass.kernels.cuda.anneal_rotors import WARPS, anneal_rotors
from isinglass.kernels.cuda.card import Work
from isinglass.kernels.cuda.launches import in_launches
from isinglass.kernels.cuda.sparse_replicas import visit_order
from isinglass.kernels.cuda.warps import LANES, SIMULATED


def rotor_bytes(entries: int, n: int, reads: int) -> float:
    """Memory of a card for ``reads`` reads."""
    return 8.0 * entries + 28.0 * n + 16.0 * n * reads


def anneal_rotor_reads(
    work: Work, rows: tuple[np.ndarray, ...], h: np.ndarray, flux: np.ndarray,
    schedule: tuple[np.ndarray, ...], rotors: tuple[np.ndarray, ...], keys: np.ndarray, num_reads: int,
    flag: np.ndarray, row: np.ndarray,
) -> int:  # fmt: skip
    """See ``kernels.batch.BatchKernels.anneal_rotors``."""
    indptr, indices, weights = rows
    order, starts = visit_order(indptr, indices)
    padded = LANES * -(-len(keys) // LANES)
    there = [work.put(_widened(a, padded)) for a in rotors]
    arguments = [work.put(a) for a in (order, starts, indptr, indices, weights, h)]
    arguments += [work.put(_widened(flux, padded)), *(work.put(a) for a in schedule)]
    all_keys = work.put(np.resize(keys, padded))
    sweeps = len(schedule[1])

    def launch(first: int, count: int) -> float:
        work.launch(
            anneal_rotors, padded // LANES, (LANES, 1 if SIMULATED else WARPS), *arguments, *there, all_keys,
            first, count,
        )  # fmt: skip
        work.wait()
        return np.inf

    done = in_launches(sweeps, launch, num_reads, flag, row)
    for here, on_card in zip(rotors, there, strict=True):
        here[:] = work.get(on_card)[:, : here.shape[1]]
    return done


def _widened(table: np.ndarray, columns: int) -> np.ndarray:
    """``table`` [n, k] with zeros up to ``columns``."""
    wide = np.zeros((len(table), columns), table.dtype)
    wide[:, : table.shape[1]] = table
    return wide
