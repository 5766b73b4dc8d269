"""The parameters of a call: one table that is the check and the documentation.

``docs/qpu-parameters.md`` is written from it (parameter_page.py). What one parameter rules out of another is
in ``EXCLUSIVE`` and ``NEEDS``; rules between values are in call.py. Meanings, ranges and exclusions: D-Wave,
"Solver parameters" (of the 2000Q and of today's systems).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from isinglass.qpu import parameter_checks as check
from isinglass.qpu import waveforms


@dataclass(frozen=True)
class Parameter:
    """One row: what it is, where it is, and its check."""

    name: str
    kind: str
    """Its type, in words."""
    default: str
    """The value when it is not given, in words."""
    values: str
    """The range, in words; names of properties stand for their values."""
    meaning: str
    check: check.Check
    unit: str = ""
    systems: str = "all"
    """ "all", "2000Q" (DW_2000Q and earlier) or "Advantage" (Advantage and later)."""


@dataclass(frozen=True)
class Exclusive:
    """Two parameters that cannot be used in one call."""

    first: str
    second: str
    why: str


@dataclass(frozen=True)
class Needs:
    """A parameter that is used only beside another."""

    name: str
    other: str
    value: Any
    """What ``other`` must be; None for any."""
    why: str


PARAMETERS: dict[str, Parameter] = {
    row.name: row
    for row in (
        Parameter(
            "anneal_offsets", "list of num_qubits numbers", "0 for every qubit",
            "each in its qubit's anneal_offset_ranges; 0, NaN or None for unused qubits; "
            "rounded to anneal_offset_step",
            "Advances (positive) or delays (negative) the anneal of each qubit.",
            check.anneal_offsets, "normalised offset units",
        ),
        Parameter(
            "anneal_schedule", "list of (t, s) pairs", "[[0, 0], [annealing_time, 1]]",
            "2 to max_anneal_schedule_points points (one more for a reverse anneal); t increases from 0 to "
            "at most the end of annealing_time_range; s in [0, 1], ends at 1; forward: begins at 0 and never "
            "decreases; reverse: begins at 1; slopes at most 1 / annealing_time_range[0]",
            "The anneal fraction s as a piecewise-linear function of time: pauses, quenches, reverse "
            "anneals.",
            waveforms.anneal_schedule, "µs, fraction",
        ),
        Parameter(
            "annealing_time", "number (integer on the 2000Q)", "default_annealing_time",
            "annealing_time_range, or fast_anneal_time_range with fast_anneal; rounded to 0.01 µs",
            "Duration of one anneal.", check.number_in("annealing_time_range"), "µs",
        ),
        Parameter(
            "answer_mode", "text", '"histogram"; "raw" with initial_state', '"histogram" or "raw"',
            "histogram: distinct states by increasing energy with num_occurrences; raw: every read in its "
            "order.",
            check.one_of("histogram", "raw"),
        ),
        Parameter(
            "auto_scale", "true or false", "true; false with flux_biases",
            "if false, h must lie in h_range, J in extended_j_range, and each qubit's (on Zephyr, each "
            "coupler group's) total J in per_qubit_coupling_range (per_group_coupling_range)",
            "Divides h and J by one positive factor so that they just fill those ranges; energies of the "
            "answer are of the problem as given.",
            check.yes_or_no,
        ),
        Parameter(
            "beta", "number", "default_beta, or 3", "finite and 0 or more",
            'Inverse temperature of postprocess="sampling", per unit of the energy of the problem as given.',
            check.inverse_temperature, "1 / energy", "2000Q",
        ),
        Parameter(
            "chains", "list of lists of qubits", "none", "working qubits, disjoint, each list connected",
            "Qubits that stand for one variable: set to their majority before postprocessing.",
            check.chains, "", "2000Q",
        ),
        Parameter(
            "fast_anneal", "true or false", "false",
            "h must be 0 for every qubit; no more than two schedule points",
            "The fast-anneal protocol with its own schedule and range of times.",
            check.yes_or_no, "", "Advantage",
        ),
        Parameter(
            "flux_biases", "list of num_qubits numbers", "0 for every qubit",
            "at most half a flux quantum either way; 0 for no bias; length num_qubits",
            "Flux-bias offsets of the qubits, constant through the anneal; the sign is opposite to h.",
            check.flux_biases, "Φ₀",
        ),
        Parameter(
            "flux_drift_compensation", "true or false", "true", "",
            "Compensates the slow drift of the qubits' flux.", check.yes_or_no,
        ),
        Parameter(
            "h_gain_schedule", "list of (t, g) pairs", "g(t) = 1",
            "2 to max_h_gain_schedule_points points; t increases from 0 to the end of the anneal; g in "
            "h_gain_schedule_range; slopes at most the range's width in 0.02 µs; g times h within h_range "
            "(auto_scale sees to it)",
            "A gain on the linear biases as a piecewise-linear function of time.",
            waveforms.h_gain_schedule, "µs, ratio",
        ),
        Parameter(
            "initial_state", "list of num_qubits values, or {qubit: value}", "none",
            "-1 or 1 (ising), 0 or 1 (qubo) for each qubit of the problem, 3 for qubits that do not work",
            "The state from which a reverse anneal begins.", check.state_of_qubits,
        ),
        Parameter(
            "label", "text", "none", "1 to 1024 characters of Windows-1252", "A name for the problem.",
            check.label,
        ),
        Parameter(
            "max_answers", "integer", "num_reads", "1 or more; with answer_mode raw at most num_reads",
            "Distinct answers returned (histogram), or the first so many reads (raw).", check.whole_from(1),
        ),
        Parameter(
            "num_reads", "integer", "1", "num_reads_range", "Anneals, each ending in one sample.",
            check.number_in("num_reads_range", whole=True),
        ),
        Parameter(
            "num_spin_reversal_transforms", "integer", "0", "0 to num_reads; J within j_range",
            "Random gauges among which the reads are divided; the chip is programmed anew for each.",
            check.whole_from(0), "", "2000Q",
        ),
        Parameter(
            "postprocess", "text", '"" (on VFYC solvers: "sampling")', '"", "sampling" or "optimization"',
            "sampling: single-spin Metropolis at beta from each sample; optimization: descent to a local "
            "minimum.",
            check.one_of("", "sampling", "optimization"), "", "2000Q",
        ),
        Parameter(
            "programming_thermalization", "number (integer on the 2000Q)",
            "default_programming_thermalization", "programming_thermalization_range",
            "Wait after programming, for the chip to cool.",
            check.number_in("programming_thermalization_range"), "µs",
        ),
        Parameter(
            "readout_thermalization", "number (integer on the 2000Q)", "default_readout_thermalization",
            "readout_thermalization_range", "Wait after each read, for the chip to cool.",
            check.number_in("readout_thermalization_range"), "µs",
        ),
        Parameter(
            "reduce_intersample_correlation", "true or false", "false", "",
            "Adds a delay between reads, longer for longer anneals, in which the spin bath forgets the last "
            "read.",
            check.yes_or_no,
        ),
        Parameter(
            "reinitialize_state", "true or false", "true", "",
            "Each reverse anneal begins from initial_state; false: from where the one before it ended.",
            check.yes_or_no,
        ),
    )
}  # fmt: skip

EXCLUSIVE = (
    Exclusive("annealing_time", "anneal_schedule", "both set the anneal's duration"),
    Exclusive("fast_anneal", "h_gain_schedule", "a fast anneal has no linear biases"),
    Exclusive("fast_anneal", "initial_state", "a fast anneal cannot be reversed"),
    Exclusive("fast_anneal", "reinitialize_state", "a fast anneal cannot be reversed"),
    Exclusive("auto_scale", "flux_biases", "flux biases are not scaled with the problem"),
    Exclusive("num_spin_reversal_transforms", "initial_state", "reverse anneals cannot be transformed"),
    Exclusive("num_spin_reversal_transforms", "flux_biases", "flux biases are not transformed"),
)
NEEDS = (
    Needs("initial_state", "anneal_schedule", None, "it is where a reverse anneal (from s = 1) begins"),
    Needs("reinitialize_state", "initial_state", None, "it is about reverse anneals"),
    Needs("beta", "postprocess", "sampling", "it is the inverse temperature of that"),
    Needs("chains", "postprocess", None, "chains are used by postprocessing only"),
)
FAMILY_NAMES = {"2000Q": "D-Wave 2000Q and earlier systems", "Advantage": "Advantage and later systems"}


def names_for(family: str) -> tuple[str, ...]:
    """Names of the parameters that systems of a family ("2000Q" or "Advantage") take."""
    return tuple(row.name for row in PARAMETERS.values() if row.systems in ("all", family))


def descriptions(names: tuple[str, ...]) -> dict[str, str]:
    """The solver property ``parameters``: name to text; label travels beside the parameters."""
    return {name: PARAMETERS[name].meaning for name in names if name != "label"}
