"""Families of random instances: the same seed gives the same instance on every machine.

``generate(kind, seed=..., **parameters)`` is the door; ``GENERATORS`` lists the families with
their parameter tables. Each family has a file; ``generator.py`` says how to add one.

>>> generate("random_regular", n=10, degree=3, seed=1).num_variables
10
"""

from __future__ import annotations

import dataclasses
from typing import Any

from isinglass.errors import ParameterError, nearest
from isinglass.problems.generators.chain import CHAIN_1D
from isinglass.problems.generators.generator import Generator, Instance, Parameter
from isinglass.problems.generators.gnp import GNP
from isinglass.problems.generators.lattice import LATTICE_2D, LATTICE_3D
from isinglass.problems.generators.planted import PLANTED
from isinglass.problems.generators.random_regular import RANDOM_REGULAR
from isinglass.problems.generators.sk import SK
from isinglass.problems.generators.sk_gaussian import SK_GAUSSIAN
from isinglass.rng import resolve_seed

__all__ = ["GENERATORS", "Generator", "Instance", "Parameter", "generate"]

GENERATORS: dict[str, Generator] = {
    generator.name: generator
    for generator in (
        GNP, SK, SK_GAUSSIAN, LATTICE_2D, LATTICE_3D, RANDOM_REGULAR, CHAIN_1D, PLANTED,
    )
}  # fmt: skip


def generate(kind: str, *, seed: int | None = None, **parameters: Any) -> Instance:
    """An instance of the family ``kind`` (a key of ``GENERATORS``).

    ``seed``: 0 to 2^63 - 1; None draws one. ``facts`` of the instance records ``generator``,
    ``seed`` and ``parameters`` (those that shape the instance), so that
    ``generate(facts["generator"], seed=facts["seed"], **facts["parameters"])`` makes it again,
    and whatever the family knows of the answer (``ground_energy``, ``ground_state``).

    Raises ParameterError for an unknown kind or parameter (naming the nearest) and for a value
    out of range, OutOfMemoryError for an instance that does not fit.
    """
    generator = GENERATORS.get(kind) if isinstance(kind, str) else None
    if generator is None:
        raise ParameterError(
            f"there is no generator {kind!r}{nearest(kind, GENERATORS)}; there are {', '.join(GENERATORS)}"
        )
    values = generator.resolve(parameters)
    seed = resolve_seed(seed)
    instance = generator.function(seed=seed, **values)
    shaping = {p.name: values[p.name] for p in generator.parameters if p.in_facts}
    facts = {"generator": kind, "seed": seed, "parameters": shaping, **instance.facts}
    return dataclasses.replace(instance, facts=facts)
