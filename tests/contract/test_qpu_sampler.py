"""The emulated annealer where a real one is expected: dimod's contracts and Ocean's composites."""

from __future__ import annotations

import time
import unittest
from typing import Any

import dimod
import dimod.testing
import numpy as np
import pytest
from dwave.system import (
    AutoEmbeddingComposite,
    DWaveCliqueSampler,
    EmbeddingComposite,
    FixedEmbeddingComposite,
    LazyFixedEmbeddingComposite,
    TilingComposite,
)
from dwave.system.composites import ReverseAdvanceComposite, ReverseBatchStatesComposite

from isinglass.errors import ParameterError
from isinglass.qpu import Noise, Physics
from isinglass.qpu.models import MODELS, make_properties
from isinglass.qpu.sampler import QPUSampler
from isinglass.qpu.solver import QPUSolver
from isinglass.qpu.working_graph import with_defects

FAST = {"annealing_time": 1, "num_reads": 5}


def small(kind: str) -> QPUSampler:
    shape, qubits, like = {
        "chimera": ([4, 4, 4], 120, "DW_2000Q_6"),
        "pegasus": ([4], 260, "Advantage_system4"),
        "zephyr": ([2, 4], 150, "Advantage2_system1"),
    }[kind]
    graph = with_defects(kind, shape, num_working=qubits, seed=1)
    return QPUSampler(QPUSolver(properties=make_properties(graph, like, chip_id=f"small {kind}")))


@pytest.fixture(scope="module", params=["chimera", "pegasus", "zephyr"])
def sampler(request: pytest.FixtureRequest) -> QPUSampler:
    return small(str(request.param))


TRIANGLE = dimod.BQM.from_ising({"a": -0.5}, {"ab": 1.0, "bc": 1.0, "ca": 1.0})


@pytest.mark.parametrize("name", sorted(MODELS))
def test_models_conform_to_dimod(name: str) -> None:
    sampler = QPUSampler(name)
    dimod.testing.assert_sampler_api(sampler)
    dimod.testing.assert_structured_api(sampler)
    a, b = sampler.edgelist[7]
    for bqm in (dimod.BQM.from_ising({a: 0.5}, {(a, b): -1.0}, 0.5), dimod.BQM.from_qubo({(a, b): -1.0})):
        result = sampler.sample(bqm, **FAST)
        dimod.testing.assert_response_energies(result, bqm)
        assert result.vartype is bqm.vartype
        assert result.info["timing"]["qpu_access_time"] > 0
    assert sampler.sample_qubo({(a, a): -1, (b, b): 1}, **FAST).first.sample[a] == 1


def embedding() -> EmbeddingComposite:
    return EmbeddingComposite(small("zephyr"))


@dimod.testing.load_sampler_bqm_tests(embedding)
class TestDimodSamplerSuite(unittest.TestCase):
    """dimod's own conformance kit fills this class; the labels of its tests are no qubits, so embedded."""


def test_networkx_graph_has_the_families_attributes(sampler: QPUSampler) -> None:
    graph = sampler.to_networkx_graph()
    assert sorted(graph.nodes) == sampler.nodelist
    assert {tuple(sorted(edge)) for edge in graph.edges} == set(sampler.edgelist)
    assert graph.graph["family"] == sampler.properties["topology"]["type"]


def test_embedding_composites(sampler: QPUSampler) -> None:
    for composite in (
        EmbeddingComposite(sampler), AutoEmbeddingComposite(sampler), LazyFixedEmbeddingComposite(sampler)
    ):  # fmt: skip
        result = composite.sample(TRIANGLE, num_reads=50, seed=1, return_embedding=True)
        dimod.testing.assert_response_energies(result, TRIANGLE)
        assert result.first.energy == -1.5
        assert result.info["timing"]["qpu_access_time"] > 0
    chains = result.info["embedding_context"]["embedding"]
    fixed = FixedEmbeddingComposite(sampler, embedding=chains)
    assert fixed.sample(TRIANGLE, num_reads=50, seed=1).first.energy == -1.5


