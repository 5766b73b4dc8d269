"""D-Wave's names for code that runs here, with no server and no account.

``from isinglass.compat.dwave import DWaveSampler`` instead of ``from dwave.system import DWaveSampler``: the
same properties, parameters, errors and timing of an emulated annealer (``isinglass.qpu``), and hybrid
samplers that are this program's own solvers. Ocean's composites work around them.

What the originals do and these do not:

* Answers are there when a call returns; the originals give a sample set that waits for the server.
* ``seed`` is a parameter of every sampler here, and the same seed gives the same samples.
* Words about a connection (endpoint, token, region, profile, ...) are taken and mean nothing; any other
  unknown word is an error, where the originals pass over some.
* ``initial_state`` and other per-qubit values are checked before anything runs, as the server would.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.lazy_names import lazy_names

if TYPE_CHECKING:
    from isinglass.compat.dwave.clique import DWaveCliqueSampler
    from isinglass.compat.dwave.composites import EmbeddingComposite, FixedEmbeddingComposite
    from isinglass.compat.dwave.hybrid_samplers import (
        LeapHybridBQMSampler,
        LeapHybridCQMSampler,
        LeapHybridDQMSampler,
        LeapHybridSampler,
    )
    from isinglass.compat.dwave.nonlinear_sampler import LeapHybridNLSampler, StrideHybridSolver
    from isinglass.compat.dwave.sampler import DWaveSampler

_PLACES = {
    "DWaveCliqueSampler": "clique",
    "DWaveSampler": "sampler",
    "EmbeddingComposite": "composites",
    "FixedEmbeddingComposite": "composites",
    "LeapHybridBQMSampler": "hybrid_samplers",
    "LeapHybridCQMSampler": "hybrid_samplers",
    "LeapHybridDQMSampler": "hybrid_samplers",
    "LeapHybridNLSampler": "nonlinear_sampler",
    "LeapHybridSampler": "hybrid_samplers",
    "StrideHybridSolver": "nonlinear_sampler",
}

__all__ = [
    "DWaveCliqueSampler",
    "DWaveSampler",
    "EmbeddingComposite",
    "FixedEmbeddingComposite",
    "LeapHybridBQMSampler",
    "LeapHybridCQMSampler",
    "LeapHybridDQMSampler",
    "LeapHybridNLSampler",
    "LeapHybridSampler",
    "StrideHybridSolver",
]

__getattr__, __dir__ = lazy_names(__name__, _PLACES)
