"""Messages of the gRPC door as the JSON objects of the REST door, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from isinglass.errors import ParameterError
from isinglass.jobs.v1 import jobs_pb2 as pb

_OBJECTS = ("parameters", "echo")
"""Fields that travel as JSON."""


def spec_message(words: Mapping[str, Any]) -> pb.JobSpec:
    """The message of a spec's JSON object."""
    given = {name: value for name, value in words.items() if value is not None}
    for name in given.keys() & _OBJECTS:
        given[name] = json.dumps(given[name], separators=(",", ":"))
    return pb.JobSpec(**given)


def spec_words(message: pb.JobSpec) -> dict[str, Any]:
    """The fields that are set; ParameterError where an object is not JSON."""
    words: dict[str, Any] = {field.name: value for field, value in message.ListFields()}
    for name in words.keys() & _OBJECTS:
        try:
            words[name] = json.loads(words[name])
        except (ValueError, RecursionError):
            raise ParameterError(f"{name} is not an object in JSON") from None
    return words


def status_message(words: Mapping[str, Any]) -> pb.JobStatus:
    """The message of a status's JSON object; fields that the door does not have are passed over."""
    names = pb.JobStatus.DESCRIPTOR.fields_by_name
    given = {name: words[name] for name in names if words.get(name) is not None}
    return pb.JobStatus(**{**given, "spec": spec_message(words["spec"])})


def status_words(message: pb.JobStatus) -> dict[str, Any]:
    """Every field; None where it is not set."""
    words: dict[str, Any] = dict.fromkeys(pb.JobStatus.DESCRIPTOR.fields_by_name)
    words |= {field.name: value for field, value in message.ListFields()}
    return {**words, "spec": spec_words(message.spec)}
