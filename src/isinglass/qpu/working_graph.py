"""Which qubits and couplers work: a lattice with its defects, and the id that tells two such graphs apart."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from isinglass.errors import MissingExtraError, ParameterError
from isinglass.qpu.lattices import in_machine_order, lattice

_TRIES = 200


@dataclass(frozen=True, eq=False)
class WorkingGraph:
    """The qubits and couplers that can be programmed."""

    kind: str
    """ "chimera", "pegasus" or "zephyr"."""
    shape: tuple[int, ...]
    num_qubits: int
    """Length of per-qubit arrays: working qubits and others."""
    qubits: np.ndarray
    """int32[q], ascending."""
    couplers: np.ndarray
    """int32[c, 2], q1 < q2, sorted by (q2, q1)."""

    @cached_property
    def graph_id(self) -> str:
        """Ten hex digits that change when a qubit or coupler comes or goes."""
        digest = hashlib.sha256(f"{self.kind} {self.shape}".encode())
        digest.update(self.qubits.tobytes())
        digest.update(self.couplers.tobytes())
        return digest.hexdigest()[:10]

    @cached_property
    def works(self) -> np.ndarray:
        """bool[num_qubits]"""
        mask = np.zeros(self.num_qubits, dtype=bool)
        mask[self.qubits] = True
        return mask

    @cached_property
    def _keys(self) -> np.ndarray:
        keys: np.ndarray = self.couplers[:, 1].astype(np.int64) * self.num_qubits + self.couplers[:, 0]
        return keys

    def coupler_index(self, row: np.ndarray, col: np.ndarray) -> np.ndarray:
        """int64[m]: the number of the coupler between ``row`` and ``col``, or -1 where there is none."""
        low, high = np.minimum(row, col).astype(np.int64), np.maximum(row, col).astype(np.int64)
        key = high * self.num_qubits + low
        if not len(self._keys):
            return np.full(len(key), -1)
        place = np.minimum(np.searchsorted(self._keys, key), len(self._keys) - 1)
        index: np.ndarray = np.where(self._keys[place] == key, place, -1)
        return index

    def to_networkx(self) -> Any:
        """A ``networkx.Graph`` with dwave-graphs' attributes (extra: qpu)."""
        try:
            import dwave.graphs
        except ImportError:
            raise MissingExtraError("dwave-graphs", "qpu", "to_networkx()") from None

        make = {
            "chimera": dwave.graphs.chimera_graph,
            "pegasus": dwave.graphs.pegasus_graph,
            "zephyr": dwave.graphs.zephyr_graph,
        }[self.kind]
        return make(*self.shape, node_list=self.qubits.tolist(), edge_list=self.couplers.tolist())


def whole_graph(kind: str, shape: Sequence[int]) -> WorkingGraph:
    """The lattice without a defect."""
    num_qubits, qubits, couplers = lattice(kind, shape)
    return WorkingGraph(kind, tuple(int(x) for x in shape), num_qubits, qubits, couplers)


def with_defects(
    kind: str,
    shape: Sequence[int],
    *,
    num_working: int | None = None,
    num_couplers: int | None = None,
    dead_qubits: Sequence[int] = (),
    seed: int = 0,
) -> WorkingGraph:
    """A lattice with exactly ``num_working`` qubits and ``num_couplers`` couplers.

    The qubits in ``dead_qubits`` are dead; further ones and single couplers die at random, as ``seed`` has
    it, until the counts are met. None: no further deaths.
    """
    whole = whole_graph(kind, shape)
    rng = np.random.default_rng(seed)
    dead = np.asarray(dead_qubits, dtype=np.int64)
    candidates = np.setdiff1d(whole.qubits, dead)
    further = 0 if num_working is None else len(candidates) - num_working
    if further < 0:
        raise ParameterError(
            f"num_working={num_working}: this {kind} {list(whole.shape)} has {len(candidates)} qubits at most"
        )
    for _ in range(_TRIES):
        killed = np.concatenate([dead, rng.choice(candidates, further, replace=False)])
        couplers = whole.couplers[~np.isin(whole.couplers, killed).any(axis=1)]
        surplus = 0 if num_couplers is None else len(couplers) - num_couplers
        if surplus >= 0:
            keep = np.ones(len(couplers), dtype=bool)
            keep[rng.choice(len(couplers), surplus, replace=False)] = False
            qubits = np.setdiff1d(whole.qubits, killed).astype(np.int32)
            return WorkingGraph(whole.kind, whole.shape, whole.num_qubits, qubits, couplers[keep])
    raise ParameterError(
        f"num_couplers={num_couplers}: no choice of {further} dead qubits leaves that many couplers of {kind}"
    )


def graph_of(properties: dict[str, Any]) -> WorkingGraph:
    """The working graph that a solver's properties describe; ParameterError where they contradict."""
    topology = properties["topology"]
    whole = whole_graph(topology["type"], topology["shape"])
    if properties["num_qubits"] != whole.num_qubits:
        raise ParameterError(
            f"num_qubits={properties['num_qubits']!r}: {topology['type']} {list(whole.shape)} has "
            f"{whole.num_qubits} places"
        )
    qubits = np.unique(np.asarray(properties["qubits"], dtype=np.int64))
    outside = qubits[~np.isin(qubits, whole.qubits)]
    if len(outside):
        raise ParameterError(f"qubits has {outside[0]}, which {topology['type']} {list(whole.shape)} lacks")
    pairs = in_machine_order(np.asarray(properties["couplers"], dtype=np.int64))
    wrong = (whole.coupler_index(pairs[:, 0], pairs[:, 1]) < 0) | ~np.isin(pairs, qubits).all(axis=1)
    if wrong.any():
        raise ParameterError(
            f"couplers has {pairs[wrong][0].tolist()}, which does not join two working qubits of "
            f"{topology['type']} {list(whole.shape)}"
        )
    distinct = in_machine_order(np.unique(pairs, axis=0))
    return WorkingGraph(whole.kind, whole.shape, whole.num_qubits, qubits.astype(np.int32), distinct)
