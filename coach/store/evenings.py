"""Evenings that two plan together: each one's own dials, and the plan. Dials leave this room only to make it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select

from coach.errors import Conflict
from coach.schema import Option, Tonight
from coach.store.engine import Store
from coach.store.tables import PRIVATE, EveningRow, MemberRow, PlanRow
from coach.store.visible import PARTNER, shared


def keep_evening(store: Store, person: str, couple: str, day: date, tonight: Tonight, *, fit: bool) -> None:
    """Keep this person's own dials of a day, without the note.

    `fit`: whether a plan may be made of them; where it once may not, it may not for the rest of that day.
    """
    kept: dict[str, Any] = tonight.model_copy(update={"note": ""}).model_dump(mode="json")
    with store.begin() as session:
        own = (EveningRow.owner_id == person, EveningRow.day == day.isoformat())
        before = session.scalars(select(EveningRow.open).where(*own)).first()
        session.execute(delete(EveningRow).where(*own))
        session.flush()
        session.add(
            EveningRow(
                owner_id=person,
                couple_id=couple,
                visibility=PRIVATE,
                day=day.isoformat(),
                tonight=kept,
                open=fit and before is not False,
            )
        )


def own_evening(store: Store, person: str, day: date) -> Tonight | None:
    """This person's own dials of a day."""
    with store.begin() as session:
        row = session.scalars(
            select(EveningRow).where(EveningRow.owner_id == person, EveningRow.day == day.isoformat())
        ).first()
        return Tonight.model_validate(row.tonight) if row else None


def for_a_plan(store: Store, couple: str, day: date) -> list[Tonight]:
    """The dials of both partners of a couple, only for making their plan; none unless both may be used."""
    with store.begin() as session:
        partners = select(MemberRow.person_id).where(
            MemberRow.couple_id == couple, MemberRow.part == PARTNER, MemberRow.left_at.is_(None)
        )
        rows = session.scalars(
            select(EveningRow).where(
                EveningRow.couple_id == couple,
                EveningRow.owner_id.in_(partners),
                EveningRow.day == day.isoformat(),
                EveningRow.open,
            )
        ).all()
        return [Tonight.model_validate(row.tonight) for row in rows] if len(rows) == 2 else []


def keep_plan(store: Store, couple: str, day: date, card: Option) -> None:
    """Keep the plan of a day. The first one stands: a plan that followed the dials would let them be guessed."""
    try:
        with store.begin() as session:
            there = select(PlanRow.id).where(PlanRow.couple_id == couple, PlanRow.day == day.isoformat())
            if session.scalars(there).first() is None:
                session.add(PlanRow(couple_id=couple, day=day.isoformat(), card=card.model_dump(mode="json")))
                session.flush()
    except Conflict:  # the other partner's was kept in the same moment
        return


def plan_of(store: Store, person: str, day: date) -> tuple[Option, datetime] | None:
    """The plan of this person's couple for a day, and since when it stands."""
    with store.begin() as session:
        row = session.scalars(select(PlanRow).where(shared(PlanRow, person), PlanRow.day == day.isoformat())).first()
        return (Option.model_validate(row.card), row.created_at) if row else None
