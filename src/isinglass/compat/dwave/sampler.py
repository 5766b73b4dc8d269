"""``DWaveSampler``: an emulated annealer under the name that code has for a real one."""

from __future__ import annotations

from typing import Any

from isinglass.compat.dwave.selection import check_connection, machine_of
from isinglass.qpu.sampler import QPUSampler


class DWaveSampler(QPUSampler):
    """A machine of ``isinglass.qpu``, structured, for composites that embed.

    Args:
        solver: a name ("Advantage2_system1"), a dict of features (``{"topology__type": "zephyr"}``), a
            ``QPUSolver``, or None for the machine with the most qubits.
        order_by: a feature by which the first of several machines is chosen, "-" before it for the largest.
        **connection: words about a connection; they mean nothing here.

    Example::

        >>> from isinglass.compat.dwave import DWaveSampler
        >>> sampler = DWaveSampler(solver={"topology__type": "chimera", "qpu": True}, token="none")
        >>> print(sampler.sample_qubo({(0, 0): -1, (0, 4): 2}, num_reads=10, seed=1).first.energy)
        -1.0
    """

    def __init__(self, *, solver: Any = None, order_by: str | None = None, **connection: Any) -> None:
        check_connection(connection)
        super().__init__(machine_of(solver, order_by))

    def close(self) -> None:
        """There is no connection to close."""

    def __enter__(self) -> DWaveSampler:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
