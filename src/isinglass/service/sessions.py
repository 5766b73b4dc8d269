"""Sessions of the dashboard: a browser that was given an API key keeps a short-lived secret instead of it.

The secret has 256 random bits and only its SHA-256 is kept here, as with keys. A session ends after 12 hours,
when its user signs out, and with its key: what the key may not do, it may not do either.
"""

from __future__ import annotations

import hashlib
import secrets

from sqlalchemy import Connection, delete, insert, select

from isinglass.errors import AccessError
from isinglass.service.keys import Principal, principal_of, principal_of_row
from isinglass.service.tables import keys, sessions

SESSION_SECONDS = 12 * 3600.0


def open_session(connection: Connection, key: str, now: float) -> str:
    """The secret of a new session; AccessError (401) where the key opens nothing."""
    principal_of(connection, key, now)
    connection.execute(delete(sessions).where(sessions.c.expires <= now))
    secret = f"iss_{secrets.token_urlsafe(32)}"
    row = {"digest": _digest(secret), "key": key.split("_")[1], "expires": now + SESSION_SECONDS}
    connection.execute(insert(sessions).values(**row))
    return secret


def principal_of_session(connection: Connection, secret: str, now: float) -> Principal:
    """Who is signed in; AccessError (401) where the session or its key has ended."""
    held = select(keys).join(sessions, sessions.c.key == keys.c.id)
    alive = (sessions.c.digest == _digest(secret)) & (sessions.c.expires > now)
    row = connection.execute(held.where(alive)).mappings().first()
    if row is None:
        raise AccessError("you are not signed in", 401)
    return principal_of_row(row, now)


def close_session(connection: Connection, secret: str) -> None:
    """Sign out."""
    connection.execute(delete(sessions).where(sessions.c.digest == _digest(secret)))


def form_token(secret: str) -> str:
    """What a form of this session carries, so that no other site can send one."""
    return hashlib.sha256(f"form {secret}".encode()).hexdigest()


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
