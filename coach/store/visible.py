"""Who may see what: the conditions that every query about records of others carries.

A record is seen by its owner, and every function that reads one's own takes the owner and filters by it. A plan is
seen by the two it was made for (`shared`); what has the visibility `coach` by a coach of the couple, while its owner
agrees (`coached`). Leaving a couple and taking an agreement back work at once, because nothing is copied: each query
asks again.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, select
from sqlalchemy.orm import aliased

from coach.store.tables import COACH, ConsentRow, MemberRow

PARTNER, COACHING = "partner", "coach"
"""Parts that somebody has in a couple."""


def coached(table: Any, coach: str, couple: str | None = None) -> ColumnElement[bool]:
    """The condition under which rows of a table are before this coach; with `couple`, those of that couple alone."""
    partners = _with(coach, COACHING)
    if couple:
        partners = partners.where(MemberRow.couple_id == couple)
    return and_(table.visibility == COACH, table.owner_id.in_(partners), _agreed(table.owner_id))


def shared(plan: Any, person: str) -> ColumnElement[bool]:
    """The condition for plans that were made for this person and the other partner, while this person stays."""
    return exists().where(
        MemberRow.couple_id == plan.couple_id,
        MemberRow.person_id == person,
        MemberRow.part == PARTNER,
        MemberRow.left_at.is_(None),
        MemberRow.created_at <= plan.created_at,
    )


def couples_of(person: str, part: str) -> Select[Any]:
    """Ids of the couples in which this person has this part now."""
    return select(MemberRow.couple_id).where(
        MemberRow.person_id == person, MemberRow.part == part, MemberRow.left_at.is_(None)
    )


def _with(viewer: str, part: str) -> Select[Any]:
    """Ids of the partners in the couples in which the viewer has this part."""
    return select(MemberRow.person_id).where(
        MemberRow.part == PARTNER, MemberRow.left_at.is_(None), MemberRow.couple_id.in_(couples_of(viewer, part))
    )


def _agreed(owner: Any) -> ColumnElement[bool]:
    """True where the owner's last answer on what the coach may see is yes."""
    given, later = aliased(ConsentRow), aliased(ConsentRow)
    newer = exists().where(
        later.owner_id == given.owner_id, later.kind == given.kind, later.created_at > given.created_at
    )
    return exists().where(given.owner_id == owner, given.kind == "coach", given.given, ~newer)


__all__ = ["COACHING", "PARTNER", "coached", "couples_of", "shared"]
