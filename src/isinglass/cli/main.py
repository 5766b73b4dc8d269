"""``isinglass ...``: the command line. One file a command; errors are one sentence and exit code 2."""

from __future__ import annotations

import sys

import typer

from isinglass.cli import (
    backup,
    bench,
    circuits,
    doctor,
    generate,
    info,
    jobs,
    keys,
    qpu,
    qscore,
    serve,
    solve,
    tune,
    users,
)
from isinglass.errors import IsinglassError

INTERRUPTED = 130

app = typer.Typer(
    name="isinglass",
    help="Solve Ising and QUBO problems on this machine, or on a network of them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("solve")(solve.solve)
app.command("generate", context_settings=generate.OPEN_OPTIONS)(generate.generate)
app.command("bench")(bench.bench)
app.command("tune")(tune.tune)
app.add_typer(qscore.app, name="qscore")
app.add_typer(circuits.app, name="circuits")
app.command("serve")(serve.serve)
app.command("worker")(serve.worker)
app.add_typer(jobs.app, name="jobs")
app.add_typer(keys.app, name="keys")
app.add_typer(users.app, name="users")
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("info")(info.info)
app.command("doctor")(doctor.doctor)
app.add_typer(qpu.app, name="qpu")


def main() -> None:
    """Entry point: run the command, turn our errors into one sentence on stderr and exit code 2."""
    try:
        app()
    except IsinglassError as error:
        print(f"isinglass: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("isinglass: interrupted before there was a result", file=sys.stderr)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output (head, less) has gone; nothing is left to say.
        sys.stderr.close()
        sys.exit(1)


if __name__ == "__main__":
    main()
