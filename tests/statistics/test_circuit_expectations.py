"""Expectation values by shots lie where the exact ones say."""

from __future__ import annotations

import math

import numpy as np
import pytest

from isinglass.circuits import ParallelSimulator, expectation, expectation_values
from isinglass.circuits.shot_distribution import SHOT_DISTRIBUTIONS
from tests.oracle.test_circuit_states import text_of

OBSERVABLE = {"ZZI": 1.5, "IZZ": -0.7, "XXI": 0.4, "IYX": 0.9, "ZII": 0.2, "III": 3.0}
GATES = [("ry", (0.8,), (0,)), ("cx", (), (0, 1)), ("rx", (1.1,), (2,)), ("cz", (), (1, 2)), ("h", (), (1,)),
         ("rz", (0.4,), (1,)), ("ryy", (0.6,), (1, 2))]  # fmt: skip
TEXT = text_of(GATES, 3)


@pytest.mark.parametrize("law", SHOT_DISTRIBUTIONS)
def test_sampled_values_and_their_errors(law: str) -> None:
    """Forty values: their mean within 4 standard errors, their spread as the errors claim."""
    runner = ParallelSimulator(seed=5)
    exact = expectation(TEXT, OBSERVABLE).value
    found = expectation_values([TEXT] * 40, OBSERVABLE, runner, shots=3000, shot_distribution=law)
    values = np.array([one.value for one in found.values()])
    error = math.sqrt(sum(one.std_error**2 for one in found.values()) / 40)
    # 4 sigma of a mean of 40: chance of failure 6e-5.
    assert abs(values.mean() - exact) < 4 * error / math.sqrt(40)
    # The ratio of variances is chi-square(39)/39: outside 0.35..2.1 with chance below 1e-4.
    assert 0.35 < values.var(ddof=1) / error**2 < 2.1
    assert {one.shots for one in found.values()} == {2700 if law == "variance" else 3000}


def test_shots_by_variance_go_where_the_noise_is() -> None:
    """Z is certain and X is a coin: sigma ~ sqrt(1/2700) against sqrt(2 / 3000) for even shares."""
    text = text_of([("id", (), (0,))], 1)
    runner = ParallelSimulator(seed=1)
    uniform, varied = (
        expectation(text, {"Z": 1.0, "X": 1.0}, runner, shots=3000, shot_distribution=law).std_error
        for law in ("uniform", "variance")
    )
    assert uniform == pytest.approx(math.sqrt(1 / 1500), rel=0.01)
    assert varied < 0.85 * uniform


def test_noisy_engines_answer_by_shots() -> None:
    noisy = ParallelSimulator(qiskit_backend="aer_simulator", seed=3)
    found = expectation(TEXT, OBSERVABLE, noisy, shots=4000)
    exact = expectation(TEXT, OBSERVABLE).value
    # 5 sigma.
    assert abs(found.value - exact) < 5 * found.std_error and found.std_error > 0
