"""The machines that come with the package: their published properties, with seeded defects.

Sources: D-Wave, "QPU-specific properties" and "Solver properties" (Advantage_system4 and 6,
Advantage2_system1, 2 and 4); recorded solver descriptions (2000Q, Advantage2); timing data of the cloud
client's test data (DW_2000Q_6, Advantage_system4.1). Counts of working qubits and couplers are the published
ones; *which* of them work is public for DW_2000Q_6's qubits only and drawn for the rest. Where no figure is
published for a machine its nearest kin's stands: ``inferred`` names those properties.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import log10
from typing import Any

from isinglass.errors import ParameterError, nearest
from isinglass.qpu.parameters import descriptions, names_for
from isinglass.qpu.properties import graph_properties, offset_ranges
from isinglass.qpu.working_graph import WorkingGraph, whole_graph, with_defects

DEFECTS_SEED = 1
"""Of the working graphs that the models have unless another seed is asked for."""


@dataclass(frozen=True)
class Model:
    """What is published of a machine."""

    name: str
    summary: str
    topology: str
    shape: tuple[int, ...]
    family: str
    """ "2000Q" or "Advantage": which parameters it takes."""
    schedule: str
    """Key of its anneal schedules and its physics."""
    num_working: int
    num_couplers: int
    largest_clique: int
    """Variables of the largest complete graph that busclique embeds, on the default working graph."""
    widest_offsets: tuple[float, float]
    properties: Mapping[str, Any]
    dead_qubits: tuple[int, ...] = ()
    inferred: tuple[str, ...] = field(default=())

    def graphs(self, defects_seed: int = DEFECTS_SEED) -> tuple[WorkingGraph, WorkingGraph]:
        """(published, chip): the graph in the properties, and what anneals.

        They differ on a VFYC solver, whose published graph is the whole lattice.
        """
        chip = with_defects(
            self.topology, self.shape, num_working=self.num_working, num_couplers=self.num_couplers,
            dead_qubits=self.dead_qubits, seed=defects_seed,
        )  # fmt: skip
        return (whole_graph(self.topology, self.shape) if self.properties.get("vfyc") else chip), chip


def make_properties(
    graph: WorkingGraph, like: Model | str = "Advantage_system4", seed: int = DEFECTS_SEED, **changes: Any
) -> dict[str, Any]:
    """A whole set of properties for any working graph.

    ``like``: the model whose ranges, times and parameters it gets; ``changes``: properties to set otherwise.
    ``parameters`` may be given as a list of names.
    """
    model = like if isinstance(like, Model) else model_named(like)
    made: dict[str, Any] = {
        **_COMMON,
        "chip_id": model.name,
        "parameters": descriptions(names_for(model.family)),
        "anneal_offset_ranges": offset_ranges(graph, model.widest_offsets, seed),
        **model.properties,
        **graph_properties(graph),
    }
    changes = dict(changes)
    if isinstance(changes.get("parameters"), (list, tuple)):
        changes["parameters"] = descriptions(tuple(changes["parameters"]))
    return dict(sorted((made | changes).items()))


def model_named(name: str) -> Model:
    """The model of that name; ParameterError lists them."""
    if not isinstance(name, str) or name not in MODELS:
        raise ParameterError(f"model={name!r} is not one of {', '.join(MODELS)}{nearest(str(name), MODELS)}")
    return MODELS[name]


def _timing(
    programming: float, reverse_programming: float, readout: tuple[tuple[float, ...], tuple[float, ...]],
    delay: float, reverse_delays: tuple[float, float],
) -> dict[str, Any]:  # fmt: skip
    log_qubits, log_us = readout
    return {
        "version": "1.0.0",
        "typical_programming_time": programming,
        "reverse_annealing_with_reinit_prog_time_delta": 0.0,
        "reverse_annealing_without_reinit_prog_time_delta": reverse_programming,
        "default_programming_thermalization": 1000.0,
        "default_annealing_time": 20.0,
        "readout_time_model": "pwl_log_log",
        "readout_time_model_parameters": [*log_qubits, *log_us],
        "qpu_delay_time_per_sample": delay,
        "reverse_annealing_with_reinit_delay_time_delta": reverse_delays[0],
        "reverse_annealing_without_reinit_delay_time_delta": reverse_delays[1],
        "default_readout_thermalization": 0.0,
        "decorrelation_max_nominal_anneal_time": 2000.0,
        "decorrelation_time_range": [500.0, 10000.0],
    }


_DELAYS_4 = (-4.5, -1.5)
_READOUT_2000Q = ((0.0, 3.30984300471607), (2.2975416678181597, 2.2975416678181597))
_READOUT_4 = (
    (0.0, 0.7699665876947938, 1.7242758696010096, 2.711975459489206, 3.1639057672764026, 3.750276915153992),
    (
        1.539131714800995,
        1.8726623164229292,
        2.125631787097315,
        2.332672340068556,
        2.371606651233025,
        2.3716219271760215,
    ),
)
_READOUT_6 = (_READOUT_4[0], tuple(y - 0.1336 for y in _READOUT_4[1]))
"""Of system 4, so scaled that the slowest is the 173 µs published for system 6."""
_READOUT_ADVANTAGE2 = (
    (0.0, 0.859096489195509, 1.6360041437593482, 2.528619772127382, 3.662380020016247),
    (1.367063268466494, 1.649896910369624, 1.7856836284106476, 1.9905500159858323, 1.9905608299940198),
)


def _readout2(slowest_us: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Of Advantage2_system1, so scaled that the slowest is this."""
    log_qubits, log_us = _READOUT_ADVANTAGE2
    return log_qubits, tuple(y - log_us[-1] + log10(slowest_us) for y in log_us)


