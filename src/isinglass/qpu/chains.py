"""Chains: how strongly they are coupled, what is programmed for them, and how they are read when broken."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from isinglass.errors import ParameterError, nearest
from isinglass.kernels.cpu.settle import settle
from isinglass.problems.reduce.terms import Terms
from isinglass.qpu.embedding import Embedding
from isinglass.qpu.problem import QubitProblem
from isinglass.qpu.working_graph import WorkingGraph

STRENGTHS = ("uniform_torque_compensation", "scaled")
POLICIES = ("majority_vote", "weighted_random", "discard", "minimize_energy")
DEFAULT_PREFACTOR = {"uniform_torque_compensation": 1.414, "scaled": 1.0}
"""As in dwave-system."""


def chain_strengths(
    choice: Any, prefactor: float | None, terms: Terms, labels: Sequence[Hashable]
) -> np.ndarray:
    """float64[n]: the ferromagnetic coupling of each variable's chain, in the problem's units.

    ``choice``: "uniform_torque_compensation" (prefactor * rms(J) * sqrt(mean degree): Raymond, Ndiaye,
    Rayaprolu, King, "Improving performance of logical qubits by parameter tuning and topology compensation",
    QCE 2020), "scaled" (prefactor * largest bias), a number, or {variable: number}. All of the Ising form of
    the problem. 1 where there is nothing to go by.
    """
    n = len(labels)
    if choice is None:
        choice = "uniform_torque_compensation"
    if not isinstance(choice, Mapping):
        check_strength(choice, prefactor)
    else:
        missing = [v for v in labels if v not in choice]
        if missing:
            raise ParameterError(f"chain_strength has no entry for variable {missing[0]!r}")
        return np.array([_strength(choice[v], f"chain_strength[{v!r}]") for v in labels])
    if not isinstance(choice, str):
        return np.full(n, _strength(choice))
    factor = DEFAULT_PREFACTOR[choice] if prefactor is None else float(prefactor)
    if not len(terms.values):
        return np.ones(n)
    if choice == "scaled":
        return np.full(n, factor * max(np.abs(terms.values).max(), np.abs(terms.h).max(initial=0.0)))
    rms, mean_degree = np.sqrt(np.mean(terms.values**2)), len(terms.values) / n
    return np.full(n, factor * rms * np.sqrt(mean_degree))


def check_strength(choice: Any, prefactor: float | None) -> None:
    """ParameterError unless it is a rule, a number above 0 or None, with a prefactor only of a rule."""
    if choice is not None and not isinstance(choice, str):
        if prefactor is not None:
            raise ParameterError("chain_strength_prefactor goes with a rule, and chain_strength is a number")
        _strength(choice)
    elif choice is not None and choice not in STRENGTHS:
        raise ParameterError(
            f"chain_strength={choice!r} is not one of {', '.join(STRENGTHS)}, a number or a "
            f"dict{nearest(choice, STRENGTHS)}"
        )
    elif prefactor is not None:
        _strength(prefactor, "chain_strength_prefactor")


def _strength(value: Any, name: str = "chain_strength") -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not 0 < value < np.inf:
        raise ParameterError(f"{name}={value!r} is not a finite number above 0")
    return float(value)


def embedded(terms: Terms, embedding: Embedding, graph: WorkingGraph, strengths: np.ndarray) -> QubitProblem:
    """The problem on qubits: fields spread over chains, couplings over all couplers between two chains."""
    n = terms.num_variables
    owner = embedding.owners(graph.num_qubits)
    qubits = np.flatnonzero(owner >= 0).astype(np.int32)
    place = np.full(graph.num_qubits, -1, np.int32)
    place[qubits] = np.arange(len(qubits))
    lengths = np.array([len(chain) for chain in embedding.chains], dtype=np.float64)
    linear = (terms.h / np.maximum(lengths, 1.0))[owner[qubits]]
    a, b = owner[graph.couplers].T.astype(np.int64)
    chained = (a == b) & (a >= 0)
    row, col, value = terms.edges()
    wanted = row.astype(np.int64) * n + col
    key = np.minimum(a, b) * n + np.maximum(a, b)
    between = (a != b) & (a >= 0) & (b >= 0)
    between[between] = np.isin(key[between], wanted)
    index = np.searchsorted(wanted, key[between])
    shares = np.bincount(index, minlength=len(wanted))
    used = np.concatenate([graph.couplers[chained], graph.couplers[between]])
    weights = np.concatenate([-strengths[a[chained]], (value / np.maximum(shares, 1))[index]])
    ends = np.sort(place[used], axis=1)
    return QubitProblem(qubits, linear, ends[:, 0].copy(), ends[:, 1].copy(), weights, "SPIN")


def check_policy(policy: str) -> None:
    if policy not in POLICIES:
        raise ParameterError(
            f"chain_break_method={policy!r} is not one of {', '.join(POLICIES)}{nearest(policy, POLICIES)}"
        )


def unembedded(
    spins: np.ndarray, qubits: np.ndarray, embedding: Embedding, terms: Terms, policy: str, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(int8[kept, n] spins, bool[rows, n] which chains were broken, bool[rows] which rows are kept).

    ``policy``: "majority_vote" (halves: up), "weighted_random" (the value of a random qubit of the chain),
    "discard" (rows with a broken chain are dropped) or "minimize_energy" (broken ones are settled greedily
    by energy).
    """
    n = terms.num_variables
    place = {int(q): i for i, q in enumerate(qubits)}
    columns = np.array([place[q] for chain in embedding.chains for q in chain], dtype=np.int64)
    lengths = np.array([len(chain) for chain in embedding.chains], dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)
    if not n or not len(spins):
        empty = np.zeros((len(spins), n), np.int8)
        return empty, empty.astype(bool), np.ones(len(spins), dtype=bool)
    in_chains = spins[:, columns]
    totals = np.add.reduceat(in_chains.astype(np.int32), starts, axis=1)
    broken = np.abs(totals) != lengths
    keep = np.ones(len(spins), dtype=bool)
    value = _POLICY_OF[policy](in_chains, totals, broken, starts, lengths, terms, seed)
    if policy == "discard":
        keep = ~broken.any(axis=1)
    return value[keep], broken, keep


def _vote(in_chains: np.ndarray, totals: np.ndarray, *_: Any) -> np.ndarray:
    return np.where(totals >= 0, 1, -1).astype(np.int8)


def _random(
    in_chains: np.ndarray, totals: np.ndarray, broken: np.ndarray, starts: np.ndarray, lengths: np.ndarray,
    terms: Terms, seed: int,
) -> np.ndarray:  # fmt: skip
    rng = np.random.default_rng([seed, 2])
    picked = starts + (rng.random(totals.shape) * lengths).astype(np.int64)
    chosen: np.ndarray = np.take_along_axis(in_chains, picked, axis=1)
    return chosen


def _by_energy(
    in_chains: np.ndarray, totals: np.ndarray, broken: np.ndarray, starts: np.ndarray, lengths: np.ndarray,
    terms: Terms, seed: int,
) -> np.ndarray:  # fmt: skip
    value = np.where(broken, 0, _vote(in_chains, totals)).astype(np.int8)
    for row in np.flatnonzero(broken.any(axis=1)):
        settle(terms.indptr, terms.indices, terms.values, terms.h, value[row])
    return value


_POLICY_OF: dict[str, Callable[..., np.ndarray]] = {
    "majority_vote": _vote,
    "weighted_random": _random,
    "discard": _vote,
    "minimize_energy": _by_energy,
}
