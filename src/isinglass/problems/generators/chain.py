"""Chains and rings: the one spin glass whose ground energy is a formula."""

from __future__ import annotations

import math

import numpy as np

from isinglass.memory import require
from isinglass.problems.generators.couplings import couplings_parameter, draw_couplings
from isinglass.problems.generators.generator import Generator, Parameter, number_of_variables
from isinglass.problems.given import EdgeList


def chain_1d(*, seed: int, n: int, periodic: bool, couplings: str) -> EdgeList:
    """Spins in a row, neighbours coupled; ``periodic`` joins the last to the first.

    Two spins have one bond, periodic or not. ``facts["ground_energy"]`` is exact up to one
    rounding: ``-sum |J|``, plus ``2 min |J|`` on a ring that is frustrated, i.e. where an odd
    number of bonds wants its spins opposed (J > 0).
    """
    ring = periodic and n > 2
    bonds = n if ring else n - 1
    require(24 * bonds, f"A chain of {n} variables")
    row = np.arange(bonds, dtype=np.int32)
    col = row + np.int32(1)
    if ring:
        row[-1], col[-1] = 0, n - 1
    value = draw_couplings(couplings, bonds, seed)
    energy = -math.fsum(np.abs(value))
    if ring and np.count_nonzero(value > 0) % 2:
        energy = math.fsum([*-np.abs(value), 2.0 * float(np.abs(value).min())])
    return EdgeList(n, row, col, value, facts={"ground_energy": energy})


CHAIN_1D = Generator(
    "chain_1d",
    chain_1d,
    "chain or ring of spins with known ground energy",
    (
        number_of_variables(),
        Parameter("periodic", bool, "join the last spin to the first", default=False),
        couplings_parameter(
            ("gaussian", "pm1"), "normal couplings of variance 1, or -1 and +1 with equal chance"
        ),
    ),
)
