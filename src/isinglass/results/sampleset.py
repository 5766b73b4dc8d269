"""What came back: a ``dimod.SampleSet`` that knows how it was made.

It is one, so everything of Ocean takes it; beside that it says why the run stopped, carries the
convergence trace, plots itself and has a repr of constant size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dimod
import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_REPR_VARIABLES = 8


class SampleSet(dimod.SampleSet):
    """Samples with their energies and how they came about.

    ``info`` holds plain data: ``solver``, ``seed``, ``stop_reason``, ``storage``, ``timing``
    (seconds: compile, solve, energies, total), ``trace`` (list of (seconds, lowest energy so far)),
    ``parameters``, ``versions``, and what the solver adds (``certified``, ...). For Max-Cut the
    record has a vector ``cut``; for constrained models ``is_feasible`` and ``violations``.
    """

    @property
    def stop_reason(self) -> str:
        """Why the run ended, in words."""
        return str(self.info["stop_reason"])

    @property
    def seed(self) -> int:
        """The seed used; giving it again gives the same samples."""
        return int(self.info["seed"])

    @property
    def trace(self) -> np.ndarray:
        """float64[points, 2]: seconds since the start, lowest energy seen by then."""
        return np.array(self.info["trace"], dtype=np.float64).reshape(-1, 2)

    @property
    def timing(self) -> dict[str, float]:
        """Seconds by phase."""
        return dict(self.info["timing"])

    @property
    def is_feasible(self) -> np.ndarray:
        """bool[reads]: which samples satisfy every constraint; all, where there are none."""
        if "is_feasible" in self.record.dtype.names:
            return np.asarray(self.record.is_feasible)
        return np.ones(len(self.record), dtype=bool)

    @property
    def best_index(self) -> int:
        """Row of the lowest energy among the feasible samples (among all, if none is)."""
        energy = np.where(self.is_feasible, self.record.energy, np.inf)
        return int(np.argmin(energy if np.isfinite(energy).any() else self.record.energy))

    @property
    def best(self) -> Any:
        """The sample at ``best_index`` as dimod's named tuple; ``first`` is the same without constraints."""
        return next(self.slice(self.best_index, self.best_index + 1, sorted_by=None).data(sorted_by=None))

    @property
    def violations(self) -> dict[Any, np.ndarray]:
        """By constraint label, float64[reads]: by how much each sample violates it (0: satisfied)."""
        if "violations" not in self.record.dtype.names:
            return {}
        table = np.asarray(self.record.violations)
        return {label: table[:, k] for k, label in enumerate(self.info["constraint_labels"])}

    def plot(self) -> Figure:
        """Energies, convergence and, for Max-Cut, cuts, as a matplotlib figure (extra: plots)."""
        from isinglass.results.plot import plot

        return plot(self)

    def copy(self) -> SampleSet:
        """A copy of samples and info."""
        duplicate = super().copy()
        return SampleSet(duplicate.record, duplicate.variables, duplicate.info, duplicate.vartype)

    def __repr__(self) -> str:
        if "solver" not in self.info:
            return str(super().__repr__())
        energy = self.record.energy
        lines = [
            f"isinglass.SampleSet: {len(energy)} samples of {len(self.variables)} "
            f"{self.vartype.name} variables"
        ]
        if len(energy):
            best = self.best_index
            row = self.record.sample[best][:_REPR_VARIABLES]
            shown = ", ".join(f"{v!r}: {x}" for v, x in zip(self.variables, row, strict=False))
            more = ", ..." if len(self.variables) > _REPR_VARIABLES else ""
            lines.append(f"  best energy    {energy[best]:.10g}  (sample {best}: {{{shown}{more}}})")
            lines.append(f"  energies       mean {energy.mean():.6g}, highest {energy.max():.10g}")
            if "cut" in self.record.dtype.names:
                lines.append(f"  largest cut    {self.record.cut.max():.10g}")
            if "is_feasible" in self.record.dtype.names:
                lines.append(f"  feasible       {int(self.is_feasible.sum())} of {len(energy)}")
        lines.append(f"  solver         {self.info['solver']}, seed {self.info['seed']}")
        lines.append(f"  stopped        {self.info['stop_reason']}")
        lines.append("  seconds        " + ", ".join(f"{k} {v:.3g}" for k, v in self.info["timing"].items()))
        return "\n".join(lines)

    __str__ = __repr__


def make_record(states: np.ndarray, vectors: dict[str, np.ndarray]) -> np.recarray[Any, Any]:
    """dimod's record: ``sample`` [reads, n] beside one column (or block of columns) a vector."""
    fields: list[Any] = [("sample", states.dtype, states.shape[1:])]
    fields += [(name, vector.dtype, vector.shape[1:]) for name, vector in vectors.items()]
    record = np.recarray(len(states), dtype=fields)
    record["sample"] = states
    for name, vector in vectors.items():
        record[name] = vector
    return record
