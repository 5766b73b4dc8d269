"""The peers, each in its own virtual environment, called as a process.

    python bench/peers.py            makes .venv-peers beside this file and installs the peers; the line it
                                     prints is what isinglass bench --peer-python wants

Other scripts call ``peer_anneal``; the half that runs inside the peers' environment is
peer_worker.py. Problems go over as .npz files, answers come back as one JSON line.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
ENVIRONMENT = HERE / ".venv-peers"
PACKAGES = (
    "dwave-samplers==1.8.0",
    "dwave-networkx>=0.8.18",
    "openjij==0.12.2",
    "simulated-bifurcation==2.0.0",  # brings torch, several GB
)


def peer_python() -> str:
    """The interpreter of the peers' environment, made on first use."""
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *PACKAGES], check=True)
    return str(python)


def call(command: str, **arguments: Any) -> dict[str, Any]:
    """Run one command of peer_worker.py; numpy arrays travel in a file."""
    with tempfile.TemporaryDirectory() as folder:
        arrays = {k: v for k, v in arguments.items() if isinstance(v, np.ndarray)}
        plain = {k: v for k, v in arguments.items() if k not in arrays}
        np.savez(Path(folder) / "arrays.npz", **arrays)
        output = subprocess.run(
            [peer_python(), str(HERE / "peer_worker.py"), command, folder, json.dumps(plain)],
            check=True,
            capture_output=True,
            text=True,
        )
        answer: dict[str, Any] = json.loads(output.stdout.splitlines()[-1])
        if (Path(folder) / "out.npz").exists():
            answer |= dict(np.load(Path(folder) / "out.npz"))
        return answer


if __name__ == "__main__":
    print(peer_python())
