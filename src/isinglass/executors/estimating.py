"""Jobs of type "estimate": what a job would take on this worker.

Parameters: those of the job, and ``of``: its type, "sample" (default), "circuits", "expectation" or "cut".
What no rule says is measured: a part of the job runs for ``PROBE_SECONDS`` at most, and the rest is taken to
go on like it. Quota is at a rate of 1 of the backend.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np

from isinglass.circuits.state_vector import state_bytes
from isinglass.errors import IsinglassError, ParameterError
from isinglass.executors import annealing, circuit_runs, sampling
from isinglass.executors.charging import charge
from isinglass.executors.contract import Run
from isinglass.executors.shots import check_problem as check_problem_of
from isinglass.executors.shots import check_spec, run_shot
from isinglass.jobs.circuit_results import CircuitResults
from isinglass.jobs.circuits import Circuits
from isinglass.jobs.estimate import Estimate
from isinglass.jobs.problems import Decoded, variables_of
from isinglass.jobs.spec import JobSpec, JobType
from isinglass.problems.compile import compile
from isinglass.problems.compiled import CompiledProblem
from isinglass.problems.files.nl import NonlinearFile
from isinglass.qpu.apollo import APOLLO_MODELS, ApolloSampler
from isinglass.solvers.registry import solver_named
from isinglass.solving import solve

PROBE_SECONDS = 0.3
_STATES_BESIDE = 3
"""The values of a nonlinear model lie in memory as they are, as they were, and as they are written."""
_COST_OF_ANY = 1e5
"""Of a circuit, however small: as many amplitudes by gates."""
_READS_BESIDE = 4
"""A sample lies in memory as states, as spins and twice on its way out."""


def estimated(spec: JobSpec) -> JobSpec:
    """The job that is asked about."""
    given = dict(spec.parameters)
    kind = given.pop("of", "sample")
    if kind not in list(JobType) or kind == JobType.ESTIMATE:
        known = ", ".join(one for one in JobType if one is not JobType.ESTIMATE)
        raise ParameterError(f"of={kind!r} is not a type of job: {known}")
    return replace(spec, type=kind, parameters=given)


def check(spec: JobSpec) -> None:
    """What the job itself would be refused for."""
    check_spec(estimated(spec))


def check_problem(problem: Decoded, spec: JobSpec) -> None:
    check_problem_of(problem, estimated(spec))


def run(problem: Any, spec: JobSpec, shot: int, how: Run) -> Estimate:
    job = estimated(spec)
    if isinstance(problem, Circuits):
        one = _circuits(problem, job, how)
    elif job.qpu_model is not None:
        one = _annealer(problem, job)
    elif isinstance(problem, NonlinearFile):
        one = _nonlinear(problem, job)
    else:
        one = _solver(problem, job, how)
    if one.seconds is None:
        return one
    seconds = one.seconds * spec.shots
    quota = charge(job, seconds) if one.quota is None else one.quota * spec.shots
    return replace(one, seconds=seconds, quota=quota)


def _nonlinear(file: NonlinearFile, job: JobSpec) -> Estimate:
    """The search fills its time."""
    memory = len(file.data) + _STATES_BESIDE * file.state_size
    limit = job.parameters.get("time_limit")
    if limit is None:
        why = "how long the search of a nonlinear model takes is not known before: give a time_limit"
        return Estimate(None, memory, None, why)
    return Estimate(limit, memory, None, f"time_limit={limit:g} ends it")


def _solver(problem: Any, job: JobSpec, how: Run) -> Estimate:
    """The solver runs for a moment: it is ready then, or its sweeps say how long all of them take."""
    limit = job.parameters.get("time_limit") or math.inf
    wanted = {**job.parameters, "time_limit": min(PROBE_SECONDS, limit)}
    told = [0.0]
    watch = replace(how, progress=lambda seen: told.append(seen.sweeps))
    began = time.perf_counter()
    found: Any = sampling.run(problem, replace(job, parameters=wanted), 0, watch)
    spent = time.perf_counter() - began
    memory = _solver_bytes(problem, len(found.record))
    # A plan that fills its time is not done because its time was.
    if limit <= PROBE_SECONDS or found.info["timing"]["total"] < 0.8 * PROBE_SECONDS:
        return Estimate(spent, memory, None, "the job itself ran through while it was measured")
    solving = spent - found.info["timing"]["compile"]
    sweeps = _all_sweeps(job)
    if sweeps is not None and told[-1]:
        rate = told[-1] / solving
        seconds = spent - solving + sweeps / rate
        if seconds < limit:
            words = f"{sweeps:,} sweeps at {rate:.3g} a second, as measured"
            return Estimate(seconds, memory, None, words, {"sweeps_per_second": rate})
    if limit < math.inf:
        return Estimate(limit, memory, None, f"at most: time_limit={limit:g} ends it")
    why = f"solver={job.solver!r} does not say before how long it takes: give a time_limit"
    return Estimate(None, memory, None, why)


def _all_sweeps(job: JobSpec) -> int | None:
    """Over all reads; None where the solver decides by itself."""
    solver = solver_named(job.solver)
    if solver.name != "simulated_annealing":
        return None
    values = solver.resolve({k: v for k, v in job.parameters.items() if k in solver.parameters})
    reads, lengths = values["num_reads"], values["annealing_time"]
    return reads * lengths if isinstance(reads, int) and isinstance(lengths, int) else None


def _solver_bytes(problem: Any, reads: int) -> int | None:
    try:
        compiled: CompiledProblem = compile(problem)
    except IsinglassError:
        return None
    return _held(problem) + _held(compiled) + _READS_BESIDE * reads * compiled.num_variables


def _held(thing: Any) -> int:
    """Bytes of the arrays in it."""
    if isinstance(thing, np.ndarray):
        return thing.nbytes
    if is_dataclass(thing):
        return sum(_held(getattr(thing, one.name)) for one in fields(thing) if one.name != "given")
    if isinstance(thing, tuple):
        return sum(map(_held, thing))
    return sum(_held(getattr(thing, name)) for name in ("data", "indices", "indptr") if hasattr(thing, name))


def _annealer(problem: Any, job: JobSpec) -> Estimate:
    """The machine's own time, from its timing model."""
    if job.qpu_model in APOLLO_MODELS:
        return _apollo(problem, job)
    machine = annealing.machine_of(job)
    given = annealing.machine_parameters(job)
    native = job.solver == "native"
    n = variables_of(problem)
    qubits = n if native else n * annealing.qubits_a_variable(problem, machine)
    access = machine.estimate_access_time(min(qubits, machine.graph.num_qubits), **given)
    rate = machine.properties["quota_conversion_rate"]
    details = {"qpu_access_time": access, "qubits": qubits, "quota_conversion_rate": rate}
    quota = charge(job, access * 1e-6 / rate)
    words = "quota: QPU access time of the machine's timing model"
    if not native:
        words += f", with at least {qubits} qubits for {n} variables; how many, the embedding says"
    return Estimate(None, None, quota, f"{words}. Seconds of the emulation are not known before", details)


