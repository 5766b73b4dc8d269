"""Presolve and the certificate, on whatever problems hypothesis finds."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from isinglass.kernels.reference import ground_states
from isinglass.problems.reduce.presolve import presolve
from isinglass.problems.reduce.terms import Terms, from_edges
from isinglass.solvers.cutting_planes import branch_and_cut

RUNNING = np.zeros(8, np.int64)


@st.composite
def small_terms(draw: st.DrawFn) -> Terms:
    """Whole numbers, small ones preferred: ties and cancellations are where rules go wrong."""
    n = draw(st.integers(1, 8))
    number = st.integers(-3, 3)
    h = np.array(draw(st.lists(number, min_size=n, max_size=n)), float)
    row, col = np.triu_indices(n, 1)
    value = np.array(draw(st.lists(number, min_size=len(row), max_size=len(row))), float)
    return from_edges(h, row, col, value, True)


def least(terms: Terms) -> float:
    J = np.zeros((terms.num_variables, terms.num_variables))
    row, col, value = terms.edges()
    J[row, col] = J[col, row] = value
    return ground_states(J, terms.h)[0]


@given(small_terms(), st.booleans())
def test_presolve_and_undo_keep_the_minimum(terms: Terms, roof_duality: bool) -> None:
    reduction = presolve(terms, RUNNING, roof_duality)
    energy = least(terms)
    assert reduction.constant + least(reduction.terms) == energy
    left = reduction.terms.num_variables
    for spins in np.random.default_rng(0).choice(np.array([-1, 1], np.int8), (4, left)):
        # Undoing any state gives one of at most the energy that the reduced problem says.
        full = reduction.undo(spins[None])[0]
        assert set(full.tolist()) <= {-1, 1}
        assert terms.energy(full) == reduction.constant + reduction.terms.energy(spins)


@given(small_terms(), st.integers(1, 6))
def test_no_bound_is_above_the_minimum(terms: Terms, rounds: int) -> None:
    if not len(terms.values):
        return
    up = np.ones(terms.num_variables, np.int8)
    found = branch_and_cut(terms, terms.energy(up), up, RUNNING, lambda: None, lambda energy: None, rounds)
    energy = least(terms)
    assert found.lower_bound <= energy <= found.energy
