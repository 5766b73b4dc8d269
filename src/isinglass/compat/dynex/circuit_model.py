"""How measured bits travel in samples of a QUBO: the model that the client is given, and its samples.

The client decodes wire bits from variables ``q_<place>_real`` and ``q_<place>_imag`` and believes the sample
of lowest energy. The model is the sum over places of (real - imag)^2, so every sample of equal pairs has
energy 0 and the order of rows decides: the most frequent bits come first. The client reverses the places,
except for phase estimations, where a bit is ``q_<place>_ctrl_qpe_imag`` and real its opposite: there (real +
ctrl - 1)^2 is added.
"""

from __future__ import annotations

import json
import zlib

import numpy as np

LABELS = ("circuit", "phase estimation")
"""What a circuit is called in its job; the second where the client decodes phases."""


def model_json(wires: int, estimates_phases: bool) -> str:
    """The reply's ``qasm_json``: the model as zlib, in hexadecimal, of a Python dict in text."""
    terms: dict[tuple[str, str], float] = {}
    for place in range(wires):
        real, imag, ctrl = (f"q_{place}_{part}" for part in ("real", "imag", "ctrl_qpe_imag"))
        terms |= {(real, real): 1.0, (imag, imag): 1.0, (real, imag): -2.0}
        if estimates_phases:
            terms |= {(real, real): 0.0, (ctrl, ctrl): -1.0, (real, ctrl): 2.0}
    packed = zlib.compress(repr(terms).encode()).hex()
    offset = float(wires) if estimates_phases else 0.0
    return json.dumps({"feed_dict": {}, "model": {"q": packed, "offset": offset}})


def samples_of(counts: dict[str, int], wires: int, estimates_phases: bool, at_most: int) -> np.ndarray:
    """int8[reads, variables] of counts, in the order of the model's variables.

    A most frequent one comes first, for the client's "measure" takes that; the others are shuffled, always in
    the same way: clients of text use those that came by the time they look, which are a fair sample then.
    """
    ordered = sorted(counts.items(), key=lambda seen: (-seen[1], seen[0]))
    # The register that is measured last is declared last, so it is leftmost; its bit 0 is its rightmost.
    keys = [key.split()[0] for key, _ in ordered]
    bits = np.array([[int(bit) for bit in reversed(key)] for key in keys], np.int8).reshape(-1, wires)
    reads = np.repeat(np.arange(len(bits)), [times for _, times in ordered])
    np.random.default_rng(0).shuffle(reads[1:])
    bits = bits[reads[:at_most]]
    if not estimates_phases:
        return np.repeat(bits[:, ::-1], 2, axis=1)
    columns = np.stack([1 - bits, 1 - bits, bits], axis=2)
    return columns.reshape(len(bits), -1)
