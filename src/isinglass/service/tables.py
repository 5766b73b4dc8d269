"""The tables. ``docs/service-design.md`` says what a row of each is; ``migrations`` makes them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)  # fmt: skip

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

users = Table(
    "users",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("weight", Float, nullable=False),
    Column("quota_seconds", Float),
    Column("used_seconds", Float, nullable=False),
    Column("virtual_time", Float, nullable=False),
    Column("created", Float, nullable=False),
)

keys = Table(
    "keys",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("user", String(64), ForeignKey("users.name"), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("scopes", String(100), nullable=False),
    Column("created", Float, nullable=False),
    Column("expires", Float),
    Column("revoked", Boolean, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("key", String(16), ForeignKey("keys.id"), nullable=False),
    Column("expires", Float, nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("user", String(64), ForeignKey("users.name"), nullable=False),
    Column("idempotency_key", String(100)),
    Column("state", String(16), nullable=False),
    Column("stop_cause", String(16)),
    Column("spec", Text, nullable=False),
    Column("description", String(1000), nullable=False),
    Column("shots", Integer, nullable=False),
    Column("shots_done", Integer, nullable=False),
    Column("variables", Integer, nullable=False),
    Column("problem", LargeBinary),
    Column("problem_hash", String(64), nullable=False),
    Column("problem_size", BigInteger, nullable=False),
    Column("created", Float, nullable=False),
    Column("started", Float),
    Column("finished", Float),
    Column("deadline", Float),
    Column("best_energy", Float),
    Column("error", Text),
    Column("last_seq", Integer, nullable=False),
    Column("rerun_of", String(26)),
    UniqueConstraint("user", "idempotency_key"),
    Index(None, "user", "id"),
    Index(None, "user", "state"),
    Index(None, "state", "deadline"),
)

shots = Table(
    "shots",
    metadata,
    Column("job", String(26), ForeignKey("jobs.id"), primary_key=True),
    Column("shot", Integer, primary_key=True),
    Column("user", String(64), nullable=False),
    Column("backend", String(8), nullable=False),
    Column("rank", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("not_before", Float, nullable=False),
    Column("worker", String(64)),
    Column("token", String(32)),
    Column("lease_until", Float),
    Column("charged", Float, nullable=False),
    Column("seconds", Float),
    Column("energy", Float),
    Column("result", LargeBinary),
    Column("result_hash", String(64)),
    # The order in which a user's shots are taken, so that the next one is found without sorting the queue.
    Index("ix_shots_queue", "state", "user", "backend", "rank", "job", "shot"),
    Index(None, "state", "lease_until"),
    Index(None, "worker", "state"),
)

workers = Table(
    "workers",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("backends", String(32), nullable=False),
    Column("heard", Float, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("job", String(26), ForeignKey("jobs.id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", Float, nullable=False),
    Column("kind", String(24), nullable=False),
    Column("data", Text, nullable=False),
)
