"""In which order sizes are tried."""

from __future__ import annotations

from collections.abc import Callable, Sequence

FIRST_SIZE = 10


def in_turn(passed: Callable[[int], bool], sizes: Sequence[int]) -> None:
    """Every size, smallest first."""
    for n in sorted(set(sizes)):
        passed(n)


def bisection(
    passed: Callable[[int], bool], sizes: Sequence[int] | None, largest: int | None, resolution: float
) -> None:
    """Find the largest size that is passed, where none beyond a size that is not passed is.

    Among ``sizes`` (then exactly), or else by doubling from FIRST_SIZE up to ``largest`` and then
    halving the gap until it is at most ``resolution`` of the size.
    """
    if sizes is not None:
        _among(passed, sorted(set(sizes)))
        return
    top = largest or 2**62
    good, bad = 0, min(FIRST_SIZE, top)
    while passed(bad):
        good = bad
        if good == top:
            return
        bad = min(2 * good, top)
    while bad - good > max(1, resolution * good) and good:
        middle = (good + bad) // 2
        if passed(middle):
            good = middle
        else:
            bad = middle


def _among(passed: Callable[[int], bool], sizes: Sequence[int]) -> None:
    low, high = 0, len(sizes)
    while low < high:
        middle = (low + high) // 2
        if passed(sizes[middle]):
            low = middle + 1
        else:
            high = middle
