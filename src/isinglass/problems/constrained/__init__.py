"""Constrained models as unconstrained binary problems, and their answers in the user's variables.

    encoding = encode(model)                          # a dimod CQM or DQM, compiled once
    weights = encoding.initial_weights()
    problem = encoding.penalised(weights)             # EdgeList, BINARY; solve it somehow
    report = encoding.decode(states)                  # int8[reads, encoding.num_bits] of 0/1
    weights = encoding.raise_weights(weights, report) # where constraints are still broken
    encoding.sampleset(report)                        # dimod.SampleSet

``integers`` turns bounded integers into bits, ``expressions`` quadratic expressions into arrays,
``rows`` constraints into rows over bits, ``grid`` rows into integer multiples of a step,
``penalties`` rows into squares with slack; ``weights`` says how much they must count, ``terms`` adds
them up, and ``cqm`` and ``dqm`` hold the two ends of the way for each kind of model.
"""

from __future__ import annotations

import dimod
import numpy as np

from isinglass.errors import ProblemError
from isinglass.problems.constrained.cqm import encode_cqm
from isinglass.problems.constrained.dqm import encode_dqm
from isinglass.problems.constrained.encoding import Encoding
from isinglass.problems.constrained.report import Report

__all__ = ["Encoding", "Report", "encode"]


def encode(model: dimod.ConstrainedQuadraticModel | dimod.DiscreteQuadraticModel) -> Encoding:
    """Compile a CQM or DQM for repeated use. The model must not change while the encoding is used.

    Raises ``ProblemError`` for any other model and for what bits cannot express (see ``encode_cqm``
    and ``encode_dqm``), ``OutOfMemoryError`` where the penalties cannot fit.
    """
    # Numbers near the end of float64 overflow to infinity, which is caught by name further in.
    with np.errstate(over="ignore", invalid="ignore"):
        if isinstance(model, dimod.ConstrainedQuadraticModel):
            return encode_cqm(model)
        if isinstance(model, dimod.DiscreteQuadraticModel):
            return encode_dqm(model)
    raise ProblemError(
        f"a {type(model).__name__} has no constraints to encode; give a dimod ConstrainedQuadraticModel or "
        f"DiscreteQuadraticModel, and solve a binary quadratic model directly"
    )
