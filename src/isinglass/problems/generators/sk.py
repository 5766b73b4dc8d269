"""The Sherrington-Kirkpatrick model with couplings -1 and +1."""

from __future__ import annotations

from isinglass.problems.dense_given import PackedGraph
from isinglass.problems.generators.draws import Purpose, stream_key
from isinglass.problems.generators.generator import NUM_THREADS, Generator, number_of_variables
from isinglass.problems.generators.tiles import random_bits


def sk(*, seed: int, n: int, num_threads: int | None) -> PackedGraph:
    """``E = sum_{i<j} J_ij s_i s_j``, J -1 or +1 with equal chance; not divided by sqrt(n).

    The ground energy is about -0.7632 n^1.5 for large n (Parisi's constant).
    """
    bits = random_bits(n, 0.5, stream_key(seed, Purpose.COUPLINGS), num_threads)
    return PackedGraph(n, bits, low=-1.0, high=1.0, kind="ising")


SK = Generator(
    "sk",
    sk,
    "Sherrington-Kirkpatrick spin glass, couplings -1 and +1",
    (number_of_variables(), NUM_THREADS),
)
