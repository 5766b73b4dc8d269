"""The emulated machine itself: properties, parameters checked, anneals run, an answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from isinglass.control import Cancel, Progress, RunControl, check_positive
from isinglass.errors import ParameterError
from isinglass.kernels.batch import BatchKernels
from isinglass.qpu import models, schedule
from isinglass.qpu.answer import Answer, rows_of
from isinglass.qpu.call import Call, resolve
from isinglass.qpu.physics import Physics
from isinglass.qpu.postprocess import postprocess
from isinglass.qpu.problem import QubitProblem, check_structure
from isinglass.qpu.programming import check_problem, cycles, factor_for
from isinglass.qpu.properties import check_properties
from isinglass.qpu.timing import Timing, answer_timing, estimate_access_time, quota_seconds, timing_of
from isinglass.qpu.working_graph import WorkingGraph, graph_of
from isinglass.rng import resolve_seed
from isinglass.solvers.contract import whole_number

RUN_PARAMETERS = ("seed", "time_limit", "num_threads", "progress", "cancel")
"""Keywords that are of this program and not of the machine."""

BACKENDS = ("cpu", "gpu")
_ON_CARDS = ("svmc", "svmc-tf")
"""Dynamics that have a kernel for cards."""

_KIN = {"chimera": "DW_2000Q_6", "pegasus": "Advantage_system4", "zephyr": "Advantage2_system1"}
"""Whose physics a user's own solver has unless it is given."""


