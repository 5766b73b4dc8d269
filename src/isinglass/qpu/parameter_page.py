"""``docs/qpu-parameters.md``, written from the tables that check the calls.

python -m isinglass.qpu.parameter_page > docs/qpu-parameters.md
"""

from __future__ import annotations

from isinglass.qpu.parameters import EXCLUSIVE, FAMILY_NAMES, NEEDS, PARAMETERS, Parameter
from isinglass.qpu.properties import FORMS

_HEAD = """# Parameters of the emulated annealers

Written from the table in `isinglass.qpu.parameters`, which also checks the calls: do not edit it here. A
value that breaks a rule is a `ParameterError` naming parameter, value and rule before anything runs. Names
such as `num_reads_range` are properties of the solver.
"""

_BETWEEN = """## Rules between values

* The run duration, (anneal + `readout_thermalization`) × `num_reads` + `programming_thermalization` in µs,
  must lie in `problem_run_duration_range`; the anneal is `annealing_time` or the last time of
  `anneal_schedule`.
* A schedule that begins at s = 1 is a reverse anneal and needs `initial_state`; one that begins at 0
  excludes it.
* The last time of `h_gain_schedule` is that of the anneal.
* `num_spin_reversal_transforms` turns signs: J is scaled into, or must lie in, `j_range` instead of
  `extended_j_range`.
* A QUBO is converted to Ising first: h_i = Q_ii / 2 + Σ_j Q_ij / 4 and J_ij = Q_ij / 4. Ranges and
  `fast_anneal` look at that.
* `auto_scale` divides h and J by the largest of max(h) / max(`h_range`), min(h) / min(`h_range`), max(J) /
  max(`extended_j_range`), min(J) / min(`extended_j_range`), and the same ratios of every qubit's total J to
  `per_qubit_coupling_range`, or on Zephyr of every coupler group's to `per_group_coupling_range`; h counts
  with the extremes of its gain.
* `label` is not a property's parameter but travels beside them.
"""


def page() -> str:
    """The whole page."""
    parts = [_HEAD, "## Every parameter\n", _table(list(PARAMETERS.values())), "## What each does\n"]
    parts += [f"* `{row.name}`: {row.meaning}" for row in PARAMETERS.values()]
    parts += ["\n## Not together\n", "| parameter | and | because |", "|---|---|---|"]
    parts += [f"| `{rule.first}` | `{rule.second}` | {rule.why} |" for rule in EXCLUSIVE]
    parts += ["\n## Only together\n", "| parameter | needs | because |", "|---|---|---|"]
    for need in NEEDS:
        other = f"`{need.other}`" if need.value is None else f'`{need.other}="{need.value}"`'
        parts.append(f"| `{need.name}` | {other} | {need.why} |")
    parts += ["\nA value that switches a parameter off (false, 0, an empty text) counts as not given.\n"]
    parts += [_BETWEEN, "## Properties\n", "| property | form | |", "|---|---|---|"]
    for name, (form, needed, _) in FORMS.items():
        parts.append(f"| `{name}` | {form} | {'' if needed else 'optional'} |")
    return "\n".join(parts) + "\n"


def _table(rows: list[Parameter]) -> str:
    lines = ["| parameter | type | default | values | unit | systems |", "|---|---|---|---|---|---|"]
    for row in rows:
        systems = FAMILY_NAMES.get(row.systems, "all")
        kind, default, values = (x.replace("|", "\\|") for x in (row.kind, row.default, row.values))
        lines.append(f"| `{row.name}` | {kind} | {default} | {values} | {row.unit} | {systems} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(page(), end="")
