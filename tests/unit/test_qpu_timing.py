"""Published check values of the timing model, and answers that agree with it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from isinglass.errors import ParameterError
from isinglass.qpu.sampler import QPUSampler
from isinglass.qpu.timing import quota_seconds

CHIMERA, PEGASUS, ZEPHYR = "DW_2000Q_6", "Advantage_system4", "Advantage2_system1"
REVERSE = [[0, 1], [10, 0.5], [20, 1]]


@pytest.fixture(scope="module")
def samplers() -> dict[str, QPUSampler]:
    return {name: QPUSampler(name) for name in (CHIMERA, PEGASUS, ZEPHYR)}


# Values that the cloud client's estimate_qpu_access_time gives on the machines' published timing data.
@pytest.mark.parametrize(
    ("model", "parameters", "expected"),
    [
        (PEGASUS, {"num_qubits": 1}, 15148.02),
        (CHIMERA, {"num_qubits": 1}, 11775.75),
        (ZEPHYR, {"num_qubits": 1}, 34740.55),
        (PEGASUS, {"num_qubits": 1000}, 15341.18),
        (CHIMERA, {"num_qubits": 1000}, 11775.75),
        (ZEPHYR, {"num_qubits": 1000}, 34815.12),
        (PEGASUS, {"num_qubits": 1000, "num_reads": 500}, 149225.12),
        (CHIMERA, {"num_qubits": 1000, "num_reads": 500}, 131006.81),
        (ZEPHYR, {"num_qubits": 3, "num_reads": 100}, 46036.74),
        (PEGASUS, {"num_qubits": 100, "num_reads": 10, "reduce_intersample_correlation": True}, 22953.84),
        (CHIMERA, {"num_qubits": 100, "num_reads": 10, "reduce_intersample_correlation": True}, 19876.21),
        (PEGASUS, {"num_qubits": 100, "num_reads": 10, "reinitialize_state": True}, 16958.84),
        (CHIMERA, {"num_qubits": 100, "num_reads": 10, "reinitialize_state": True}, 19790.01),
        (PEGASUS, {"num_qubits": 100, "num_reads": 10, "reinitialize_state": False}, 16994.39),
        (CHIMERA, {"num_qubits": 100, "num_reads": 10, "reinitialize_state": False}, 14235.79),
    ],
)
def test_estimates_are_the_published_ones(
    samplers: dict[str, QPUSampler], model: str, parameters: dict[str, Any], expected: float
) -> None:
    sampler = samplers[model]
    if "reinitialize_state" in parameters:
        state = [3] * sampler.properties["num_qubits"]
        parameters = parameters | {"anneal_schedule": REVERSE, "initial_state": state}
    assert sampler.estimate_qpu_access_time(**parameters) == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize(("model", "expected"), [(PEGASUS, 29396.29), (CHIMERA, 40130.81)])
def test_thermalization_counts(samplers: dict[str, QPUSampler], model: str, expected: float) -> None:
    estimate = samplers[model].estimate_qpu_access_time(
        3, num_reads=100, annealing_time=50, readout_thermalization=7, programming_thermalization=2000
    )
    assert estimate == pytest.approx(expected, abs=0.005)


def test_estimate_is_the_clients(samplers: dict[str, QPUSampler]) -> None:
    from dwave.cloud.solver import StructuredSolver

    data = {
        "id": "x", "identity": {"name": "x", "version": {"graph_id": "0"}}, "status": "ONLINE",
        "description": "", "properties": samplers[ZEPHYR].properties,
    }  # fmt: skip
    client = StructuredSolver(client=None, data=data)
    rng = np.random.default_rng(1)
    for _ in range(20):
        given = {
            "num_reads": int(rng.integers(1, 50)),
            "annealing_time": round(float(rng.uniform(0.5, 200)), 2),
            "readout_thermalization": float(rng.integers(0, 500)),
            "programming_thermalization": float(rng.integers(1, 5000)),
            "reduce_intersample_correlation": bool(rng.integers(2)),
        }
        n = int(rng.integers(1, 4000))
        theirs = client.estimate_qpu_access_time(n, **given)
        assert samplers[ZEPHYR].estimate_qpu_access_time(n, **given) == pytest.approx(theirs, rel=1e-12)


def test_answers_agree_with_the_estimate(samplers: dict[str, QPUSampler]) -> None:
    sampler = samplers[CHIMERA]
    given = {"num_reads": 7, "annealing_time": 3, "readout_thermalization": 40}
    result = sampler.sample_ising({0: -1}, {(0, 4): 1}, seed=1, **given)
    timing = result.info["timing"]
    estimate = sampler.estimate_qpu_access_time(2, **given)
    assert timing["qpu_access_time"] == pytest.approx(estimate, abs=1e-3)
    assert timing["qpu_access_time"] == pytest.approx(
        timing["qpu_programming_time"] + timing["qpu_sampling_time"], abs=1e-2
    )
    one_read = sum(timing[f"qpu_{part}_time_per_sample"] for part in ("anneal", "readout", "delay"))
    assert timing["qpu_sampling_time"] == pytest.approx(7 * one_read, abs=1e-2)
    assert result.info["emulator"]["charge_seconds"] == pytest.approx(estimate * 1e-6)
    assert quota_seconds(2e6, {"quota_conversion_rate": 20}) == pytest.approx(0.1)
    # Two gauges program twice.
    twice = sampler.sample_ising({0: -1}, {(0, 4): 1}, seed=1, num_spin_reversal_transforms=2, **given)
    more = twice.info["timing"]["qpu_programming_time"]
    assert more == pytest.approx(2 * timing["qpu_programming_time"], abs=1e-2)


def test_run_duration_is_limited_before_anything_runs(samplers: dict[str, QPUSampler]) -> None:
    # (2000 + 0) * 500 + 1000 = 1001000 > 1000000, and one read fewer fits.
    sampler = samplers[PEGASUS]
    with pytest.raises(ParameterError, match=r"parameters exceeded: 1001000 > 1000000"):
        sampler.estimate_qpu_access_time(10, num_reads=500, annealing_time=2000)
    assert sampler.estimate_qpu_access_time(10, num_reads=499, annealing_time=2000) > 998000
