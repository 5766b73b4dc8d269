"""Users, keys, jobs, shots, events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("quota_seconds", sa.Float(), nullable=True),
        sa.Column("used_seconds", sa.Float(), nullable=False),
        sa.Column("virtual_time", sa.Float(), nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_users")),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("user", sa.String(length=64), nullable=False),
        sa.Column("idempotency_key", sa.String(length=100), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("stop_cause", sa.String(length=16), nullable=True),
        sa.Column("spec", sa.Text(), nullable=False),
        sa.Column("description", sa.String(length=1000), nullable=False),
        sa.Column("shots", sa.Integer(), nullable=False),
        sa.Column("shots_done", sa.Integer(), nullable=False),
        sa.Column("variables", sa.Integer(), nullable=False),
        sa.Column("problem", sa.LargeBinary(), nullable=True),
        sa.Column("problem_hash", sa.String(length=64), nullable=False),
        sa.Column("problem_size", sa.BigInteger(), nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
        sa.Column("started", sa.Float(), nullable=True),
        sa.Column("finished", sa.Float(), nullable=True),
        sa.Column("deadline", sa.Float(), nullable=True),
        sa.Column("best_energy", sa.Float(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("rerun_of", sa.String(length=26), nullable=True),
        sa.ForeignKeyConstraint(["user"], ["users.name"], name=op.f("fk_jobs_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("user", "idempotency_key", name=op.f("uq_jobs_user_idempotency_key")),
    )
    op.create_index(op.f("ix_jobs_state_deadline"), "jobs", ["state", "deadline"], unique=False)
    op.create_index(op.f("ix_jobs_user_id"), "jobs", ["user", "id"], unique=False)
    op.create_index(op.f("ix_jobs_user_state"), "jobs", ["user", "state"], unique=False)
    op.create_table(
        "keys",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("user", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.String(length=100), nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
        sa.Column("expires", sa.Float(), nullable=True),
        sa.Column("revoked", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["user"], ["users.name"], name=op.f("fk_keys_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keys")),
    )
    op.create_table(
        "events",
        sa.Column("job", sa.String(length=26), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["job"], ["jobs.id"], name=op.f("fk_events_job")),
        sa.PrimaryKeyConstraint("job", "seq", name=op.f("pk_events")),
    )
    op.create_table(
        "shots",
        sa.Column("job", sa.String(length=26), nullable=False),
        sa.Column("shot", sa.Integer(), nullable=False),
        sa.Column("user", sa.String(length=64), nullable=False),
        sa.Column("backend", sa.String(length=8), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.Float(), nullable=False),
        sa.Column("worker", sa.String(length=64), nullable=True),
        sa.Column("token", sa.String(length=32), nullable=True),
        sa.Column("lease_until", sa.Float(), nullable=True),
        sa.Column("charged", sa.Float(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("energy", sa.Float(), nullable=True),
        sa.Column("result", sa.LargeBinary(), nullable=True),
        sa.Column("result_hash", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["job"], ["jobs.id"], name=op.f("fk_shots_job")),
        sa.PrimaryKeyConstraint("job", "shot", name=op.f("pk_shots")),
    )
    op.create_index(
        "ix_shots_queue", "shots", ["state", "user", "backend", "rank", "job", "shot"], unique=False
    )
    op.create_index(op.f("ix_shots_state_lease_until"), "shots", ["state", "lease_until"], unique=False)
    op.create_index(op.f("ix_shots_worker_state"), "shots", ["worker", "state"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_shots_worker_state"), table_name="shots")
    op.drop_index(op.f("ix_shots_state_lease_until"), table_name="shots")
    op.drop_index("ix_shots_queue", table_name="shots")
    op.drop_table("shots")
    op.drop_table("events")
    op.drop_table("keys")
    op.drop_index(op.f("ix_jobs_user_state"), table_name="jobs")
    op.drop_index(op.f("ix_jobs_user_id"), table_name="jobs")
    op.drop_index(op.f("ix_jobs_state_deadline"), table_name="jobs")
    op.drop_table("jobs")
    op.drop_table("users")
