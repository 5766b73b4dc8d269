"""What a call must be refused with; for scripts that run in the environments of peers, beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def refused(call: Callable[[], Any], kind: type[Exception], words: str = "") -> None:
    """AssertionError unless ``call`` raises a ``kind`` that says ``words``."""
    try:
        call()
    except kind as error:
        assert words in str(error), error
        return
    raise AssertionError(f"{kind.__name__} with {words!r} was not raised")
