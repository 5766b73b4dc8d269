"""How a real chip departs from what was programmed: the parts of the noise, each with a switch.

All of it belongs to physical qubits and couplers, not to variables: a gauge turns the program, not the
noise. Every number is a function of (seed, cycle, physical indices, read), so neither the number of
threads nor which other qubits are active changes it.

What is drawn (sizes and forms: D-Wave, "Error sources for problem representation"; h and J in units of the
programmed ones):

* **Integrated control errors**: normal, static within a programming cycle, on h (``sigma_h``) and J
  (``sigma_j``). ``chip_share`` of their variance belongs to the chip (drawn once a seed), the rest to
  the cycle.
* **DAC quantisation**: each qubit's and coupler's grid of programmable values (``step_h``, ``step_j``) has
  an origin of its own.
* **Background susceptibility** ``chi``: ``h_i += chi sum_j J_ij h_j`` and couplings between next neighbours,
  ``J_ik += chi sum_j J_ij J_jk``.
* **Drift** of h from read to read: 1/f flux noise, as a sum of one Ornstein-Uhlenbeck process a decade of
  correlation times, rms ``drift_h`` together. Compensation of flux drift takes away what is slower than
  ``compensated_us``; without it those decades stay in.
* **Spin bath**: paramagnetic spins near a qubit follow its state during a read and pull the next one
  towards it by ``bath_h``, decaying with ``bath_us`` over the delay between reads.
* **Heat**: programming warms the chip. The temperature of a read is ``1 + heat exp(-t / heat_us)`` times that
  of the cold chip, t the time from programming to the read: programming_thermalization waits for it to cool.
* **Readout**: each bit is read wrongly with probability ``readout_error``.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import scipy.sparse

from isinglass.control import RunControl
from isinglass.qpu.parameter_checks import as_number, refuse
from isinglass.qpu.program import Program

_CHIP_H, _CYCLE_H, _CHIP_J, _CYCLE_J, _GRID_H, _GRID_J, _DRIFT, _READOUT = range(1, 9)
_MOST_QUBITS = 1 << 24
FASTEST_DRIFT_US = 100.0
COLD = 0.01
DECADES = 8
"""Correlation times of the drift: 10^2, 10^3, ... 10^9 µs (17 minutes)."""


@dataclass(frozen=True)
class Noise:
    """The strength of each part; see the module's docstring. 0 switches a part off."""

    sigma_h: float = 0.0
    sigma_j: float = 0.0
    chip_share: float = 0.5
    step_h: float = 0.0
    step_j: float = 0.0
    chi: float = 0.0
    drift_h: float = 0.0
    compensated_us: float = 1e6
    bath_h: float = 0.0
    bath_us: float = 300.0
    heat: float = 0.0
    heat_us: float = 200.0
    readout_error: float = 0.0

    def __post_init__(self) -> None:
        for part in fields(self):
            value = as_number(f"Noise.{part.name}", getattr(self, part.name))
            if value < 0.0 and part.name != "chi":
                raise refuse(f"Noise.{part.name}", value, "must be 0 or more")
            if value > 1.0 and part.name in ("chip_share", "readout_error"):
                raise refuse(f"Noise.{part.name}", value, "is a share: at most 1")
            if value == 0.0 and part.name in ("bath_us", "compensated_us", "heat_us"):
                raise refuse(f"Noise.{part.name}", value, "is a time above 0 µs")

    @classmethod
    def none(cls) -> Noise:
        """A chip without noise."""
        return cls()


