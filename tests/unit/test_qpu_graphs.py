"""Lattices against dwave-graphs, working graphs and their ids, coupler groups against dwave-system."""

from __future__ import annotations

import dwave.graphs
import numpy as np
import pytest
from dwave.system.coupling_groups import coupling_groups

from isinglass.errors import ParameterError
from isinglass.qpu.lattices import lattice
from isinglass.qpu.models import MODELS, make_properties, model_named
from isinglass.qpu.properties import FORMS, check_properties
from isinglass.qpu.scaling import coupler_groups
from isinglass.qpu.solver import QPUSolver
from isinglass.qpu.working_graph import graph_of, whole_graph, with_defects

MAKERS = {
    "chimera": dwave.graphs.chimera_graph,
    "pegasus": dwave.graphs.pegasus_graph,
    "zephyr": dwave.graphs.zephyr_graph,
}


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        ("chimera", (1, 1, 4)),
        ("chimera", (4, 3, 2)),
        ("pegasus", (2,)),
        ("pegasus", (5,)),
        ("zephyr", (1, 4)),
        ("zephyr", (3, 2)),
        ("zephyr", (4, 4)),
    ],
)
def test_lattices_are_those_of_dwave_graphs(kind: str, shape: tuple[int, ...]) -> None:
    count, qubits, couplers = lattice(kind, shape)
    expected = MAKERS[kind](*shape)
    assert qubits.tolist() == sorted(expected.nodes)
    assert {tuple(pair) for pair in couplers.tolist()} == {tuple(sorted(edge)) for edge in expected.edges}
    assert len(couplers) == expected.number_of_edges()
    assert qubits.max() < count


def test_couplers_stand_in_the_order_of_the_machines() -> None:
    # As in recorded descriptions: 2000Q begins [0,4],[1,4],[2,4], Advantage [30,31],[31,32].
    assert lattice("chimera", [16, 16, 4])[2][:3].tolist() == [[0, 4], [1, 4], [2, 4]]
    assert lattice("pegasus", [16])[2][:2].tolist() == [[30, 31], [31, 32]]
    couplers = lattice("zephyr", [3, 4])[2]
    assert (couplers[:, 0] < couplers[:, 1]).all()
    assert (np.lexsort((couplers[:, 0], couplers[:, 1])) == np.arange(len(couplers))).all()


@pytest.mark.parametrize(
    ("kind", "shape"),
    [("kimera", [4]), ("chimera", [4]), ("pegasus", [1]), ("zephyr", [2, 0]), ("pegasus", [2.5])],
)
def test_bad_lattices_are_refused(kind: str, shape: list[float]) -> None:
    with pytest.raises(ParameterError, match="topology"):
        lattice(kind, shape)


def test_defects_meet_the_counts_and_follow_the_seed() -> None:
    one = with_defects("pegasus", [4], num_working=250, num_couplers=1400, seed=3)
    again = with_defects("pegasus", [4], num_working=250, num_couplers=1400, seed=3)
    other = with_defects("pegasus", [4], num_working=250, num_couplers=1400, seed=4)
    assert (len(one.qubits), len(one.couplers)) == (250, 1400)
    assert np.isin(one.couplers, one.qubits).all()
    assert one.graph_id == again.graph_id != other.graph_id
    assert len(one.graph_id) == 10 and int(one.graph_id, 16) >= 0
    with pytest.raises(ParameterError, match="num_working=300"):
        with_defects("pegasus", [4], num_working=300)
    with pytest.raises(ParameterError, match="num_couplers=5000"):
        with_defects("pegasus", [4], num_couplers=5000)


def test_one_coupler_less_is_another_graph() -> None:
    whole = whole_graph("chimera", [2, 2, 4])
    less = with_defects("chimera", [2, 2, 4], num_couplers=len(whole.couplers) - 1)
    assert whole.graph_id != less.graph_id
    row, col = whole.couplers.T
    assert (whole.coupler_index(col, row) == np.arange(len(whole.couplers))).all()
    assert (less.coupler_index(row, col) == -1).sum() == 1


