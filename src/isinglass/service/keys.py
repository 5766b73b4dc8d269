"""Who may: users and their API keys.

A key is ``isg_<id>_<secret>``. The secret has 256 random bits, so its SHA-256 is kept and nothing slower is
needed; the key itself is shown once, when it is made.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from isinglass.errors import AccessError, ParameterError
from isinglass.service.database import one_at_a_time
from isinglass.service.tables import keys, users

SCOPES = ("submit", "read", "work", "metrics", "admin")
"""submit and cancel jobs; read jobs and results; be a worker; ask for metrics; everything, of everybody."""

_USER = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_KEY = re.compile(r"isg_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_REFUSED = "the API key is missing, wrong, expired or revoked"


@dataclass(frozen=True)
class Principal:
    """Who stands behind a request."""

    user: str
    scopes: frozenset[str]

    def require(self, scope: str) -> None:
        """AccessError (403) unless the key has the scope; ``admin`` has them all."""
        if scope not in self.scopes and "admin" not in self.scopes:
            raise AccessError(f"this key does not have the scope {scope!r}: ask for one that does", 403)


def owner(who: Principal) -> str | None:
    """Whose jobs may be seen: one's own, or everybody's (None)."""
    return None if "admin" in who.scopes else who.user


def ensure_user(connection: Connection, name: str, now: float) -> None:
    """A row for the user, if there is none. The name is also that of a folder, so it is a plain word."""
    if not _USER.fullmatch(name):
        raise ParameterError(
            f"user={name!r} is not a name: 1 to 63 of a-z, 0-9, - and _, beginning with a letter or digit"
        )
    one_at_a_time(connection)
    if connection.execute(select(users.c.name).where(users.c.name == name)).first() is None:
        connection.execute(
            insert(users).values(name=name, weight=1.0, used_seconds=0.0, virtual_time=0.0, created=now)
        )


def create_key(
    connection: Connection, user: str, scopes: Iterable[str], now: float, expires_in: float | None = None
) -> str:
    """A new key for the user, who is made if need be. ``expires_in``: seconds; None for never."""
    chosen = list(dict.fromkeys(scopes))
    for scope in chosen:
        if scope not in SCOPES:
            raise ParameterError(f"scope {scope!r} is not one of {', '.join(SCOPES)}")
    if not chosen:
        raise ParameterError(f"a key needs at least one scope: {', '.join(SCOPES)}")
    ensure_user(connection, user, now)
    number, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    row = {"id": number, "user": user, "digest": _digest(secret), "scopes": ",".join(chosen)}
    expires = None if expires_in is None else now + expires_in
    connection.execute(insert(keys).values(**row, created=now, expires=expires, revoked=False))
    return f"isg_{number}_{secret}"


def first_key(connection: Connection, now: float) -> str | None:
    """The key that the first server makes at its first start, and no other one, for a user of all rights."""
    one_at_a_time(connection)
    if any(row["user"] != "worker" for row in list_keys(connection)):
        return None
    return create_key(connection, "admin", ["admin"], now)


def principal_of(connection: Connection, key: str, now: float) -> Principal:
    """Who has this key; AccessError (401) where nobody has, or it has expired or was revoked."""
    refused = AccessError(_REFUSED, 401)
    match = _KEY.fullmatch(key)
    if match is None:
        raise refused
    row = connection.execute(select(keys).where(keys.c.id == match[1])).mappings().first()
    if row is None or not hmac.compare_digest(row["digest"], _digest(match[2])):
        raise refused
    return principal_of_row(row, now)


def principal_of_row(row: RowMapping, now: float) -> Principal:
    """Who has the key of this row; AccessError (401) where it has expired or was revoked."""
    if row["revoked"] or (row["expires"] is not None and now >= row["expires"]):
        raise AccessError(_REFUSED, 401)
    return Principal(row["user"], frozenset(row["scopes"].split(",")))


def revoke_key(connection: Connection, number: str) -> None:
    """The key with this id opens nothing any more; ParameterError where there is none."""
    if connection.execute(update(keys).where(keys.c.id == number).values(revoked=True)).rowcount != 1:
        raise ParameterError(f"there is no key {number!r}; 'isinglass keys list' shows them")


def list_keys(connection: Connection) -> list[dict[str, Any]]:
    """Every key without its secret, oldest first."""
    shown = (keys.c.id, keys.c.user, keys.c.scopes, keys.c.created, keys.c.expires, keys.c.revoked)
    return [dict(row) for row in connection.execute(select(*shown).order_by(keys.c.created)).mappings()]


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
