"""Sample sets as content and back; the shots of a job as one sample set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from isinglass.errors import ProblemError
from isinglass.jobs.container import Content, pack
from isinglass.jobs.labels import label_from_json, label_to_json, labels_from_json, labels_to_json
from isinglass.results.sampleset import SampleSet, make_record

_TWO_VALUED = ("SPIN", "BINARY")
_VARTYPES = (*_TWO_VALUED, "INTEGER", "REAL", "DISCRETE")
_LABELS = "constraint_labels"
_PAIRS = "pairs of label and value"


def samples_content(result: SampleSet) -> Content:
    """The samples (one bit each where they are two-valued), their vectors, labels and info."""
    record, vartype = result.record, result.vartype.name
    n = len(result.variables)
    info = {name: _by_label(value) for name, value in result.info.items()}
    if _LABELS in info:
        info[_LABELS] = labels_to_json(info[_LABELS], -1) or []
    fields = {
        "form": "samples", "reads": len(record), "variables": n, "vartype": vartype,
        "labels": labels_to_json(list(result.variables), n), "info": info,
    }  # fmt: skip
    samples = record.sample
    if vartype in _TWO_VALUED:
        samples = np.packbits(samples > 0, axis=1, bitorder="little")
    arrays = {f"vector {name}": record[name] for name in record.dtype.names if name != "sample"}
    return pack(fields, {"sample": samples, **arrays})


def samples_of(fields: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> SampleSet:
    """The inverse; ProblemError where it is malformed."""
    try:
        reads, n, vartype = fields["reads"], fields["variables"], fields["vartype"]
        if fields["form"] != "samples" or vartype not in _VARTYPES or not isinstance(fields["info"], dict):
            raise ProblemError("the content is not a set of samples")
        states = _states(arrays["sample"], reads, n, vartype)
        labels = labels_from_json(fields["labels"], n)
    except (KeyError, TypeError, ValueError) as error:
        raise ProblemError(f"the content is not a set of samples: {error}") from None
    vectors = {name.removeprefix("vector "): a for name, a in arrays.items() if name.startswith("vector ")}
    if any(len(vector) != reads for vector in vectors.values()) or "energy" not in vectors:
        raise ProblemError(f"the content does not have energies and vectors of its {reads} samples")
    for name in ("is_feasible", "is_satisfied"):
        if name in vectors:
            vectors[name] = vectors[name].astype(bool)
    info = {name: _from_pairs(value) for name, value in fields["info"].items()}
    if info.get(_LABELS) is not None:
        info[_LABELS] = list(labels_from_json(info[_LABELS], len(info[_LABELS])))
    return SampleSet(make_record(states, vectors), labels, info, vartype)


def _by_label(value: Any) -> Any:
    """A dictionary of variables as pairs: JSON would turn its keys into texts."""
    if isinstance(value, dict) and not all(isinstance(key, str) for key in value):
        return {_PAIRS: [[label_to_json(key), entry] for key, entry in value.items()]}
    return value


def _from_pairs(value: Any) -> Any:
    if isinstance(value, dict) and list(value) == [_PAIRS]:
        return {label_from_json(label): entry for label, entry in value[_PAIRS]}
    return value


def _states(samples: np.ndarray, reads: int, n: int, vartype: str) -> np.ndarray:
    if vartype not in _TWO_VALUED:
        if samples.shape != (reads, n):
            raise ProblemError(f"the samples are not {reads} of {n} variables")
        return np.array(samples)
    if samples.dtype != np.uint8 or samples.shape != (reads, -(-n // 8)):
        raise ProblemError(f"the samples are not {reads} of {n} bits")
    bits = np.unpackbits(samples, axis=1, count=n, bitorder="little").view(np.int8)
    return bits * np.int8(2) - np.int8(1) if vartype == "SPIN" else bits


def merge_samples(shots: Mapping[int, SampleSet], job: Mapping[str, Any]) -> SampleSet:
    """One sample set of the shots of a job: rows best first, the shot of each in a vector ``shot``.

    Of a single shot it is that shot's sample set, in its own order. ``info["job"]`` is the job's status.
    """
    numbers = sorted(shots)
    if len(numbers) == 1 and job.get("shots", 1) == 1:
        only = shots[numbers[0]]
        only.info["job"] = dict(job)
        return only
    records = [shots[k].record for k in numbers]
    vectors = {name: _joined(records, name) for name in records[0].dtype.names if name != "sample"}
    vectors["shot"] = np.repeat(numbers, [len(record) for record in records])
    feasible = vectors.get("is_feasible", np.ones(len(vectors["energy"]), bool))
    order = np.lexsort((vectors["energy"], ~feasible))
    best = shots[int(vectors["shot"][order[0]])]
    of_shots = [{"shot": k, **_summary(shots[k])} for k in numbers]
    info = {**best.info, "shots": of_shots, "job": dict(job)}
    record = make_record(_joined(records, "sample")[order], {k: v[order] for k, v in vectors.items()})
    return SampleSet(record, best.variables, info, best.vartype)


def _joined(records: Sequence[Any], name: str) -> np.ndarray:
    return np.concatenate([record[name] for record in records])


def _summary(shot: SampleSet) -> dict[str, Any]:
    return {
        "seed": shot.info.get("seed"),
        "energy": float(shot.record.energy.min()),
        "stop_reason": shot.info.get("stop_reason"),
        "timing": shot.info.get("timing"),
    }
