"""The Python blocks of D-Wave's page on solver properties and parameters, as they are printed there.

Once against ``isinglass.compat.dwave``, once by D-Wave's own packages against a service (dwave_documents.py
has them; it takes the names from the module that it is given). Blocks that could never have run:

* ``sampler.sampler.child.properties['j_range']`` in the auto-scale block: an EmbeddingComposite has no
  attribute ``sampler``. The block runs with ``sampler.child``, which it means.
* ``h_gain_schedule=[[0,1],[t_final,1]]``: a keyword without its call; it runs as a parameter, with a number.
* ``Q = (0,5): -10,`` and ``h = [-2.5, 0, 0, 0, 0, -2.5], J = {(0, 5): -2.5}.``: no Python; the numbers are
  checked.
* ``"tags": ["lower_noise"]`` and ``{"type": "chimera", "shape": [16, 16, 4]}``: parts of properties, looked
  for there.

Of the Q-score study only dimod's names are D-Wave's. Its program lost its indentation and, before each
``* -1``, the energy: it could never have run as printed. What it says of the model runs here.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.system.service_process import ServiceProcess
from tests.system.test_sapi import run, service  # noqa: F401

SCRIPT = Path(__file__).with_name("dwave_documents.py")


def test_against_our_names(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, SCRIPT, "isinglass.compat.dwave"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_by_the_real_packages(service: ServiceProcess, tmp_path: Path) -> None:  # noqa: F811
    run(service, tmp_path, Path(sys.executable), "dwave.system", SCRIPT)
