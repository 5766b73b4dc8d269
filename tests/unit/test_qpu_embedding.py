"""Chains: where they sit, how strongly they are coupled, what a broken one becomes."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import dimod
import numpy as np
import pytest

import isinglass
from isinglass.errors import ParameterError, ProblemError
from isinglass.problems.reduce.terms import Terms, from_edges
from isinglass.qpu import dynamics, embedding, embedding_cache
from isinglass.qpu.chains import POLICIES, chain_strengths, embedded, unembedded
from isinglass.qpu.embedded import sample_embedded
from isinglass.qpu.embedding import Embedding, Source, embed, given_embedding, qubits_per_variable
from isinglass.qpu.models import make_properties
from isinglass.qpu.problem import check_structure
from isinglass.qpu.solver import QPUSolver
from isinglass.qpu.working_graph import WorkingGraph, whole_graph, with_defects

GRAPHS = {
    "chimera": with_defects("chimera", [4, 4, 4], num_working=124, seed=1),
    "pegasus": with_defects("pegasus", [4], num_working=255, seed=1),
    "zephyr": with_defects("zephyr", [3, 4], num_working=320, seed=1),
}


def own_solver(kind: str = "zephyr") -> QPUSolver:
    like = {"chimera": "DW_2000Q_6", "pegasus": "Advantage_system4", "zephyr": "Advantage2_system1"}[kind]
    return QPUSolver(properties=make_properties(GRAPHS[kind], like, chip_id="own"))


def complete(n: int) -> Source:
    row, col = np.triu_indices(n, 1)
    return Source(range(1000, 1000 + n), row.astype(np.int32), col.astype(np.int32))


def random_terms(n: int, seed: int) -> Terms:
    rng = np.random.default_rng(seed)
    row, col = np.triu_indices(n, 1)
    value = rng.normal(size=len(row))
    return from_edges(rng.normal(size=n), row.astype(np.int32), col.astype(np.int32), value, False)


@pytest.mark.parametrize("kind", sorted(GRAPHS))
@pytest.mark.parametrize("method", ["clique", "heuristic"])
def test_embeddings_are_minors(kind: str, method: str) -> None:
    graph, source = GRAPHS[kind], complete(9)
    found = embed(source, graph, method=method, timeout=20, seed=1)
    assert found.method == method
    chains = dict(zip(source.labels, found.chains, strict=True))
    # The check of given embeddings: connected, disjoint, every interaction coupled.
    assert given_embedding(chains, source, graph).num_qubits == found.num_qubits
    if method == "clique":
        assert found.longest - min(map(len, found.chains)) <= 1


def test_what_fits_as_it_is_is_left_alone() -> None:
    graph = GRAPHS["pegasus"]
    some = graph.couplers[:40]
    qubits = np.unique(some)
    source = Source(qubits.tolist(), *np.searchsorted(qubits, some.T))
    found = embed(source, graph)
    assert found.method == "native" and found.chains == [[q] for q in qubits.tolist()]
    with pytest.raises(ProblemError, match="embedding='native'"):
        embed(complete(3), graph, method="native")


def test_variables_without_interactions_get_a_qubit() -> None:
    source = Source(["a", "b", "c"], np.array([0]), np.array([2]))
    for method in ("clique", "heuristic"):
        found = embed(source, GRAPHS["chimera"], method=method)
        assert len(found.chains) == 3 and all(found.chains)
        assert len({q for chain in found.chains for q in chain}) == found.num_qubits
    assert embed(Source([], np.zeros(0, int), np.zeros(0, int)), GRAPHS["chimera"]).chains == []


def test_found_embeddings_are_kept_by_both_graphs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(embedding_cache, "_KEPT", {})
    calls = []
    real = embedding._clique
    monkeypatch.setattr(embedding, "_clique", lambda n, graph, seed: calls.append(n) or real(n, graph, seed))
    first = embed(complete(5), GRAPHS["zephyr"], cache=tmp_path)
    assert embed(complete(5), GRAPHS["zephyr"]).chains == first.chains
    embed(complete(6), GRAPHS["zephyr"])
    embed(complete(5), GRAPHS["pegasus"])
    assert calls == [5, 6, 5]
    # Another process finds the file.
    monkeypatch.setattr(embedding_cache, "_KEPT", {})
    assert embed(complete(5), GRAPHS["zephyr"], cache=tmp_path).chains == first.chains
    assert len(calls) == 3
    # A broken file is found anew.
    monkeypatch.setattr(embedding_cache, "_KEPT", {})
    next(tmp_path.glob("*.json")).write_text("{")
    embed(complete(5), GRAPHS["zephyr"], cache=tmp_path)
    assert len(calls) == 4


def test_too_large_says_how_large() -> None:
    graph = GRAPHS["chimera"]
    # Degree 99 of the variables, 2 * 350 / 124 of the qubits: (99 - 2) / (5.6 - 2) = 27.
    needed = qubits_per_variable(complete(100), graph)
    assert needed == int(np.ceil(97 / (2 * len(graph.couplers) / 124 - 2)))
    with pytest.raises(
        ProblemError, match=f"needs about {needed} qubits per variable or more, of 124 in all"
    ):
        embed(complete(100), graph)
    with pytest.raises(ProblemError, match="the largest clique here is 14"):
        embed(complete(100), graph, largest_clique=14)
    # Not refused by counting, but it does not fit.
    with pytest.raises(ProblemError, match=r"found no embedding in 1 s.*raise embedding_timeout"):
        embed(complete(20), graph, timeout=1.0)
    with pytest.raises(ProblemError, match="too large"):
        embed(complete(20), graph, method="clique")
    with pytest.raises(ParameterError, match="did you mean 'clique'"):
        embed(complete(3), graph, method="cliques")


@pytest.mark.parametrize(
    ("chains", "match"),
    [
        ({"a": [0], "b": [4]}, "no chain for variable 'c'"),
        ({"a": [0], "b": [4], "c": []}, "is empty"),
        ({"a": [0], "b": [4], "c": [4]}, "qubit 4 is in the chains of 'b' and 'c'"),
        ({"a": [0], "b": [4], "c": [9999]}, "9999, which does not work"),
        ({"a": [0], "b": [4], "c": [1, 2]}, "not connected"),
        ({"a": [0], "b": [4], "c": [8]}, "no working coupler joins the chains"),
    ],
)
def test_given_embeddings_are_checked(chains: dict[str, list[int]], match: str) -> None:
    graph = whole_graph("chimera", [2, 2, 4])
    source = Source(["a", "b", "c"], np.array([0, 0, 1]), np.array([1, 2, 2]))
    with pytest.raises(ParameterError, match=match):
        given_embedding(chains, source, graph)
    assert given_embedding({"a": [0], "b": [4], "c": [1, 5]}, source, graph).method == "given"


@pytest.mark.parametrize("graph", GRAPHS.values(), ids=list(GRAPHS))
def test_unbroken_states_keep_their_energies(graph: WorkingGraph) -> None:
    terms, n = random_terms(7, 1), 7
    found = embed(complete(n), graph, method="clique")
    strengths = np.arange(1.0, n + 1.0)
    problem = embedded(terms, found, graph, strengths)
    check_structure(problem, graph)
    ties = sum(
        strengths[v]
        * sum(
            graph.coupler_index(np.array([a]), np.array([b]))[0] >= 0
            for a, b in itertools.combinations(chain, 2)
        )
        for v, chain in enumerate(found.chains)
    )
    owner = found.owners(graph.num_qubits)
    for bits in itertools.islice(itertools.product([-1, 1], repeat=n), 0, 128, 5):
        state = np.array(bits, np.int8)
        s = state[owner[problem.qubits]].astype(float)
        energy = problem.linear @ s + (problem.quadratic * s[problem.row] * s[problem.col]).sum()
        assert energy + ties == pytest.approx(terms.energy(state))
        back, broken, keep = unembedded(s[None].astype(np.int8), problem.qubits, found, terms, "discard", 0)
        assert keep.all() and not broken.any() and (back[0] == state).all()


def test_chain_strengths() -> None:
    terms = random_terms(12, 2)
    labels = list(range(12))
    bqm = dimod.BQM.from_ising(
        dict(enumerate(terms.h)), {(int(i), int(j)): v for i, j, v in zip(*terms.edges(), strict=True)}
    )
    from dwave.embedding.chain_strength import scaled, uniform_torque_compensation

    for prefactor in (None, 2.0):
        given = {} if prefactor is None else {"prefactor": prefactor}
        for rule, theirs in (
            ("uniform_torque_compensation", uniform_torque_compensation),
            ("scaled", scaled),
        ):
            ours = chain_strengths(rule, prefactor, terms, labels)
            np.testing.assert_allclose(ours, theirs(bqm, **given))
    assert chain_strengths(3, None, terms, labels).tolist() == [3.0] * 12
    assert chain_strengths({v: v + 1 for v in labels}, None, terms, labels).tolist() == list(range(1, 13))
    for wrong, match in (
        (0, "above 0"),
        ("uniform", "not one of"),
        ({0: 1}, "no entry for variable 1"),
        (True, "above 0"),
    ):
        with pytest.raises(ParameterError, match=match):
            chain_strengths(wrong, None, terms, labels)


def test_broken_chain_policies() -> None:
    # a: qubits 0 1 2, b: 3 4, c: 5. J_ab = 1, h_c = 1.
    found = Embedding([[0, 1, 2], [3, 4], [5]], "given")
    terms = from_edges(
        np.array([0.0, 0.0, 1.0]), np.array([0], np.int32), np.array([1], np.int32), np.array([1.0]), True
    )
    spins = np.array([[1, 1, -1, 1, 1, 1], [-1, -1, -1, 1, -1, -1], [1, 1, 1, -1, -1, -1]], np.int8)
    qubits = np.arange(6)
    values, broken, keep = unembedded(spins, qubits, found, terms, "majority_vote", 0)
    assert values.tolist() == [[1, 1, 1], [-1, 1, -1], [1, -1, -1]]
    assert broken.tolist() == [[True, False, False], [False, True, False], [False] * 3] and keep.all()
    values, _, keep = unembedded(spins, qubits, found, terms, "discard", 0)
    assert values.tolist() == [[1, -1, -1]] and keep.tolist() == [False, False, True]
    # b is up in row 0, so a goes down; a is down in row 1, so b goes up.
    values, _, _ = unembedded(spins, qubits, found, terms, "minimize_energy", 0)
    assert values.tolist() == [[-1, 1, 1], [-1, 1, -1], [1, -1, -1]]
    # Two of three qubits of a are up: 2000 draws, sigma 0.0105, bound 4 sigma.
    many = np.repeat(spins[:1], 2000, axis=0)
    values, _, _ = unembedded(many, qubits, found, terms, "weighted_random", 1)
    assert abs((values[:, 0] == 1).mean() - 2 / 3) < 0.042


def test_sample_embedded_tells_everything() -> None:
    J = np.triu(np.random.default_rng(1).choice([-1.0, 1.0], (10, 10)), 1)
    problem = isinglass.compile(J, kind="ising")
    result = sample_embedded(problem, own_solver(), num_reads=30, seed=1, annealing_time=2, label="x")
    bqm = dimod.BQM.from_ising({}, {(i, j): v for (i, j), v in np.ndenumerate(J) if v})
    dimod.testing.assert_response_energies(result, bqm)
    info = result.info
    assert sorted(info["embedding"]) == list(range(10)) and info["embedding_method"] == "clique"
    assert info["chain_strength"] == pytest.approx(1.414 * 3)
    assert set(info["chain_breaks"]) == set(range(10))
    assert info["qpu"]["timing"]["qpu_access_time"] > 0 and info["qpu"]["label"] == "x"
    assert set(info["timing"]) == {"compile", "embed", "solve", "energies", "total"}
    fractions = result.record.chain_break_fraction @ result.record.num_occurrences / 30
    assert fractions == pytest.approx(np.mean(list(info["chain_breaks"].values())))
    assert len(repr(result).splitlines()) <= 10 and isinstance(result.stop_reason, str)
    again = sample_embedded(problem, own_solver(), num_reads=30, seed=1, annealing_time=2)
    assert (again.record.sample == result.record.sample).all()


@pytest.mark.parametrize("policy", POLICIES)
def test_any_problem_in_any_variables(policy: str) -> None:
    solver = own_solver("pegasus")
    qubo = {("a", "a"): -1.0, ("a", "b"): 2.0, ("b", "c"): -1.5, ("c", "c"): 0.25}
    result = sample_embedded(qubo, solver, num_reads=50, seed=2, annealing_time=5, chain_break_method=policy)
    dimod.testing.assert_response_energies(result, dimod.BQM.from_qubo(qubo))
    assert result.vartype is dimod.BINARY
    assert result.first.energy == dimod.ExactSolver().sample_qubo(qubo).first.energy
    row, col = np.triu_indices(8, 1)
    graph = (row[::2], col[::2], np.ones(14))
    cut = sample_embedded(graph, solver, num_reads=20, seed=1, annealing_time=2, chain_break_method=policy)
    for sample, size in zip(cut.record.sample, cut.record.cut, strict=True):
        assert size == (sample[row[::2]] != sample[col[::2]]).sum()


def test_discarding_everything_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(program: Any, physics: Any, seed: int, control: Any, cycle: int = 0) -> np.ndarray:
        spins = np.ones((program.num_reads, len(program.qubits)), np.int8)
        spins[:, :2] = -1
        return spins

    monkeypatch.setattr(dynamics, "run", broken)
    chains = {"a": [0, 4], "b": [5, 1]}
    solver = QPUSolver(properties=make_properties(whole_graph("chimera", [2, 2, 4]), "DW_2000Q_6"))
    given: dict[str, Any] = {"embedding": chains, "num_reads": 3, "answer_mode": "raw", "seed": 0}
    J = ({}, {("a", "b"): 1.0})
    result = sample_embedded(J, solver, chain_break_method="discard", **given)
    assert (
        len(result) == 0 and "3 of 3 samples had broken chains and were discarded" in result.info["warnings"]
    )
    voted = sample_embedded(J, solver, **given)
    assert voted.info["chain_breaks"] == {"a": 1.0, "b": 1.0}
    assert any("chain broke in 100%" in said for said in voted.info["warnings"])
    weak = sample_embedded(J, solver, chain_strength=0.5, **given)
    assert any("below the largest coupling" in said for said in weak.info["warnings"])


def test_reverse_anneals_and_postprocessing_speak_of_variables() -> None:
    solver = own_solver("chimera")
    J = ({}, {("a", "b"): 1.0, ("b", "c"): 1.0, ("a", "c"): 1.0})
    result = sample_embedded(
        J, solver, num_reads=5, seed=1, anneal_schedule=[[0, 1], [5, 0.4], [10, 1]],
        initial_state={"a": 1, "b": -1, "c": 1},
    )  # fmt: skip
    assert len(result) == 5  # raw, in time order
    with pytest.raises(ParameterError, match="no value for variable 'c'"):
        sample_embedded(
            J, solver, anneal_schedule=[[0, 1], [5, 0.4], [10, 1]], initial_state={"a": 1, "b": -1}
        )
    with pytest.raises(ParameterError, match="initial_state"):
        sample_embedded(
            J, solver, anneal_schedule=[[0, 1], [5, 0.4], [10, 1]], initial_state={"a": 1, "b": 0, "c": 1}
        )
    polished = sample_embedded(J, solver, num_reads=20, seed=1, postprocess="optimization", annealing_time=1)
    assert (polished.record.chain_break_fraction == 0).all() and (polished.record.energy == -1).all()


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"chain_break_method": "vote"}, "chain_break_method='vote'"),
        ({"chain_strength": -1}, "chain_strength=-1"),
        ({"chain_strength": 2, "chain_strength_prefactor": 2}, "goes with a rule"),
        ({"embedding_timeout": 0}, "embedding_timeout=0"),
        ({"num_reads": 0}, "num_reads_range"),
        ({"initial_state": {"a": 1, "b": 1}}, "initial_state is given without anneal_schedule"),
        ({"time_limit": -1}, "time_limit"),
    ],
)
def test_bad_words_are_refused(given: dict[str, Any], match: str) -> None:
    with pytest.raises(ParameterError, match=match):
        sample_embedded(({}, {("a", "b"): 1.0}), own_solver(), **given)


def test_solve_on_an_annealer_is_sample_embedded() -> None:
    problem = {("a", "b"): 2, ("a", "a"): -1, ("b", "b"): -1, ("b", "c"): -1, ("a", "c"): 1}
    asked: dict[str, Any] = {"num_reads": 20, "seed": 3}
    one = isinglass.solve(problem, backend="qpu", qpu_model="DW_2000Q_6", **asked)
    other = sample_embedded(problem, "DW_2000Q_6", **asked)
    assert (one.record.sample == other.record.sample).all() and one.first.energy == -2.0
    assert isinglass.solve(problem, backend="qpu", qpu_model="apollo_rc1", **asked).first.energy == -2.0


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"backend": "qpu"}, "needs qpu_model, one of DW_2000Q_6"),
        ({"qpu_model": "DW_2000Q_6"}, "is for backends 'qpu' and 'gpu'"),
        ({"backend": "gpt", "qpu_model": "DW_2000Q_6"}, "backend='gpt' is not one of cpu, gpu, qpu"),
        (
            {"backend": "qpu", "qpu_model": "DW_2000Q_6", "solver": "exact"},
            "solver='exact' is for backends 'cpu' and 'gpu'",
        ),
        ({"backend": "qpu", "qpu_model": "DW_2000Q_6", "target_energy": 1.0}, "target_energy=1.0"),
        ({"backend": "qpu", "qpu_model": "DW_9000Q"}, "did you mean"),
        ({"backend": "qpu", "qpu_model": "DW_2000Q_6", "sweeps": 3}, "sweeps"),
    ],
)
def test_solve_refuses_what_an_annealer_has_not(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError) as error:
        isinglass.solve({("a", "b"): 1.0}, **given)
    assert message in str(error.value)


def test_an_annealer_takes_no_constraints() -> None:
    with pytest.raises(ParameterError, match="takes no constraints"):
        isinglass.solve(dimod.ConstrainedQuadraticModel(), backend="qpu", qpu_model="DW_2000Q_6")
