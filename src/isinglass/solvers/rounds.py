"""Rounds of reads until a time limit is spent: how long a read may be, and how many of them fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from isinglass.control import RunControl
from isinglass.solvers.reads import Read, Reads

MOST_READS_KEPT = 128
_SHARE = 0.85
"""Of the time that is left: what a round may be foreseen to take."""
_LONG_TRIAL_SECONDS = 1.0


@dataclass(frozen=True)
class Lengths:
    """How long reads may be (sweeps, steps) where their length is open."""

    trial: int
    """Of the reads that tell the cost."""
    longest: int
    """In the first round; each further one may double it."""
    shortest: int
    """A further round of shorter reads is not worth beginning."""


def fill_time(
    reads: Reads,
    one_round: Callable[[int, int], None],
    count: int,
    length: int,
    open_lengths: Lengths | None,
    further_rounds: bool,
) -> list[int]:
    """Run ``one_round(count, length)`` until the time limit is spent; returns the length of each round.

    ``open_lengths``: None to keep ``length``; else the first length comes from timing a trial and each
    further one doubles while it fits. ``further_rounds``: False to end after one round.
    """
    control = reads.control
    lengths: list[int] = []
    trial: list[Read] = []
    if open_lengths is not None:
        # Twice: the first call loads the kernel, unless that is nothing against the trial.
        for _ in range(2):
            began = control.clock()
            one_round(count, open_lengths.trial)
            took = control.clock() - began
            if took > _LONG_TRIAL_SECONDS:
                break
        seconds = took / open_lengths.trial
        # Only until there are better ones: the deadline may come before the first round begins.
        trial, reads.kept, reads.count = reads.kept, [], 0
        if not control.stopped:
            control.forget_best()
        length = _length_that_fits(control, seconds, open_lengths.longest)
    while not lengths or (further_rounds and not control.stopped):
        began = control.clock()
        one_round(count, length)
        lengths.append(length)
        reads.kept = reads.kept or trial
        if further_rounds:
            reads.keep_best(MOST_READS_KEPT)
        if further_rounds and open_lengths is not None:
            length = _length_that_fits(control, (control.clock() - began) / length, 2 * length)
            if length < open_lengths.shortest:
                control.expire()
    return lengths


def _length_that_fits(control: RunControl, seconds: float, most: int) -> int:
    """The length of a round that takes ``seconds`` for each unit of it; 1 to ``most``."""
    return max(1, min(most, int(_SHARE * (control.time_left or 0.0) / max(seconds, 1e-9))))
