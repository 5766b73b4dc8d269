"""``sample_embedded``: any problem on an emulated annealer, embedded, annealed and read back."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse

from isinglass.control import Cancel, Progress, check_positive
from isinglass.errors import ParameterError
from isinglass.problems.compile import compile
from isinglass.problems.compiled import CompiledProblem
from isinglass.problems.energies import energies, in_alphabet, in_users_terms
from isinglass.problems.reduce.terms import Terms, from_csr, terms_of
from isinglass.qpu.answer import Answer
from isinglass.qpu.apollo import APOLLO_MODELS, ApolloSampler
from isinglass.qpu.call import resolve
from isinglass.qpu.chains import chain_strengths, check_policy, check_strength, embedded, unembedded
from isinglass.qpu.embedding import Embedding, Source, check_method, embed, given_embedding
from isinglass.qpu.models import DEFECTS_SEED, MODELS
from isinglass.qpu.parameter_checks import UNUSED
from isinglass.qpu.solver import QPUSolver
from isinglass.results.sampleset import SampleSet, make_record
from isinglass.rng import resolve_seed
from isinglass.solvers.contract import whole_number

_LONG_CHAIN = 7
_WEAK_COUPLING = 0.02
_MANY_BREAKS = 0.25


def sample_embedded(
    problem: Any,
    model: str | QPUSolver = "Advantage_system4",
    *,
    backend: str = "cpu",
    embedding: str | Mapping[Any, Any] = "auto",
    embedding_timeout: float = 60.0,
    embedding_seed: int = 0,
    embedding_cache: Path | None = None,
    chain_strength: Any = None,
    chain_strength_prefactor: float | None = None,
    chain_break_method: str = "majority_vote",
    seed: int | None = None,
    time_limit: float | None = None,
    num_threads: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    cancel: Cancel | None = None,
    **parameters: Any,
) -> SampleSet:
    """Sample any unconstrained problem on an emulated annealer.

    Args:
        problem: anything that ``isinglass.compile`` takes, structured or not.
        model: name of a model or a ``QPUSolver``. The Apollo machines take a problem as it is: nothing is
            embedded.
        backend: where a named model computes its reads: "cpu", or "gpu" for the NVIDIA cards of this machine
            (not the Apollo machines); a ``QPUSolver`` has its own.
        embedding: "auto", "native", "clique" or "heuristic" (see qpu/embedding.py), or {variable: qubits}.
        embedding_timeout: seconds for the heuristic, > 0.
        embedding_seed: of the search for chains; apart from ``seed``, so that calls share an embedding.
        embedding_cache: a folder in which found embeddings are kept; None keeps them in this process.
        chain_strength: "uniform_torque_compensation" (default), "scaled", a number > 0 or {variable: number}.
        chain_strength_prefactor: of the rule; None for its default (1.414; 1 for "scaled").
        chain_break_method: "majority_vote", "weighted_random", "discard" or "minimize_energy".
        seed: of the anneals and the noise; None draws one.
        time_limit: seconds of this computer, embedding included.
        num_threads, progress, cancel: as in ``isinglass.solve``.
        **parameters: of the machine (docs/qpu-parameters.md); per-qubit lists are of physical qubits;
            ``initial_state`` may be {variable: value}. Under ``postprocess`` the chains are known.

    Returns:
        A SampleSet in the problem's variables with ``chain_break_fraction`` for each sample. ``info`` has
        ``embedding`` {variable: qubits}, ``embedding_method``, ``chain_strength``, ``chain_breaks``
        {variable: fraction of reads}, ``warnings``, ``qpu`` (the machine's timing in µs, scale factor, quota
        charge, ...) and seconds in ``timing``.

    Raises:
        ProblemError: the problem cannot be embedded, or is malformed.
        ParameterError: a parameter breaks a rule, before anything runs.
        DeviceError, MissingExtraError: backend "gpu", and no card can be used.
    """
    began = time.perf_counter()
    if isinstance(model, str) and model in APOLLO_MODELS:
        _check_no_embedding(model, embedding, chain_strength, chain_strength_prefactor)
        if backend != "cpu":
            raise ParameterError(
                f"backend={backend!r}: {model} has no kernels for cards, other than the models of "
                "isinglass.qpu.MODELS"
            )
        return ApolloSampler(model).sample_problem(
            problem,
            seed=seed,
            time_limit=time_limit,
            num_threads=num_threads,
            progress=progress,
            cancel=cancel,
            **parameters,
        )
    if isinstance(model, QPUSolver) and backend != "cpu":
        raise ParameterError(f"backend={backend!r} belongs to a model's name; give it to the QPUSolver")
    solver = model if isinstance(model, QPUSolver) else QPUSolver(model, backend=backend)
    check_parameters(
        solver, embedding=embedding, embedding_timeout=embedding_timeout, embedding_seed=embedding_seed,
        chain_strength=chain_strength, chain_strength_prefactor=chain_strength_prefactor,
        chain_break_method=chain_break_method, time_limit=time_limit, **parameters,
    )  # fmt: skip
    embedding_cache = _folder(embedding_cache)
    seed = resolve_seed(seed)
    compiled = compile(problem)
    terms = _in_users_units(compiled)
    strengths = chain_strengths(chain_strength, chain_strength_prefactor, terms, compiled.labels)
    row, col, _ = terms.edges()
    source = Source(compiled.labels, row, col)
    marks = [began, time.perf_counter()]
    if isinstance(embedding, str):
        timeout = embedding_timeout if time_limit is None else min(embedding_timeout, time_limit)
        found = embed(
            source, solver.graph, method=embedding, timeout=timeout, seed=embedding_seed,
            largest_clique=largest_clique(solver), cache=embedding_cache,
        )  # fmt: skip
    else:
        found = given_embedding(embedding, source, solver.graph)
    marks.append(time.perf_counter())
    left = None if time_limit is None else max(1e-3, time_limit - (marks[-1] - began))
    answer = solver.submit(
        embedded(terms, found, solver.graph, strengths), seed=seed, time_limit=left, num_threads=num_threads,
        progress=progress, cancel=cancel, **_physical(parameters, compiled, found),
    )  # fmt: skip
    marks.append(time.perf_counter())
    result = _read_back(compiled, found, strengths, terms, answer, chain_break_method)
    result.info["timing"] = _phases([*marks, time.perf_counter()])
    return result


def _read_back(
    compiled: CompiledProblem,
    found: Embedding,
    strengths: np.ndarray,
    terms: Terms,
    answer: Answer,
    policy: str,
) -> SampleSet:
    """The answer in the problem's variables, with all that is to be said of its chains."""
    seed = answer.info["seed"]
    spins, broken, keep = unembedded(answer.states, answer.active_variables, found, terms, policy, seed)
    energy = energies(compiled.given, spins)
    counts = answer.num_occurrences
    breaks = counts @ broken / max(1, counts.sum())
    info: dict[str, Any] = {
        "solver": f"qpu {answer.info['model']}",
        **{name: answer.info[name] for name in ("seed", "stop_reason", "interrupted")},
        **{name: answer.info[name] for name in ("backend", "cards") if name in answer.info},
        "trace": [],
        "storage": compiled.storage,
        "variables": compiled.num_variables,
        "interactions": compiled.num_interactions,
        "kind": compiled.kind,
        "embedding": dict(zip(compiled.labels, found.chains, strict=True)),
        "embedding_method": found.method,
        "chain_strength": _plain(strengths, compiled),
        "chain_break_method": policy,
        "chain_breaks": dict(zip(compiled.labels, breaks.tolist(), strict=True)),
        "warnings": _warnings(found, strengths, terms, answer.info["scale_factor"], breaks, keep),
        "qpu": {**answer.info, "timing": answer.timing},
    }
    vectors = {
        "energy": energy,
        "num_occurrences": counts[keep].astype(np.intp),
        "chain_break_fraction": broken[keep].mean(axis=1) if broken.shape[1] else np.zeros(int(keep.sum())),
    }
    vectors |= in_users_terms(compiled.given, energy)
    return SampleSet(
        make_record(in_alphabet(spins, compiled.vartype), vectors), compiled.labels, info, compiled.vartype
    )


