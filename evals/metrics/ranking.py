"""Hit@k and mean reciprocal rank of the first right passage."""

from __future__ import annotations

from collections.abc import Sequence

from coach.schema import Frozen


class Ranking(Frozen):
    """Figures over all cases; `n` cases were measured."""

    n: int
    hit1: float
    hit3: float
    mrr: float


def ranking(ranks: Sequence[int | None]) -> Ranking:
    """From the rank (1 is first) of the first right passage of each case; None where none was among those found."""
    n = max(1, len(ranks))
    return Ranking(
        n=len(ranks),
        hit1=sum(rank == 1 for rank in ranks) / n,
        hit3=sum(rank is not None and rank <= 3 for rank in ranks) / n,
        mrr=sum(1 / rank for rank in ranks if rank) / n,
    )
