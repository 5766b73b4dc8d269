"""What others have published. None of it was measured here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """A score somebody claims."""

    system: str
    score: int
    variant: str
    source: str
    beta: float | None = None
    """What the source says of beta at that size; None where it says nothing but "above 0.2"."""


_TNO_CUT = "van der Schoot et al., arXiv 2208.07633 (2022)"
_TNO_CLIQUE = "van der Schoot et al., arXiv 2302.00639 (2023)"

PUBLISHED = (
    Published("D-Wave 2000Q", 70, "max-cut", _TNO_CUT),
    Published("D-Wave Advantage", 140, "max-cut", _TNO_CUT),
    Published("tabu (qbsolv), laptop", 2300, "max-cut", _TNO_CUT),
    Published("simulated annealing (neal), laptop", 5800, "max-cut", _TNO_CUT),
    Published("D-Wave hybrid", 12500, "max-cut", _TNO_CUT),
    Published("Dynex, vendor's claim", 15000, "max-cut", "Dynex Q-score study (2023)", beta=50.03),
    Published("D-Wave 2000Q", 70, "max-clique", _TNO_CLIQUE),
    Published("D-Wave Advantage", 110, "max-clique", _TNO_CLIQUE),
    Published("tabu (qbsolv), laptop", 4900, "max-clique", _TNO_CLIQUE),
    Published("simulated annealing (neal), laptop", 9100, "max-clique", _TNO_CLIQUE),
    Published("D-Wave hybrid", 12500, "max-clique", _TNO_CLIQUE),
)
"""The vendor's beta of 50.03 would mean cutting 79 % of all edges, where the most that can be is 50.6 %."""
