"""Products on tensor cores: parts of numbers, calls to cuBLAS (its twin here), bounds of the error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import isinglass
from isinglass.errors import DeviceError, MissingExtraError, OutOfMemoryError
from isinglass.kernels import reference
from isinglass.kernels.cuda import bifurcate_matrix, gemm
from isinglass.kernels.cuda.card import Card, Work
from isinglass.kernels.cuda.grids import WIDE, grid_of
from isinglass.kernels.cuda.matrix_forms import Form, MatrixOnCard, form_of
from isinglass.kernels.cuda.opening import open_cards
from tests.conftest import kernel_form, random_couplings

pytestmark = pytest.mark.usefixtures("simulator")
HALF, SINGLE, WHOLE = bifurcate_matrix.HALF, bifurcate_matrix.SINGLE, bifurcate_matrix.WHOLE
bifurcate = partial(isinglass.solve, solver="simulated_bifurcation", seed=5, num_reads=2, steps=5)


@pytest.fixture
def work() -> Iterator[Work]:
    with Card(0).work("multiplying") as work:
        yield work


def nearest_half(x: np.ndarray) -> np.ndarray:
    """To 8 binary digits, ties to even, in float64."""
    mantissa, exponent = np.frexp(x)
    return np.ldexp(np.rint(np.ldexp(mantissa, 8)), exponent - 8)


def as_float(parts: np.ndarray) -> np.ndarray:
    return (parts.astype(np.uint32) << 16).view(np.float32).astype(np.float64)


def positions(work: Work, x: np.ndarray, form: Form) -> np.ndarray:
    """The operand of positions ``x``."""
    parts = work.room((form.operand_parts, 1, 16 * -(-x.size // 16)), form.kind)
    work.launch(
        form.kernels.operand,
        grid_of(parts.shape[1:]),
        WIDE,
        x[None, :],
        False,
        np.float32(form.grains),
        parts,
    )
    return work.get(parts)[:, 0, : x.size]


def test_bfloat16_parts_are_the_nearest_and_the_rest_of_it(work: Work) -> None:
    draw = np.random.default_rng(1).uniform(-1, 1, 40)
    ties = (1 + np.array([1, 3, 5, 255]) * 2.0**-8) * 2.0 ** np.array([0, -1, -7, -30])
    x = np.concatenate([draw, draw * 1e-9, ties, -ties, [0.0, 1.0, -1.0]]).astype(np.float32)
    high, low = as_float(positions(work, x, Form(HALF, np.uint16, 1, 2)))
    assert (high == nearest_half(x.astype(float))).all()
    assert (low == nearest_half(x - high)).all()
    assert (np.abs(high + low - x) <= 2.0**-17 * np.abs(x)).all() and (high + low != x).any()


def test_whole_numbers_are_their_digits(work: Work) -> None:
    numbers = np.array([0, 1, -1, 127, -127, 128, -128, 129, 255, -256, 16383, -16383, 32639, -32639])
    matrix = np.diag(numbers).astype(np.float32)
    for parts, most in ((1, 127), (2, 32639)):
        form = Form(WHOLE, np.int8, parts, 1, True)
        put = MatrixOnCard.put(work, (matrix,), np.zeros(len(numbers)), form)
        found = sum(256**p * np.diag(part.astype(int)) for p, part in enumerate(work.get(put.parts)))
        few = np.abs(numbers) <= most
        assert (found[: len(numbers)][few] == numbers[few]).all()


def packed(low: float, high: float) -> tuple[Any, ...]:
    return (np.zeros((9, 8), np.uint64), None, low, high - low)


@pytest.mark.parametrize(
    ("couplings", "signs", "kernels", "matrix_parts", "operand_parts"),
    [
        (packed(-1.0, 1.0), True, WHOLE, 1, 1),
        (packed(-1.0, 1.0), False, WHOLE, 1, 2),
        (packed(0.0, 300.0), True, WHOLE, 2, 1),
        (packed(0.0, 300.0), False, WHOLE, 2, 2),
        (packed(0.0, 1e6), True, HALF, 2, 1),
        (packed(0.0, 65536.0), False, HALF, 1, 2),
        (packed(0.3, -1.7), True, HALF, 2, 1),
        ((np.array([[0, 127], [127, 0]], np.int16),), True, WHOLE, 1, 1),
        ((np.array([[0, -128], [-128, 0]], np.int16),), True, WHOLE, 2, 1),
        ((np.array([[0, 0.1], [0.1, 0]], np.float32),), False, HALF, 2, 2),
        ((np.array([[0, 0.75], [0.75, 0]], np.float32),), False, HALF, 1, 2),
    ],
)
def test_the_couplings_choose_the_form(
    couplings: Any, signs: bool, kernels: object, matrix_parts: int, operand_parts: int
) -> None:
    form = form_of(Card(0), couplings, signs)
    assert form.kernels is kernels
    assert (form.matrix_parts, form.operand_parts) == (matrix_parts, operand_parts)


def test_old_cards_multiply_in_single_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Card, "has_bfloat16", False)
    assert form_of(Card(0), packed(0.3, -1.7), False).kernels is SINGLE
    assert form_of(Card(0), packed(-1.0, 1.0), False).kernels is WHOLE
    problem = isinglass.compile(random_couplings(9, 1.0, "gaussian", 6), kind="ising", storage="dense")
    found = bifurcate(problem, backend="gpu", variant="ballistic")
    assert (found.record.sample == bifurcate(problem, variant="ballistic").record.sample).all()


def products(work: Work, matrix: np.ndarray, x: np.ndarray, form: Form) -> np.ndarray:
    """float64[reads, n] as a card computes them, signs of ``x`` where the form has one part for them."""
    problem = MatrixOnCard.put(work, (matrix,), np.zeros(len(matrix)), form)
    operand, sums = problem.operand_for(work, len(x))
    signs = form.operand_parts == 1
    grains = np.float32(form.grains)
    work.launch(form.kernels.operand, grid_of(operand.shape[1:]), WIDE, x, signs, grains, operand)
    for arguments in problem.products(operand, sums, signs):
        gemm._gemm_ex_simulated(*arguments)
    found = sum(256.0**p * table[:, : len(matrix)] for p, table in enumerate(work.get(sums).astype(float)))
    return found / (1 if signs else form.grains)


@pytest.mark.parametrize(("matrix_parts", "operand_parts"), [(1, 2), (2, 1), (2, 2)])
def test_errors_of_bfloat16_products_stay_within_the_bound(
    work: Work, matrix_parts: int, operand_parts: int
) -> None:
    n, draw = 20, np.random.default_rng(matrix_parts)
    form = Form(HALF, np.uint16, matrix_parts, operand_parts)
    # Second half: numbers whose rests are the largest, with one sign, so that errors add up.
    J = np.concatenate([draw.normal(size=(n // 2, n)), np.full((n // 2, n), 1 + 2.0**-8 - 2.0**-16)])
    J = (J if matrix_parts == 2 else nearest_half(J)).astype(np.float32)
    x = np.stack([draw.uniform(-1, 1, n), np.full(n, 0.5 + 2.0**-9 - 2.0**-17)]).astype(np.float32)
    v = np.where(x < 0, -1.0, 1.0) if operand_parts == 1 else x.astype(float)
    error = np.abs(products(work, J, x, form) - v @ J.T.astype(float))
    tolerance = form.tolerance(n, operand_parts == 1)
    bound = tolerance * (np.abs(v) @ np.abs(J.T.astype(float)))
    assert (error <= bound).all()
    # Above what single precision alone would do: the parts are what rounds here.
    assert error.max() > 2.0**-22 * bound.max() / tolerance


@pytest.mark.parametrize("parts", [1, 2])
def test_products_of_whole_numbers_with_signs_are_exact(work: Work, parts: int) -> None:
    draw = np.random.default_rng(3)
    J = draw.integers(-32639 if parts == 2 else -127, 128, (11, 11)).astype(np.float32)
    x = draw.uniform(-1, 1, (3, 11)).astype(np.float32)
    found = products(work, J, x, Form(WHOLE, np.int8, parts, 1, True))
    assert (found == np.where(x < 0, -1.0, 1.0) @ J.T.astype(float)).all()


@pytest.mark.parametrize("parts", [1, 2])
def test_products_of_whole_numbers_with_positions_are_those_of_their_grains(work: Work, parts: int) -> None:
    draw = np.random.default_rng(4)
    J = draw.integers(-32639 if parts == 2 else -127, 128, (11, 11)).astype(np.float32)
    x = np.concatenate([draw.uniform(-1, 1, (2, 11)), np.ones((1, 11)), -np.ones((1, 11))]).astype(np.float32)
    found = products(work, J, x, Form(WHOLE, np.int8, parts, 2, True))
    grains = np.floor(x * np.float32(32639) + np.float32(0.5)).astype(float)
    assert found == pytest.approx(grains @ J.T.astype(float) / 32639, rel=1e-14)
    error = np.abs(found - x.astype(float) @ J.T.astype(float))
    assert (error <= np.abs(J).sum(axis=1) * 0.51 / 32639).all() and error.max() > 0


def test_sums_that_would_not_fit_32_bits_are_not_of_digits() -> None:
    # 128 * 128 * n * (two pairs of digits of one weight) reaches 2^31 at n = 65536.
    for n, kernels in ((65535, WHOLE), (65536, HALF)):
        few = (np.broadcast_to(np.uint64(0), (n, 8)), None, 0.0, 5000.0)
        assert form_of(Card(0), few, False).kernels is kernels


@pytest.mark.parametrize("values", ["pm1", "small", "wide", "gaussian"])
@pytest.mark.parametrize("storage", ["dense", "packed"])
def test_discrete_bifurcation_is_that_of_the_processor(storage: str, values: str) -> None:
    if storage == "packed":
        low, high = {"pm1": (-1, 1), "small": (-3, 100), "wide": (-999, 5000), "gaussian": (0.3, -np.pi)}[
            values
        ]
        matrix = np.triu(np.where(random_couplings(9, 1.0, "pm1", 6) > 0, low, high), 1)
    elif values == "wide":
        matrix = random_couplings(9, 1.0, "large", 6) // 200
    else:
        matrix = random_couplings(9, 1.0, values, 6)
    h = np.random.default_rng(2).integers(-2, 3, 9).astype(float)
    problem = isinglass.compile((h, matrix), kind="ising", storage=storage)
    assert problem.integer == (values != "gaussian")
    here, there = (bifurcate(problem, backend=backend, variant="discrete") for backend in ("cpu", "gpu"))
    assert (here.record.sample == there.record.sample).all()


@pytest.mark.parametrize("variant", ["ballistic", "generalized"])
@pytest.mark.parametrize("low_high", [(-1.0, 1.0), (0.3, -1.7)])
def test_bifurcation_of_packed_problems_follows_the_reference(
    low_high: tuple[float, float], variant: str
) -> None:
    n, steps, c0, dt, A = 12, 6, 0.1, 0.5, 0.3
    matrix = np.triu(np.where(random_couplings(n, 1.0, "pm1", 6) > 0, *low_high), 1)
    problem = isinglass.compile(matrix, kind="ising", storage="packed")
    x, y = np.random.default_rng(1).uniform(-0.1, 0.1, (2, n)).astype(np.float32)
    J, h = kernel_form(problem)
    *_, energies = reference.bifurcate(J, h, x, y, variant, A, c0, dt, steps)
    control = np.array([A], np.float32) if variant == "generalized" else None
    states, found = open_cards().bifurcate(
        problem.couplings, problem.h, x[:, None], y[:, None], control, False, 4, np.float32(c0),
        np.float32(dt), steps, np.zeros(8, np.int64), np.array([0.0, np.inf, -np.inf, 0.0]),
    )  # fmt: skip
    # Couplings of two parts are within 2^-17, and so are energies.
    within = 1e-9 if low_high == (-1.0, 1.0) else 2.0**-16
    assert found[0] == pytest.approx(min(energies[3], energies[-1]), rel=within)
    assert reference.energy(J, h, states[0]) == pytest.approx(found[0], rel=within)


def without_second_parts(exact: Callable[..., None]) -> Callable[..., None]:
    """A library that leaves out the products that add to others."""
    return lambda *arguments: None if np.any(_scale(arguments)) else exact(*arguments)


def _scale(arguments: tuple[int, ...]) -> np.ndarray:
    return gemm._column_major(arguments[12], 1, 1, np.float32)


@pytest.mark.parametrize("variant", ["discrete", "ballistic"])
def test_a_product_that_is_not_within_the_bound_is_a_sentence(
    variant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = isinglass.compile(random_couplings(9, 1.0, "gaussian", 6), kind="ising", storage="dense")
    monkeypatch.setattr(gemm, "_gemm_ex_simulated", without_second_parts(gemm._gemm_ex_simulated))
    with pytest.raises(DeviceError, match=r"product of matrices on CUDA simulator is off by .* 'cpu'"):
        bifurcate(problem, backend="gpu", variant=variant)


def test_what_cublas_does_not_support_its_twin_refuses(work: Work) -> None:
    matrix, operand = work.put(np.ones((16, 12), np.int8)), work.put(np.ones((3, 12), np.int8))
    sums = work.put(np.zeros((3, 16), np.int32))
    arguments = gemm.gemm_arguments(matrix, operand, sums, False)
    assert len(arguments) == 18
    gemm._gemm_ex_simulated(*arguments)
    assert (work.get(sums) == 12).all()
    gemm._gemm_ex_simulated(*gemm.gemm_arguments(matrix, operand, sums, True))
    assert (work.get(sums) == 24).all()
    # Positions of k, lda and the address of A; whole numbers want multiples of 4.
    for place, value in ((4, 10), (8, 10), (6, arguments[6] + 1), (16, 68)):
        wrong = [value if i == place else a for i, a in enumerate(arguments)]
        with pytest.raises(ValueError, match="NOT_SUPPORTED"):
            gemm._gemm_ex_simulated(*wrong)


class CuPy(ModuleType):
    """What of CuPy 14 is used, under the names of all its modules."""

    NAMES = ("cupy", "cupy.cuda", "cupy_backends", "cupy_backends.cuda", "cupy_backends.cuda.api")
    NAMES += ("cupy_backends.cuda.api.runtime", "cupy_backends.cuda.libs", "cupy_backends.cuda.libs.cublas")

    class CUDARuntimeError(RuntimeError):
        pass

    class CUBLASError(RuntimeError):
        pass

    def __init__(self, failure: Exception | None) -> None:
        super().__init__("cupy")
        self.failure, self.entered, self.called = failure, [], []
        self.cuda = self.api = self.runtime = self.libs = self.cublas = self.device = self.Stream = self

    @contextmanager
    def Device(self, number: int) -> Iterator[None]:
        self.entered.append(number)
        yield

    @contextmanager
    def from_external(self, stream: object) -> Iterator[None]:
        self.entered.append(stream)
        yield

    def get_cublas_handle(self) -> int:
        return 77

    def gemmEx(self, *arguments: int) -> None:
        self.called.append(arguments)
        if self.failure is not None:
            raise self.failure


@pytest.mark.parametrize(
    ("failure", "expected", "words"),
    [
        (None, None, ""),
        (CuPy.CUBLASError("CUBLAS_STATUS_ALLOC_FAILED"), OutOfMemoryError, "no memory left for cuBLAS"),
        (CuPy.CUBLASError("CUBLAS_STATUS_NOT_SUPPORTED"), DeviceError, r"cuBLAS failed on .*NOT_SUPPORTED"),
        (CuPy.CUDARuntimeError("cudaErrorInsufficientDriver: old"), DeviceError, "InsufficientDriver"),
    ],
)
def test_products_run_on_the_stream_of_the_launches_and_fail_in_a_sentence(
    failure: Exception | None, expected: type[Exception] | None, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = CuPy(failure)
    for name in CuPy.NAMES:
        monkeypatch.setitem(sys.modules, name, library)
    monkeypatch.setattr(gemm, "SIMULATED", False)
    monkeypatch.setattr(gemm, "find_spec", lambda name: True)
    outcome = pytest.raises(expected, match=words) if expected else nullcontext()
    with outcome, gemm.cublas(Work(Card(3), "a stream")) as gemm_ex:
        gemm_ex(*range(18))
    # gemmEx of CuPy 14.2 takes 19 arguments, the handle first.
    assert library.entered == [3, "a stream"] and library.called == [(77, *range(18))]


def test_a_library_that_cannot_be_loaded_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gemm, "SIMULATED", False)
    monkeypatch.setattr(gemm, "find_spec", lambda name: True)
    monkeypatch.setitem(sys.modules, "cupy", None)
    work = Work(Card(0), None)
    with pytest.raises(DeviceError, match=r"cuBLAS cannot be loaded .*pip install"), gemm.cublas(work):
        pass
    monkeypatch.setattr(gemm, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="cupy"), gemm.cublas(work):
        pass
