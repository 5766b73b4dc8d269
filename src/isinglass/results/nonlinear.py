"""What came back of a nonlinear model: states for it, and what they are worth."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class NonlinearResult:
    """States of a ``dwave.optimization.Model``, best first: what is feasible, then the lowest objective.

    ``info`` holds plain data, as that of a ``SampleSet``: ``solver``, ``seed``, ``stop_reason``, ``timing``
    (seconds), ``trace``, ``parameters``, ``versions``, and ``evaluations`` of the model.
    """

    objective: np.ndarray
    """float64[states]; 0 where the model has none."""
    violated: np.ndarray
    """int64[states]: how many constraints each state breaks."""
    files: tuple[bytes, ...]
    """Each state as ``Model.states.to_file`` writes it."""
    info: dict[str, Any]

    @property
    def is_feasible(self) -> np.ndarray:
        """bool[states]: which break no constraint."""
        return np.asarray(self.violated == 0)

    @property
    def stop_reason(self) -> str:
        """Why the run ended, in words."""
        return str(self.info["stop_reason"])

    def load(self, model: Any, state: int = 0) -> None:
        """Put a state (0: the best) into the model that was solved, or into a copy of it.

        ``model.states`` has that one state then, and ``model.objective.state(0)``, under ``model.lock()``,
        its value.
        """
        model.states.from_file(io.BytesIO(self.files[state]), check_header=False)

    def __repr__(self) -> str:
        lines = [
            f"isinglass.NonlinearResult: {len(self.files)} state{'s' * (len(self.files) != 1)}",
            f"  best objective {self.objective[0]:.10g}",
            f"  feasible       {int(self.is_feasible.sum())} of {len(self.files)}",
            f"  seed           {self.info['seed']}",
            f"  stopped        {self.info['stop_reason']}",
        ]
        return "\n".join(lines)