def _phases(marks: list[float]) -> dict[str, float]:
    seconds = np.diff(marks).tolist()
    return dict(zip(("compile", "embed", "solve", "energies"), seconds, strict=True)) | {
        "total": marks[-1] - marks[0]
    }


def check_parameters(
    solver: QPUSolver,
    *,
    embedding: Any = "auto",
    embedding_timeout: float = 60.0,
    embedding_seed: int = 0,
    chain_strength: Any = None,
    chain_strength_prefactor: float | None = None,
    chain_break_method: str = "majority_vote",
    time_limit: float | None = None,
    **parameters: Any,
) -> None:
    """All rules but those that need to know the problem: before the time for embedding is spent."""
    check_policy(chain_break_method)
    for name, value in (("embedding_timeout", embedding_timeout), ("embedding_seed", embedding_seed)):
        if value is None:
            raise ParameterError(f"{name}=None: it must be a number; leave it out for the default")
    check_positive("embedding_timeout", embedding_timeout)
    whole_number(0)("embedding_seed", embedding_seed)
    check_positive("time_limit", time_limit)
    if isinstance(embedding, str):
        check_method(embedding)
    elif not isinstance(embedding, Mapping):
        raise ParameterError(f"embedding={embedding!r} is neither a method's name nor {{variable: qubits}}")
    if not isinstance(chain_strength, Mapping):
        check_strength(chain_strength, chain_strength_prefactor)
    given = dict(parameters)
    if isinstance(given.get("initial_state"), Mapping):
        given["initial_state"] = [UNUSED] * solver.graph.num_qubits
    resolve(given, solver.properties)


