"""The roll of workers: who there is, and what they can run. In rows: another server may have heard them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, delete, exists, insert, select, update

from isinglass.errors import ParameterError
from isinglass.jobs.states import ShotState
from isinglass.service.tables import shots, workers

HEARD_SECONDS = 60.0
"""A worker without work asks for some every twenty seconds; one that has some is known by its shot."""
NOTE_SECONDS = 10.0
"""A worker's row is written at most so often."""

_AWAY = {
    "cpu": "",
    "gpu": "start one with 'isinglass worker --backends gpu' on a machine with a GPU, "
    "or use backend {other!r}",
    "qpu": "start one with 'isinglass worker --backends qpu' where isinglass[qpu] is installed",
}
_NOTE = update(workers).where(workers.c.name == bindparam("who")).values(
    backends=bindparam("what"), heard=bindparam("now")
)  # fmt: skip
_HEARD = select(workers.c.backends).where(workers.c.heard >= bindparam("since"))
_AT_WORK = select(
    exists().where(shots.c.state == str(ShotState.LEASED), shots.c.backend == bindparam("backend"))
)


def note_worker(connection: Connection, name: str, backends: Sequence[str], now: float) -> None:
    """It was heard of just now. Those not heard of for long are struck off."""
    what = {"what": ",".join(backends), "now": now}
    if not connection.execute(_NOTE, {"who": name, **what}).rowcount:
        connection.execute(delete(workers).where(workers.c.heard < now - HEARD_SECONDS))
        connection.execute(insert(workers).values(name=name, backends=what["what"], heard=now))


def strike_worker(connection: Connection, name: str) -> None:
    """It has said goodbye, or is known to be dead."""
    connection.execute(delete(workers).where(workers.c.name == name))


def require_worker(connection: Connection, backend: str, qpu_model: str | None, now: float) -> None:
    """ParameterError, with what to do, where no worker has this backend. Jobs for "cpu" may wait for one."""
    if backend == "cpu":
        return
    heard = connection.execute(_HEARD, {"since": now - HEARD_SECONDS}).scalars()
    if any(backend in row.split(",") for row in heard):
        return
    if connection.execute(_AT_WORK, {"backend": backend}).scalar_one():
        return
    away = _AWAY[backend].format(other="cpu" if qpu_model is None else "qpu")
    raise ParameterError(f"backend {backend!r}: this service has no worker with one; {away}")