_COMMON: dict[str, Any] = {
    "category": "qpu",
    "supported_problem_types": ["ising", "qubo"],
    "quota_conversion_rate": 1,
    "tags": [],
    "vfyc": False,
    "j_range": [-1.0, 1.0],
    "extended_j_range": [-2.0, 1.0],
    "default_annealing_time": 20.0,
    "default_programming_thermalization": 1000.0,
    "default_readout_thermalization": 0.0,
    "programming_thermalization_range": [0.0, 10000.0],
    "readout_thermalization_range": [0.0, 10000.0],
    "problem_run_duration_range": [0.0, 1000000.0],
    "num_reads_range": [1, 10000],
    "max_anneal_schedule_points": 12,
    "max_h_gain_schedule_points": 20,
}
_2000Q: dict[str, Any] = {
    "h_range": [-2.0, 2.0],
    "per_qubit_coupling_range": [-9.0, 6.0],
    "annealing_time_range": [1, 2000],
    "default_annealing_time": 20,
    "default_programming_thermalization": 1000,
    "default_readout_thermalization": 0,
    "programming_thermalization_range": [0, 10000],
    "readout_thermalization_range": [0, 10000],
    "problem_run_duration_range": [0, 1000000],
    "h_gain_schedule_range": [-5.0, 5.0],
    "anneal_offset_step": 0.003078008946238068,
    "anneal_offset_step_phi0": 0.00027992071513567937,
    "tags": ["lower_noise"],
    "problem_timing_data": _timing(10536.81, 359.58, _READOUT_2000Q, 20.54, (586.38, -5.0)),
}
_ADVANTAGE: dict[str, Any] = {
    "h_range": [-4.0, 4.0],
    "per_qubit_coupling_range": [-18.0, 15.0],
    "annealing_time_range": [0.5, 2000.0],
    "fast_anneal_time_range": [0.005, 2000.0],
    "h_gain_schedule_range": [-3.0, 3.0],
    "anneal_offset_step": -0.0001500217998314891,
    "anneal_offset_step_phi0": 1.4303846404537006e-05,
}
_ADVANTAGE2: dict[str, Any] = {
    "h_range": [-6.0, 6.0],
    "per_group_coupling_range": [-13.0, 10.0],
    "annealing_time_range": [0.5, 2000.0],
    "fast_anneal_time_range": [0.005, 2000.0],
    "h_gain_schedule_range": [-1.0, 1.0],
    "anneal_offset_step": -8.029985986102587e-05,
    "anneal_offset_step_phi0": 5.24237269162932e-06,
}
_KIN_OF_ADVANTAGE2 = (*_ADVANTAGE2, "anneal_offset_ranges", "problem_timing_data")
_DEAD_2000Q_6 = (43, 46, 524, 548, 1723, 1735, 1804)

