"""What would a quantum annealer answer to this call?

An annealer in software: its graph, properties, parameters with all their rules, timing and answers
(``QPUSolver``, and ``QPUSampler`` for code written against dimod), what happens during an anneal
(``dynamics``), and the way of any problem onto its graph (``sample_embedded``).
"""

from __future__ import annotations
