"""``isinglass qpu list | show MODEL | sample FILE``: the emulated quantum annealers."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from isinglass.cli.live import LiveProgress
from isinglass.cli.solve import INTERRUPTED, as_object, check_output, write_samples
from isinglass.errors import ParameterError, nearest

if TYPE_CHECKING:
    from isinglass.qpu.solver import QPUSolver
    from isinglass.results.sampleset import SampleSet

app = typer.Typer(help="Emulated quantum annealers.", no_args_is_help=True, rich_markup_mode=None)
OPEN_OPTIONS = {"allow_extra_args": True, "ignore_unknown_options": True}
"""The machines' own parameters are options too: --annealing-time 50."""


@app.command("list")
def list_models() -> None:
    """List the machines."""
    from isinglass.qpu.apollo import APOLLO_MODELS
    from isinglass.qpu.models import MODELS

    for model in MODELS.values():
        graph, _ = model.graphs()
        print(
            f"{model.name}: {model.topology} {list(model.shape)}, {len(graph.qubits)} qubits, "
            f"{len(graph.couplers)} couplers, largest clique {model.largest_clique}\n    {model.summary}"
        )
    for apollo in APOLLO_MODELS.values():
        most = "" if apollo.most_variables is None else f", {apollo.most_variables} variables"
        print(f"{apollo.name}: any graph{most}\n    Dynex-like: takes any problem as it is")


@app.command("show")
def show(
    model: Annotated[str, typer.Argument(help="name of a machine; 'isinglass qpu list' lists them")],
    as_json: Annotated[bool, typer.Option("--json", help='{"properties": {...}} on stdout')] = False,
    picture: Annotated[Path | None, typer.Option(help="draw the working graph (.png, .pdf, .svg)")] = None,
    schedule_picture: Annotated[
        Path | None, typer.Option(help="draw s(t), A and B of its default anneal")
    ] = None,
    defects_seed: Annotated[int, typer.Option(help="another seed, another working graph")] = 1,
) -> None:
    """Show the properties of a machine."""
    properties, solver = _described(model, defects_seed)
    if picture is not None or schedule_picture is not None:
        if solver is None:
            raise ParameterError(f"{model} has no published graph or schedule to draw")
        from isinglass.qpu.draw import draw_graph, draw_schedule

        if picture is not None:
            draw_graph(solver).savefig(picture, dpi=150)
        if schedule_picture is not None:
            draw_schedule(solver).savefig(schedule_picture, dpi=150)
    if as_json:
        json.dump({"properties": properties}, sys.stdout)
        print()
        return
    table = Table(title=model, show_header=False, title_justify="left")
    if solver is not None:
        table.add_row("graph_id", solver.graph.graph_id)
    for name, value in properties.items():
        table.add_row(name, _shown(value))
    Console().print(table)


def sample(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="problem file; its format is told by its content")],
    model: Annotated[str, typer.Option(help="name of a machine")] = "Advantage_system4",
    backend: Annotated[str, typer.Option(help="cpu, or gpu for the NVIDIA cards of this machine")] = "cpu",
    kind: Annotated[str, typer.Option(help="maxcut, ising or qubo, where the file leaves it open")] = "",
    embedding: Annotated[str, typer.Option(help="auto, native, clique or heuristic")] = "auto",
    embedding_timeout: Annotated[float, typer.Option(help="seconds for the heuristic")] = 60.0,
    chain_strength: Annotated[str, typer.Option(help="uniform_torque_compensation, scaled or a number")] = "",
    chain_strength_prefactor: Annotated[float | None, typer.Option(help="of the rule")] = None,
    chain_break_method: Annotated[
        str, typer.Option(help="majority_vote, weighted_random, discard or minimize_energy")
    ] = "majority_vote",
    seed: Annotated[int | None, typer.Option(help="same seed, same samples; default: drawn")] = None,
    time_limit: Annotated[float | None, typer.Option(help="seconds of this computer")] = None,
    threads: Annotated[int | None, typer.Option(help="threads; default: every core")] = None,
    output: Annotated[Path | None, typer.Option(help="write all samples: .npz, .json or .csv")] = None,
    picture: Annotated[Path | None, typer.Option(help="draw the embedding on the working graph")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object on stdout")] = False,
    quiet: Annotated[bool, typer.Option(help="no progress on stderr")] = False,
) -> None:
    """Sample the problem in FILE on an emulated machine, embedded where need be.

    The machine's parameters are options too, as JSON where they are lists: --num-reads 100 --annealing-time
    50 --anneal-schedule '[[0,0],[10,0.4],[30,1]]'.
    """
    from isinglass.problems.files import read_file
    from isinglass.qpu.models import DEFECTS_SEED

    check_output(output)
    problem = read_file(file, kind=kind or None)  # type: ignore[arg-type]  # checked by read_file
    from isinglass.qpu.embedded import sample_embedded

    properties, solver = _described(model, DEFECTS_SEED, backend)
    parameters = machine_options(context.args, properties["parameters"])
    strength: Any = chain_strength or None
    if strength is not None and strength[:1] in "0123456789.+-":
        strength = _number("--chain-strength", strength)
    if solver is not None:
        parameters |= {
            "embedding": embedding, "embedding_timeout": embedding_timeout, "chain_strength": strength,
            "chain_strength_prefactor": chain_strength_prefactor, "chain_break_method": chain_break_method,
        }  # fmt: skip
    elif picture is not None:
        raise ParameterError(f"{model} has no published graph to draw an embedding on")
    else:
        parameters["backend"] = backend
    with LiveProgress(quiet) as live:
        result = sample_embedded(
            problem, solver or model, seed=seed, time_limit=time_limit, num_threads=threads, progress=live,
            **parameters,
        )  # fmt: skip
    if picture is not None and solver is not None:
        from isinglass.qpu.draw import draw_graph

        draw_graph(solver, result.info["embedding"]).savefig(picture, dpi=150)
    if output is not None:
        write_samples(result, output)
    if as_json:
        answer = as_object(result)
        for name in {"embedding", "chain_breaks"} & set(answer):
            answer[name] = {str(variable): value for variable, value in answer[name].items()}
        json.dump(answer, sys.stdout)
        print()
    else:
        _print_sample(result, file)
    if result.info["interrupted"]:
        raise typer.Exit(INTERRUPTED)


