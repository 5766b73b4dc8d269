"""``QPUSampler``: an emulated machine behind dimod's contracts, as ``DWaveSampler`` is a real one's."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import dimod
import numpy as np

from isinglass.errors import ParameterError, ProblemError
from isinglass.qpu.answer import Answer
from isinglass.qpu.models import DEFECTS_SEED
from isinglass.qpu.physics import Physics
from isinglass.qpu.problem import from_bqm
from isinglass.qpu.solver import RUN_PARAMETERS, QPUSolver
from isinglass.qpu.waveforms import anneal_schedule, check_speed
from isinglass.results.sampleset import make_record

DEFAULT_MODEL = "Advantage_system4"


class QPUSampler(dimod.Sampler, dimod.Structured):  # type: ignore[misc,name-defined]  # dimod is untyped
    """An emulated quantum annealer, for code that is written against ``dwave.system.DWaveSampler``.

    Args:
        solver: name of a model ("Advantage_system4", ...; ``isinglass.qpu.models.MODELS`` lists them) or a
            ``QPUSolver``.
        physics: what happens during an anneal; None for the calibrated physics of the model.
        defects_seed: which qubits and couplers of the model do not work.
        backend: where reads are computed: "cpu", or "gpu" for the NVIDIA cards of this machine.

    Example::

        >>> from isinglass.qpu.sampler import QPUSampler
        >>> sampler = QPUSampler("DW_2000Q_6")
        >>> answer = sampler.sample_ising({0: -1}, {(0, 4): 1}, num_reads=10, seed=1)
        >>> print(answer.first.energy)
        -2.0
    """

    # Each instance has its own; RUF012 does not know that dimod's contract declares these abstract.
    nodelist: list[int] = []  # noqa: RUF012  # abstract in dimod
    edgelist: list[tuple[int, int]] = []  # noqa: RUF012  # abstract in dimod
    properties: dict[str, Any] = {}  # noqa: RUF012  # abstract in dimod
    parameters: dict[str, list[str]] = {}  # noqa: RUF012  # abstract in dimod

    def __init__(
        self,
        solver: str | QPUSolver = DEFAULT_MODEL,
        *,
        physics: Physics | None = None,
        defects_seed: int = DEFECTS_SEED,
        backend: str = "cpu",
    ) -> None:
        if not isinstance(solver, QPUSolver):
            solver = QPUSolver(solver, physics=physics, defects_seed=defects_seed, backend=backend)
        elif physics is not None or defects_seed != DEFECTS_SEED or backend != "cpu":
            raise ParameterError(
                "physics, defects_seed and backend belong to a model's name; give them to the QPUSolver"
            )
        self.solver = solver
        graph = solver.graph
        self.nodelist = graph.qubits.tolist()
        self.edgelist = sorted(map(tuple, graph.couplers.tolist()))
        self.properties = dict(solver.properties)
        self.parameters = {name: ["parameters"] for name in solver.properties["parameters"]}
        self.parameters |= {"label": [], **{name: [] for name in RUN_PARAMETERS}}

    @cached_property
    def adjacency(self) -> dict[int, set[int]]:
        """{qubit: set of the qubits it is coupled to}."""
        neighbours: dict[int, set[int]] = {q: set() for q in self.nodelist}
        for a, b in self.edgelist:
            neighbours[a].add(b)
            neighbours[b].add(a)
        return neighbours

    def sample(self, bqm: dimod.BinaryQuadraticModel, **parameters: Any) -> dimod.SampleSet:
        """Anneal a binary quadratic model on qubits and couplers of the working graph.

        Args:
            bqm: its variables are qubits' numbers, its interactions couplers.
            **parameters: of the machine (docs/qpu-parameters.md), ``label``, and ``seed``, ``time_limit``,
                ``num_threads``, ``progress`` of this program.

        Returns:
            A SampleSet; ``info`` has ``timing`` (µs, the machine's), ``problem_id``, ``problem_label`` and
            ``emulator``: seed, scale factor, quota charge, stop reason, ...

        Raises:
            StructureError: a variable or interaction is not in the working graph.
            ParameterError, ProblemError: any other rule, before anything runs.
        """
        problem = from_bqm(bqm)
        initial_state = parameters.get("initial_state")
        if isinstance(initial_state, Mapping):
            # The cloud client takes dicts in either alphabet: what is positive is up.
            low = -1 if problem.vartype == "SPIN" else 0
            parameters["initial_state"] = {
                q: value if value not in (-1, 0, 1) else 1 if value > 0 else low
                for q, value in initial_state.items()
            }
        return sample_set(self.solver.submit(problem, **parameters), problem.offset)

    def sample_ising(self, h: Any, J: Any, **parameters: Any) -> dimod.SampleSet:
        """As dimod's; ``h`` may be a list over all qubits, whose zeros do not count."""
        with _told("h and J", "h as {qubit: bias} or a list of biases, J as {(q1, q2): bias}"):
            if isinstance(h, (list, tuple, np.ndarray)):
                h = {q: bias for q, bias in enumerate(h) if bias}
            bqm = dimod.BQM.from_ising(h, J)
        return self.sample(bqm, **parameters)

    def sample_qubo(self, Q: Any, **parameters: Any) -> dimod.SampleSet:
        """As dimod's."""
        with _told("Q", "Q as {(q1, q2): bias}"):
            bqm = dimod.BQM.from_qubo(Q)
        return self.sample(bqm, **parameters)

    def validate_anneal_schedule(self, anneal_schedule_points: Any) -> None:
        """ParameterError (a ValueError) unless the schedule keeps every rule of this machine."""
        points = anneal_schedule("anneal_schedule", anneal_schedule_points, self.properties)
        check_speed("anneal_schedule", points, self.properties, "annealing_time_range")

    def estimate_qpu_access_time(self, num_qubits: int, **parameters: Any) -> float:
        """QPU access time, µs, of a call with these parameters on ``num_qubits`` active qubits."""
        return self.solver.estimate_access_time(num_qubits, **parameters)

    def to_networkx_graph(self) -> Any:
        """The working graph as a ``networkx.Graph`` with dwave-graphs' attributes (extra: qpu)."""
        return self.solver.graph.to_networkx()


@contextmanager
def _told(what: str, form: str) -> Iterator[None]:
    """What dimod says of malformed biases, as a ProblemError."""
    try:
        yield
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ProblemError(f"{what}: {error}; give {form}, every bias a finite number") from error


def sample_set(answer: Answer, offset: float) -> dimod.SampleSet:
    """An answer as dimod's sample set over the active qubits, in the answer's order."""
    vectors = {"energy": answer.energies + offset, "num_occurrences": answer.num_occurrences.astype(np.intp)}
    emulator = dict(answer.info)
    label = emulator.pop("label", None)
    info: dict[str, Any] = {"timing": answer.timing, "problem_id": str(uuid.uuid4())}
    if label is not None:
        info["problem_label"] = label
    return dimod.SampleSet(
        make_record(answer.states, vectors),
        answer.active_variables.tolist(),
        info | {"emulator": emulator},
        answer.problem.vartype,
    )
