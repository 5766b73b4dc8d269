"""The Python blocks of D-Wave's page on solver properties and parameters, against ``isinglass.compat.dwave``.

``published/dwave_solver_properties.py`` has them, dwave_documents.py runs them with the names of the module
that it is given; test_sapi.py does so with D-Wave's own packages against a service.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("dwave_documents.py")


def test_against_our_names(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, SCRIPT, "isinglass.compat.dwave"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
