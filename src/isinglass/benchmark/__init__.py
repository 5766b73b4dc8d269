"""Time to target and gap at a deadline, for our solvers and for others', over folders of instances.

report = isinglass.benchmark.run("instances/", "best_known.csv", time_limit=10, repeats=10)
print(report.markdown())
"""

from isinglass.benchmark.objectives import OBJECTIVES, Objective
from isinglass.benchmark.peers import SETTINGS
from isinglass.benchmark.report import Ratio, Report, Summary
from isinglass.benchmark.rows import ROWS, Outcome, Row, Task
from isinglass.benchmark.running import run
from isinglass.benchmark.time_to_target import TimeToTarget, time_to_target

__all__ = [
    "OBJECTIVES",
    "ROWS",
    "SETTINGS",
    "Objective",
    "Outcome",
    "Ratio",
    "Report",
    "Row",
    "Summary",
    "Task",
    "TimeToTarget",
    "run",
    "time_to_target",
]
