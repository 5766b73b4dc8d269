"""The whole process from a cold and from a warm kernel cache: an 800-node graph of the G1 family.

    python bench/start_up.py [FILE TARGET_CUT]      e.g. G1.txt.gz 11624

Without a file a G(800, 0.06) stands in and the target is the best cut of a longer run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMMAND = [str(Path(sys.executable).with_name("isinglass")), "solve"]


def stand_in(folder: str) -> tuple[str, str]:
    """(file, target cut)."""
    import isinglass
    from isinglass.problems.edges_of import edge_list_of
    from isinglass.problems.files import write_file

    graph = edge_list_of(isinglass.generate("gnp", n=800, p=0.06, seed=1))
    write_file(graph, Path(folder) / "graph.txt", format="rudy")
    best = isinglass.solve(graph, time_limit=5.0, seed=1).record.cut.max()
    return str(Path(folder) / "graph.txt"), str(best)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        file, target = sys.argv[1:3] if len(sys.argv) == 3 else stand_in(folder)
        for name in ("cold", "warm", "warm", "warm"):
            # An empty cache folder of its own stands for a machine that never ran isinglass.
            environment = {**os.environ, "NUMBA_CACHE_DIR": str(Path(folder) / "cache")}
            began = time.perf_counter()
            run = subprocess.run(
                [*COMMAND, file, "--target-cut", target, "--time-limit", "60", "--json", "--quiet"],
                env=environment, capture_output=True, text=True, check=True,
            )  # fmt: skip
            seconds = time.perf_counter() - began
            answer = json.loads(run.stdout)
            print(f"{name}: whole process {seconds:.2f} s, cut {answer['cut']:.0f} (target {target}), "
                  f"solve {answer['timing']['solve']:.2f} s", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