class QPUSolver:
    """A quantum annealer in software, as its server presents it.

    Args:
        model: name of a machine (``MODELS`` lists them); None where ``properties`` say everything.
        properties: a whole set of solver properties (see ``make_properties``); None for the model's.
        physics: what happens during an anneal; None for the model's calibrated physics.
        defects_seed: which qubits and couplers of the model do not work; another seed, another working graph.
        backend: where reads are computed: "cpu" (default), or "gpu" for the NVIDIA cards of this machine
            (extra: gpu; spin-vector Monte Carlo only, which the models' own physics is).

    Raises:
        ParameterError: an unknown model or backend, or properties that are malformed or contradict each
            other.
        DeviceError, MissingExtraError: no card can be used.
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        properties: Mapping[str, Any] | None = None,
        physics: Physics | None = None,
        defects_seed: int = models.DEFECTS_SEED,
        backend: str = "cpu",
    ) -> None:
        if backend not in BACKENDS:
            raise ParameterError(f"backend={backend!r} is not one of {', '.join(BACKENDS)}")
        if (model is None) == (properties is None):
            raise ParameterError("give either the name of a model or a set of properties")
        if whole_number(0)("defects_seed", defects_seed) is None:
            raise ParameterError("defects_seed=None is not an integer from 0 up")
        if physics is not None:
            if not isinstance(physics, Physics):
                raise ParameterError(
                    f"physics={physics!r} is not a Physics; physics_named(...) has the models'"
                )
            schedule.load(physics.schedule)
        if model is not None:
            known = models.model_named(model)
            self.graph, self._chip = known.graphs(defects_seed)
            self.properties: dict[str, Any] = models.make_properties(self.graph, known, defects_seed)
            self._schedule = known.schedule
        else:
            assert properties is not None
            check_properties(properties)
            self.properties = dict(properties)
            self.graph = self._chip = graph_of(self.properties)
            name = self.properties["chip_id"].partition(".")[0]  # "Advantage_system6.4" is one of system 6
            kin = name if name in models.MODELS else _KIN[self.graph.kind]
            self._schedule = models.MODELS[kin].schedule
        self._physics, self.backend = physics, backend
        # Whether there are cards is said now, not after a problem has been embedded.
        self._cards()

    @cached_property
    def physics(self) -> Physics:
        """What happens during an anneal."""
        from isinglass.qpu.calibrated import physics_named

        return self._physics or physics_named(self._schedule)

    @property
    def name(self) -> str:
        return str(self.properties["chip_id"])

    @property
    def chip(self) -> WorkingGraph:
        """The qubits that anneal: the graph of the properties, or less on a VFYC solver."""
        return self._chip

    @property
    def identity(self) -> dict[str, Any]:
        """Name and version, as the service gives them."""
        return {"name": self.name, "version": {"graph_id": self.graph.graph_id}}

    def estimate_access_time(self, num_qubits: int, **parameters: Any) -> float:
        """QPU access time, µs, of a call with these parameters on ``num_qubits`` active qubits."""
        return estimate_access_time(self.properties, num_qubits, **parameters)

    def resolve(self, problem: QubitProblem, parameters: Mapping[str, Any]) -> tuple[Call, float]:
        """(checked parameters, scale factor) of a call; every rule is checked, nothing is run."""
        call = resolve(parameters, self.properties)
        check_structure(problem, self.graph)
        check_problem(problem, call, self.properties)
        return call, factor_for(problem, call, self.graph, self.properties)

    def submit(
        self,
        problem: QubitProblem,
        *,
        seed: int | None = None,
        time_limit: float | None = None,
        num_threads: int | None = None,
        progress: Callable[[Progress], None] | None = None,
        cancel: Cancel | None = None,
        **parameters: Any,
    ) -> Answer:
        """Anneal and answer.

        Args:
            problem: biases on working qubits and couplers.
            seed: of everything random, noise included; None draws one. The same seed gives the same
                answer on any number of threads.
            time_limit: seconds of this computer; reads that did not begin by then are missing.
            num_threads, progress, cancel: as in ``isinglass.solve``.
            **parameters: of the machine, see docs/qpu-parameters.md.

        Raises:
            ParameterError, ProblemError, StructureError: before anything runs; ParameterError also where
                the time limit came before the first read.
        """
        began = time.perf_counter()
        check_positive("time_limit", time_limit)
        threads = whole_number(1)("num_threads", num_threads)
        seed = resolve_seed(seed)
        call, factor = self.resolve(problem, parameters)
        timing = timing_of(call, len(problem.qubits), self.properties["problem_timing_data"])
        batch = self._cards()
        if batch is not None and self.physics.dynamics not in _ON_CARDS:
            raise ParameterError(
                f"dynamics {self.physics.dynamics!r} has no kernel for backend 'gpu', which has "
                f"{' and '.join(_ON_CARDS)}: use backend 'cpu'"
            )
        tasks = threads if batch is None else batch.tasks
        control = RunControl(time_limit, progress, tasks, began, cancel, batch)
        prepared = time.perf_counter()
        spins = self._anneal(problem, call, timing, factor, seed, control)
        annealed = time.perf_counter()
        stop_reason, interrupted = control.stop_reason, control.interrupted
        if call.postprocess:
            after = RunControl(None, None, threads)
            spins = postprocess(problem, spins, call.postprocess, call.beta, call.chains, seed, after)
        rows = rows_of(problem, spins, call.answer_mode, call.max_answers)
        ended = time.perf_counter()
        times = answer_timing(timing, 1e6 * (prepared - began), 1e6 * (ended - annealed))
        info = {
            "model": self.name,
            "graph_id": self.graph.graph_id,
            "emulated": True,
            "dynamics": self.physics.dynamics,
            "seed": seed,
            "stop_reason": stop_reason,
            "interrupted": interrupted,
            "reads_done": len(spins),
            "scale_factor": factor,
            "charge_seconds": quota_seconds(timing.access, self.properties),
            "seconds": ended - began,
        }
        if batch is not None:
            info |= batch.facts()
        if call.label is not None:
            info["label"] = call.label
        return Answer(problem, *rows, times, self.graph.num_qubits, info)

    def _cards(self) -> BatchKernels | None:
        if self.backend == "cpu":
            return None
        from isinglass.kernels.cuda.opening import open_cards

        return open_cards()

    def _anneal(
        self, problem: QubitProblem, call: Call, timing: Timing, factor: float, seed: int, control: RunControl
    ) -> np.ndarray:
        """int8[reads, k] of all cycles in their order, in the problem's own gauge."""
        from isinglass.qpu import dynamics

        done = []
        for number, cycle in enumerate(cycles(problem, call, timing, factor, self._chip, seed)):
            if number and control.stopped:
                break
            read = dynamics.run(cycle.program, self.physics, seed, control, cycle=number)
            done.append(read * cycle.gauge)
        spins = np.concatenate(done).astype(np.int8)
        if not len(spins) and control.interrupted:
            raise KeyboardInterrupt
        if not len(spins):
            raise ParameterError(
                f"the run ended after {control.elapsed:.2g} s, before its first read: "
                "raise time_limit, or take a shorter anneal or fewer reads"
            )
        here = self._chip.works[problem.qubits]
        if here.all():
            return spins
        # Virtual qubits begin at random; postprocessing brings them to where their neighbours are.
        full = np.random.default_rng([seed, 1 << 20]).integers(0, 2, (len(spins), len(here)), np.int8)
        full = 2 * full - 1
        full[:, here] = spins
        return full
