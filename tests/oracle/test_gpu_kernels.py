"""Kernels for cards, in the CUDA simulator: spin by spin what the processor's kernels or the reference do."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

import isinglass
from isinglass.control import RunControl
from isinglass.kernels import reference
from isinglass.kernels.cpu.visit_order import colours, levels
from isinglass.kernels.cuda import anneal_sparse
from isinglass.kernels.cuda.card import Card
from isinglass.kernels.cuda.opening import open_cards
from isinglass.kernels.cuda.packed_replicas import PackedOnCard
from isinglass.kernels.cuda.sparse_replicas import SparseOnCard, lanes_of, visit_order, words_of
from isinglass.problems.energies import unpack_spins
from isinglass.qpu import dynamics
from isinglass.qpu.noise import NoisyProblem
from isinglass.qpu.physics import Physics
from isinglass.qpu.rotors import _even_rows, _kernel_schedule, _moves, _start
from isinglass.qpu.sweeps import moments_of
from isinglass.rng import read_keys
from isinglass.solvers.memcomputing_forms import bonds_of
from isinglass.solvers.schedule import betas, slack_scale
from isinglass.solvers.start import StartStates
from tests.conftest import kernel_form, random_couplings
from tests.qpu_programs import program

pytestmark = pytest.mark.usefixtures("simulator")
anneal = partial(isinglass.solve, solver="simulated_annealing", beta_range=(0.01, 0.5), seed=11)
temper = partial(isinglass.solve, solver="parallel_tempering", beta_range=(0.02, 0.4), seed=3, num_reads=1)


def same_on_both(run: partial[isinglass.SampleSet], problem: isinglass.CompiledProblem, **given: int) -> None:
    here, there = (run(problem, backend=backend, **given) for backend in ("cpu", "gpu"))
    assert (here.record.sample == there.record.sample).all()
    assert there.record.energy == pytest.approx(here.record.energy)
    assert there.info["cards"] == ["CUDA simulator"]


def two_valued(n: int, low: float, high: float) -> isinglass.CompiledProblem:
    draw = np.random.default_rng(n).integers(0, 2, (n, n))
    matrix = np.triu(np.where(draw == 1, high, low), 1)
    return isinglass.compile(matrix, kind="ising", storage="packed")


@pytest.mark.parametrize("values", ["small", "large", "gaussian"])
def test_sparse_anneals_are_those_of_the_processor(values: str) -> None:
    # Between two halves, so that the order of index falls into two classes.
    matrix = random_couplings(48, 0.2, values, seed=5)
    matrix[:24, :24] = matrix[24:, 24:] = 0.0
    h = np.random.default_rng(3).integers(-2, 3, 48).astype(float)
    problem = isinglass.compile((h, matrix), kind="ising", storage="sparse")
    same_on_both(anneal, problem, num_reads=3, annealing_time=2)


def test_sparse_anneals_by_colour_are_those_of_the_reference() -> None:
    # A chain: a class for each spin in order of index, two by colour.
    n, reads = 33, 2
    problem = isinglass.compile(np.diag(np.random.default_rng(2).choice([-1.0, 1.0], n - 1), 1), kind="ising")
    order, starts = visit_order(*problem.couplings[:2])
    assert starts.tolist() == [0, 17, 33]
    found = anneal(problem, backend="gpu", num_reads=reads, annealing_time=3)
    scale = slack_scale(betas("geometric", (0.01, 0.5), 3), problem.scale)
    start, (J, h) = StartStates(problem, None, 11), kernel_form(problem)
    for r in range(reads):
        spins, key = unpack_spins(start.words(r), n), read_keys(11, r, 1)[0]
        expected = reference.anneal(J, h, spins, key, scale, np.float32(1.0), order=order)
        assert (found.record.sample[r] == expected).all()


def test_a_grid_that_shares_replicas_sweeps_as_blocks_do() -> None:
    n = 24
    couplings = isinglass.compile(
        random_couplings(n, 0.2, "pm1", 4), kind="ising", storage="sparse"
    ).couplings
    start = np.random.default_rng(1).integers(0, 1 << 32, (2, n), np.uint32)
    swept = []
    with Card(0).work("sweeping") as work:
        problem = SparseOnCard.put(work, couplings, np.zeros(n, np.int8))
        for sweep, grid in ((anneal_sparse.sweep_blocks, 2), (anneal_sparse.sweep_grid, 1)):
            spins = work.put(start)
            arguments = (problem.order, problem.starts, *problem.couplings, spins, read_keys(1, 0, 64))
            scale = np.full(1, 0.5, np.float32)
            work.launch(sweep, grid, (32, 1), *arguments, scale, np.float32(1.0), 0)
            swept.append(work.get(spins))
    assert (swept[0] == swept[1]).all() and (swept[0] != start).any()


@pytest.mark.parametrize("low_high", [(-1.0, 1.0), (0.3, -1.7)])
def test_packed_anneals_are_those_of_the_processor(low_high: tuple[float, float]) -> None:
    same_on_both(anneal, two_valued(70, *low_high), num_reads=1, annealing_time=2)


def test_packed_anneals_in_tiles_are_those_of_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PackedOnCard, "fits_shared", lambda problem, card: False)
    same_on_both(anneal, two_valued(70, 0.0, 1.0), num_reads=1, annealing_time=2)


def test_packed_ladders_are_those_of_the_processor() -> None:
    same_on_both(temper, two_valued(66, -1.0, 1.0), sweeps=2, num_temperatures=3)


def test_sparse_ladders_are_those_of_the_processor() -> None:
    # One ladder of 64 rungs has no second copy to trade clusters with on the processor either.
    problem = isinglass.compile(random_couplings(40, 0.06, "small", 3), kind="ising", storage="sparse")
    same_on_both(temper, problem, sweeps=2, num_temperatures=64)


@pytest.mark.parametrize("classes_of", [levels, colours])
@pytest.mark.parametrize("density", [0.02, 0.3])
def test_spins_of_a_class_are_not_coupled(classes_of: object, density: float) -> None:
    couplings = isinglass.compile(
        random_couplings(90, density, "pm1", 4), kind="ising", storage="sparse"
    ).couplings
    classes = classes_of(couplings.indptr, couplings.indices)
    row = np.repeat(np.arange(90), np.diff(couplings.indptr))
    assert (classes[row] != classes[couplings.indices]).all()
    assert set(classes) == set(range(classes.max() + 1))
    if classes_of is levels:
        # Who comes first by index comes first by class.
        earlier = row < couplings.indices
        assert (classes[row] < classes[couplings.indices])[earlier].all()


@pytest.mark.parametrize(("reads", "n"), [(1, 5), (32, 64), (45, 130)])
def test_lanes_and_words_say_the_same(reads: int, n: int) -> None:
    spins = np.random.default_rng(reads).integers(0, 2, (reads, n), np.uint8)
    padded = np.zeros((reads, 64 * -(-n // 64)), np.uint8)
    padded[:, :n] = spins
    words = np.packbits(padded, axis=1, bitorder="little").view(np.uint64)
    lanes = lanes_of(words, n)
    assert lanes.shape == (-(-reads // 32), n)
    assert ((lanes[reads // 33, n - 1] >> ((reads - 1) % 32)) & 1 == spins[reads - 1, n - 1]) or reads > 32
    assert (words_of(lanes, reads) == words).all()


@pytest.mark.parametrize("storage", ["sparse", "dense", "packed"])
def test_discrete_bifurcation_of_whole_numbers_is_that_of_the_processor(storage: str) -> None:
    problem = isinglass.compile(random_couplings(9, 1.0, "pm1", 6), kind="ising", storage=storage)
    bifurcate = partial(isinglass.solve, solver="simulated_bifurcation", variant="discrete", seed=5)
    same_on_both(bifurcate, problem, num_reads=2, steps=5)


@pytest.mark.parametrize("variant", ["ballistic", "generalized"])
@pytest.mark.parametrize("storage", ["sparse", "dense"])
def test_bifurcation_follows_the_reference(storage: str, variant: str) -> None:
    # Sums in another order: positions agree to single precision over a few steps.
    n, steps, c0, dt, A = 12, 6, 0.1, 0.5, 0.3
    problem = isinglass.compile(random_couplings(n, 1.0, "gaussian", 6), kind="ising", storage=storage)
    x, y = np.random.default_rng(1).uniform(-0.1, 0.1, (2, n)).astype(np.float32)
    J, h = kernel_form(problem)
    *_, energies = reference.bifurcate(J, h, x, y, variant, A, c0, dt, steps)
    flag, row = np.zeros(8, np.int64), np.array([0.0, np.inf, -np.inf, 0.0])
    control = np.array([A], np.float32) if variant == "generalized" else None
    states, found = open_cards().bifurcate(
        problem.couplings, problem.h, x[:, None], y[:, None], control, False, 4, np.float32(c0),
        np.float32(dt), steps, flag, row,
    )  # fmt: skip
    # Looked at after every four steps and the last.
    assert found[0] == pytest.approx(min(energies[3], energies[-1]), rel=1e-5)
    assert reference.energy(J, h, states[0]) == pytest.approx(found[0], rel=1e-5)


@pytest.mark.parametrize("fields", [False, True])
def test_memcomputing_follows_the_reference(fields: bool) -> None:
    n, steps, rate, threshold, softening, dt = 8, 6, 0.8, 0.45, 0.1, 0.2
    h = np.random.default_rng(4).normal(size=n) * fields
    problem = isinglass.compile((h, random_couplings(n, 0.7, "gaussian", 8)), kind="ising", storage="sparse")
    v = np.random.default_rng(1).uniform(-1, 1, n).astype(np.float32)
    gain = np.linspace(2.0, 0.0, steps).astype(np.float32)
    J, kernel_h = kernel_form(problem)
    _, lowest = reference.memcompute_bonds(J, kernel_h, v.astype(float), gain, softening, rate, threshold, dt)
    assert lowest < reference.energy(J, kernel_h, np.sign(v))
    bonds = bonds_of(problem, "bonds", 0)
    flag, row = np.zeros(8, np.int64), np.array([0.0, np.inf, -np.inf, 0.0])
    states = open_cards().memcompute(
        bonds[:3], bonds.norm, v[:, None], gain, *map(np.float32, (softening, rate, threshold, dt)), flag, row
    )
    assert reference.energy(J, kernel_h, states[0]) == pytest.approx(lowest, rel=1e-5)
    assert row[1] == pytest.approx(lowest, rel=1e-5) and row[0] == steps


def test_rotors_follow_the_reference() -> None:
    # Two classes, so that rotors are turned in order of index; few sweeps, as in test_qpu_kernels.py.
    n, reads = 17, 2
    draw = np.random.default_rng(n)
    row, col = np.nonzero(np.pad(draw.random((8, 9)) < 0.3, ((0, 9), (8, 0))))
    h, J = draw.normal(size=n), draw.normal(size=row.size)
    asked = program(h, row, col, J, time=1.0, anneal_offsets=np.linspace(-0.05, 0.05, n))
    physics = Physics("Advantage_system4", 20.0, 40.0, dynamics="svmc-tf")
    moments, width = _moves(moments_of(asked, physics), physics)
    keys, rotors = read_keys(5, 0, reads), _start(n, None, reads)
    flag, progress = np.zeros(8, np.int64), np.array([0.0, np.inf, -np.inf, 0.0])
    done = open_cards().anneal_rotors(
        _even_rows(NoisyProblem(h, asked.row, asked.col, J)), h.astype(np.float32),
        np.zeros((n, reads), np.float32), _kernel_schedule(moments, width), rotors, keys, reads, flag,
        progress,
    )  # fmt: skip
    assert done == len(moments.s) >= 10
    group, full = moments.group, np.zeros((n, n))
    full[row, col] = full[col, row] = J
    schedule = {"A": moments.A_kt[:, group], "B": moments.B_kt[:, group], "width": width[:, group]}
    for r in range(reads):
        expected = reference.anneal_rotors(full, h, schedule, moments.share[:, group], np.zeros(n), keys[r])
        assert np.abs(rotors[2][:, r] - expected).max() < 1e-4
        assert np.abs(rotors[1][:, r] - np.cos(expected)).max() < 1e-4


def test_an_emulated_annealer_reads_the_same_on_a_card() -> None:
    draw, n = np.random.default_rng(3), 17
    row, col = np.nonzero(np.pad(draw.random((8, 9)) < 0.3, ((0, 9), (8, 0))))
    asked = program(draw.normal(size=n), row, col, draw.normal(size=row.size), time=1.0, num_reads=2)
    physics = Physics("Advantage_system4", 20.0, 40.0, dynamics="svmc-tf")
    here, there = (
        dynamics.run(asked, physics, 5, RunControl(num_threads=1, batch=batch))
        for batch in (None, open_cards())
    )
    # A decision in 10^4 turns on rounding: 34 rotors of some 10 sweeps, so one may with what follows from it.
    assert here.shape == there.shape == (2, n) and (here == there).mean() > 0.8
