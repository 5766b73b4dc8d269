"""Packages that load their names when they are first used: all of them, nothing else, nothing before."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "package",
    ["isinglass", "isinglass.qpu", "isinglass.compat.divi", "isinglass.compat.dwave",
     "isinglass.compat.dynex"],
)  # fmt: skip
def test_every_name_that_is_offered_is_there(package: str) -> None:
    module = importlib.import_module(package)
    assert dir(module) == sorted(module.__all__)
    assert all(hasattr(module, name) for name in module.__all__)
    with pytest.raises(AttributeError, match=f"module '{package}' has no attribute 'solv'"):
        _ = module.solv


def test_nothing_heavy_comes_with_the_package() -> None:
    words = "import sys, isinglass; assert not {'numpy', 'numba', 'scipy', 'dimod'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", words], check=True)
