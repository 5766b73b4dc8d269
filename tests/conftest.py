"""What many tests share: small random problems and their dense form."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

# Kernels for cards run in numba's simulator here, on every machine.
os.environ["NUMBA_ENABLE_CUDASIM"] = "1"
import numba
import numpy as np
import pytest
from hypothesis import settings

from isinglass.problems.compiled import CompiledProblem
from isinglass.problems.dense_matrix import dense_matrix

# The filters of warnings have imported numba already.
numba.config.reload_config()

if TYPE_CHECKING:
    from tests.postgres import Postgres

settings.register_profile("isinglass", deadline=None, derandomize=True, max_examples=30)
settings.register_profile("soak", deadline=None, max_examples=3000)
settings.load_profile(os.environ.get("ISINGLASS_HYPOTHESIS_PROFILE", "isinglass"))


def kernel_form(problem: CompiledProblem) -> tuple[np.ndarray, np.ndarray]:
    """(J, h) in float64, in the kernel's units."""
    return dense_matrix(problem), problem.h.astype(np.float64)


def random_couplings(n: int, density: float, values: str, seed: int) -> np.ndarray:
    """Upper triangular [n, n]; ``values``: "pm1", "small" integers, "large" integers or "gaussian"."""
    rng = np.random.default_rng(seed)
    draw = {
        "pm1": lambda: rng.choice([-1.0, 1.0], (n, n)),
        "small": lambda: rng.integers(-9, 10, (n, n)).astype(float),
        "large": lambda: rng.integers(-2_000_000, 2_000_000, (n, n)).astype(float),
        "gaussian": lambda: rng.normal(size=(n, n)),
    }[values]()
    return np.triu(draw * (rng.random((n, n)) < density), 1)


@pytest.fixture(params=["pm1", "small", "large", "gaussian"])
def coupling_values(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL, started by the first test that asks for it."""
    from tests.postgres import Postgres

    cluster = Postgres()
    yield cluster
    cluster.remove()


@pytest.fixture
def simulator() -> Iterator[None]:
    """Hundreds of Python threads take turns quickly."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)
