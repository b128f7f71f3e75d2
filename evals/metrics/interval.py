"""The 95 % interval of a share, after Wilson (1927)."""

from __future__ import annotations

from math import sqrt

Z = 1.959964


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Lower and upper bound of hits/n; (0, 1) where nothing was measured."""
    if n == 0:
        return 0.0, 1.0
    share = hits / n
    middle = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z * sqrt(share * (1 - share) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
    return max(0.0, middle - half), min(1.0, middle + half)
