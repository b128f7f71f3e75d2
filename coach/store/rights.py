"""What a person may do with what is kept of them: take it along, have it erased, have old things forgotten.

Erasing is verified: `left_behind` looks through every table for anything that still belongs to the person.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from coach.store.engine import Store, give_space_back
from coach.store.tables import (
    AccountRow,
    Base,
    ConsentRow,
    CoupleRow,
    DecisionRow,
    EveningRow,
    InvitationRow,
    MemberRow,
    MessageRow,
    OutcomeRow,
    PersonRow,
    PlanRow,
    SessionRow,
    SignInRow,
    ThreadRow,
    now,
)
from coach.store.vault import Sealed, SealedJson
from coach.store.visible import COACHING, PARTNER, shared

OWNED = (EveningRow, InvitationRow, ConsentRow, OutcomeRow, SessionRow, ThreadRow, MessageRow)
"""Tables whose rows belong to one person by `owner_id`."""
ERASED = "a coach of before"
"""Stands where the name of a coach stood who has erased what was kept of them."""


def export_person(store: Store, person: str) -> dict[str, Any]:
    """Everything kept of this person, as plain data; nothing of their partner but the plans that were made for both."""
    with store.begin() as session:

        def rows(table: Any, *conditions: Any) -> list[dict[str, Any]]:
            found = session.scalars(select(table).where(*conditions).order_by(table.created_at)).all()
            return [_plain(row) for row in found]

        account = rows(AccountRow, AccountRow.person_id == person)

        own_sessions = select(SessionRow.id).where(SessionRow.owner_id == person)
        return {
            "person": rows(PersonRow, PersonRow.id == person),
            "account": [{key: value for key, value in one.items() if key != "hash"} for one in account],
            "threads": rows(ThreadRow, ThreadRow.owner_id == person),
            "messages": rows(MessageRow, MessageRow.owner_id == person),
            "suggested_sessions": rows(SessionRow, SessionRow.owner_id == person),
            "decisions": rows(DecisionRow, DecisionRow.session_id.in_(own_sessions)),
            "outcomes": rows(OutcomeRow, OutcomeRow.owner_id == person),
            "consents": rows(ConsentRow, ConsentRow.owner_id == person),
            "evenings": rows(EveningRow, EveningRow.owner_id == person),
            "plans": rows(PlanRow, shared(PlanRow, person)),
            "couples": rows(MemberRow, MemberRow.person_id == person),
            "invitations": rows(InvitationRow, InvitationRow.owner_id == person),
        }


def erase_person(store: Store, person: str) -> None:
    """Remove everything kept of this person; the database gives the space back, so nothing is left in the file."""
    with store.begin() as session:
        _forget_name(session, person)
        session.execute(delete(SignInRow).where(SignInRow.person_id == person))
        session.execute(delete(AccountRow).where(AccountRow.person_id == person))
        for table in OWNED:
            session.execute(delete(table).where(table.owner_id == person))
        # A plan was made of both; with one of them gone it goes, and so does a couple without a partner.
        both = exists().where(
            MemberRow.couple_id == PlanRow.couple_id,
            MemberRow.person_id == person,
            MemberRow.part == PARTNER,
            MemberRow.created_at <= PlanRow.created_at,
            or_(MemberRow.left_at.is_(None), MemberRow.left_at >= PlanRow.created_at),
        )
        session.execute(delete(PlanRow).where(both))
        couples = list(session.scalars(select(MemberRow.couple_id).where(MemberRow.person_id == person)))
        session.execute(delete(MemberRow).where(MemberRow.person_id == person))
        session.execute(delete(PersonRow).where(PersonRow.id == person))
        still = select(MemberRow.couple_id).where(MemberRow.part == PARTNER)
        session.execute(delete(CoupleRow).where(CoupleRow.id.in_(couples), CoupleRow.id.not_in(still)))
    give_space_back(store.engine)


def _forget_name(session: Session, person: str) -> None:
    """A coach's decisions stay with the couples they were made for, without the name."""
    coached = select(MemberRow.couple_id).where(MemberRow.person_id == person, MemberRow.part == COACHING)
    partners = select(MemberRow.person_id).where(MemberRow.couple_id.in_(coached), MemberRow.part == PARTNER)
    sessions = select(SessionRow.id).where(SessionRow.owner_id.in_(partners))
    name = select(PersonRow.name).where(PersonRow.id == person).scalar_subquery()
    session.execute(
        update(DecisionRow)
        .where(DecisionRow.session_id.in_(sessions), DecisionRow.decided_by == name)
        .values(decided_by=ERASED)
    )


def left_behind(store: Store, person: str) -> dict[str, int]:
    """Rows per table that still name this person, by any column; empty when everything is gone."""
    found: dict[str, int] = {}
    with store.begin() as session:
        for table in Base.metadata.sorted_tables:
            columns = [column for column in table.columns if column.name in ("owner_id", "person_id")]
            if table.name == "person":
                columns = [table.c.id]
            if not columns:
                continue
            named = or_(*(column == person for column in columns))
            count = session.scalar(select(func.count()).select_from(table).where(named))
            if count:
                found[table.name] = int(count)
    return found


def forget_old(store: Store) -> int:
    """Erase what is older than its owners want their conversations kept, with suggestions and dials; how many went."""
    gone = 0
    with store.begin() as session:
        wishes = session.execute(
            select(PersonRow.id, PersonRow.keep_days).where(PersonRow.keep_days.is_not(None))
        ).all()
        for person, days in wishes:
            before = now() - timedelta(days=days or 0)
            for table, moment in (
                (ThreadRow, ThreadRow.updated_at),
                (SessionRow, SessionRow.created_at),
                (EveningRow, EveningRow.created_at),
            ):
                done = session.execute(delete(table).where(table.owner_id == person, moment < before))
                gone += done.rowcount  # type: ignore[attr-defined]  # what changes rows has it
    if gone:
        give_space_back(store.engine)
    return gone


def seal_anew(store: Store) -> int:
    """Seal every value again, with the first key; how many rows. Older keys open what they sealed once more."""
    done = 0
    tables: tuple[Any, ...] = (ThreadRow, MessageRow, SessionRow, DecisionRow, EveningRow, PlanRow)
    for table in tables:
        for ids in _groups(store, table):
            with store.begin() as session:
                for row in session.scalars(select(table).where(table.id.in_(ids))):
                    sealed = [c.key for c in row.__table__.columns if isinstance(c.type, Sealed | SealedJson)]
                    session.execute(
                        update(table).where(table.id == row.id).values({key: getattr(row, key) for key in sealed})
                    )
                    done += 1
    give_space_back(store.engine)
    return done


def _groups(store: Store, table: Any, size: int = 200) -> Iterator[list[str]]:
    with store.begin() as session:
        ids = list(session.scalars(select(table.id)))
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def _plain(row: Base) -> dict[str, Any]:
    values = {column.key: getattr(row, column.key) for column in row.__table__.columns}
    return {key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in values.items()}