def _folder(cache: Any) -> Path | None:
    """The cache's folder, made if need be: before the time for embedding is spent."""
    if cache is None:
        return None
    try:
        folder = Path(cache)
        folder.mkdir(parents=True, exist_ok=True)
    except (TypeError, ValueError, OSError) as error:
        raise ParameterError(f"embedding_cache={cache!r} cannot be a folder: {error}") from None
    return folder


def _check_no_embedding(model: str, embedding: Any, strength: Any, prefactor: Any) -> None:
    for name, value, open_value in (
        ("embedding", embedding, "auto"), ("chain_strength", strength, None),
        ("chain_strength_prefactor", prefactor, None),
    ):  # fmt: skip
        if not isinstance(value, str | None) or value != open_value:
            raise ParameterError(f"{name}={value!r}: {model} embeds nothing; leave it out")


def _in_users_units(compiled: CompiledProblem) -> Terms:
    terms = terms_of(compiled)
    matrix = (terms.values * compiled.scale, terms.indices, terms.indptr)
    n = terms.num_variables
    return from_csr(terms.h * compiled.scale, scipy.sparse.csr_array(matrix, shape=(n, n)), terms.whole)


def largest_clique(solver: QPUSolver) -> int | None:
    """Of the models' own working graphs; None where it is not known."""
    model = MODELS.get(solver.name)
    if model is None or solver.graph.graph_id != model.graphs(DEFECTS_SEED)[0].graph_id:
        return None
    return model.largest_clique


def _physical(parameters: dict[str, Any], compiled: CompiledProblem, found: Embedding) -> dict[str, Any]:
    """Parameters in terms of variables, in terms of qubits."""
    machine = dict(parameters)
    state = machine.get("initial_state")
    if isinstance(state, Mapping):
        missing = [v for v in compiled.labels if v not in state]
        if missing:
            raise ParameterError(f"initial_state gives no value for variable {missing[0]!r}")
        allowed = (-1, 1) if compiled.vartype == "SPIN" else (0, 1)
        for label in compiled.labels:
            if state[label] not in allowed:
                raise ParameterError(
                    f"initial_state[{label!r}]={state[label]!r}: {compiled.vartype} variables are "
                    f"{allowed[0]} or "
                    f"{allowed[1]}"
                )
        machine["initial_state"] = {
            q: 1 if state[label] > 0 else -1
            for label, chain in zip(compiled.labels, found.chains, strict=True)
            for q in chain
        }
    if machine.get("postprocess") and "chains" not in machine:
        machine["chains"] = found.chains
    return machine


def _plain(strengths: np.ndarray, compiled: CompiledProblem) -> Any:
    distinct = np.unique(strengths)
    if len(distinct) <= 1:
        return float(distinct[0]) if len(distinct) else 1.0
    return dict(zip(compiled.labels, strengths.tolist(), strict=True))


def _warnings(
    found: Embedding, strengths: np.ndarray, terms: Terms, factor: float, breaks: np.ndarray, keep: np.ndarray
) -> list[str]:
    said = []
    if found.longest > _LONG_CHAIN:
        said.append(f"the longest chain has {found.longest} qubits; chains above {_LONG_CHAIN} break often")
    couplings = np.abs(terms.values)
    if found.longest > 1 and couplings.size and strengths.max() < couplings.max():
        said.append(f"chain strength {strengths.max():g} is below the largest coupling {couplings.max():g}")
    if couplings.size and couplings.min() / factor < _WEAK_COUPLING:
        said.append(
            f"the smallest coupling is programmed as {couplings.min() / factor:.3g}, within the noise of "
            f"the chip"
        )
    if breaks.size and breaks.max() > _MANY_BREAKS:
        said.append(f"a chain broke in {breaks.max():.0%} of the reads; a larger chain_strength breaks fewer")
    if not keep.all():
        said.append(f"{int((~keep).sum())} of {len(keep)} samples had broken chains and were discarded")
    return said
