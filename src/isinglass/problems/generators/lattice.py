"""Edwards-Anderson spin glasses on square and cubic lattices."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from isinglass.errors import ParameterError
from isinglass.memory import require
from isinglass.problems.generators.couplings import couplings_parameter, draw_couplings
from isinglass.problems.generators.generator import MAX_VARIABLES, Generator, Parameter
from isinglass.problems.given import EdgeList


def lattice_edges(lengths: tuple[int, ...], periodic: bool) -> tuple[np.ndarray, np.ndarray]:
    """int32 arrays of the ends of all bonds, axis by axis, each pair of neighbours once.

    Sites are numbered in row-major order (the last axis runs fastest). An axis of length 2 has
    one bond between its two sites although a periodic one meets them twice; an axis of length 1
    has none.
    """
    sites = np.arange(math.prod(lengths), dtype=np.int32).reshape(lengths)
    rows, cols = [], []
    for axis, length in enumerate(lengths):
        before = np.moveaxis(sites, axis, 0)
        rows.append(before[:-1].ravel())
        cols.append(before[1:].ravel())
        if periodic and length > 2:
            rows.append(before[0].ravel())
            cols.append(before[-1].ravel())
    return np.concatenate(rows), np.concatenate(cols)


def lattice(
    *,
    seed: int,
    dimensions: int,
    length: int | None,
    lengths: tuple[int, ...] | None,
    periodic: bool,
    couplings: str,
) -> EdgeList:
    """Couplings -1 and +1 with equal chance, or normal with variance 1, between neighbours.

    ``length`` gives a square or cube, ``lengths`` one number for each axis; exactly one of them.
    See ``lattice_edges`` for numbering and for axes of length 1 and 2.
    """
    if length is not None and lengths is None:
        sides = (length,) * dimensions
    elif lengths is not None and length is None:
        sides = lengths
    else:
        raise ParameterError(
            f"length={length} and lengths={lengths}: give one of them, length for equal sides "
            "or lengths for each side"
        )
    if len(sides) != dimensions:
        raise ParameterError(f"lengths={sides} has {len(sides)} numbers: give {dimensions}")
    n = math.prod(sides)
    if n > MAX_VARIABLES:
        raise ParameterError(f"a lattice of sides {sides} has {n} sites: at most {MAX_VARIABLES}")
    require(24 * dimensions * n, f"A lattice of {n} sites")
    row, col = lattice_edges(sides, periodic)
    return EdgeList(n, row, col, draw_couplings(couplings, row.size, seed))


def _generator(dimensions: int, shape: str) -> Generator:
    return Generator(
        f"lattice_{dimensions}d",
        partial(lattice, dimensions=dimensions),
        f"Edwards-Anderson spin glass on a {shape} lattice",
        (
            Parameter("length", int, "sites along every side", low=1, high=MAX_VARIABLES),
            Parameter("lengths", tuple, "sites along each side", low=1, high=MAX_VARIABLES),
            Parameter("periodic", bool, "join opposite sides", default=True),
            couplings_parameter(
                ("pm1", "gaussian"), "-1 and +1 with equal chance, or normal with variance 1"
            ),
        ),
    )


LATTICE_2D = _generator(2, "square")
LATTICE_3D = _generator(3, "cubic")
