"""The few numbers a running kernel shares with the thread that watches it.

A kernel polls ``flag[0]`` (int64) before each sweep and writes its own row ``progress``
(float64[4]) after it. No locks: each number has one writer, and 8-byte loads are not torn.
"""

RUNNING = 0
STOP_TARGET = 1
STOP_DEADLINE = 2
STOP_CANCELLED = 3

SWEEPS = 0
"""Sweeps done so far, summed over replicas."""
BEST = 1
"""Lowest energy seen, in the kernel's units."""
TARGET = 2
"""Stop all work once an energy at or below this is seen; -inf for none."""
ROW = 4
"""Numbers in a row."""
