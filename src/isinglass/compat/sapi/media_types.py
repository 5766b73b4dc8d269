"""Versioned media types: which resource an answer is, in which version.

The client refuses an answer whose ``Content-Type`` has not exactly this type and a version it accepts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response

from isinglass.errors import ServiceError

_PREFIX = "application/vnd.dwave."
_VERSION = re.compile(r'version\s*=\s*"?([0-9]+)(?:\.([0-9]+))?[0-9.]*"?', re.IGNORECASE)


@dataclass(frozen=True)
class MediaType:
    """One resource: its name and the version that is served."""

    resource: str
    version: tuple[int, int] = (3, 0)
    also: tuple[tuple[int, int], ...] = ()
    """Other versions that clients ask for and may be given this one."""

    @property
    def content_type(self) -> str:
        major, minor = self.version
        return f"{_PREFIX}{self.resource}+json; version={major}.{minor}.0; charset=utf-8"

    def check_accepted(self, request: Request) -> None:
        """ServiceError (415) where the client wants another version of this resource and nothing else."""
        asked = [part for part in request.headers.get("accept", "").lower().split(",") if part.strip()]
        if asked and not any(self._is_served(part) for part in asked):
            major, minor = self.version
            raise ServiceError(
                f"{_PREFIX}{self.resource}+json is served as version {major}.{minor}.0, not as asked for: "
                "use dwave-cloud-client 0.14 or newer",
                415,
            )

    def _is_served(self, asked: str) -> bool:
        kind, _, parameters = asked.partition(";")
        if kind.strip() != f"{_PREFIX}{self.resource}+json":
            # Whoever asks for anything, or for plain JSON, gets this.
            return not kind.strip().startswith(_PREFIX)
        found = _VERSION.search(parameters)
        if found is None:
            return True
        return (int(found[1]), int(found[2] or 0)) in (self.version, *self.also)

    def reply(
        self, request: Request, data: Any, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> Response:
        """``data`` as this resource; bytes are taken as they are."""
        self.check_accepted(request)
        body = data if isinstance(data, bytes) else json.dumps(data, allow_nan=False).encode()
        return Response(body, status, {"Vary": "Accept", **(headers or {})}, self.content_type)


SOLVERS = MediaType("sapi.solver-definition-list")
SOLVER = MediaType("sapi.solver-definition")
PROBLEMS = MediaType("sapi.problems")
PROBLEM = MediaType("sapi.problem")
PROBLEM_DATA = MediaType("sapi.problem-data")
ANSWER = MediaType("sapi.problem-answer", also=((2, 1),))
MESSAGES = MediaType("sapi.problem-message", also=((2, 1),))
UPLOAD = {
    step: MediaType(f"sapi.multipart-{step}", (2, 0)) for step in ("initiate", "upload", "combine", "status")
}
REGIONS = MediaType("metadata.regions", (1, 0))
REGION = MediaType("metadata.region", (1, 0))
