"""From problem to programs, and from samples to answers; the anneal itself is replaced by a recorder."""

from __future__ import annotations

from typing import Any

import dimod
import numpy as np
import pytest

from isinglass.qpu import dynamics
from isinglass.qpu.postprocess import majority
from isinglass.qpu.problem import from_biases, from_bqm
from isinglass.qpu.program import Program
from isinglass.qpu.sampler import QPUSampler
from isinglass.qpu.solver import QPUSolver

CHIMERA = QPUSampler("DW_2000Q_6")
PEGASUS = QPUSampler("Advantage_system4")
ZEPHYR = QPUSampler("Advantage2_system1")


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> list[Program]:
    """Programs in the order they were run; each answers with random states that the seed and cycle fix."""
    seen: list[Program] = []

    def run(program: Program, physics: Any, seed: int, control: Any, cycle: int = 0) -> np.ndarray:
        seen.append(program)
        rng = np.random.default_rng([seed, cycle])
        return rng.choice(np.array([-1, 1], np.int8), (program.num_reads, len(program.qubits)))

    monkeypatch.setattr(dynamics, "run", run)
    return seen


def random_problem(sampler: QPUSampler, count: int, seed: int, fields: bool = True) -> dimod.BQM:
    rng = np.random.default_rng(seed)
    edges = [sampler.edgelist[k] for k in rng.choice(len(sampler.edgelist), count, replace=False)]
    bqm = dimod.BQM.from_ising({}, {edge: float(rng.normal()) for edge in edges}, offset=1.25)
    if fields:
        for v in list(bqm.variables):
            bqm.add_linear(v, float(rng.normal()))
    return bqm


def test_energies_are_of_the_problem_as_given(programs: list[Program]) -> None:
    for vartype in ("SPIN", "BINARY"):
        bqm = random_problem(PEGASUS, 60, 1).change_vartype(vartype, inplace=False)
        result = PEGASUS.sample(bqm, num_reads=5, seed=2)
        assert result.vartype.name == vartype
        dimod.testing.assert_response_energies(result, bqm)
    # The chip saw both as the same Ising problem.
    one, two = programs
    assert (one.qubits == two.qubits).all()
    np.testing.assert_allclose(one.h, two.h, atol=1e-12)
    np.testing.assert_allclose(one.J, two.J, atol=1e-12)


def test_qubo_to_ising_as_documented() -> None:
    # D-Wave's two examples.
    problem = from_biases({}, {(0, 5): -10.0}, "BINARY")
    assert [part.tolist() for part in problem.ising] == [[-2.5, -2.5], [-2.5]]
    Q = {(1, 1): 2, (2, 2): 1.5, (3, 3): -0.5, (4, 4): -1.0, (1, 2): 2, (1, 3): 1.5, (1, 4): 2}
    h, J = from_biases({}, Q, "BINARY").ising
    assert h.tolist() == [2.375, 1.25, 0.125, 0.0] and J.tolist() == [0.5, 0.375, 0.5]
    both = from_biases({}, {(0, 4): 1.0, (4, 0): 0.5}, "SPIN")
    assert both.quadratic.tolist() == [1.5]
    as_bqm = from_bqm(dimod.BQM.from_qubo(Q))
    assert [part.tolist() for part in as_bqm.ising] == [h.tolist(), J.tolist()]


def test_auto_scale_fills_the_ranges(programs: list[Program]) -> None:
    a, b = 30, 31
    for h, J, expected in (
        ({a: -3.6, b: 2.3}, 1.5, 1.5),  # J: 1.5 / 1 above 3.6 / 4
        ({a: -8.0, b: 2.3}, 0.5, 2.0),  # h
        ({}, -1.0, 0.5),  # up to the extended range: -1 / -2
        ({a: 0.0}, 0.0, 1.0),
    ):
        result = PEGASUS.sample_ising(h, {(a, b): J}, num_reads=1, seed=0)
        assert result.info["emulator"]["scale_factor"] == pytest.approx(expected)
        np.testing.assert_allclose(programs[-1].J, [J / expected])
        np.testing.assert_allclose(programs[-1].h, [h.get(a, 0.0) / expected, h.get(b, 0.0) / expected])


