"""Anneals of packed problems on one card: launches of sweeps, states back."""

from __future__ import annotations

import numpy as np

from isinglass.kernels.cpu.progress import TARGET
from isinglass.kernels.cuda import anneal_packed as packed
from isinglass.kernels.cuda.card import Work
from isinglass.kernels.cuda.launches import in_launches
from isinglass.kernels.cuda.packed_replicas import PackedOnCard, PackedReplicas
from isinglass.kernels.cuda.tiles import anneal_tiles


def anneal_packed(
    work: Work, problem: PackedOnCard, words: np.ndarray, keys: np.ndarray, slack_scale: np.ndarray,
    quantum: np.float32, flag: np.ndarray, row: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """See ``kernels.batch.BatchKernels.anneal_packed``."""
    if not problem.fits_shared(work.card):
        return anneal_tiles(work, problem, words, keys, slack_scale, quantum, flag, row)
    replicas = PackedReplicas(work, problem, words, keys)
    counts = work.put(np.zeros(replicas.count, np.int32))
    target = float(row[TARGET])

    def launch(first: int, count: int) -> float:
        work.launch(
            packed.sweep_shared, replicas.count, problem.threads(), problem.bits, problem.low, problem.step,
            problem.h, replicas.spins, replicas.best, replicas.fields, replicas.energies,
            replicas.best_energies, replicas.keys, work.put(slack_scale[first : first + count]), quantum,
            first, target, replicas.stop, counts, shared=problem.shared_bytes(),
        )  # fmt: skip
        return float(work.get(replicas.best_energies).min())

    in_launches(len(slack_scale), launch, replicas.count, flag, row)
    whole = work.get(counts) == len(slack_scale)
    states = np.where(whole[:, None], work.get(replicas.spins), work.get(replicas.best))
    energies = np.where(whole, work.get(replicas.energies), work.get(replicas.best_energies))
    return np.ascontiguousarray(states).view(np.uint64)[:, : words.shape[1]], energies
