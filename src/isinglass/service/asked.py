"""What may be asked, whichever door it comes through: types that check themselves."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from isinglass.jobs.spec import MOST_SHOTS
from isinglass.jobs.states import JobState

JobId = Annotated[str, Field(pattern=r"^[0-9a-z]{26}$", description="a job's id")]
Wait = Annotated[float, Field(ge=0, le=60, description="seconds to wait for the end of the job")]
ShotNumber = Annotated[int | None, Field(ge=0, lt=MOST_SHOTS, description="only this one")]
After = Annotated[int, Field(ge=0, lt=1 << 31, description="number of the last event seen")]
HeldShot = Annotated[int, Field(ge=0, lt=MOST_SHOTS, description="a shot in work")]
Token = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$", description="under which it is held")]
Seed = Annotated[int | None, Field(ge=0, lt=1 << 63, description="None: that of the first job")]
IdempotencyKey = Annotated[str | None, Field(pattern=r"^[!-~]{1,100}$", description="printable ASCII")]
BlobHash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the container")]
BlobSize = Annotated[int, Field(ge=1, description="bytes of the container")]
Offset = Annotated[int, Field(ge=0)]


class Listing(BaseModel):
    """Which jobs to list."""

    model_config = ConfigDict(extra="forbid")
    state: JobState | None = None
    search: Annotated[str | None, Field(max_length=200, pattern=r"^[^\x00]*$")] = None
    before: Annotated[str | None, Field(pattern=r"^[0-9a-z]{26}$")] = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 50
