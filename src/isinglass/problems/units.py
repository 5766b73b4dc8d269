"""In which unit are all coefficients whole numbers, and which integer type holds the fields."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isinglass.errors import ProblemError
from isinglass.kernels.cpu.build import are_multiples, common_divisor, scan_values

_EXACT = 2.0**53
_LARGEST_MULTIPLE = 2.0**31
_FINEST_PART = 2.0**-10
"""Halves, quarters and so on of whole numbers are looked for down to this."""


@dataclass(frozen=True)
class Unit:
    """Pair coefficients are ``coefficient = size * a``; ``whole`` says that all ``a`` and h are whole."""

    size: float
    whole: bool


def check_finite(values: np.ndarray, name: str) -> tuple[float, float, bool]:
    """(smallest non-zero size, largest size, all whole); ProblemError names what is not finite."""
    bad, smallest, largest, whole = scan_values(values)
    if bad >= 0:
        raise ProblemError(f"{name}[{bad}] is {values[bad]}; every coefficient must be a finite number")
    return smallest, largest, whole and largest <= _EXACT


def common_unit(values: np.ndarray, smallest: float, largest: float, whole: bool) -> float:
    """The largest unit of which all values are whole multiples, or 0.0 if none is evident."""
    if not smallest < np.inf:
        return 0.0
    if whole:
        return float(common_divisor(values))
    if largest / smallest < _LARGEST_MULTIPLE and are_multiples(values, smallest):
        return float(smallest)
    if largest / _FINEST_PART < _LARGEST_MULTIPLE and are_multiples(values, _FINEST_PART):
        return float(common_divisor(values / _FINEST_PART)) * _FINEST_PART
    return 0.0


def find_unit(values: np.ndarray, linear: np.ndarray, linear_factor: float) -> Unit:
    """Unit of the pair coefficients ``values`` for which the fields too are whole.

    The kernel's field is ``linear_factor * linear / unit`` plus whole numbers. Without such a unit
    the largest coefficient is the unit, so that single precision neither over- nor underflows.
    """
    smallest, largest, whole = check_finite(values, "coupling")
    linear_smallest, linear_largest, linear_whole = check_finite(linear, "linear")
    unit = common_unit(values, smallest, largest, whole)
    linear_unit = common_unit(linear, linear_smallest, linear_largest, linear_whole)
    if linear_unit:
        linear_unit *= linear_factor
    candidates = [unit or linear_unit, unit / 2, linear_unit, 1.0 if whole else 0.0]
    for size in candidates:
        fits_values = size and (not largest or are_multiples(values, size))
        if fits_values and are_multiples(linear, size / linear_factor):
            return Unit(size, True)
    # Where no exact unit exists, sizes matter only relative to each other.
    return Unit(max(largest, linear_factor * linear_largest) or 1.0, False)


def field_type(bound: float, largest_weight: float, whole: bool) -> type[np.generic]:
    """Smallest type for local fields up to ``bound`` and weights (2 J) up to ``largest_weight``."""
    if whole:
        for kind in (np.int8, np.int16, np.int32):
            if max(bound, largest_weight) <= np.iinfo(kind).max:
                return kind
    return np.float32
