"""What would a quantum annealer answer to this call?

An annealer in software: its graph, properties, parameters with all their rules, timing and answers
(``QPUSolver``, and ``QPUSampler`` for code written against dimod), what happens during an anneal
(``Physics``, ``Noise``), and the way of any problem onto its graph (``sample_embedded``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.lazy_names import lazy_names

if TYPE_CHECKING:
    from isinglass.qpu.apollo import ApolloSampler
    from isinglass.qpu.embedded import sample_embedded
    from isinglass.qpu.models import MODELS, make_properties
    from isinglass.qpu.noise import Noise
    from isinglass.qpu.physics import Physics
    from isinglass.qpu.sampler import QPUSampler
    from isinglass.qpu.solver import QPUSolver
    from isinglass.qpu.working_graph import whole_graph, with_defects

_PLACES = {
    "ApolloSampler": "apollo",
    "MODELS": "models",
    "Noise": "noise",
    "Physics": "physics",
    "QPUSampler": "sampler",
    "QPUSolver": "solver",
    "make_properties": "models",
    "sample_embedded": "embedded",
    "whole_graph": "working_graph",
    "with_defects": "working_graph",
}

__all__ = [
    "MODELS",
    "ApolloSampler",
    "Noise",
    "Physics",
    "QPUSampler",
    "QPUSolver",
    "make_properties",
    "sample_embedded",
    "whole_graph",
    "with_defects",
]

__getattr__, __dir__ = lazy_names(__name__, _PLACES)
