"""The penalised problem of a DQM, brute-forced over all bits, against dimod's exact solver."""

from __future__ import annotations

import itertools

import dimod
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isinglass.problems.constrained import encode

MAX_BITS = 12


@st.composite
def dqms(draw: st.DrawFn) -> dimod.DQM:
    dqm = dimod.DQM()
    bias = st.integers(-8, 8).map(lambda k: k / 2)
    num_bits = 0
    for label in "pqrs"[: draw(st.integers(1, 4))]:
        cases = draw(st.integers(1, min(4, MAX_BITS - num_bits - 3) if num_bits < 8 else 1))
        num_bits += cases
        dqm.add_variable(cases, label=label)
        dqm.set_linear(label, [draw(bias) for _ in range(cases)])
    for u, v in itertools.combinations(dqm.variables, 2):
        for case_u, case_v in itertools.product(range(dqm.num_cases(u)), range(dqm.num_cases(v))):
            if draw(st.booleans()):
                dqm.set_quadratic_case(u, case_u, v, case_v, draw(bias))
    dqm.offset = draw(bias)
    return dqm


def states_and_energies(dqm: dimod.DQM, scale: float) -> tuple[np.ndarray, np.ndarray]:
    encoding = encode(dqm)
    problem = encoding.penalised(scale * encoding.safe_weights)
    states = (np.arange(2**encoding.num_bits)[:, None] >> np.arange(encoding.num_bits) & 1).astype(np.int8)
    pairs = states[:, problem.row] * states[:, problem.col]
    return states, problem.offset + states @ problem.linear + pairs @ problem.value


@settings(deadline=None, max_examples=80, derandomize=True)
@given(dqms())
def test_minimum_at_safe_weights_is_the_optimum_without_repair(dqm: dimod.DQM) -> None:
    states, energies = states_and_energies(dqm, 1.0)
    best = dimod.ExactDQMSolver().sample_dqm(dqm).first.energy
    report = encode(dqm).decode(states[energies <= energies.min() + 1e-9])
    assert (report.repaired == 0).all()
    assert report.energies == pytest.approx(best)
    assert energies.min() == pytest.approx(best)


@settings(deadline=None, max_examples=80, derandomize=True)
@given(dqms(), st.sampled_from([0.0, 0.1, 2.0]))
def test_penalised_energy_of_valid_states_is_the_energy(dqm: dimod.DQM, scale: float) -> None:
    states, energies = states_and_energies(dqm, scale)
    report = encode(dqm).decode(states)
    valid = report.repaired == 0
    assert valid.sum() == np.prod([dqm.num_cases(v) for v in dqm.variables])
    assert report.energies[valid] == pytest.approx(energies[valid])
    assert report.energies == pytest.approx(dqm.energies((report.samples, list(dqm.variables))))


def repaired_by_hand(dqm: dimod.DQM, state: np.ndarray) -> list[int]:
    """The rule of the module, one read and one case at a time."""
    labels = list(dqm.variables)
    bits = iter(state)
    groups = {v: [next(bits) for _ in range(dqm.num_cases(v))] for v in labels}
    settled = {v: group.index(1) for v, group in groups.items() if sum(group) == 1}
    for v in labels:
        if v not in settled:
            field = [
                dqm.get_linear_case(v, case)
                + sum(
                    dqm.get_quadratic(v, u).get((case, settled[u]), 0.0) for u in settled if u in dqm.adj[v]
                )
                for case in range(dqm.num_cases(v))
            ]
            settled[v] = int(np.argmin(field))
    return [settled[v] for v in labels]


@settings(deadline=None, max_examples=80, derandomize=True)
@given(dqms(), st.integers(0, 2**32 - 1))
def test_repair_takes_the_case_of_lowest_energy(dqm: dimod.DQM, seed: int) -> None:
    encoding = encode(dqm)
    states = np.random.default_rng(seed).integers(0, 2, (8, encoding.num_bits), dtype=np.int8)
    report = encoding.decode(states)
    assert report.samples.tolist() == [repaired_by_hand(dqm, state) for state in states]
    assert report.is_feasible.all()


def test_broken_counts_the_bits_away_from_one() -> None:
    dqm = dimod.DQM()
    dqm.add_variable(3)
    dqm.add_variable(2)
    report = encode(dqm).decode([[0, 1, 0, 1, 0], [0, 0, 0, 1, 0], [1, 1, 1, 1, 1]])
    assert report.broken.tolist() == [[0, 0], [1, 0], [2, 1]]
    assert report.repaired.tolist() == [0, 1, 2]
