"""The Q-score: how large a random graph can a machine still cut well? One honest benchmark.

report = isinglass.qscore.run("cpu", sizes=[20, 100, 500], graphs=5, time_limit=1, out="rows.csv")
print(report.score, [size.beta for size in report.sizes])
assert not isinglass.qscore.verify("rows.csv").faults
"""

from isinglass.qscore.plot import plot
from isinglass.qscore.published import PUBLISHED, Published
from isinglass.qscore.report import Report, Size
from isinglass.qscore.rows import ROWS, Outcome, Row, Task
from isinglass.qscore.running import run
from isinglass.qscore.verifying import Verification, verify

__all__ = [
    "PUBLISHED",
    "ROWS",
    "Outcome",
    "Published",
    "Report",
    "Row",
    "Size",
    "Task",
    "Verification",
    "plot",
    "run",
    "verify",
]
