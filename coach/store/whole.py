"""Whether what is kept of a person is whole, to look at after a fault: no half turn, no reply twice, no broken page."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import select, text

from coach.schema import Frozen
from coach.store.engine import Store
from coach.store.tables import MessageRow, PersonRow, SessionRow


class Kept(Frozen):
    """What is kept of one person's turns, by identifier."""

    ids: frozenset[str]
    """Messages, replies and cards."""
    open: dict[str, str]
    """Messages that wait for a reply, with their conversation."""
    half: frozenset[str]
    """What lacks its other half: a reply its message, a message marked done its reply, a card its reply, or the
    other way round."""
    twice: frozenset[str]
    """Messages with more than one reply or more than one card."""
    damage: str = ""
    """What the database says of its own file, when that is not well."""


def empty(store: Store) -> bool:
    """True when nobody uses this database."""
    with store.begin() as session:
        return session.scalars(select(PersonRow.id).limit(1)).first() is None


def look(store: Store, owner: str) -> Kept:
    """Look at everything kept of this person's turns, as it is at one moment."""
    with store.begin() as session:
        session.connection(execution_options={"isolation_level": "SERIALIZABLE"})
        rows = session.execute(
            select(
                MessageRow.id,
                MessageRow.thread_id,
                MessageRow.by,
                MessageRow.state,
                MessageRow.answers_id,
                MessageRow.reply,
            ).where(MessageRow.owner_id == owner)
        ).all()
        cards = session.execute(select(SessionRow.id, SessionRow.message_id).where(SessionRow.owner_id == owner)).all()
        sqlite = store.engine.dialect.name == "sqlite"
        damage = session.scalar(text("PRAGMA integrity_check")) if sqlite else "ok"
    said = {row.id: row for row in rows if row.by == "user"}
    replies = [row for row in rows if row.by == "companion"]
    answered = Counter(row.answers_id for row in replies)
    carded = Counter(card.message_id for card in cards if card.message_id)
    shown = {card.id for card in cards}
    half = {row.id for row in replies if row.answers_id not in said}
    half |= {row.id for row in said.values() if (row.state == "done") != bool(answered[row.id])}
    half |= {card.id for card in cards if card.message_id and not answered[card.message_id]}
    half |= {row.id for row in replies if row.reply and row.reply.get("session") not in {None, *shown}}
    return Kept(
        ids=frozenset(shown.union(row.id for row in rows)),
        open={row.id: row.thread_id for row in said.values() if row.state == "open"},
        half=frozenset(half),
        twice=frozenset(one for counted in (answered, carded) for one, times in counted.items() if one and times > 1),
        damage="" if damage == "ok" else str(damage),
    )


__all__ = ["Kept", "empty", "look"]
