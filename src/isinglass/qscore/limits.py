"""What cannot be: answers and means beyond what any solver could find. They are errors, not scores."""

from __future__ import annotations

from collections.abc import Sequence

from isinglass.errors import VerificationError
from isinglass.qscore.bounds import spectral_bound
from isinglass.qscore.instances import Instance
from isinglass.qscore.rows import Row
from isinglass.qscore.score import beta, largest_credible_clique, limit_of_mean, mean_of


def credible(instance: Instance, found: int) -> None:
    """VerificationError for a cut above the spectral bound of its graph, or a clique beyond chance."""
    n = instance.graph.num_variables
    if instance.variant == "max-clique":
        most = largest_credible_clique(n)
        if found > most:
            raise VerificationError(
                f"a clique of {found} vertices in a random graph of {n}: "
                f"the chance of one above {most} is below 1e-9"
            )
        return
    bound = spectral_bound(instance.graph, instance.edges)
    if found > bound:
        raise VerificationError(
            f"a cut of {found} edges in a graph of {n} vertices is above its spectral bound {bound:.1f}"
        )


def check_size(rows: Sequence[Row], convention: str) -> None:
    """VerificationError where the mean beta of one size's graphs is above what the optimum can be."""
    task = rows[0].task
    if task.variant != "max-cut":
        return
    betas = [beta_of(row, convention) for row in rows]
    limit = limit_of_mean(task.n, len(rows), convention)
    if mean_of(betas).beta > limit:
        raise VerificationError(
            f"mean beta {mean_of(betas).beta:.4f} over {len(rows)} graphs of {task.n} vertices is above "
            f"{limit:.4f}, which largest cuts do not reach"
        )


def beta_of(row: Row, convention: str) -> float:
    """beta of one row; 0 for no answer within the time limit."""
    if row.outcome.status != "ok":
        return 0.0
    return beta(row.outcome.found, row.task.n, row.task.variant, convention)
