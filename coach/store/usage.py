"""What the language model took, by day, for the owner of the installation: figures only, of nobody in particular."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from coach.schema import Frozen
from coach.store.engine import Store
from coach.store.tables import MessageRow, now


class Usage(Frozen):
    """One day and one voice."""

    day: str
    written_by: str
    replies: int
    tokens_in: int
    tokens_out: int
    seconds: float
    """Of the model, summed over the replies."""
    dropped: int
    """Sentences that the gate held back."""
    failed: int


def usage(store: Store, days: int = 30) -> list[Usage]:
    """The last days, newest first."""
    with store.begin() as session:
        rows = session.execute(
            select(MessageRow.created_at, MessageRow.reply).where(
                MessageRow.by == "companion", MessageRow.created_at > now() - timedelta(days=days)
            )
        ).all()
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row.reply:
            key = (row.created_at.date().isoformat(), str(row.reply.get("written_by", "guides")))
            groups[key].append(row.reply.get("written") or {})
    return [
        Usage(
            day=day,
            written_by=written_by,
            replies=len(written),
            tokens_in=sum(int(one.get("tokens_in", 0)) for one in written),
            tokens_out=sum(int(one.get("tokens_out", 0)) for one in written),
            seconds=round(sum(float(one.get("seconds", 0)) for one in written), 1),
            dropped=sum(len(one.get("dropped") or ()) for one in written),
            failed=sum(1 for one in written if one.get("failed")),
        )
        for (day, written_by), written in sorted(groups.items(), reverse=True)
    ]
