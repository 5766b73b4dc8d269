"""What an emulated anneal must do: closed forms where there are any, and the signs of physical effects.

Bounds are 4.5 standard errors unless a comment derives another; seeds are fixed.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import iv, modstruve

import isinglass
from isinglass.qpu import schedule
from isinglass.qpu.calibrated import physics_named
from isinglass.qpu.freeze_out import effective_beta
from isinglass.qpu.noise import Noise
from isinglass.qpu.physics import Physics
from tests.qpu_programs import program, spins_of

SIGMAS = 4.5
PHYSICS = Physics("Advantage_system4", 20.0, 100.0, move_width=1.5e5)
COPIES = 500


def copies_of_a_chain(length: int, J: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    site = np.arange(COPIES * length).reshape(COPIES, length)
    row, col = site[:, :-1].ravel(), site[:, 1:].ravel()
    return row, col, np.full(row.size, J)


@pytest.mark.parametrize("dynamics", ["pimc", "boltzmann"])
def test_single_qubits_are_boltzmann_distributed(dynamics: str) -> None:
    # P(s) ~ exp(-beta h s): <s> = -tanh(beta h). At the freeze-out point A / B is 0.4 %: the transverse field
    # moves <s> by less than (A / B)^2 / h^2 < 0.007.
    physics = replace(PHYSICS, dynamics=dynamics)
    h = np.repeat([0.05, 0.2, -0.4], COPIES)
    asked = program(h, time=4.0, num_reads=16)
    spins = spins_of(asked, physics).reshape(16, 3, COPIES)
    expected = -np.tanh(effective_beta(asked, physics) * h.reshape(3, COPIES)[:, 0])
    error = np.sqrt((1 - expected**2) / (16 * COPIES))
    # The freeze-out is not sudden: the last sweeps of "pimc" see a B that grows by a percent a sweep.
    assert (np.abs(spins.mean((0, 2)) - expected) < SIGMAS * error + 0.01).all()


@pytest.mark.parametrize("dynamics", ["pimc", "boltzmann"])
@pytest.mark.parametrize("length", [2, 4])
def test_pairs_and_chains_are_boltzmann_distributed(dynamics: str, length: int) -> None:
    # Bonds of an open chain are independent: <s_i s_i+1> = -tanh(beta J).
    physics = replace(PHYSICS, dynamics=dynamics)
    row, col, J = copies_of_a_chain(length, 0.15)
    asked = program(np.zeros(COPIES * length), row, col, J, time=4.0, num_reads=16)
    spins = spins_of(asked, physics)
    bonds = spins[:, row] * spins[:, col]
    expected = -np.tanh(effective_beta(asked, physics) * 0.15)
    error = np.sqrt((1 - expected**2) / bonds.size)
    assert abs(bonds.mean() - expected) < SIGMAS * error + 0.01


def test_free_rotors_end_in_their_own_equilibrium() -> None:
    # SVMC never freezes: at s = 1, A = 0, P(phi) ~ exp(-b sin phi), b = B h / 2kT, on half a turn; so
    # P(up) / P(down) = (I0 - L0)(b) / (I0 + L0)(b), Bessel and Struve functions.
    physics = replace(PHYSICS, dynamics="svmc")
    spins = spins_of(program(np.full(COPIES, 0.1), time=8.0, num_reads=32), physics)
    B = schedule.load("Advantage_system4").B_ghz[-1]
    b = 0.1 * B / (2 * physics.temperature_ghz)
    expected = -modstruve(0, b) / iv(0, b)
    assert abs(spins.mean() - expected) < SIGMAS * np.sqrt((1 - expected**2) / spins.size) + 0.01


@pytest.mark.parametrize("name", ["DW_2000Q_6", "Advantage_system4", "Advantage2_system1"])
@pytest.mark.parametrize("size", [1, 2, 4])
def test_the_default_is_boltzmann_distributed_on_small_problems(name: str, size: int) -> None:
    # Rotors come to rest as spins at the freeze-out point: copies of one cluster of random fields and
    # couplings, all to all and of about kT (no barriers), show its 2^size states as often as exp(-beta E) has
    # it. A sum of squares over 2^size - 1 degrees of freedom has that mean and a variance of twice that.
    physics = replace(physics_named(name), noise=Noise.none())
    rng, beta = np.random.default_rng(size), effective_beta(program([0.0]), physics)
    h, pairs = rng.normal(0, 0.5 / beta, size), np.argwhere(np.triu(np.ones((size, size)), 1))
    J = rng.normal(0, 0.7 / beta, len(pairs))
    site = np.arange(COPIES * size).reshape(COPIES, size)
    row, col = site[:, pairs[:, 0]].ravel(), site[:, pairs[:, 1]].ravel()
    asked = program(np.tile(h, COPIES), row, col, np.tile(J, COPIES), time=20.0, num_reads=48)
    spins = spins_of(asked, physics).reshape(-1, size)
    states = 2.0 * (np.arange(2**size)[:, None] >> np.arange(size) & 1) - 1
    weight = np.exp(-beta * (states @ h + (states[:, pairs].prod(axis=2) @ J)))
    expected = len(spins) * weight / weight.sum()
    seen = np.bincount(((spins > 0) @ (1 << np.arange(size))).astype(int), minlength=2**size)
    freedom = 2**size - 1
    distance = ((seen - expected) ** 2 / expected).sum()
    assert distance < freedom + SIGMAS * np.sqrt(2 * freedom)


@pytest.mark.parametrize("length", [2, 4])
@pytest.mark.parametrize("J", [-0.3, 0.15])
def test_chains_of_the_default_have_the_stated_temperature(length: int, J: float) -> None:
    # Bonds of an open chain are independent: <s_i s_i+1> = -tanh(beta J).
    physics = replace(physics_named("Advantage_system4"), noise=Noise.none())
    row, col, couplings = copies_of_a_chain(length, J)
    asked = program(np.zeros(COPIES * length), row, col, couplings, time=20.0, num_reads=48)
    spins = spins_of(asked, physics)
    bonds = spins[:, row] * spins[:, col]
    expected = -np.tanh(effective_beta(asked, physics) * J)
    assert abs(bonds.mean() - expected) < SIGMAS * np.sqrt((1 - expected**2) / bonds.size)


def test_what_never_passed_the_freeze_out_point_stays() -> None:
    # From s = 0.9 a reverse anneal has no transverse field to turn a qubit, and no rest to come to.
    state = np.ones(COPIES, np.int8)
    asked = program(
        np.full(COPIES, 0.3), waveform=[[0, 1], [2, 0.9], [4, 1]], initial_state=state, num_reads=4
    )
    assert (spins_of(asked, physics_named("Advantage_system4")) == 1).mean() > 0.999  # readout errors


def glass(n: int = 48, seed: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    row, col = np.nonzero(np.triu(rng.random((n, n)) < 0.25, 1))
    return row, col, rng.choice([-1.0, 1.0], row.size)


def energies(time: float, physics: Physics, num_reads: int = 64, **others: object) -> np.ndarray:
    row, col, J = glass()
    asked = program(np.zeros(48), row, col, J, time=time, num_reads=num_reads, **others)
    spins = spins_of(asked, physics)
    return (spins[:, row] * spins[:, col]) @ J


@pytest.mark.parametrize("dynamics", ["svmc-tf", "svmc", "pimc"])
def test_longer_anneals_end_lower(dynamics: str) -> None:
    physics = replace(PHYSICS, dynamics=dynamics)
    quick, slow = energies(0.05, physics), energies(5.0, physics)
    # The difference of two means, in standard errors.
    error = np.sqrt((quick.var() + slow.var()) / 64)
    assert quick.mean() - slow.mean() > SIGMAS * error


def test_a_slow_anneal_ends_in_the_ground_state() -> None:
    row, col, J = glass()
    edges = {(int(i), int(j)): value for i, j, value in zip(row, col, J, strict=True)}
    lowest = isinglass.solve((np.zeros(48), edges), solver="parallel_tempering", seed=1).first.energy
    assert energies(0.05, PHYSICS).mean() > lowest + 5
    assert (energies(100.0, PHYSICS) == lowest).mean() > 0.4


def reverse(s: float, **others: object) -> np.ndarray:
    """Overlap of each read with the state that a reverse anneal to ``s`` started from."""
    state = np.random.default_rng(5).choice([-1, 1], 200).astype(np.int8)
    asked = program(
        np.full(200, 0.05),
        waveform=[[0, 1], [2, s], [4, s], [6, 1]],
        initial_state=state,
        num_reads=16,
        **others,
    )
    return (spins_of(asked, PHYSICS) * state).mean(axis=1)


def test_reverse_anneals_keep_or_forget_by_depth() -> None:
    assert (reverse(0.9) == 1).all()
    # Forgotten: the overlap of 200 independent qubits has a standard deviation below 1 / sqrt(200).
    assert np.abs(reverse(0.2)).max() < SIGMAS / np.sqrt(200) + np.tanh(0.05 * 5)


def test_without_reinitialisation_memory_is_handed_on() -> None:
    # A little is forgotten in each read; a chain of reads goes on from what is left.
    s = 0.86  # the edge: free rotors of this width turn below it and stand above
    again, onwards = reverse(s), reverse(s, reinitialize_state=False)
    # The overlap of 200 qubits has a standard deviation below 1 / sqrt(200) = 0.07.
    assert again.mean() > 0.3
    assert np.abs(again - again.mean()).max() < SIGMAS / np.sqrt(200)
    assert onwards[0] == pytest.approx(again.mean(), abs=SIGMAS / np.sqrt(200))
    assert onwards[8:].mean() < again.mean() - SIGMAS / np.sqrt(200 * 8)


def test_a_pause_helps_near_freeze_out_and_not_at_the_end() -> None:
    def paused(s: float) -> float:
        shape = [[0, 0], [0.3 * s, s], [0.3 * s + 20, s], [20.3, 1]]
        return float(energies(0.0, PHYSICS, waveform=shape).mean())

    plain = energies(0.3, PHYSICS)
    error = np.sqrt(2 * plain.var() / 64)
    assert paused(0.3) < plain.mean() - SIGMAS * error
    assert paused(0.95) > plain.mean() - SIGMAS * error


def test_offsets_move_the_freezing_of_a_qubit() -> None:
    # Qubits that freeze later freeze at a larger B, so at a lower effective temperature.
    for sign in (-1.0, 1.0):
        offsets = np.zeros(COPIES)
        offsets[::2] = sign * 0.2
        asked = program(np.full(COPIES, 0.1), anneal_offsets=offsets, num_reads=256, time=4.0)
        spins = spins_of(asked, PHYSICS)
        moved, other = -spins[:, ::2].mean(), -spins[:, 1::2].mean()
        assert -sign * (moved - other) > SIGMAS * np.sqrt(2 / (128 * COPIES))


def test_h_gain_and_flux_biases_are_fields() -> None:
    h, n = np.full(COPIES, 0.2), COPIES
    off = spins_of(program(h, h_gain=np.array([[0, 0.0], [20, 0.0]]), num_reads=16), PHYSICS)
    assert abs(off.mean()) < SIGMAS / np.sqrt(16 * n)
    biased = spins_of(program(0 * h, flux_biases=np.full(n, 2e-4), num_reads=16), PHYSICS)
    assert biased.mean() > 0.5


def test_gauges_average_static_noise() -> None:
    # One qubit's error is the same in every gauge, its program turned: the mean over gauges of the
    # magnetisation (turned back) loses the part of the error that belongs to the chip.
    physics = replace(PHYSICS, noise=Noise(sigma_h=0.1, chip_share=1.0))
    h = np.zeros(COPIES)
    means = []
    for gauges in (1, 8):
        total = np.zeros(COPIES)
        for cycle in range(gauges):
            turn = np.random.default_rng(cycle).choice([-1.0, 1.0], COPIES)
            spins = spins_of(program(turn * h, num_reads=64 // gauges, time=4.0), physics, cycle=cycle)
            total += (spins * turn).mean(axis=0) / gauges
        means.append(np.sqrt((total**2).mean()))
    # Eight gauges: the bias falls by sqrt 8 on average, the sampling error (1 / sqrt(64 reads)) stays.
    assert means[1] < 0.6 * means[0]


def test_the_bath_correlates_reads_and_delay_undoes_it() -> None:
    physics = replace(PHYSICS, dynamics="pimc", noise=Noise(bath_h=0.05, bath_us=300.0))
    correlation = []
    for spacing in (150.0, 3000.0):
        asked = program(np.zeros(COPIES), num_reads=128, time=4.0, read_spacing_us=spacing)
        spins = spins_of(asked, physics)
        correlation.append((spins[:-1] * spins[1:]).mean())
    # Within a chain of eight reads <s s'> = tanh(beta bath exp(-spacing / time)), 7 of 8 pairs are within;
    # at the freeze-out point a flux counts for sqrt(B(1) / B) more.
    beta, table = effective_beta(asked, physics), schedule.load("Advantage_system4")
    pull = np.sqrt(table.B_ghz[-1] / table.at(np.array(table.where_A_is(0.0165)))[1])
    expected = 7 / 8 * np.tanh(beta * 0.05 * np.exp(-0.5) * pull)
    assert abs(correlation[0] - expected) < SIGMAS / np.sqrt(128 * COPIES) + 0.01
    assert abs(correlation[1]) < SIGMAS / np.sqrt(128 * COPIES)


def test_less_thermalization_is_hotter_reads() -> None:
    h, warm = np.full(COPIES, 0.1), replace(physics_named("Advantage_system4"), noise=Noise(heat=1.0))
    cold = replace(warm, noise=Noise.none())
    hasty = program(h, num_reads=24, programming_thermalization_us=0.0)
    mean = -spins_of(hasty, warm).mean(axis=1)
    # The first read at twice the temperature; after 1 ms, seven reads, all is as it was.
    beta = effective_beta(hasty, cold)
    assert mean[0] == pytest.approx(np.tanh(0.1 * beta / 2), abs=SIGMAS / np.sqrt(COPIES))
    assert mean[7:].mean() == pytest.approx(np.tanh(0.1 * beta), abs=SIGMAS / np.sqrt(17 * COPIES))
    patient = program(h, num_reads=24, programming_thermalization_us=1000.0)
    assert (spins_of(patient, warm) == spins_of(patient, cold)).all()


def test_the_same_seed_gives_the_same_reads_on_any_number_of_threads() -> None:
    row, col, J = glass()
    noisy = Noise(sigma_h=0.02, drift_h=0.02, bath_h=0.02, readout_error=0.01)
    for dynamics in ("svmc-tf", "pimc"):
        asked = program(np.zeros(48), row, col, J, time=0.5, num_reads=70)
        physics = replace(PHYSICS, noise=noisy, dynamics=dynamics)
        one, three = (spins_of(asked, physics, seed=9, threads=threads) for threads in (1, 3))
        assert (one == three).all() and len(one) == 70
        assert (one != spins_of(asked, physics, seed=10)).any()
