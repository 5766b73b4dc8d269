"""Jobs on a service."""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Iterator
from typing import Any

import httpx

from isinglass.client.handle import Handle, finished
from isinglass.client.transport import Transport, pauses
from isinglass.client.upload import upload
from isinglass.errors import ServiceError, UnreachableError
from isinglass.jobs.container import unpack
from isinglass.jobs.events import JobEvent, event_of
from isinglass.jobs.problems import Decoded, problem_content, problem_of
from isinglass.jobs.results import Result, result_of
from isinglass.jobs.spec import JobSpec
from isinglass.jobs.states import FINAL
from isinglass.jobs.status import JobStatus, status_of
from isinglass.problems.given import Kind

_PATIENCE = 20
"""Tries to ask again for a job that exists: about half a minute, in which a service starts again."""
_QUIET_SECONDS = 25.0
"""A stream of events that says nothing for so long (it is alive every ten seconds) is opened again."""
_LONGEST_WAIT = 60.0


class RemoteJob:
    """A ``Link`` to a job on a service."""

    def __init__(self, transport: Transport, job: str) -> None:
        self._transport, self.id = transport, job

    def _get(self, what: str = "", wait: float = 0.0, **params: Any) -> httpx.Response:
        return self._transport.request(
            "GET", f"/v1/jobs/{self.id}{what}", params={"wait": wait or None, **params}, wait=wait,
            tries=max(_PATIENCE, self._transport.tries),
        )  # fmt: skip

    def status(self, wait: float) -> JobStatus:
        return status_of(self._get(wait=wait).json()["job"])

    def shot(self, shot: int) -> Result:
        _, arrays = unpack(self._get("/result", shot=shot).content)
        return result_of(arrays[str(shot)])

    def results(self, wait: float) -> tuple[JobStatus, dict[int, Result]]:
        fields, arrays = unpack(self._get("/result", wait=wait, final="true").content)
        return status_of(fields["job"]), {int(shot): result_of(data) for shot, data in arrays.items()}

    def cancel(self) -> JobStatus:
        return status_of(self._transport.request("POST", f"/v1/jobs/{self.id}/cancel").json()["job"])

    def problem(self) -> Decoded:
        """The problem as it was submitted."""
        return problem_of(self._get("/problem", wait=0.0).content)

    def events(self, after: int) -> Iterator[JobEvent]:
        tries = pauses(_PATIENCE)
        while True:
            try:
                for event in self._stream(after):
                    tries = pauses(_PATIENCE)
                    after = max(after, event.seq)
                    yield event
                    if event.kind in FINAL:
                        return
                if self.status(0.0).final:
                    # The last event had been seen before this call.
                    return
            except (httpx.TransportError, ServiceError) as error:
                if isinstance(error, ServiceError) and error.status < 500:
                    raise
            left = next(tries, None)
            if left is None:
                raise UnreachableError(
                    f"the events of job {self.id} broke off: {self._transport.url} is gone"
                )
            time.sleep(left[1])

    def _stream(self, after: int) -> Iterator[JobEvent]:
        path, params = f"/v1/jobs/{self.id}/events", {"after": after}
        timeout = httpx.Timeout(10.0, read=_QUIET_SECONDS)
        with self._transport.stream("GET", path, params=params, timeout=timeout) as answer:
            for line in answer.iter_lines():
                if line.startswith("data: "):
                    yield event_of(json.loads(line[6:]))


class RemoteSession:
    """A service and a key. Safe in several threads; close it, or use it in a ``with``."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def submit(
        self, problem: Any, spec: JobSpec, kind: Kind | None = None, idempotency_key: str | None = None
    ) -> Handle:
        status, _ = self._submit(problem, spec, kind, idempotency_key, 0.0)
        return Handle(RemoteJob(self._transport, status.id))

    def solve(self, problem: Any, spec: JobSpec, kind: Kind | None = None) -> Result:
        """Submit and wait, in one request where the job takes less than a minute and its result is small."""
        status, shots = self._submit(problem, spec, kind, None, _LONGEST_WAIT)
        if shots is not None:
            return finished(status, shots)
        return Handle(RemoteJob(self._transport, status.id)).result()

    def _submit(
        self, problem: Any, spec: JobSpec, kind: Kind | None, key: str | None, wait: float
    ) -> tuple[JobStatus, dict[int, Result] | None]:
        where = upload(self._transport, problem_content(problem, kind))
        # The key makes it safe to send this again after a lost answer.
        body = {"problem": where, "spec": json.loads(spec.as_json())}
        body["idempotency_key"] = key or secrets.token_hex(16)
        params = {"wait": wait or None}
        said = self._transport.request("POST", "/v1/jobs", params=params, json=body, wait=wait).json()
        status = status_of(said["job"])
        if "results" not in said:
            return status, None
        return status, {r["shot"]: result_of(base64.b64decode(r["content"])) for r in said["results"]}

    def job(self, job: str) -> Handle:
        link = RemoteJob(self._transport, job)
        link.status(0.0)
        return Handle(link)

    def jobs(self, **filters: Any) -> list[JobStatus]:
        found = self._transport.request("GET", "/v1/jobs", params=filters).json()
        return [status_of(words) for words in found["jobs"]]

    def rerun(self, job: str, seed: int | None = None) -> Handle:
        said = self._transport.request("POST", f"/v1/jobs/{job}/rerun", json={"seed": seed}, tries=0).json()
        return Handle(RemoteJob(self._transport, said["job"]["id"]))

    def close(self) -> None:
        self._transport.close()