def test_auto_scale_heeds_totals_and_gains(programs: list[Program]) -> None:
    q = next(q for q in CHIMERA.nodelist if len(CHIMERA.adjacency[q]) == 6)
    star = {(q, p): -1.0 for p in CHIMERA.adjacency[q]}
    # -6 / -9 is above -1 / -2.
    factor = CHIMERA.sample_ising({}, star, seed=0).info["emulator"]["scale_factor"]
    assert factor == pytest.approx(6 / 9)
    q = next(q for q in ZEPHYR.nodelist if len(ZEPHYR.adjacency[q]) == 20)
    star = {(q, p): -1.0 for p in ZEPHYR.adjacency[q]}
    # Ten couplers a group: -10 / -13.
    factor = ZEPHYR.sample_ising({}, star, seed=0).info["emulator"]["scale_factor"]
    assert factor == pytest.approx(10 / 13)
    gain = [[0, 1], [20, -3]]
    factor = PEGASUS.sample_ising({30: 2.0}, {}, h_gain_schedule=gain, seed=0).info["emulator"][
        "scale_factor"
    ]
    assert factor == pytest.approx(6 / 4)
    # Transforms turn signs, so the extended range is not used.
    given = {"num_reads": 2, "num_spin_reversal_transforms": 2, "seed": 0}
    factor = CHIMERA.sample_ising({}, {(0, 4): -1.0}, **given).info["emulator"]["scale_factor"]
    assert factor == pytest.approx(1.0)


def test_without_auto_scale_values_are_as_given(programs: list[Program]) -> None:
    PEGASUS.sample_ising({30: 0.25}, {(30, 31): -1.75}, auto_scale=False)
    assert programs[-1].h.tolist() == [0.25, 0.0] and programs[-1].J.tolist() == [-1.75]
    PEGASUS.sample_ising({30: 0.25}, {}, flux_biases=[1e-4] * 5760)
    assert programs[-1].h.tolist() == [0.25] and programs[-1].flux_biases.tolist() == [1e-4]


def test_raw_and_histogram(programs: list[Program]) -> None:
    given: dict[str, Any] = {"num_reads": 200, "seed": 3}
    h, J = {0: 0.3}, {(0, 4): -1.0, (1, 4): 0.5}
    raw = CHIMERA.sample_ising(h, J, answer_mode="raw", **given)
    merged = CHIMERA.sample_ising(h, J, **given)
    assert len(raw) == 200 and (raw.record.num_occurrences == 1).all()
    rows = {
        tuple(row): n
        for row, n in zip(merged.record.sample.tolist(), merged.record.num_occurrences, strict=True)
    }
    assert len(rows) == len(merged) == 8 and sum(rows.values()) == 200
    assert (np.diff(merged.record.energy) >= 0).all()
    for row, count in rows.items():
        assert (raw.record.sample == row).all(axis=1).sum() == count
    assert len(CHIMERA.sample_ising(h, J, max_answers=3, **given)) == 3
    first = CHIMERA.sample_ising(h, J, max_answers=3, answer_mode="raw", **given)
    assert (first.record.sample == raw.record.sample[:3]).all()


def test_unused_qubits_are_3(programs: list[Program]) -> None:
    solver = QPUSolver("DW_2000Q_6")
    for vartype, low in (("SPIN", -1), ("BINARY", 0)):
        answer = solver.submit(from_biases({0: 1.0}, {(0, 4): 1.0}, vartype), num_reads=20, seed=1)
        assert answer.solutions.shape == (len(answer.energies), 2048)
        assert answer.active_variables.tolist() == [0, 4]
        others = np.delete(answer.solutions, [0, 4], axis=1)
        assert (others == 3).all() and set(answer.solutions[:, [0, 4]].ravel()) == {low, 1}