app.command("sample", context_settings=OPEN_OPTIONS)(sample)


def machine_options(words: list[str], known: dict[str, Any]) -> dict[str, Any]:
    """``--annealing-time 50`` words as parameters: JSON where they are JSON, text otherwise."""
    rest = [part for word in words for part in (word.split("=", 1) if word.startswith("--") else [word])]
    values: dict[str, Any] = {}
    while rest:
        option = rest.pop(0)
        name = option.removeprefix("--").replace("-", "_")
        if not option.startswith("--") or name not in (*known, "label"):
            raise ParameterError(
                f"there is no option {option!r}{nearest(name, known)}; the machine takes "
                + ", ".join(f"--{n.replace('_', '-')}" for n in known)
            )
        if not rest:
            raise ParameterError(f"{option} needs a value")
        word = rest.pop(0)
        try:
            values[name] = json.loads(word)
        except ValueError:
            values[name] = word
    return values


def _described(
    model: str, defects_seed: int, backend: str = "cpu"
) -> tuple[dict[str, Any], QPUSolver | None]:
    from isinglass.qpu.apollo import APOLLO_MODELS, ApolloSampler
    from isinglass.qpu.models import MODELS

    if model in APOLLO_MODELS:
        return ApolloSampler(model).properties, None
    if model not in MODELS:
        known = [*MODELS, *APOLLO_MODELS]
        raise ParameterError(f"model {model!r} is not one of {', '.join(known)}{nearest(model, known)}")
    from isinglass.qpu.solver import QPUSolver

    solver = QPUSolver(model, defects_seed=defects_seed, backend=backend)
    return solver.properties, solver


def _number(name: str, word: str) -> float:
    try:
        return float(word)
    except ValueError:
        raise ParameterError(f"{name} {word!r} is not a number") from None


def _shown(value: Any) -> str:
    if isinstance(value, list) and len(value) > 8:
        return f"{len(value)} entries: {', '.join(map(str, value[:3]))}, ..."
    if isinstance(value, dict):
        return "\n".join(f"{name}: {entry}" for name, entry in value.items())
    return str(value)


def _print_sample(result: SampleSet, file: Path) -> None:
    info, qpu = result.info, result.info["qpu"]
    table = Table(title=file.name, show_header=False, title_justify="left")
    table.add_row(
        "problem", f"{info['variables']} variables, {info['interactions']} interactions, {info['kind']}"
    )
    if "embedding" in info:
        chains = [len(chain) for chain in info["embedding"].values()]
        table.add_row("machine", f"{qpu['model']}, graph {qpu['graph_id']}, emulated by {qpu['dynamics']}")
        table.add_row(
            "embedding",
            f"{info['embedding_method']}: {sum(chains)} qubits, longest chain {max(chains, default=0)}",
        )
    else:
        table.add_row("machine", f"{qpu['model']}, emulated; coefficients times {qpu['scale_factor']:g}")
    if len(result.record):
        best = result.best_index
        if "cut" in result.record.dtype.names:
            table.add_row("best cut", f"{result.record.cut[best]:.12g}")
        table.add_row("best energy", f"{result.record.energy[best]:.12g}")
    if "chain_break_fraction" in result.record.dtype.names and len(result.record):
        table.add_row("broken chains", f"{result.record.chain_break_fraction.mean():.2%}")
    table.add_row("samples", f"{len(result.record)} of {qpu['reads_done']} reads, seed {info['seed']}")
    if "timing" in qpu:
        table.add_row("access time", f"{qpu['timing']['qpu_access_time'] / 1e3:.6g} ms on the machine")
    table.add_row("stopped", info["stop_reason"])
    table.add_row("seconds", ", ".join(f"{k} {v:.3g}" for k, v in info["timing"].items()))
    for warning in info.get("warnings", []):
        table.add_row("warning", warning)
    Console().print(table)
