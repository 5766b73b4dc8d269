"""Roof duality: spins that have the same value in some ground state, by one maximum flow.

Hammer, Hansen, Simeone (1984); Boros, Hammer, Tavares (2006). The flow is dwave-preprocessing's
(extra "exact"); without that package the rule is left out and everything stays correct. Without fields no
spin is persistent (a global flip changes no energy), so it is not tried.
"""

from __future__ import annotations

import dimod
import numpy as np

from isinglass.problems.reduce.terms import Terms

_LARGEST = 1_000_000
"""Couplings; the flow is at best a little more than linear in them."""


def roof_dual_spins(terms: Terms) -> np.ndarray | None:
    """int8[n], -1 or +1 for a spin that some ground state has so, jointly; 0 where nothing is known.

    None where the package is missing or the rule does not apply.
    """
    row, col, value = terms.edges()
    if not terms.h.any() or not terms.whole or len(row) > _LARGEST:
        return None
    try:
        from dwave.preprocessing.lower_bounds import roof_duality
    except ImportError:
        return None
    model = dimod.BinaryQuadraticModel.from_numpy_vectors(terms.h, (row, col, value), 0.0, dimod.SPIN)
    _, fixed = roof_duality(model, strict=False)
    spins = np.zeros(terms.num_variables, np.int8)
    for variable, value_of in fixed.items():
        spins[variable] = value_of
    return spins