MODELS: dict[str, Model] = {
    model.name: model
    for model in (
        Model(
            "DW_2000Q_6", "D-Wave 2000Q lower-noise system: Chimera C16", "chimera", (16, 16, 4), "2000Q",
            "DW_2000Q_6", 2041, 5974, 63, (-0.173, 0.171), _2000Q, _DEAD_2000Q_6,
        ),
        Model(
            "DW_2000Q_VFYC", "virtual full yield: what DW_2000Q_6 lacks is filled in by postprocessing",
            "chimera", (16, 16, 4), "2000Q", "DW_2000Q_6", 2041, 5974, 64, (-0.173, 0.171),
            {**_2000Q, "vfyc": True, "default_beta": 3.0, "beta_range": [0.0, 1.797e308]}, _DEAD_2000Q_6,
            ("default_beta", "beta_range"),
        ),
        Model(
            "Advantage_system4", "D-Wave Advantage: Pegasus P16", "pegasus", (16,), "Advantage",
            "Advantage_system4", 5627, 40279, 174, (-0.644, 0.509),
            {**_ADVANTAGE, "problem_timing_data": _timing(14072.88, 5.55, _READOUT_4, 20.54, _DELAYS_4)},
        ),
        Model(
            "Advantage_system6", "D-Wave Advantage: Pegasus P16", "pegasus", (16,), "Advantage",
            "Advantage_system6", 5612, 40088, 174, (-0.644, 0.509),
            {**_ADVANTAGE, "problem_timing_data": _timing(14200.0, 5.55, _READOUT_6, 20.54, _DELAYS_4)},
            (),
            ("per_qubit_coupling_range", "h_gain_schedule_range", "anneal_offset_step",
             "anneal_offset_step_phi0", "anneal_offset_ranges", "problem_timing_data"),
        ),
        Model(
            "Advantage2_system1", "D-Wave Advantage2: Zephyr Z12", "zephyr", (12, 4), "Advantage",
            "Advantage2_system1", 4577, 41515, 112, (-0.788, 0.805),
            {
                **_ADVANTAGE2,
                "problem_timing_data": _timing(33636.7, 28.18, _READOUT_ADVANTAGE2, 60.57, (-44.5, -41.5)),
            },
        ),
        Model(
            "Advantage2_system2", "D-Wave Advantage2: Zephyr Z12", "zephyr", (12, 4), "Advantage",
            "Advantage2_system2", 4514, 40409, 98, (-0.788, 0.805),
            {**_ADVANTAGE2, "problem_timing_data": _timing(24500.0, 28.18, _readout2(95.0), 20.6, _DELAYS_4)},
            (), _KIN_OF_ADVANTAGE2,
        ),
        Model(
            "Advantage2_system4", "D-Wave Advantage2: Zephyr Z6", "zephyr", (6, 4), "Advantage",
            "Advantage2_system4", 1202, 10537, 71, (-0.788, 0.805),
            {**_ADVANTAGE2, "problem_timing_data": _timing(8000.0, 28.18, _readout2(45.0), 20.6, _DELAYS_4)},
            (), _KIN_OF_ADVANTAGE2,
        ),
    )
}  # fmt: skip
