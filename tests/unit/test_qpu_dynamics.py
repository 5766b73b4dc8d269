"""Schedules, sweeps and the ways of reads through the dynamics of the emulated annealer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from isinglass.control import RunControl
from isinglass.errors import ParameterError
from isinglass.qpu import dynamics, schedule
from isinglass.qpu.calibrated import PHYSICS, physics_named
from isinglass.qpu.noise import Noise
from isinglass.qpu.physics import DYNAMICS, Physics
from isinglass.qpu.reads import CHAIN, Reads
from isinglass.qpu.sweeps import MOST_GROUPS, moments_of
from tests.qpu_programs import program, spins_of

QUICK = Physics("Advantage_system4", 20.0, 20.0, slices=8)


@pytest.mark.parametrize(
    ("name", "A0", "B1", "crossing"),
    [("DW_2000Q_6", 9.966, 11.977, 0.405), ("Advantage_system4", 9.84, 8.477, 0.279),
     ("Advantage_system6", 9.63, 7.57, 0.287), ("Advantage2_system1", 11.31, 14.73, 0.266),
     ("Advantage2_system2", 10.0, 13.76, 0.235), ("Advantage2_system4", 10.0, 13.91, 0.244)],
)  # fmt: skip
def test_schedules_are_the_published_ones(name: str, A0: float, B1: float, crossing: float) -> None:
    table = schedule.load(name)
    A, B = table.at(np.array([0.0, 1.0, crossing - 0.005, crossing + 0.005]))
    assert A[0] == pytest.approx(A0, rel=1e-2) and B[1] == pytest.approx(B1, rel=1e-2)
    assert A[2] > B[2] and A[3] < B[3]
    assert (np.diff(table.A_ghz) < 0).all() and (np.diff(table.B_ghz) > 0).all()
    assert table.where_A_is(0.0165) == pytest.approx(0.65, abs=0.1)


def test_every_preset_has_a_physics_of_its_schedule() -> None:
    assert sorted(PHYSICS) == schedule.names()
    for name, physics in PHYSICS.items():
        assert physics_named(name) is physics and physics.schedule == name
    with pytest.raises(ParameterError, match="did you mean 'Advantage_system4'"):
        physics_named("Advantage_sytem4")


def test_bad_physics_is_named() -> None:
    for wrong, words in (
        ({"dynamics": "svmc_tf"}, "did you mean 'svmc-tf'"),
        ({"temperature_mk": 0.0}, "temperature_mk=0.0"),
        ({"sweeps_per_us": float("inf")}, "sweeps_per_us=inf"),
        ({"slices": 12}, "slices=12 is not 8, 16, 32 or 64"),
    ):
        with pytest.raises(ParameterError, match=words):
            replace(QUICK, **wrong)
    with pytest.raises(ParameterError, match="schedule='X'"):
        moments_of(program([0.0]), replace(QUICK, schedule="X"))
    with pytest.raises(ParameterError, match="fast anneals of DW_2000Q_6"):
        moments_of(program([0.0], fast=True), replace(QUICK, schedule="DW_2000Q_6"))


def test_sweeps_follow_the_waveform() -> None:
    physics = replace(QUICK, sweeps_per_us=100.0, sweep_exponent=0.5)
    whole, halves = ([[0, 0], [20, 1]]), ([[0, 0], [10, 0.5], [20, 1]])
    assert len(schedule.moments(np.array(whole, float), physics)[1]) == 2000
    assert len(schedule.moments(np.array(halves), physics)[1]) == pytest.approx(2000, abs=2)
    s = schedule.moments(np.array([[0, 1], [5, 0.4], [25, 0.4], [30, 1]]), physics)[1]
    # A pause counts as a quarter of an anneal of its duration: 2000 sqrt(1 / 4).
    assert (s == 0.4).sum() == 1000
    assert s[0] > 0.99 and s[-1] > 0.99 and s.min() == 0.4
    assert len(schedule.moments(np.array([[0, 0], [0.005, 1]]), replace(QUICK, sweeps_per_us=1.0))[1]) == 1


def test_offsets_share_groups() -> None:
    offsets = np.linspace(-0.1, 0.1, 500)
    moments = moments_of(program(np.zeros(500), anneal_offsets=offsets, time=1.0), QUICK)
    assert moments.A_kt.shape[1] == MOST_GROUPS and moments.group.max() == MOST_GROUPS - 1
    middle = len(moments.s) // 2
    assert (np.diff(moments.A_kt[middle]) < 0).all() and (np.diff(moments.share[middle]) > 0).all()
    plain = moments_of(program(np.zeros(5), time=1.0), QUICK)
    assert plain.A_kt.shape[1] == 1 and (plain.share == 1).all()


@pytest.mark.parametrize("name", DYNAMICS)
@pytest.mark.parametrize("k", [0, 1, 2])
def test_smallest_programs(name: str, k: int) -> None:
    J = [0.5] if k == 2 else []
    asked = program([0.3] * k, [0] * len(J), [1] * len(J), J, num_reads=3, time=1.0)
    spins = dynamics.run(asked, replace(QUICK, dynamics=name), 1, RunControl())
    assert spins.dtype == np.int8 and spins.shape == (3, k) and (np.abs(spins) == 1).all()


@pytest.mark.parametrize("name", ["svmc-tf", "svmc", "pimc"])
def test_every_kind_of_anneal_runs(name: str) -> None:
    physics = replace(QUICK, dynamics=name, noise=Noise(chi=-0.02, bath_h=0.01, drift_h=0.01))
    state = np.array([1, -1, 1], np.int8)
    kinds: list[dict[str, Any]] = [
        {"fast": True, "time": 0.1},
        {"anneal_offsets": [0.1, 0.0, -0.1]},
        {"waveform": [[0, 1], [1, 0.4], [2, 0.4], [3, 1]], "initial_state": state},
        {"waveform": [[0, 1], [1, 0.4], [2, 1]], "initial_state": state, "reinitialize_state": False},
        {"waveform": [[0, 0], [1, 0.5], [3, 0.5], [3.5, 1]]},
    ]
    for kind in kinds:
        spins = spins_of(program([0.1, 0, -0.1], [0, 1], [1, 2], [-1.0, -1.0], num_reads=20, **kind), physics)
        assert spins.shape == (20, 3)


def test_a_cancelled_run_returns_the_reads_it_has() -> None:
    control = RunControl(num_threads=1)
    control.cancel()
    spins = dynamics.run(program(np.zeros(50), num_reads=500, time=2000.0), QUICK, 1, control)
    assert spins.shape[1] == 50 and len(spins) < 500


@pytest.mark.parametrize("lanes", [1, 16])
@pytest.mark.parametrize("reads", [1, 7, 16, 100, 1000])
def test_chains_hold_every_read_once_and_in_order(lanes: int, reads: int) -> None:
    asked = program([0.0], num_reads=reads)
    for physics in (QUICK, replace(QUICK, noise=Noise(bath_h=0.1))):
        tasks = Reads(asked, physics, 1, 0).chains(lanes)
        numbers = np.concatenate([task.T.ravel() for task in tasks])
        assert sorted(numbers[numbers >= 0]) == list(range(reads))
        for task in tasks:
            assert task.shape[1] <= lanes and task.shape[0] <= (CHAIN if physics.noise.bath_h else 1)
            steps = np.diff(task, axis=0)
            assert ((steps == 1) | (task[1:] == -1)).all()
