"""The Apollo machines: ranges, scaling, energies in the problem's own terms."""

from __future__ import annotations

import logging
from typing import Any

import dimod
import dimod.testing
import numpy as np
import pytest

import isinglass
from isinglass.errors import ParameterError, ProblemError
from isinglass.qpu.apollo import APOLLO_MODELS, ApolloSampler, scale_to
from isinglass.qpu.embedded import sample_embedded


@pytest.mark.parametrize("name", sorted(APOLLO_MODELS))
def test_conforms_to_dimod(name: str) -> None:
    sampler = ApolloSampler(name)
    dimod.testing.assert_sampler_api(sampler)
    assert sampler.properties["num_reads_range"] == [1, 100]
    for bqm in (dimod.BQM.from_ising({"a": 1}, {"ab": -1}, 0.5), dimod.BQM("BINARY")):
        result = sampler.sample(bqm, num_reads=10, shots=3, seed=1)
        dimod.testing.assert_response_energies(result, bqm)
        assert len(result) == 10


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"num_reads": 101}, r"num_reads_range is \[1, 100\]"),
        ({"annealing_time": 9}, r"annealing_time_range is \[10, 1000\]"),
        ({"annealing_time": 1001}, "annealing_time"),
        ({"shots": 6}, r"shots_range is \[1, 5\]"),
        ({"qpu_max_coeff": 0}, "above 0"),
        ({"num_read": 1}, "did you mean 'num_reads'"),
    ],
)
def test_ranges(given: dict[str, Any], match: str) -> None:
    with pytest.raises(ParameterError, match=match):
        ApolloSampler().sample(dimod.BQM("SPIN"), **given)


def test_large_coefficients_are_scaled_logged_and_not_seen(caplog: pytest.LogCaptureFixture) -> None:
    bqm = dimod.BQM({"a": -100.0, "b": 50.0}, {"ab": 120.0}, 3.0, "BINARY")
    with caplog.at_level(logging.INFO, "isinglass.qpu"):
        result = ApolloSampler().sample(bqm, seed=1)
    assert result.info["qpu"]["scale_factor"] == pytest.approx(9 / 120)
    assert "all scaled by 0.075" in caplog.text
    assert result.first.energy == -97.0 and result.first.sample == {"a": 1, "b": 0}
    assert ApolloSampler().sample(bqm, qpu_max_coeff=200.0).info["qpu"]["scale_factor"] == 1.0


def test_scale_is_of_the_coefficients_as_given() -> None:
    matrix = np.array([[0.0, 20.0], [0.0, 0.0]])
    for form in (matrix, matrix + matrix.T):
        assert scale_to(isinglass.compile(form, kind="ising"), 10.0) == pytest.approx(0.5)
    packed = isinglass.generate("sk", n=20, seed=1)
    assert scale_to(isinglass.compile(packed), 9.0) == 1.0


def test_sample_embedded_takes_them_too() -> None:
    graph = isinglass.generate("gnp", n=30, p=0.5, seed=1)
    result = sample_embedded(graph, "apollo_rc1", num_reads=5, seed=1)
    assert len(result) == 5 and result.info["solver"] == "qpu apollo_rc1"
    with pytest.raises(ParameterError, match="apollo_rc1 embeds nothing"):
        sample_embedded(graph, "apollo_rc1", embedding="clique")
    with pytest.raises(ProblemError, match="apollo_10000 takes 10000"):
        sample_embedded(dimod.BQM.from_ising(dict.fromkeys(range(10_001), 1.0), {}), "apollo_10000")
    with pytest.raises(ParameterError, match="did you mean 'apollo_rc1'"):
        ApolloSampler("apollo_rc")
