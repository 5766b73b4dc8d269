"""What a machine offers that runs many reads in one call, such as a card: the seam to the solvers.

Arrays in and out are NumPy's, in the storages' own form (problems/compiled.py). A call polls ``flag`` and
writes the progress ``row`` (kernels/cpu/progress.py) from the host between launches. States come back as
packed bits, uint64[reads, words], bit i % 64 of word i // 64 set where spin i is up.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

Arrays = tuple[Any, ...]
"""The fields of a storage in their order."""


class Ladder(Protocol):
    """The replicas of one ladder, kept on the machine between calls."""

    def advance(
        self, replica_at: np.ndarray, beta: np.ndarray, sweeps: int, first_sweep: int, best_energy: float,
        refused: np.ndarray, flag: np.ndarray, row: np.ndarray,
    ) -> tuple[int, float]:  # fmt: skip
        """Sweep and exchange all replicas as ``temper_packed`` does; (sweeps done, lowest energy so far).

        ``replica_at`` int64[copies, rungs] in place, ``refused`` float64[rungs - 1] added to.
        """

    def states(self) -> np.ndarray:
        """uint64[replicas, words]: where the replicas are."""

    def best_words(self) -> np.ndarray:
        """uint64[words]: the state of the lowest energy; the first replica's start before there is one."""


class BatchKernels(Protocol):
    """Kernels of one machine for one run."""

    name: str
    """As in ``backend=``."""
    tasks: int
    """Calls that may be at work at a time."""

    def facts(self) -> dict[str, object]:
        """What ran where, for the result's info; plain data."""

    def reads_at_once(self, storage: str, variables: int) -> int:
        """Reads of an anneal that fill the machine: fewer take as long."""

    def anneal_sparse(
        self, couplings: Arrays, h: np.ndarray, words: np.ndarray, keys: np.ndarray, slack_scale: np.ndarray,
        quantum: np.float32, flag: np.ndarray, row: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
        """(states, energies float64[reads]) of anneals from ``words`` uint64[reads, words].

        ``couplings``: (indptr, indices, weights, base). The last state of a read, or its best where the run
        was stopped.
        """

    def anneal_packed(
        self, couplings: Arrays, h: np.ndarray, words: np.ndarray,
        keys: np.ndarray, slack_scale: np.ndarray, quantum: np.float32, flag: np.ndarray, row: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
        """As ``anneal_sparse``; ``couplings``: (bits, row_count, low, step)."""

    def bifurcate(
        self, couplings: Arrays, h: np.ndarray, x: np.ndarray, y: np.ndarray, control: np.ndarray | None,
        discrete: bool, check_every: int, c0: np.float32, dt: np.float32, steps: int, flag: np.ndarray,
        row: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
        """(best rounded states int8[reads, n], their energies) from ``x``, ``y`` float32[n, reads].

        ``control``: A of each read of the generalised variant, None for the others; ``discrete``: forces
        from signs; ``check_every``: steps from one look at the rounded states to the next. ``couplings``: any
        of the three storages.
        """

    def memcompute(
        self, rows: Arrays, norm: float, v: np.ndarray, gain: np.ndarray, softening: np.float32,
        rate: np.float32, threshold: np.float32, time_step: np.float32, flag: np.ndarray, row: np.ndarray,
    ) -> np.ndarray:  # fmt: skip
        """Best rounded states int8[reads, n] of trajectories from ``v`` float32[n, reads].

        ``rows``: (indptr, indices, couplings), where neighbour n stays up; the rest as in
        ``kernels.cpu.memcompute_bonds``.
        """

    def ladder(
        self, couplings: Arrays, h: np.ndarray, words: np.ndarray, keys: np.ndarray, quantum: np.float32
    ) -> Ladder:
        """The replicas of one ladder, starting from ``words`` uint64[replicas, words], a key each.

        ``couplings``: as for the anneals, by which the storages are told apart.
        """