def test_an_empty_problem_is_answered() -> None:
    result = PEGASUS.sample(dimod.BQM("SPIN"), num_reads=3)
    assert len(result) == 1 and result.first.energy == 0 and result.record.num_occurrences.tolist() == [3]


def test_spin_reversal_transforms_are_undone(programs: list[Program]) -> None:
    bqm = random_problem(CHIMERA, 40, 4)
    result = CHIMERA.sample(bqm, num_reads=7, num_spin_reversal_transforms=3, seed=5, answer_mode="raw")
    assert [p.num_reads for p in programs] == [3, 2, 2]
    dimod.testing.assert_response_energies(result, bqm)
    # Each program is the problem in another gauge: |h|, |J| and the signs of all loops stay.
    plain = CHIMERA.sample(bqm, seed=5, auto_scale=True) and programs[-1]
    factor = result.info["emulator"]["scale_factor"]
    gauges = [np.sign(p.h * plain.h) for p in programs[:3]]
    for program, gauge in zip(programs[:3], gauges, strict=True):
        np.testing.assert_allclose(
            program.J * gauge[program.row] * gauge[program.col], from_bqm(bqm).ising[1] / factor
        )
    assert len({tuple(gauge) for gauge in gauges}) == 3
    # Row 0 of the answer is what the first cycle read, in the problem's gauge.
    read = np.random.default_rng([5, 0]).choice(np.array([-1, 1], np.int8), (3, len(plain.qubits)))
    assert (result.record.sample[:3] == read * gauges[0]).all()


def test_programs_carry_what_was_asked(programs: list[Program]) -> None:
    state = {0: 1, 4: -1}
    offsets = [0.0] * 2048
    offsets[4] = 0.1
    CHIMERA.sample_ising(
        {0: 0.5}, {(0, 4): 1.0}, num_reads=4, anneal_schedule=[[0, 1], [5, 0.5], [10, 1]],
        initial_state=state, reinitialize_state=False, h_gain_schedule=[[0, 0], [10, 1]],
        anneal_offsets=offsets, flux_drift_compensation=False, reduce_intersample_correlation=True,
        programming_thermalization=5,
    )  # fmt: skip
    program = programs[-1]
    assert program.waveform.tolist() == [[0, 1], [5, 0.5], [10, 1]] and not program.fast
    assert program.h_gain.tolist() == [[0, 0], [10, 1]]
    assert program.initial_state is not None and program.initial_state.tolist() == [1, -1]
    assert not program.reinitialize_state and not program.flux_drift_compensation
    assert program.anneal_offsets[0] == 0 and program.anneal_offsets[1] == pytest.approx(0.1, abs=0.0016)
    assert program.programming_thermalization_us == 5 and program.num_reads == 4
    # Anneal, readout, a constant, what a reverse anneal adds; 500 + 10 / 2000 * 9500 to decorrelate.
    assert program.read_spacing_us == pytest.approx(10 + 198.4 + 20.54 - 5 + 547.5, abs=0.1)
    PEGASUS.sample_ising({}, {(30, 31): 1.0}, fast_anneal=True, annealing_time=0.01)
    assert programs[-1].fast and programs[-1].waveform.tolist() == [[0, 0], [0.01, 1]]


def test_dict_states_follow_the_client(programs: list[Program]) -> None:
    schedule = [[0, 1], [5, 0.5], [10, 1]]
    CHIMERA.sample_qubo({(0, 4): 1.0}, initial_state={0: 1, 4: -1}, anneal_schedule=schedule)
    CHIMERA.sample_ising({}, {(0, 4): 1.0}, initial_state={0: np.int8(1), 4: 0}, anneal_schedule=schedule)
    assert all(p.initial_state is not None and p.initial_state.tolist() == [1, -1] for p in programs)


