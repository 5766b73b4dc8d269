"""Coefficients brought to a range."""

from __future__ import annotations

import math

import dimod
import numpy as np

from isinglass.compat.dynex.errors import DynexValidationError


def scale_bqm_to_range(
    bqm: dimod.BinaryQuadraticModel, *, max_abs_coeff: float = 9.0
) -> tuple[dimod.BinaryQuadraticModel, float]:
    """(a copy whose largest coefficient has this size, the factor); up or down, offset included.

    An all-zero model has factor 1. DynexValidationError unless ``max_abs_coeff`` is finite and above 0.
    """
    if not 0 < max_abs_coeff < math.inf:
        raise DynexValidationError(f"max_abs_coeff must be positive and finite, got {max_abs_coeff!r}")
    vectors = bqm.to_numpy_vectors()
    biases = (np.asarray(vectors.linear_biases), np.asarray(vectors.quadratic.biases))
    largest = max(float(np.abs(part).max(initial=0.0)) for part in biases)
    factor = max_abs_coeff / largest if largest else 1.0
    scaled = bqm.copy()
    scaled.scale(factor)
    return scaled, factor
