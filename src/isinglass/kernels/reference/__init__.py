"""The slow, obvious version of every kernel: dense float64 arithmetic, one spin at a time.

Tests compare each fast kernel with these; nothing else uses them. They share with the fast kernels
the random streams only, and those have tests of their own.
"""

from isinglass.kernels.reference.annealer import anneal_rotors, anneal_worldlines, relax_spins
from isinglass.kernels.reference.annealing import anneal
from isinglass.kernels.reference.bifurcation import bifurcate
from isinglass.kernels.reference.energies import energy, ground_states, local_fields
from isinglass.kernels.reference.memcomputing import memcompute_bonds, memcompute_clauses
from isinglass.kernels.reference.searches import descend, relink, settle, tabu_search
from isinglass.kernels.reference.tempering import temper

__all__ = [
    "anneal",
    "anneal_rotors",
    "anneal_worldlines",
    "bifurcate",
    "descend",
    "energy",
    "ground_states",
    "local_fields",
    "memcompute_bonds",
    "memcompute_clauses",
    "relax_spins",
    "relink",
    "settle",
    "tabu_search",
    "temper",
]