def test_optimization_ends_in_local_minima(programs: list[Program]) -> None:
    bqm = random_problem(CHIMERA, 80, 6)
    result = CHIMERA.sample(bqm, num_reads=10, postprocess="optimization", seed=1, answer_mode="raw")
    dimod.testing.assert_response_energies(result, bqm)
    for sample in result.samples(sorted_by=None):
        state = dict(sample)
        for v in bqm.variables:
            assert bqm.energy({**state, v: -state[v]}) >= bqm.energy(state) - 1e-9


def test_sampling_is_boltzmann_at_beta(programs: list[Program]) -> None:
    # Two spins, E = J s s: P(aligned) = 1 / (1 + exp(2 beta J)) = 0.2315 at beta J = 0.6. 10 sweeps from
    # random starts relax to below 1e-3; 4000 reads: sigma = 0.0067, bound 4 sigma.
    result = CHIMERA.sample_ising(
        {}, {(0, 4): 0.6}, num_reads=4000, postprocess="sampling", beta=1.0, seed=1, answer_mode="raw"
    )
    aligned = (result.record.sample[:, 0] == result.record.sample[:, 1]).mean()
    assert abs(aligned - 1 / (1 + np.exp(1.2))) < 0.027


def test_chains_vote_first_and_stay_whole(programs: list[Program]) -> None:
    assert majority(np.array([[1, -1, 1, -1, 1]], np.int8), np.array([0, 0, 0, 1, 1])).tolist() == [
        [1, 1, 1, 1, 1]
    ]
    h = {0: 0.2, 1: -0.1}
    J = {(0, 4): -1.0, (1, 4): -1.0, (1, 5): 0.7, (0, 5): 0.3}
    for method in ("sampling", "optimization"):
        result = CHIMERA.sample_ising(h, J, num_reads=30, postprocess=method, chains=[[0, 4, 1]], seed=2)
        sample = result.record.sample[:, [list(result.variables).index(q) for q in (0, 4, 1)]]
        assert (sample == sample[:, :1]).all()
        dimod.testing.assert_response_energies(result, dimod.BQM.from_ising(h, J))


def test_vfyc_fills_in_what_the_chip_lacks(programs: list[Program]) -> None:
    sampler = QPUSampler("DW_2000Q_VFYC")
    assert 43 in sampler.nodelist and sampler.properties["vfyc"]
    # 43 hangs on 46 (dead as well) and on others of its cell; a strong field decides it.
    edge = next(e for e in sampler.edgelist if 43 in e and 46 not in e)
    other = edge[0] if edge[1] == 43 else edge[1]
    result = sampler.sample_ising({43: 2.0}, {edge: 0.1}, num_reads=50, beta=5.0, seed=1, answer_mode="raw")
    assert programs[-1].qubits.tolist() == [other] and len(programs[-1].J) == 0
    column = list(result.variables).index(43)
    assert (result.record.sample[:, column] == -1).mean() > 0.95


def test_same_seed_same_answer_and_it_is_told() -> None:
    bqm = random_problem(CHIMERA, 30, 8)
    one = CHIMERA.sample(bqm, num_reads=40, seed=9, annealing_time=2, num_threads=1)
    two = CHIMERA.sample(bqm, num_reads=40, seed=9, annealing_time=2, num_threads=2)
    assert (one.record.sample == two.record.sample).all()
    drawn = CHIMERA.sample(bqm, num_reads=5, annealing_time=2, answer_mode="raw", label="mine")
    again = CHIMERA.sample(
        bqm, num_reads=5, annealing_time=2, answer_mode="raw", seed=drawn.info["emulator"]["seed"]
    )
    assert (drawn.record.sample == again.record.sample).all()
    assert drawn.info["problem_label"] == "mine" and drawn.info["emulator"]["emulated"]
