"""The Apollo machines: what a call to a Dynex QPU takes, and an answer in its form.

Published of them are the ranges of the parameters and the bound on coefficients (Dynex, "Compute backends");
graph, dynamics and timing are not. So any problem goes in unembedded, and the anneals are simulated
annealing with ``annealing_time`` sweeps: a stand-in, not the machine. That ``apollo_10000`` holds 10,000
variables is read off its name.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import dimod
import numpy as np

from isinglass.control import Cancel, Progress, RunControl, check_positive
from isinglass.errors import ParameterError, ProblemError, nearest
from isinglass.problems.compile import compile
from isinglass.problems.compiled import CompiledProblem
from isinglass.problems.dense_given import PackedGraph
from isinglass.problems.energies import energies, in_alphabet, in_users_terms
from isinglass.problems.given import EdgeList, MatrixProblem
from isinglass.qpu.parameter_checks import as_number, number_in, refuse
from isinglass.qpu.solver import RUN_PARAMETERS
from isinglass.results.sampleset import SampleSet, make_record
from isinglass.rng import resolve_seed
from isinglass.solvers.contract import whole_number
from isinglass.solvers.registry import solver_named

_LOG = logging.getLogger("isinglass.qpu")


@dataclass(frozen=True)
class ApolloModel:
    """A machine and the most variables it takes; None where nothing is published."""

    name: str
    most_variables: int | None


APOLLO_MODELS = {m.name: m for m in (ApolloModel("apollo_rc1", None), ApolloModel("apollo_10000", 10_000))}

_MEANINGS = {
    "num_reads": "samples, 1 to 100; default 4; at least shots",
    "annealing_time": "integration steps of each read, 10 to 1000; default 200",
    "shots": "independent runs among which the reads are divided, 1 to 5; default 1",
    "qpu_max_coeff": "largest size of a coefficient on the machine, above 0; default 9.0. A problem that "
    "exceeds it is divided as a whole; the factor is logged and energies are of the problem as given",
}
_DEFAULTS = {"num_reads": 4, "annealing_time": 200, "shots": 1, "qpu_max_coeff": 9.0}


class ApolloSampler(dimod.Sampler):  # type: ignore[misc,name-defined]  # dimod is untyped
    """An Apollo machine behind dimod's contract; it takes any binary quadratic model.

    Args:
        model: "apollo_rc1" or "apollo_10000".
    """

    properties: dict[str, Any] = {}  # noqa: RUF012  # abstract in dimod
    parameters: dict[str, list[str]] = {}  # noqa: RUF012  # abstract in dimod

    def __init__(self, model: str = "apollo_rc1") -> None:
        if not isinstance(model, str) or model not in APOLLO_MODELS:
            close = nearest(str(model), APOLLO_MODELS)
            raise ParameterError(f"model={model!r} is not one of {', '.join(APOLLO_MODELS)}{close}")
        self.model = APOLLO_MODELS[model]
        self.properties = {
            "category": "qpu",
            "chip_id": model,
            "supported_problem_types": ["bqm"],
            "num_reads_range": [1, 100],
            "annealing_time_range": [10, 1000],
            "shots_range": [1, 5],
            "qpu_max_coeff": _DEFAULTS["qpu_max_coeff"],
            "parameters": dict(_MEANINGS),
        }
        if self.model.most_variables is not None:
            self.properties["maximum_number_of_variables"] = self.model.most_variables
        self.parameters = {name: ["parameters"] for name in _MEANINGS}
        self.parameters |= {name: [] for name in RUN_PARAMETERS}

    def sample(self, bqm: dimod.BinaryQuadraticModel, **parameters: Any) -> SampleSet:
        """Sample a model; ``properties["parameters"]`` lists the machine's keywords."""
        return self.sample_problem(bqm, **parameters)

    def sample_problem(
        self,
        problem: Any,
        *,
        seed: int | None = None,
        time_limit: float | None = None,
        num_threads: int | None = None,
        progress: Callable[[Progress], None] | None = None,
        cancel: Cancel | None = None,
        **parameters: Any,
    ) -> SampleSet:
        """Sample anything that ``isinglass.compile`` takes.

        ``info["qpu"]`` has ``scale_factor`` (what the coefficients were multiplied by) and the values used.
        """
        began = time.perf_counter()
        values = self.resolve(parameters)
        check_positive("time_limit", time_limit)
        threads = whole_number(1)("num_threads", num_threads)
        seed = resolve_seed(seed)
        compiled = compile(problem)
        self.check_size(compiled.num_variables)
        factor = scale_to(compiled, values["qpu_max_coeff"])
        control = RunControl(time_limit, progress, threads, began, cancel)
        control.measure_in(compiled.scale, compiled.offset)
        prepared = time.perf_counter()
        spins = self._run(compiled, values, seed, control)
        solved = time.perf_counter()
        energy = energies(compiled.given, spins)
        ended = time.perf_counter()
        states = in_alphabet(spins, compiled.vartype)
        info = {
            "solver": f"qpu {self.model.name}", "seed": seed, "stop_reason": control.stop_reason,
            "interrupted": control.interrupted, "trace": control.trace, "storage": compiled.storage,
            "variables": compiled.num_variables, "interactions": compiled.num_interactions,
            "kind": compiled.kind,
            "timing": {
                "compile": prepared - began, "solve": solved - prepared, "energies": ended - solved,
                "total": ended - began,
            },
            "qpu": {"model": self.model.name, "scale_factor": factor, "reads_done": len(spins), **values},
        }  # fmt: skip
        vectors = {"energy": energy, "num_occurrences": np.ones(len(energy), np.intp)}
        vectors |= in_users_terms(compiled.given, energy)
        return SampleSet(make_record(states, vectors), compiled.labels, info, compiled.vartype)

    def check_size(self, variables: int) -> None:
        """ProblemError where the machine does not hold so many variables."""
        most = self.model.most_variables
        if most is not None and variables > most:
            raise ProblemError(f"the problem has {variables} variables; {self.model.name} takes {most}")

    def resolve(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The machine's parameters with their defaults; ParameterError names parameter, value and rule."""
        values = dict(_DEFAULTS)
        for name, value in given.items():
            if name not in _MEANINGS:
                known = [*_MEANINGS, *RUN_PARAMETERS]
                raise ParameterError(
                    f"invalid parameter {name!r}{nearest(name, known)}; {self.model.name} takes "
                    f"{', '.join(known)}"
                )
            if value is None:
                continue
            if name == "qpu_max_coeff":
                values[name] = as_number(name, value)
                if values[name] <= 0:
                    raise refuse(name, value, "must be above 0")
            else:
                values[name] = number_in(f"{name}_range", whole=True)(name, value, self.properties)
        values["num_reads"] = max(values["num_reads"], values["shots"])
        return values

    def _run(
        self, compiled: CompiledProblem, values: Mapping[str, Any], seed: int, control: RunControl
    ) -> np.ndarray:
        # Temperatures are in units of the coefficients, so one factor for all of them changes no answer.
        solver = solver_named("simulated_annealing")
        reads, shots = int(values["num_reads"]), int(values["shots"])
        done = []
        for shot in range(shots):
            if shot and control.stopped:
                break
            asked = {
                "num_reads": reads // shots + (shot < reads % shots),
                "annealing_time": values["annealing_time"],
                "seed": (seed + shot) % (1 << 63),
            }
            done.append(solver.run(compiled, solver.resolve(asked), control).states)
        return np.concatenate(done)


def scale_to(compiled: CompiledProblem, most: float) -> float:
    """``scale_factor`` of what was given; logged if below 1."""
    factor = scale_factor(compiled.given, most)
    if factor < 1.0:
        _LOG.info("coefficients exceed qpu_max_coeff %g: all scaled by %g", most, factor)
    return factor


def scale_factor(given: EdgeList | MatrixProblem | PackedGraph, most: float) -> float:
    """The factor, at most 1, that brings all coefficients to ``most`` in size at most."""
    if isinstance(given, PackedGraph):
        sizes = [abs(given.low), abs(given.high)]
    else:
        values = given.value if isinstance(given, EdgeList) else _entries(given)
        linear = np.zeros(0) if given.linear is None else given.linear
        sizes = [float(np.abs(part).max(initial=0.0)) for part in (linear, values)]
    largest = max(sizes)
    return 1.0 if largest <= most else float(most / largest)


def _entries(given: MatrixProblem) -> np.ndarray:
    entries = given.matrix if isinstance(given.matrix, np.ndarray) else given.matrix.data
    return np.asarray(given.pair_factor * (2.0 if given.symmetric else 1.0) * entries, dtype=np.float64)