def _apollo(problem: Any, job: JobSpec) -> Estimate:
    """One read and then some: what more of them take is what a read takes, the rest is taken once."""
    given = {k: v for k, v in job.parameters.items() if k != "time_limit"}
    asked = ApolloSampler(str(job.qpu_model)).resolve(given)
    limit, wanted = job.parameters.get("time_limit") or math.inf, asked["num_reads"]
    one = seconds = took = _apollo_seconds(problem, job, asked, 1)
    reads = 1
    while reads < wanted and took < PROBE_SECONDS / 4:
        reads = min(wanted, 4 * reads)
        took = _apollo_seconds(problem, job, asked, reads)
        seconds = took + max(0.0, took - one) / (reads - 1) * (wanted - reads)
    words = f"{wanted} reads like the first {reads}, which took {took:.2g} s"
    return Estimate(min(seconds, limit), None, None, words)


def _apollo_seconds(problem: Any, job: JobSpec, asked: Mapping[str, Any], reads: int) -> float:
    """The quicker of two runs: the first of a process loads kernels, and others use the machine."""

    def once() -> float:
        began = time.perf_counter()
        solve(problem, backend="qpu", qpu_model=job.qpu_model, num_reads=reads, seed=0,
              time_limit=PROBE_SECONDS, annealing_time=asked["annealing_time"])  # fmt: skip
        return time.perf_counter() - began

    return min(once(), once())


def _circuits(circuits: Circuits, job: JobSpec, how: Run) -> Estimate:
    """The first circuits, more and more of them for a moment; the others take longer as they are wider."""
    memory, costs = _circuit_bytes(circuits, job, how), _costs(circuits)
    limit = job.parameters.get("time_limit") or math.inf
    probe = replace(job, parameters={**job.parameters, "time_limit": min(PROBE_SECONDS, limit)})
    # Groups of shots are of all circuits.
    count = len(circuits) if "shot_groups" in job.parameters else 1
    while True:
        began = time.perf_counter()
        try:
            entries = run_shot(_first(circuits, count), probe, 0, how)
        except IsinglassError as error:
            words = f"circuit 1 to {count} did not run in {PROBE_SECONDS:g} s: {error}"
            return Estimate(None, memory, None, words)
        spent = time.perf_counter() - began
        if count == len(circuits) or spent > PROBE_SECONDS / 4:
            break
        count = min(len(circuits), 4 * count)
    assert isinstance(entries, CircuitResults)
    done = sum(cost for cost, entry in zip(costs, entries, strict=False) if entry.exception is None)
    words = f"{len(circuits)} circuits like the first {count}, which took {spent:.2g} s"
    return Estimate(min(limit, spent * sum(costs) / done), memory, None, words)


def _first(circuits: Circuits, count: int) -> Circuits:
    terms = circuits.observables
    return Circuits(circuits.labels[:count], circuits.texts[:count], None if terms is None else terms[:count])


def _costs(circuits: Circuits) -> list[float]:
    """What each takes beside the others: amplitudes by gates, and what every circuit takes."""
    read = [program for program, _ in circuit_runs.programs(circuits)]
    return [
        _COST_OF_ANY + (0.0 if one is None else len(one.ops) * 2.0 ** min(one.qubits, 40)) for one in read
    ]


def _circuit_bytes(circuits: Circuits, job: JobSpec, how: Run) -> int | None:
    """State vectors of the widest circuits that run at a time; None where another engine may run them."""
    read = [program for program, _ in circuit_runs.programs(circuits)]
    if job.parameters.get("qiskit_backend") not in (None, "auto", "statevector_simulator") or None in read:
        return None
    number: Any = np.float32 if job.parameters.get("precision") == "single" else np.float64
    widths = sorted((program.qubits for program in read if program is not None), reverse=True)
    threads = circuit_runs.runner_of(job, 0, how).control().num_threads
    return sum(state_bytes(width, number) for width in widths[:threads])
