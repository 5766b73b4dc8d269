"""Noise of the emulated annealer: whose it is, how large, how it is correlated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from isinglass.qpu import noise
from isinglass.qpu.noise import DECADES, FASTEST_DRIFT_US, Noise
from tests.qpu_programs import program

MANY = 20_000
SIGMAS = 4.5


def test_without_noise_the_problem_is_the_program() -> None:
    asked = program([0.5, -1.0], [0], [1], [0.3])
    got = noise.programmed(asked, Noise.none(), 1, 0)
    assert (got.h == asked.h).all() and (got.J == asked.J).all()
    assert noise.drift(asked, Noise.none(), 1, 0).shape == (0, 2)


def test_control_errors_have_the_stated_size_and_belong_to_qubits() -> None:
    asked = program(np.zeros(MANY), np.arange(MANY - 1), np.arange(1, MANY), np.zeros(MANY - 1))
    strength = Noise(sigma_h=0.02, sigma_j=0.01, chip_share=0.25)
    first, second = (noise.programmed(asked, strength, 1, cycle) for cycle in (0, 1))
    # The standard error of a standard deviation is sigma / sqrt(2 n); that of a correlation 1 / sqrt n.
    assert abs(first.h.std() / 0.02 - 1) < SIGMAS / np.sqrt(2 * MANY)
    assert abs(first.J.std() / 0.01 - 1) < SIGMAS / np.sqrt(2 * MANY)
    assert abs(np.corrcoef(first.h, second.h)[0, 1] - 0.25) < SIGMAS / np.sqrt(MANY)
    few = replace(asked, qubits=asked.qubits[7:9], h=asked.h[7:9], row=asked.row[:1], col=asked.col[:1],
                  J=asked.J[:1])  # fmt: skip
    alone = noise.programmed(few, strength, 1, 0)
    assert (alone.h == first.h[7:9]).all() and alone.J[0] == first.J[7]


def test_quantised_values_are_within_half_a_step() -> None:
    h = np.linspace(-1, 1, 500)
    got = noise.programmed(program(h), Noise(step_h=0.1), 1, 0).h
    assert 0.045 < np.abs(got - h).max() <= 0.05
    assert (noise.programmed(program(h), Noise(step_h=0.1), 1, 5).h == got).all()


def test_susceptibility_couples_next_neighbours() -> None:
    asked = program([1.0, 0.0, 0.0], [0, 1], [1, 2], [0.5, -1.0])
    got = noise.programmed(asked, Noise(chi=-0.1), 1, 0)
    couplings = {(int(i), int(j)): value for i, j, value in zip(got.row, got.col, got.J, strict=True)}
    assert got.h == pytest.approx([1.0, -0.05, 0.0])
    assert couplings == pytest.approx({(0, 1): 0.5, (1, 2): -1.0, (0, 2): 0.05})


def test_drift_has_the_stated_autocorrelation() -> None:
    # A sum of OU processes of equal weight: the correlation after a lag t is the mean of exp(-t / time).
    reads, spacing = 6, 1000.0
    asked = program(np.zeros(MANY), num_reads=reads, read_spacing_us=spacing, flux_drift_compensation=False)
    drift = noise.drift(asked, Noise(drift_h=0.01), 1, 0).astype(float)
    times = FASTEST_DRIFT_US * 10.0 ** np.arange(DECADES)
    for lag in (0, 1, 5):
        expected = 1e-4 * np.exp(-lag * spacing / times).mean()
        # Products of two normal numbers of variance v and correlation r have variance v^2 (1 + r^2) <= 2 v^2.
        error = 1e-4 * np.sqrt(2 / MANY)
        assert abs((drift[0] * drift[lag]).mean() - expected) < SIGMAS * error


def test_compensation_takes_the_slow_drift_away() -> None:
    asked = program(np.zeros(MANY))
    with_, without = (
        noise.drift(replace(asked, flux_drift_compensation=on), Noise(drift_h=0.01), 1, 0).std()
        for on in (True, False)
    )
    # Five decades up to 1 s are left of eight.
    assert with_ / without == pytest.approx(np.sqrt(5 / 8), rel=0.05)


def test_readout_turns_bits_at_the_stated_rate() -> None:
    spins = np.ones((50, 400), np.int8)
    seen = noise.read_out(spins, np.arange(400), Noise(readout_error=0.1), 1, 0)
    assert abs((seen < 0).mean() - 0.1) < SIGMAS * np.sqrt(0.1 * 0.9 / seen.size)
    assert (spins == 1).all()