@dataclass(frozen=True, eq=False)
class NoisyProblem:
    """What the chip holds instead of the program's h and J, before drift and bath."""

    h: np.ndarray
    """float64[k]"""
    row: np.ndarray
    """int32[m'], m' > m with background susceptibility."""
    col: np.ndarray
    J: np.ndarray

    def rows(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(indptr int64[k+1], indices int32, J float32) with both directions of each coupling."""
        k = self.h.size
        upper = scipy.sparse.csr_array((self.J, (self.row, self.col)), shape=(k, k))
        matrix = (upper + upper.T).tocsr()
        matrix.sort_indices()
        indices, J = matrix.indices.astype(np.int32), matrix.data.astype(np.float32)
        return matrix.indptr.astype(np.int64), indices, J


def programmed(program: Program, noise: Noise, seed: int, cycle: int) -> NoisyProblem:
    """The program as static errors leave it: quantised, with control errors, then with susceptibility."""
    qubits = program.qubits.astype(np.int64)
    couplers = qubits[program.row] * _MOST_QUBITS + qubits[program.col]
    h = _quantised(program.h, noise.step_h, qubits, seed, _GRID_H)
    J = _quantised(program.J, noise.step_j, couplers, seed, _GRID_J)
    h = h + _errors(noise.sigma_h, noise.chip_share, qubits, seed, cycle, (_CHIP_H, _CYCLE_H))
    J = J + _errors(noise.sigma_j, noise.chip_share, couplers, seed, cycle, (_CHIP_J, _CYCLE_J))
    if noise.chi == 0.0:
        return NoisyProblem(h, program.row, program.col, J)
    return _with_susceptibility(h, program.row, program.col, J, noise.chi)


def cycle_seed(seed: int, cycle: int) -> int:
    """The seed of a cycle's dynamics."""
    return int(_words(np.array([cycle]), seed)[0] >> np.uint64(1))


def drift(
    program: Program, noise: Noise, seed: int, cycle: int, control: RunControl | None = None
) -> np.ndarray:
    """float32[num_reads, k]: the drift of h at each read, as at s = 1; no rows where there is none.

    A cycle's reads follow each other at ``read_spacing_us``; cycles start afresh (chosen so that the
    cycles of a call can run in any order). Left unfinished where ``control`` stops: no read will be made.
    """
    if noise.drift_h == 0.0:
        return np.zeros((0, program.qubits.size), np.float32)
    total = np.zeros((program.num_reads, program.qubits.size), np.float32)
    for d in range(DECADES):
        time = FASTEST_DRIFT_US * 10.0**d
        if program.flux_drift_compensation and time > noise.compensated_us:
            break
        keep = np.float32(np.exp(-program.read_spacing_us / time))
        value = _drawn(program.qubits, seed, cycle, d, 0)
        total[0] += value
        for read in range(1, program.num_reads):
            if control is not None and control.stopped:
                return total
            value = keep * value + np.sqrt(1 - keep * keep) * _drawn(program.qubits, seed, cycle, d, read)
            total[read] += value
    total *= np.float32(noise.drift_h / np.sqrt(DECADES))
    return total


def _drawn(qubits: np.ndarray, *key: int) -> np.ndarray:
    """float32[k] standard normal numbers of physical qubits."""
    stream = np.random.default_rng((_DRIFT, *key))
    drawn: np.ndarray = stream.standard_normal(int(qubits[-1]) + 1, np.float32)[qubits]
    return drawn


def warmth(program: Program, noise: Noise) -> np.ndarray:
    """float64[reads]: the temperatures of the first reads, over the cold chip's, while above by ``COLD``."""
    begins = program.programming_thermalization_us + program.read_spacing_us * np.arange(program.num_reads)
    above = noise.heat * np.exp(-begins / noise.heat_us)
    return np.asarray(1.0 + above[above > COLD])


def read_out(spins: np.ndarray, qubits: np.ndarray, noise: Noise, seed: int, cycle: int) -> np.ndarray:
    """int8[reads, k]: each bit turned with probability ``readout_error``."""
    if noise.readout_error == 0.0:
        return spins
    seen = spins.copy()
    for read in range(len(seen)):
        wrong = _uniforms(qubits, seed, _READOUT, cycle, read) < noise.readout_error
        seen[read, wrong] *= -1
    return seen


def _quantised(values: np.ndarray, step: float, indices: np.ndarray, seed: int, part: int) -> np.ndarray:
    if step == 0.0:
        return values
    origin = step * _uniforms(indices, seed, part)
    rounded: np.ndarray = np.round((values - origin) / step) * step + origin
    return rounded


def _errors(
    sigma: float, chip_share: float, indices: np.ndarray, seed: int, cycle: int, parts: tuple[int, int]
) -> np.ndarray:
    if sigma == 0.0:
        return np.zeros(indices.size)
    chip = np.sqrt(chip_share) * _normals(indices, seed, parts[0])
    own = np.sqrt(1.0 - chip_share) * _normals(indices, seed, parts[1], cycle)
    errors: np.ndarray = sigma * (chip + own)
    return errors


def _with_susceptibility(
    h: np.ndarray, row: np.ndarray, col: np.ndarray, J: np.ndarray, chi: float
) -> NoisyProblem:
    upper = scipy.sparse.csr_array((J, (row, col)), shape=(h.size, h.size))
    matrix = upper + upper.T
    both = scipy.sparse.triu(matrix + chi * (matrix @ matrix), 1).tocoo()
    rows, cols = both.coords
    return NoisyProblem(h + chi * (matrix @ h), rows.astype(np.int32), cols.astype(np.int32), both.data)


def _words(indices: np.ndarray, *key: int) -> np.ndarray:
    """uint64: a hash of the index and the key, by rounds of SplitMix64's finaliser."""
    z = indices.astype(np.uint64)
    for part in key:
        z = z + np.uint64((part * 0x9E3779B97F4A7C15 + 0xD1B54A32D192ED03) & 0xFFFFFFFFFFFFFFFF)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return z


def _uniforms(indices: np.ndarray, *key: int) -> np.ndarray:
    uniform: np.ndarray = ((_words(indices, *key) >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    return uniform


def _normals(indices: np.ndarray, *key: int) -> np.ndarray:
    """Standard normal numbers (Box, Muller 1958)."""
    radius = np.sqrt(-2.0 * np.log(_uniforms(indices, *key, 0)))
    normal: np.ndarray = radius * np.cos(2.0 * np.pi * _uniforms(indices, *key, 1))
    return normal
