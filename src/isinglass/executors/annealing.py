"""Jobs of type "sample" with a ``qpu_model``: an emulated annealer, on backend "gpu" with its reads on cards.

Solver "auto" embeds any problem without constraints (``isinglass.qpu.sample_embedded``); an Apollo machine
takes it as it is. Solver "native" takes the labels of the variables as qubits.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from isinglass.control import check_positive
from isinglass.errors import ParameterError, ProblemError
from isinglass.executors.contract import Run
from isinglass.jobs.labels import label_from_json
from isinglass.jobs.problems import Decoded, variables_of
from isinglass.jobs.spec import JobSpec
from isinglass.problems.compile import compile
from isinglass.problems.energies import in_users_terms
from isinglass.problems.given import EdgeList
from isinglass.problems.reduce.terms import terms_of
from isinglass.qpu.answer import Answer
from isinglass.qpu.apollo import APOLLO_MODELS, ApolloSampler
from isinglass.qpu.call import resolve
from isinglass.qpu.embedded import check_parameters
from isinglass.qpu.embedding import Source, qubits_per_variable
from isinglass.qpu.models import MODELS
from isinglass.qpu.parameter_checks import UNUSED
from isinglass.qpu.problem import QubitProblem, from_edges
from isinglass.qpu.solver import QPUSolver
from isinglass.results.sampleset import SampleSet, make_record
from isinglass.solving import solve
from isinglass.solving_quantum import check_quantum, without_a_card

_SOLVERS = ("auto", "native")
_OF_LABELS = ("initial_state", "embedding", "chain_strength")
"""Parameters that may be {variable: value}, which travels as pairs."""


def check(spec: JobSpec) -> None:
    """The model is known and takes these parameters."""
    if spec.solver not in _SOLVERS:
        known = ", ".join(_SOLVERS)
        raise ParameterError(f"solver={spec.solver!r} is not one of {known}: it has a qpu_model")
    if "embedding_cache" in spec.parameters:
        raise ParameterError("embedding_cache cannot be a parameter of a job: it is a folder of the worker's")
    given = _parameters(spec)
    check_positive("time_limit", given.pop("time_limit", None))
    if spec.qpu_model in APOLLO_MODELS:
        if spec.backend == "gpu":
            raise ParameterError(f"{spec.qpu_model} has no kernels for cards: use backend 'qpu'")
        if spec.solver == "native":
            raise ParameterError(f"solver='native': {spec.qpu_model} has no published qubits; choose 'auto'")
        ApolloSampler(spec.qpu_model).resolve(given)
    elif spec.solver == "native":
        resolve(given, machine_of(spec).properties)
    else:
        check_parameters(machine_of(spec), **given)


def check_problem(problem: Decoded, spec: JobSpec) -> None:
    """No constraints; of "native", every qubit and coupler works and every bias is in range."""
    check_quantum(problem, "qpu", {})
    if spec.qpu_model in APOLLO_MODELS:
        ApolloSampler(spec.qpu_model).check_size(variables_of(problem))
    elif spec.solver == "native":
        machine_of(spec).resolve(on_qubits(problem), machine_parameters(spec))


def run(problem: Any, spec: JobSpec, shot: int, how: Run) -> SampleSet:
    shared: dict[str, Any] = {"seed": spec.shot_seed(shot), "num_threads": how.num_threads}
    shared |= {"progress": how.progress, "cancel": how.cancel}
    if spec.solver == "native":
        with without_a_card():
            machine = machine_of(spec, "gpu" if spec.backend == "gpu" else "cpu")
            answer = machine.submit(on_qubits(problem), **_parameters(spec), **shared)
        return _native(problem, answer)
    found = solve(problem, backend=spec.backend, qpu_model=spec.qpu_model, **_parameters(spec), **shared)
    if not len(found.record):
        raise ProblemError("every sample had a broken chain and was discarded: raise chain_strength")
    return found


def machine_of(spec: JobSpec, place: str = "cpu") -> QPUSolver:
    """The machine that a spec names, made once in a process; ParameterError for an unknown one.

    ``place``: where it computes its reads, "cpu" or "gpu". A service, which has no card, only asks it things.
    """
    if spec.qpu_model not in MODELS:
        known = ", ".join((*MODELS, *APOLLO_MODELS))
        raise ParameterError(f"qpu_model={spec.qpu_model!r} is not one of {known}")
    return _made(spec.qpu_model, place)


@lru_cache(maxsize=8)
def _made(model: str, place: str) -> QPUSolver:
    return QPUSolver(model, backend=place)


def on_qubits(problem: Any) -> QubitProblem:
    """ProblemError unless its variables are qubits."""
    if not isinstance(problem, EdgeList):
        raise ProblemError(
            "solver='native' takes biases of qubits and couplers, such as (h, J) or a BQM, "
            f"not a {type(problem).__name__}"
        )
    return from_edges(problem)


def machine_parameters(spec: JobSpec) -> dict[str, Any]:
    """Those of the machine itself; an ``initial_state`` of variables without its values."""
    given = _parameters(spec)
    if spec.solver == "native":
        own = set(given) - {"time_limit"}
    else:
        own = set(given) & set(machine_of(spec).properties["parameters"])
        if isinstance(given.get("initial_state"), Mapping):
            given["initial_state"] = [UNUSED] * machine_of(spec).graph.num_qubits
    return {name: given[name] for name in own}


def qubits_a_variable(problem: Any, machine: QPUSolver) -> int:
    """At least so many qubits a variable takes on average once it is embedded."""
    row, col, _ = terms_of(compile(problem)).edges()
    return qubits_per_variable(Source(range(variables_of(problem)), row, col), machine.graph)


def _parameters(spec: JobSpec) -> dict[str, Any]:
    given = dict(spec.parameters)
    for name in _OF_LABELS:
        value = given.get(name)
        if isinstance(value, list) and value and all(isinstance(p, list) and len(p) == 2 for p in value):
            given[name] = {label_from_json(label): entry for label, entry in value}
    return given


def _native(problem: EdgeList, answer: Answer) -> SampleSet:
    """The machine's answer over its active qubits, energies with the problem's offset."""
    info = answer.info
    known = ("seed", "stop_reason", "interrupted")
    energy = answer.energies + answer.problem.offset
    vectors = {"energy": energy, "num_occurrences": answer.num_occurrences}
    vectors |= in_users_terms(problem, energy)
    return SampleSet(
        make_record(answer.states, vectors),
        answer.active_variables.tolist(),
        {
            "solver": f"qpu {info['model']}", **{name: info[name] for name in known},
            "timing": answer.timing, "qpu": info, "trace": [],
        },
        answer.problem.vartype,
    )  # fmt: skip
