"""Jobs over HTTP: the REST door."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from isinglass.client.transport import Transport
from isinglass.client.upload import upload
from isinglass.client.wire import PATIENCE, BrokenOffError, Shots, Words
from isinglass.jobs.container import Buffer, Content, unpack
from isinglass.jobs.events import JobEvent, event_of

_QUIET_SECONDS = 25.0
"""A stream of events that says nothing for so long (it is alive every ten seconds) is opened again."""


class HttpWire:
    """A ``Wire``."""

    def __init__(self, transport: Transport) -> None:
        self._transport, self.url = transport, transport.url

    def submit(
        self, content: Content, spec: Mapping[str, Any], key: str, wait: float
    ) -> tuple[Words, Shots | None]:
        body = {"problem": upload(self._transport, content), "spec": spec, "idempotency_key": key}
        params = {"wait": wait or None}
        said = self._transport.request("POST", "/v1/jobs", params=params, json=body, wait=wait).json()
        if "results" not in said:
            return said["job"], None
        return said["job"], {r["shot"]: base64.b64decode(r["content"]) for r in said["results"]}

    def _get(self, job: str, what: str = "", wait: float = 0.0, **params: Any) -> httpx.Response:
        return self._transport.request(
            "GET", f"/v1/jobs/{job}{what}", params={"wait": wait or None, **params}, wait=wait,
            tries=max(PATIENCE, self._transport.tries),
        )  # fmt: skip

    def status(self, job: str, wait: float) -> Words:
        words: Words = self._get(job, wait=wait).json()["job"]
        return words

    def results(self, job: str, wait: float, shot: int | None = None) -> tuple[Words, Shots]:
        final = "true" if shot is None else None
        fields, arrays = unpack(self._get(job, "/result", wait, shot=shot, final=final).content)
        return fields["job"], {int(number): data.data for number, data in arrays.items()}

    def problem(self, job: str) -> Buffer:
        return self._get(job, "/problem").content

    def events(self, job: str, after: int) -> Iterator[JobEvent]:
        path, params = f"/v1/jobs/{job}/events", {"after": after}
        timeout = httpx.Timeout(10.0, read=_QUIET_SECONDS)
        try:
            with self._transport.stream("GET", path, params=params, timeout=timeout) as answer:
                for line in answer.iter_lines():
                    if line.startswith("data: "):
                        yield event_of(json.loads(line[6:]))
        except httpx.TransportError as error:
            raise BrokenOffError(str(error)) from None

    def cancel(self, job: str) -> Words:
        words: Words = self._transport.request("POST", f"/v1/jobs/{job}/cancel").json()["job"]
        return words

    def rerun(self, job: str, seed: int | None) -> Words:
        said = self._transport.request("POST", f"/v1/jobs/{job}/rerun", json={"seed": seed}, tries=0)
        words: Words = said.json()["job"]
        return words

    def jobs(self, filters: Mapping[str, Any]) -> list[Words]:
        found: list[Words] = self._transport.request("GET", "/v1/jobs", params=filters).json()["jobs"]
        return found

    def close(self) -> None:
        self._transport.close()