def test_reverse_composites(sampler: QPUSampler) -> None:
    child = EmbeddingComposite(sampler)
    schedules = [[[0, 1], [2, 0.5], [4, 1]], [[0, 1], [2, 0.4], [4, 1]]]
    for given in ({}, {"reinitialize_state": False}):
        result = ReverseAdvanceComposite(child).sample(TRIANGLE, schedules, num_reads=4, **given)
        dimod.testing.assert_response_energies(result, TRIANGLE)
        assert set(result.record.schedule_index) == {0, 1}
    states = [{"a": 1, "b": -1, "c": 1}, {"a": -1, "b": -1, "c": 1}]
    batch = ReverseBatchStatesComposite(child)
    result = batch.sample(TRIANGLE, initial_states=states, anneal_schedule=schedules[0])
    dimod.testing.assert_response_energies(result, TRIANGLE)
    assert (result.record.initial_state == [list(state.values()) for state in states]).all()


@pytest.mark.filterwarnings("ignore:'TilingComposite' has been deprecated:DeprecationWarning")
@pytest.mark.parametrize("kind", ["chimera", "pegasus"])
def test_tiling_composite(kind: str) -> None:
    sampler = small(kind)
    tiled = TilingComposite(sampler, 1, 1, 4)
    result = tiled.sample_ising({}, {(0, 4): -1.0, (1, 4): 1.0}, num_reads=2)
    # Each tile answers each read.
    assert result.record.num_occurrences.sum() == 2 * tiled.num_tiles > 2
    assert result.first.energy == -2.0


class CliqueSampler(DWaveCliqueSampler):
    """The real one with an emulated machine instead of a client."""

    def __init__(self, child: QPUSampler) -> None:
        self.child = child


def test_clique_sampler(sampler: QPUSampler, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    rng = np.random.default_rng(1)
    J = {(i, j): float(rng.choice([-1.0, 1.0])) for i in range(6) for j in range(i)}
    bqm = dimod.BQM.from_ising({}, J)
    clique = CliqueSampler(sampler)
    assert clique.largest_clique_size >= 6
    result = clique.sample(bqm, num_reads=30, seed=1)
    dimod.testing.assert_response_energies(result, bqm)
    assert result.first.energy == dimod.ExactSolver().sample(bqm).first.energy


def test_spin_reversal_transforms_help_under_noise() -> None:
    """Static errors tilt a degenerate problem; gauges turn the tilt against itself."""
    physics = Physics(
        "DW_2000Q_6", 15.0, sweeps_per_us=30.0, dynamics="boltzmann", noise=Noise(sigma_h=0.2, chip_share=1.0)
    )
    sampler = QPUSampler("DW_2000Q_6", physics=physics)
    qubits = [q for q in sampler.nodelist if q % 8 == 0]
    bqm = dimod.BQM.from_ising(dict.fromkeys(qubits, 0.0), {})
    tilt = {}
    for gauges in (0, 16):
        result = sampler.sample(
            bqm,
            num_reads=320,
            num_spin_reversal_transforms=gauges,
            answer_mode="raw",
            seed=1,
            annealing_time=1,
        )
        tilt[gauges] = np.abs(result.record.sample.mean(axis=0)).mean()
    # One programming: |tanh(beta error)| is near 1 at beta 5. Sixteen gauges: a mean of 16 signs, 1 / 4 times
    # sqrt(2 / pi) = 0.2, on 256 qubits to a few percent.
    assert tilt[0] > 0.6 and tilt[16] < 0.25


def test_sampling_what_does_not_fit_is_dimods_structure_error(sampler: QPUSampler) -> None:
    with pytest.raises(dimod.exceptions.BinaryQuadraticModelStructureError, match="EmbeddingComposite"):
        sampler.sample(TRIANGLE)


@pytest.mark.clock
def test_a_time_limit_holds_and_no_read_is_an_error() -> None:
    sampler = QPUSampler("Advantage_system4")
    h = dict.fromkeys(sampler.nodelist, 0.1)
    sampler.sample_ising(h, {}, num_reads=1, annealing_time=1, seed=1)  # compiles the kernel
    began = time.perf_counter()
    with pytest.raises(ParameterError, match="before its first read: raise time_limit"):
        sampler.sample_ising(h, {}, num_reads=10000, annealing_time=5, seed=1, time_limit=0.5)
    # Drift of 10,000 reads and 5627 qubits takes seconds, a read of 5 µs tenths of one.
    assert time.perf_counter() - began < 2.5