# Published: DW_2000Q_6 (recorded), Advantage_system4 and 6, Advantage2_system1 (2, 4 (documentation of 2026).
PUBLISHED = {
    "DW_2000Q_6": (2041, 5974, 2048),
    "DW_2000Q_VFYC": (2048, 6016, 2048),
    "Advantage_system4": (5627, 40279, 5760),
    "Advantage_system6": (5612, 40088, 5760),
    "Advantage2_system1": (4577, 41515, 4800),
    "Advantage2_system2": (4514, 40409, 4800),
    "Advantage2_system4": (1202, 10537, 1248),
}


@pytest.mark.parametrize("name", sorted(MODELS))
def test_models_have_the_published_counts_and_every_property(name: str) -> None:
    solver = QPUSolver(name)
    properties = solver.properties
    qubits, couplers, places = PUBLISHED[name]
    assert len(properties["qubits"]) == qubits
    assert len(properties["couplers"]) == couplers
    assert properties["num_qubits"] == places == len(properties["anneal_offset_ranges"])
    check_properties(properties)
    optional = {n for n, (_, needed, _) in FORMS.items() if not needed}
    assert set(FORMS) - optional <= set(properties)
    assert graph_of(properties).graph_id == solver.graph.graph_id
    dead = np.setdiff1d(np.arange(places), properties["qubits"])
    assert all(properties["anneal_offset_ranges"][q] == [0.0, 0.0] for q in dead)
    assert QPUSolver(name, defects_seed=2).graph.graph_id != solver.graph.graph_id or qubits == 2048


def test_published_dead_qubits_of_the_2000q_are_dead() -> None:
    working = set(QPUSolver("DW_2000Q_6").properties["qubits"])
    assert not working & {43, 46, 524, 548, 1723, 1735, 1804}


@pytest.mark.parametrize("name", ["DW_2000Q_6", "Advantage2_system1", "Advantage2_system4"])
def test_largest_cliques_are_as_stated(name: str) -> None:
    from minorminer.busclique import find_clique_embedding

    graph = QPUSolver(name).graph.to_networkx()
    stated = model_named(name).largest_clique
    assert len(find_clique_embedding(stated, graph, use_cache=False, seed=0)) == stated
    assert not find_clique_embedding(stated + 1, graph, use_cache=False, seed=0)


def test_coupler_groups_are_those_of_dwave_system() -> None:
    graph = with_defects("zephyr", [3, 4], num_working=330, seed=1)
    both = np.concatenate([graph.couplers, graph.couplers[:, ::-1]])
    group = coupler_groups(graph, both[:, 0], both[:, 1])
    ours = {}
    for (q, p), g in zip(both.tolist(), group.tolist(), strict=True):
        ours.setdefault((q, g), set()).add(p)
    theirs = {frozenset(map(frozenset, pairs)) for pairs in coupling_groups(graph.to_networkx()) if pairs}
    assert {frozenset(frozenset((q, p)) for p in others) for (q, _), others in ours.items()} == theirs


def test_own_solvers_are_checked() -> None:
    graph = with_defects("zephyr", [2, 4], num_working=150, seed=2)
    properties = make_properties(graph, "Advantage2_system1", chip_id="mine", h_range=[-3.0, 3.0])
    solver = QPUSolver(properties=properties)
    assert solver.identity == {"name": "mine", "version": {"graph_id": graph.graph_id}}
    assert solver.properties["h_range"] == [-3.0, 3.0]
    for change, match in (
        ({"h_rang": [0, 1]}, "did you mean 'h_range'"),
        ({"j_range": [1, -1]}, "j_range"),
        ({"num_qubits": 10}, "anneal_offset_ranges has 160"),
        ({"qubits": [*properties["qubits"], 999]}, "999"),
        ({"couplers": [[0, 159]]}, "couplers"),
        ({"problem_timing_data": {}}, "problem_timing_data"),
    ):
        with pytest.raises(ParameterError, match=match):
            QPUSolver(properties={**properties, **change})
    with pytest.raises(ParameterError, match="properties lack j_range"):
        QPUSolver(properties={k: v for k, v in properties.items() if k != "j_range"})
    with pytest.raises(ParameterError, match="did you mean 'DW_2000Q_6'"):
        QPUSolver("DW2000Q_6")
    with pytest.raises(ParameterError, match="either"):
        QPUSolver()
