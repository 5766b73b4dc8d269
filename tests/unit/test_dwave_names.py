"""``isinglass.compat.dwave``: D-Wave's names with no server."""

from __future__ import annotations

from typing import Any

import dimod
import dwave.system
import pytest
from dwave.optimization.generators import flow_shop_scheduling

import isinglass
from isinglass.compat import dwave as ours
from isinglass.compat.dwave import (
    DWaveCliqueSampler,
    DWaveSampler,
    EmbeddingComposite,
    FixedEmbeddingComposite,
    LeapHybridCQMSampler,
    LeapHybridDQMSampler,
    LeapHybridNLSampler,
    LeapHybridSampler,
    hybrid_kinds,
)
from isinglass.compat.dwave.hybrid_samplers import hybrid_answer
from isinglass.errors import ParameterError, ProblemError

SMALL = "Advantage2_system4"
TRIANGLE = dimod.BinaryQuadraticModel({}, {"ab": 1.0, "bc": 1.0, "ca": 1.0}, "SPIN")


def test_every_name_is_one_of_the_originals() -> None:
    for name in ours.__all__:
        assert hasattr(dwave.system, name) and getattr(ours, name).__doc__
    assert set(ours.__all__) <= set(dir(ours))
    with pytest.raises(AttributeError, match="no attribute 'DWaveSmapler'"):
        _ = ours.DWaveSmapler


@pytest.mark.parametrize(
    ("solver", "model"),
    [
        (None, "Advantage_system4"),
        ("Advantage_system4.1", "Advantage_system4"),
        ("Advantage2_system1;graph_id=0123456789", "Advantage2_system1"),
        ({"qpu": True}, "DW_2000Q_6"),
        ({"qpu": True, "order_by": "-num_active_qubits"}, "Advantage_system4"),
        ({"name": "Advantage_system6.4"}, "Advantage_system6"),
        ({"topology__type": "zephyr"}, "Advantage2_system1"),
        ({"topology__type__eq": "zephyr", "order_by": "num_active_qubits"}, SMALL),
        ({"name__regex": "DW_.*6"}, "DW_2000Q_6"),
        ({"lower_noise": True, "vfyc": False}, "DW_2000Q_6"),
        ({"fast_anneal__available": False, "vfyc": True}, "DW_2000Q_VFYC"),
        ({"fast_anneal__available": True, "num_qubits__lt": 4000}, SMALL),
        ({"num_active_qubits__within": [1000, 2000]}, SMALL),
        ({"num_reads_range__covers": 10_000, "num_qubits": 5760}, "Advantage_system4"),
        ({"extended_j_range__covers": [-2, 1], "num_qubits__gte": 5760}, "Advantage_system4"),
        ({"couplers__contains": [0, 4], "vfyc": False}, "DW_2000Q_6"),
        ({"qubits__issuperset": {30, 31}, "topology__type": "pegasus"}, "Advantage_system4"),
        ({"supported_problem_types__issubset": {"ising", "qubo", "bqm"}}, "DW_2000Q_6"),
        ({"name__in": [SMALL, "none"]}, SMALL),
    ],
)
def test_a_machine_is_chosen_as_the_client_chooses(solver: Any, model: str) -> None:
    assert DWaveSampler(solver=solver, token="any", endpoint="http://nowhere").solver.name == model


def test_what_is_no_machine() -> None:
    for solver in ("Advantage_system9", {"hybrid": True}, 7):
        with pytest.raises(ParameterError, match=r"Advantage_system4|neither a name"):
            DWaveSampler(solver=solver)
    with pytest.raises(ParameterError, match=r"'tokne' is not a setting of a sampler \(did you mean 'token'"):
        DWaveSampler(tokne="x")
    with pytest.raises(ParameterError, match="is not a feature"):
        DWaveSampler(order_by="speed")


def test_a_structured_sampler_for_oceans_composites() -> None:
    with DWaveSampler(solver=SMALL) as sampler:
        assert isinstance(sampler, dimod.Structured)
        assert sampler.adjacency[sampler.edgelist[0][0]]
        theirs = dwave.system.EmbeddingComposite(sampler)
        assert theirs.sample(TRIANGLE, num_reads=20).first.energy == -1.0
        with pytest.raises(ValueError, match="num_reads out of range"):
            sampler.sample_ising({sampler.nodelist[0]: 1.0}, {}, num_reads=0)


