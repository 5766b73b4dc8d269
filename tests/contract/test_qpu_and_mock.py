"""Where dwave-system's MockDWaveSampler ignores, omits or fixes something, the emulated annealer does not.

A test a row of what that mock lacks; ranges and answers have files of their own (tests/unit/test_qpu_*.py).
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import dimod
import numpy as np
import pytest
from dwave.system.testing import MockDWaveSampler

from isinglass.errors import ParameterError
from isinglass.qpu import Noise, Physics, QPUSampler, QPUSolver, make_properties, whole_graph
from isinglass.qpu.models import MODELS
from isinglass.qpu.parameters import PARAMETERS

REVERSE = [[0.0, 1.0], [5.0, 0.4], [10.0, 1.0]]


@cache
def everything() -> QPUSampler:
    """A machine that takes every parameter there is."""
    every = tuple(name for name in PARAMETERS if name != "label")
    properties = make_properties(whole_graph("chimera", [2, 2, 4]), "Advantage_system4", parameters=every)
    return QPUSampler(QPUSolver(properties=properties))


@cache
def glass(fields: bool) -> dimod.BQM:
    rng, sampler = np.random.default_rng(1), everything()
    J = {edge: float(rng.choice([-0.1, 0.1])) for edge in sampler.edgelist}
    return dimod.BQM.from_ising({q: 0.05 * fields for q in sampler.nodelist}, J)


def per_qubit(value: float) -> list[float]:
    return [value * (-1) ** q for q in range(everything().properties["num_qubits"])]


UP, DOWN = ({q: spin for q in range(32)} for spin in (1, -1))
# What is compared, and what one of the two calls has beyond the other: in each pair the parameter of the key.
PAIRS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "anneal_offsets": ({}, {}, {"anneal_offsets": per_qubit(0.1)}),
    "anneal_schedule": ({}, {}, {"anneal_schedule": [[0, 0], [5, 0.3], [15, 0.3], [20, 1]]}),
    "annealing_time": ({}, {}, {"annealing_time": 0.5}),
    "auto_scale": ({}, {}, {"auto_scale": True}),
    "beta": ({"postprocess": "sampling"}, {"beta": 0.1}, {"beta": 10.0}),
    "chains": ({"postprocess": "optimization"}, {}, {"chains": [[0, 4], [1, 5]]}),
    "fast_anneal": ({"annealing_time": 1.0}, {}, {"fast_anneal": True}),
    "flux_biases": ({}, {}, {"flux_biases": per_qubit(1e-4)}),
    "flux_drift_compensation": ({}, {}, {"flux_drift_compensation": False}),
    "h_gain_schedule": ({}, {}, {"h_gain_schedule": [[0, 1], [10, -1], [20, 1]]}),
    "initial_state": ({"anneal_schedule": REVERSE}, {"initial_state": UP}, {"initial_state": DOWN}),
    "num_spin_reversal_transforms": ({}, {}, {"num_spin_reversal_transforms": 4}),
    "postprocess": ({}, {}, {"postprocess": "optimization"}),
    "programming_thermalization": ({}, {}, {"programming_thermalization": 0.0}),
    "readout_thermalization": ({}, {}, {"readout_thermalization": 1000.0}),
    "reduce_intersample_correlation": ({}, {}, {"reduce_intersample_correlation": True}),
    "reinitialize_state": (
        {"anneal_schedule": REVERSE, "initial_state": UP}, {}, {"reinitialize_state": False}
    ),
    "seed": ({"seed": None}, {"seed": 1}, {"seed": 2}),
}  # fmt: skip
OF_THE_TABLE = ("answer_mode", "label", "max_answers", "num_reads")
"""Tested by what they do, below."""


def test_every_parameter_is_looked_at() -> None:
    assert set(PAIRS) - {"seed"} | set(OF_THE_TABLE) == set(PARAMETERS)


@pytest.mark.parametrize("name", PAIRS)
def test_no_parameter_is_ignored(name: str) -> None:
    # The mock warns that it ignores these. Here the same seed gives other states as soon as one changes, and
    # only then. Unscaled, the couplings are of about kT, so that no two reads end in the same state.
    common, *two = PAIRS[name]
    common = {"seed": 1, "num_reads": 24, "answer_mode": "raw", "auto_scale": False} | common
    bqm = glass(fields=name != "fast_anneal")
    one, other, again = (
        everything().sample(bqm, **(common | given)).record.sample for given in (*two, two[0])
    )
    assert (one != other).any() and (one == again).all()


def test_rows_are_as_asked_for() -> None:
    sampler, bqm = everything(), glass(fields=True)
    for reads in (1, 7):
        assert sampler.sample(bqm, num_reads=reads, seed=1).record.num_occurrences.sum() == reads
    raw = sampler.sample(bqm, num_reads=9, answer_mode="raw", max_answers=4, label="mine", seed=1)
    assert len(raw) == 4 and raw.info["problem_label"] == "mine"
    for wrong in ({"answer_mode": "zzz"}, {"num_reads": 20000}, {"annealing_time": 1e9}):
        with pytest.raises(ParameterError, match=next(iter(wrong))):
            sampler.sample(bqm, **wrong)


def test_small_problems_are_sampled_and_not_solved() -> None:
    # The mock puts an exact ground state in the first row of up to 16 variables. A weak field is no order.
    first = [
        everything().sample_ising({0: 0.05}, {}, auto_scale=False, seed=k).first.sample[0] for k in range(40)
    ]
    assert set(first) == {-1, 1}


def test_energy_falls_with_the_time_of_fast_anneals() -> None:
    given = {"fast_anneal": True, "num_reads": 200, "seed": 1, "answer_mode": "raw"}
    quick, slow = (
        everything().sample(glass(fields=False), annealing_time=time, **given).record.energy.mean()
        for time in (0.005, 5.0)
    )
    assert slow < quick - 0.1  # one coupling's worth


def test_reads_are_correlated_and_the_delay_undoes_it() -> None:
    physics = Physics(
        "Advantage_system4", 20.0, 100.0, dynamics="pimc", slices=16, noise=Noise(bath_h=0.05, bath_us=300.0)
    )
    sampler = QPUSampler(QPUSolver(properties=everything().properties, physics=physics))
    correlation = []
    for delay in (False, True):
        result = sampler.sample_ising(
            dict.fromkeys(sampler.nodelist, 0.0), {}, num_reads=640, annealing_time=1, answer_mode="raw",
            seed=1, reduce_intersample_correlation=delay,
        )  # fmt: skip
        spins = result.record.sample.astype(float)
        correlation.append((spins[:-1] * spins[1:]).mean())
    # Reads are some 125 µs apart, 625 with the delay: tanh(4.7 * 0.05 * 1.2 exp(-125 / 300)) = 0.18 for 7 of
    # 8 pairs, and 0.03. The standard error of a mean of 639 * 32 products is 0.007.
    assert correlation[0] > 0.12 and abs(correlation[1]) < 0.06


def test_timing_is_no_constant() -> None:
    times = {
        reads: everything().sample(glass(fields=True), num_reads=reads, seed=1).info["timing"]
        for reads in (1, 50)
    }
    assert times[50]["qpu_sampling_time"] == pytest.approx(50 * times[1]["qpu_sampling_time"], rel=1e-4)
    mock = MockDWaveSampler(topology_type="chimera", topology_shape=[2, 2, 4])
    h = dict.fromkeys(mock.nodelist, 0.0)
    theirs = [
        mock.sample_ising(h, {}, num_reads=reads).info["timing"]["qpu_access_time"] for reads in (1, 50)
    ]
    assert theirs[0] == theirs[1]  # if this fails, the mock has caught up


# D-Wave's solver properties (documentation, and recorded solver descriptions).
PUBLISHED: dict[str, dict[str, Any]] = {
    "DW_2000Q": {
        "h_range": [-2, 2], "per_qubit_coupling_range": [-9, 6], "annealing_time_range": [1, 2000],
        "h_gain_schedule_range": [-5, 5], "tags": ["lower_noise"],
    },
    "Advantage_": {
        "h_range": [-4, 4], "per_qubit_coupling_range": [-18, 15], "annealing_time_range": [0.5, 2000],
        "fast_anneal_time_range": [0.005, 2000], "tags": [],
    },
    "Advantage2": {
        "h_range": [-6, 6], "per_group_coupling_range": [-13, 10], "annealing_time_range": [0.5, 2000],
        "fast_anneal_time_range": [0.005, 2000], "h_gain_schedule_range": [-1, 1], "tags": [],
    },
}  # fmt: skip
OF_ALL = {
    "j_range": [-1, 1], "extended_j_range": [-2, 1], "default_annealing_time": 20,
    "default_programming_thermalization": 1000, "default_readout_thermalization": 0,
    "programming_thermalization_range": [0, 10000], "readout_thermalization_range": [0, 10000],
    "problem_run_duration_range": [0, 1000000], "num_reads_range": [1, 10000],
    "max_anneal_schedule_points": 12, "max_h_gain_schedule_points": 20, "category": "qpu",
    "quota_conversion_rate": 1, "supported_problem_types": ["ising", "qubo"],
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(MODELS))
def test_properties_are_the_published_ones(name: str) -> None:
    solver = QPUSolver(name)
    properties = solver.properties
    expected = next(values for start, values in PUBLISHED.items() if name.startswith(start))
    assert {key: properties[key] for key in OF_ALL | expected} == OF_ALL | expected
    assert ("per_qubit_coupling_range" in properties) != ("per_group_coupling_range" in properties)
    assert ("fast_anneal" in properties["parameters"]) == ("fast_anneal_time_range" in properties)
    assert all(key.isidentifier() for key in properties["parameters"])
    assert properties["vfyc"] == (name == "DW_2000Q_VFYC")
    assert properties["problem_timing_data"]["version"].startswith("1.0.")
    assert solver.identity == {"name": name, "version": {"graph_id": solver.graph.graph_id}}


def test_a_machine_is_cloned_from_its_properties() -> None:
    real = json.loads(
        json.dumps(QPUSolver("Advantage_system6").properties | {"chip_id": "Advantage_system6.4"})
    )
    clone = QPUSolver(properties=real)
    assert clone.graph.graph_id == QPUSolver("Advantage_system6").graph.graph_id
    assert clone.physics.schedule == "Advantage_system6"
