"""Grids for kernels that give each number of a table its own thread."""

from __future__ import annotations

from isinglass.kernels.cuda.warps import SIMULATED

WIDE = 2 if SIMULATED else 128
"""Threads of a block."""


def grid_of(shape: tuple[int, int]) -> tuple[int, int]:
    """Blocks for [rows, columns]: (rows, blocks a row)."""
    rows, columns = shape
    return rows, -(-columns // WIDE)
