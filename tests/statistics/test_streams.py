"""The random streams: uniform, and independent between spins, sweeps and reads.

Chi-square and correlation bounds at 4.5 sigma with fixed keys. bench/random_stream.py feeds whole batteries;
docs/concepts.md says what dieharder found.
"""

from __future__ import annotations

import numpy as np
import pytest

from isinglass.kernels.cpu.streams import slack_of, sweep_key, uniform32
from isinglass.rng import read_key, read_keys, resolve_seed, start_bits, start_word

SIGMAS = 4.5
N = 40_000


def stream(read: int, sweep: int, n: int = N) -> np.ndarray:
    key = int(sweep_key(read_keys(7, read, 1)[0], sweep))
    low, high = np.uint32(key & 0xFFFFFFFF), np.uint32(key >> 32)
    return np.array([uniform32(np.uint32(i), low, high) for i in range(n)], dtype=np.uint32)


def test_bytes_are_uniform() -> None:
    for shift in (0, 8, 16, 24):
        counts = np.bincount((stream(0, 0) >> np.uint32(shift)) & np.uint32(255), minlength=256)
        chi2 = float(((counts - N / 256) ** 2 / (N / 256)).sum())
        # chi2 with 255 degrees of freedom: mean 255, variance 510.
        assert abs(chi2 - 255) < SIGMAS * np.sqrt(510)


@pytest.mark.parametrize(
    ("first", "second"), [((0, 0), (0, 1)), ((0, 0), (1, 0)), ((3, 5), (5, 3)), ((0, 0), (64, 0))]
)
def test_sweeps_and_reads_are_uncorrelated(first: tuple[int, int], second: tuple[int, int]) -> None:
    a, b = (stream(*which).astype(np.float64) / 2**32 - 0.5 for which in (first, second))
    # The product of two independent uniforms on (-1/2, 1/2) has standard deviation 1/12.
    for lag in (0, 1, 2, 64):
        product = a[: N - lag] * b[lag:]
        assert abs(product.mean()) < SIGMAS / 12 / np.sqrt(len(product))


@pytest.mark.parametrize("lag", [1, 2, 3, 16, 64, 1024])
def test_neighbouring_spins_are_uncorrelated(lag: int) -> None:
    a = stream(2, 9).astype(np.float64) / 2**32 - 0.5
    product = a[:-lag] * a[lag:]
    assert abs(product.mean()) < SIGMAS / 12 / np.sqrt(len(product))


def test_zero_cost_flips_are_refused_one_time_in_sixteen() -> None:
    bits = stream(0, 3)
    slack = np.array([slack_of(x, np.float32(0.1), np.float32(1.0)) for x in bits])
    refused = (slack < 0).mean()
    # slack is below the quantum with probability 1 - exp(-10).
    assert abs(refused - 1 / 16) < SIGMAS * np.sqrt(1 / 16 * 15 / 16 / N)
    assert (slack[slack < 0] == -1.0).all()
    continuous = np.array([slack_of(x, np.float32(0.1), np.float32(0.0)) for x in bits])
    assert (continuous >= 0).all()


def test_read_keys_do_not_depend_on_how_reads_are_split() -> None:
    whole = read_keys(5, 0, 100)
    assert len(set(whole.tolist())) == 100
    assert (np.concatenate([read_keys(5, 0, 37), read_keys(5, 37, 63)]) == whole).all()
    assert not set(whole.tolist()) & set(read_keys(6, 0, 100).tolist())
    for seed in (5, 2**63 - 1):
        assert [read_key(seed, r) for r in range(100)] == read_keys(seed, 0, 100).tolist()
    assert [start_word(k) for k in (0, 9, 2**64 - 1)] == [
        start_bits(np.uint64(k), 1)[0] for k in (0, 9, 2**64 - 1)
    ]


def test_start_bits_are_fair() -> None:
    bits = np.unpackbits(start_bits(np.uint64(1), 10_000).view(np.uint8))
    assert abs(bits.mean() - 0.5) < SIGMAS * 0.5 / np.sqrt(bits.size)


def test_a_drawn_seed_can_be_given_again() -> None:
    drawn = resolve_seed(None)
    assert resolve_seed(drawn) == drawn
    assert len({resolve_seed(None) for _ in range(20)}) > 15