def test_composites() -> None:
    sampler = DWaveSampler(solver=SMALL)
    found = EmbeddingComposite(sampler).sample(TRIANGLE, num_reads=20, seed=1, return_embedding=True)
    context = found.info["embedding_context"]
    assert found.first.energy == -1.0 and set(context["embedding"]) == set("abc")
    again = FixedEmbeddingComposite(sampler, context["embedding"]).sample(TRIANGLE, num_reads=20, seed=1)
    assert (again.record == found.record).all()
    strong = EmbeddingComposite(sampler).sample(
        TRIANGLE, num_reads=5, chain_strength=lambda bqm, embedding: 3.0, return_embedding=True
    )
    assert strong.info["embedding_context"]["chain_strength"] == 3.0
    with pytest.raises(ParameterError, match=r"use dwave\.system\.EmbeddingComposite"):
        EmbeddingComposite(dimod.ExactSolver())


def test_cliques() -> None:
    sampler = DWaveCliqueSampler(solver=SMALL)
    assert sampler.largest_clique_size == len(sampler.largest_clique()) == 71
    assert (sampler.qpu_linear_range, sampler.qpu_quadratic_range) == ((-6.0, 6.0), (-2.0, 1.0))
    chains = sampler.clique("abcd")
    graph = sampler.target_graph
    for one in "abcd":
        for other in "abcd":
            assert one == other or any(graph.has_edge(p, q) for p in chains[one] for q in chains[other])
    bqm = dimod.generators.ran_r(1, 10, seed=1)
    best = dimod.ExactSolver().sample(bqm).first.energy
    assert sampler.sample(bqm, num_reads=100, seed=1).first.energy == best
    with pytest.raises(ProblemError):
        sampler.clique(72)


def test_hybrids() -> None:
    sampler = LeapHybridSampler(profile="any")
    assert isinstance(sampler, dimod.Sampler) and sampler.min_time_limit(TRIANGLE) == 3.0
    answer = sampler.sample(TRIANGLE, seed=1, label="mine")
    assert answer.first.energy == -1.0 and answer.info["problem_label"] == "mine"
    assert set(answer.record.dtype.names) == {"sample", "energy", "num_occurrences"}
    with pytest.raises(ParameterError, match=r"less than the allowed minimum time_limit 3 s"):
        sampler.sample(TRIANGLE, time_limit=2)
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.add_variables("BINARY", 2000)
    # As the client has it: 0.000157411458 a variable; 5 s at least.
    assert LeapHybridCQMSampler().min_time_limit(cqm) == 5.0
    assert LeapHybridDQMSampler().min_time_limit(dimod.DiscreteQuadraticModel()) == 5.0


def test_the_answer_of_a_constrained_model() -> None:
    x, y = dimod.Integer("x", upper_bound=5), dimod.Binary("y")
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(-x - y)
    cqm.add_constraint(x + y <= 3, label="most")
    answer = hybrid_answer(hybrid_kinds.CQM, isinglass.solve(cqm, time_limit=0.5, seed=1))
    assert len(answer) <= 100 and answer.record.is_feasible[0]
    feasible = answer.filter(lambda row: row.is_feasible)
    assert feasible.first.energy == -3.0 and answer.info["constraint_labels"] == ["most"]


def test_nonlinear_models() -> None:
    model = flow_shop_scheduling([[10, 5, 7], [20, 10, 15]])
    with LeapHybridNLSampler(token="any") as sampler:
        assert sampler.properties["supported_problem_types"] == ["nl"] and sampler.parameters["time_limit"]
        assert sampler.estimated_min_time_limit(model) == 5.0
        # Less than the estimate is taken, as by the original.
        found = sampler.sample(model, time_limit=0.2, label="shop", seed=1).result()
        with model.lock():
            assert found.model is model and model.objective.state(0) == 50.0
        assert found.info["problem_label"] == "shop" and found.info["timing"]["run_time"] > 1e5
        with pytest.raises(ParameterError, match="time_limit=0"):
            sampler.sample(model, time_limit=0)
        with pytest.raises(ProblemError, match=r"not a dwave\.optimization\.Model"):
            sampler.sample(TRIANGLE)
