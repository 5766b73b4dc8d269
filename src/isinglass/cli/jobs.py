"""``isinglass jobs submit | circuits | list | show | watch | result | cancel | rerun``: on a service."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from isinglass.cli.solver_words import parse_solver

if TYPE_CHECKING:
    from isinglass.client.session import Session
    from isinglass.jobs.results import Result
    from isinglass.jobs.status import JobStatus
    from isinglass.results.nonlinear import NonlinearResult

app = typer.Typer(
    help="Jobs on a service; its URL and key are in ISINGLASS_ENDPOINT and ISINGLASS_SDK_KEY.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Job = Annotated[str, typer.Argument(metavar="ID", help="of the job")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout")]
Output = Annotated[Path | None, typer.Option(help="write all samples: .npz, .json or .csv")]


@app.command("submit")
def submit(
    file: Annotated[Path, typer.Argument(help="problem file; its format is told by its content")],
    solver: Annotated[str, typer.Option(help="solver, or solver:parameter=value,parameter=value")] = "auto",
    backend: Annotated[str | None, typer.Option(help="cpu, gpu or qpu; default: of the settings")] = None,
    qpu_model: Annotated[str | None, typer.Option(help="for qpu, such as Advantage_system4")] = None,
    kind: Annotated[str, typer.Option(help="maxcut, ising or qubo, where the file leaves it open")] = "",
    num_reads: Annotated[int | None, typer.Option(help="samples a shot")] = None,
    time_limit: Annotated[float | None, typer.Option(help="seconds a shot")] = None,
    target_energy: Annotated[float | None, typer.Option(help="stop at an energy at or below this")] = None,
    seed: Annotated[int | None, typer.Option(help="same seed, same samples; default: drawn")] = None,
    shots: Annotated[int, typer.Option(help="runs, shared out over workers")] = 1,
    timeout: Annotated[float | None, typer.Option(help="seconds until it is stopped")] = None,
    priority: Annotated[int, typer.Option(help="-10 to 10, among your jobs")] = 0,
    description: Annotated[str | None, typer.Option(help="to find it again")] = None,
) -> None:
    """Submit the problem in FILE and print the job's id."""
    name, parameters = parse_solver(solver)
    more = {"num_reads": num_reads, "time_limit": time_limit, "target_energy": target_energy}
    words: dict[str, Any] = {**parameters, **{k: v for k, v in more.items() if v is not None}}
    words |= {"seed": seed, "shots": shots, "priority": priority, "description": description or file.name}
    chosen = {"timeout": timeout, "backend": backend, "qpu_model": qpu_model}
    words |= {option: value for option, value in chosen.items() if value is not None}
    with _session() as session:
        print(session.submit(file, kind=kind or None, solver=name, **words).id)  # type: ignore[arg-type]  # checked there


@app.command("circuits")
def circuits(
    files: Annotated[list[Path], typer.Argument(help="OpenQASM files; their names are the labels")],
    shots: Annotated[int | None, typer.Option(help="measurements of each circuit; default 1000")] = None,
    observables: Annotated[str | None, typer.Option(help="values of 'ZZ;XX' instead of counts")] = None,
    max_qubits: Annotated[int | None, typer.Option(help="cut into pieces of at most so many")] = None,
    qiskit_backend: Annotated[str | None, typer.Option(help="device or simulator to imitate")] = None,
    seed: Annotated[int | None, typer.Option(help="same seed, same counts; default: drawn")] = None,
    description: Annotated[str | None, typer.Option(help="to find it again")] = None,
) -> None:
    """Submit circuits and print the job's id."""
    from isinglass.errors import FileFormatError

    texts: dict[str, str] = {}
    for file in files:
        try:
            texts[file.name] = file.read_text()
        except (OSError, UnicodeDecodeError) as error:
            raise FileFormatError(file, f"cannot be read: {error}") from None
    more = {"qiskit_backend": qiskit_backend, "seed": seed, "description": description or files[0].name}
    words: dict[str, Any] = {name: value for name, value in more.items() if value is not None}
    with _session() as session:
        job = session.submit_circuits(
            texts, shots=shots, observables=observables, max_qubits=max_qubits, **words
        )
        print(job.id)


