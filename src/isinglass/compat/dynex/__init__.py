"""The names of the Dynex client, for code that should run here, with no account, key or server.

>>> import isinglass.compat.dynex as dynex
>>> model = dynex.BQM({("a", "b"): 1, ("a", "a"): -1, ("b", "b"): -1})
>>> print(dynex.DynexSampler(model).sample(num_reads=4, seed=1).first.energy)
-1.0

CPU, LOCAL and no backend at all run ``isinglass.solve``; QPU the emulated Apollo machines
(``isinglass.qpu``); GPU is an error on a machine without one. The other half of this room serves the client
itself (``servicer.py``), and docs/dynex.md is the page of both.

What is wrong in the original and not so here:

* Energies of SPIN models came from bits read as spins. They are those of the model, in its own vartype.
* Energies of a DQM were always 0. They are those of the model.
* CQM and DQM gave one row. All reads come back, judged by the model.
* Of the reads of CPU and GPU jobs all but ``rank * shots`` were thrown away. All come back.
* On a QPU, energies were of the scaled model. They are of the model as given.
* A matrix lost its lower triangle. Both triangles count.
* There was no seed, and no time limit. ``seed=`` and ``time_limit=`` are parameters of ``sample``.
* A misspelt name was an error of another library. It is a DynexValidationError that names the nearest.
* ``target_energy`` stopped at total energy 0, right for penalties alone. It is not used.
* An all-zero or empty model was refused. It is solved.
* Circuits: a QNode sent no gates, and Cirq was promised. A QNode runs; Cirq is refused in words.
* WCNF clauses were built and never sent, with 8 variables that nobody asked for. They are not built: models
  have no ``clauses``, ``num_clauses``, ``precision`` and ``wcnf_offset``, and ``num_variables`` is the number
  of variables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import isinglass
from isinglass.lazy_names import lazy_names

if TYPE_CHECKING:
    from isinglass.compat.dynex.circuits import DynexCircuit
    from isinglass.compat.dynex.config import ComputeBackend, DynexConfig
    from isinglass.compat.dynex.errors import (
        DynexAuthenticationError,
        DynexConnectionError,
        DynexError,
        DynexJobError,
        DynexModelError,
        DynexSolverError,
        DynexValidationError,
    )
    from isinglass.compat.dynex.models import BQM, CQM, DQM
    from isinglass.compat.dynex.sampler import DynexSampler, sample, sample_ising, sample_qubo
    from isinglass.compat.dynex.scaling import scale_bqm_to_range
    from isinglass.config import QPUModel

__version__ = isinglass.__version__

_PLACES = {
    "BQM": "models", "CQM": "models", "DQM": "models",
    "ComputeBackend": "config", "DynexConfig": "config", "QPUModel": "config",
    "DynexCircuit": "circuits",
    "DynexSampler": "sampler", "sample": "sampler", "sample_ising": "sampler", "sample_qubo": "sampler",
    "scale_bqm_to_range": "scaling",
    **dict.fromkeys((
        "DynexAuthenticationError", "DynexConnectionError", "DynexError", "DynexJobError", "DynexModelError",
        "DynexSolverError", "DynexValidationError",
    ), "errors"),
}  # fmt: skip

__all__ = [
    "BQM",
    "CQM",
    "DQM",
    "ComputeBackend",
    "DynexAuthenticationError",
    "DynexCircuit",
    "DynexConfig",
    "DynexConnectionError",
    "DynexError",
    "DynexJobError",
    "DynexModelError",
    "DynexSampler",
    "DynexSolverError",
    "DynexValidationError",
    "QPUModel",
    "sample",
    "sample_ising",
    "sample_qubo",
    "scale_bqm_to_range",
]

# The half that serves imports none of this, and the other nothing of gRPC.
__getattr__, __dir__ = lazy_names(__name__, _PLACES)
