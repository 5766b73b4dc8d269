"""Names of variables as JSON: integers, texts, floats, booleans, None, and tuples of them (as lists)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from isinglass.errors import ProblemError


def labels_to_json(labels: Sequence[Hashable], count: int) -> list[Any] | None:
    """None for 0, 1, ..., ``count`` - 1; ProblemError for labels that JSON has no words for."""
    if not len(labels) or (isinstance(labels, range) and labels == range(count)):
        return None
    if list(labels) == list(range(count)) and all(type(label) is int for label in labels):
        return None
    return [label_to_json(label) for label in labels]


def labels_from_json(words: Any, count: int) -> Sequence[Hashable]:
    """The inverse; ProblemError where there are not ``count`` different ones."""
    if words is None:
        return range(count)
    if not isinstance(words, list) or len(words) != count:
        raise ProblemError(f"the content does not have a label for each of its {count} variables")
    labels = [label_from_json(word) for word in words]
    if len(set(labels)) != count:
        raise ProblemError("two variables of the content have the same label")
    return labels


def label_to_json(label: Hashable) -> Any:
    if isinstance(label, np.generic):
        label = label.item()
    if isinstance(label, tuple):
        return [label_to_json(part) for part in label]
    if label is None or isinstance(label, (int, str, float, bool)):
        return label
    raise ProblemError(
        f"the label {label!r} is a {type(label).__name__} and cannot travel to a service: "
        "use integers, texts or tuples of them"
    )


def label_from_json(word: Any) -> Hashable:
    if isinstance(word, list):
        return tuple(label_from_json(part) for part in word)
    if isinstance(word, dict):
        raise ProblemError("a label of the content is an object")
    return word  # type: ignore[no-any-return]  # JSON has no other kinds