@app.command("list")
def list_jobs(
    state: Annotated[str | None, typer.Option(help="queued, running, finished, ...")] = None,
    search: Annotated[str | None, typer.Option(help="words of the description, or an id")] = None,
    limit: Annotated[int, typer.Option(help="at most so many")] = 50,
    as_json: AsJson = False,
) -> None:
    """Your jobs, newest first."""
    with _session() as session:
        found = session.jobs(state=state, search=search, limit=limit)
    if as_json:
        print(json.dumps([asdict(status) for status in found]))
        return
    table = Table()
    for name in ("id", "state", "shots", "best energy", "variables", "submitted", "description"):
        table.add_column(name, no_wrap=name == "id")
    for status in found:
        best = "" if status.best_energy is None else f"{status.best_energy:.10g}"
        shots, when = f"{status.shots_done}/{status.shots}", _time(status.created)
        table.add_row(status.id, str(status.state), shots, best, str(status.variables), when,
                      status.spec.description)  # fmt: skip
    Console(width=None if sys.stdout.isatty() else 140).print(table)


@app.command("show")
def show(job: Job) -> None:
    """Everything that is known of a job, as JSON."""
    with _session() as session:
        print(json.dumps(asdict(session.job(job).status()), indent=2))


@app.command("watch")
def watch(job: Job) -> None:
    """The job's events as they come, until it ends; Ctrl-C leaves it running."""
    with _session() as session:
        for event in session.job(job).events():
            data = "  ".join(f"{name} {value}" for name, value in event.data.items())
            print(f"{_time(event.at)}  {event.kind:<12}  {data}", flush=True)


@app.command("result")
def result(job: Job, output: Output = None, as_json: AsJson = False) -> None:
    """Wait for the end of a job and print its result."""
    with _session() as session:
        _print(session.job(job).result(), output, as_json)


@app.command("cancel")
def cancel(job: Job) -> None:
    """Stop a job; its best so far is kept."""
    with _session() as session:
        _print_state(session.job(job).cancel())


@app.command("rerun")
def rerun(
    job: Job, seed: Annotated[int | None, typer.Option(help="another one, for other samples")] = None
) -> None:
    """Run a job again, with its own seed: the same samples. Prints the new job's id."""
    with _session() as session:
        print(session.rerun(job, seed).id)


def _session() -> Session:
    from isinglass.client.session import connect
    from isinglass.config import Config
    from isinglass.errors import ParameterError

    config = Config()
    if config.endpoint is None:
        raise ParameterError("which service? Put its URL into ISINGLASS_ENDPOINT (or into .env)")
    return connect(config=config)


def _print(found: Result, output: Path | None, as_json: bool) -> None:
    from isinglass.cli.solve import as_object, write_samples
    from isinglass.errors import ParameterError
    from isinglass.results.nonlinear import NonlinearResult
    from isinglass.results.sampleset import SampleSet

    if isinstance(found, NonlinearResult):
        _print_states(found, output, as_json)
        return
    if not isinstance(found, SampleSet):
        if output is not None:
            raise ParameterError("--output writes samples, and this job has none: use --json")
        print(json.dumps(found if isinstance(found, list) else asdict(found), indent=None if as_json else 2))
        return
    if output is not None:
        write_samples(found, output)
    if as_json:
        print(json.dumps(as_object(found)))
    else:
        print(found)


def _print_states(found: NonlinearResult, output: Path | None, as_json: bool) -> None:
    """Of a nonlinear model; the best state goes into the file, as dwave-optimization has it."""
    if output is not None:
        output.write_bytes(found.files[0])
    words = {"objective": found.objective.tolist(), "violated": found.violated.tolist(), "info": found.info}
    print(json.dumps(words) if as_json else found)


def _print_state(status: JobStatus) -> None:
    print(f"{status.id}  {status.state}")


def _time(at: float) -> str:
    return datetime.fromtimestamp(at).strftime("%Y-%m-%d %H:%M:%S")
