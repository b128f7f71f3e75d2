"""Couples: who belongs to one, the codes that invite, and leaving."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from coach.errors import NotAllowed
from coach.schema import Frozen
from coach.store.accounts import digest
from coach.store.consents import COACH_SEES, add_answer
from coach.store.engine import Store
from coach.store.tables import ConsentRow, CoupleRow, InvitationRow, MemberRow, PersonRow, new_id, now
from coach.store.visible import COACHING, PARTNER, couples_of

LASTS = timedelta(days=7)


class Member(Frozen):
    """Somebody in a couple, as the others of it see them."""

    person: str
    name: str
    part: str


class Couple(Frozen):
    """A couple as one of its members sees it."""

    id: str
    members: tuple[Member, ...]

    @property
    def names(self) -> str:
        """The one or two whose couple it is."""
        return " and ".join(one.name for one in self.members if one.part == PARTNER)

    def partner_of(self, person: str) -> Member | None:
        """The other partner."""
        return next((one for one in self.members if one.part == PARTNER and one.person != person), None)

    @property
    def coaches(self) -> tuple[Member, ...]:
        """Who coaches them."""
        return tuple(one for one in self.members if one.part == COACHING)


class Invitation(Frozen):
    """A code that waits to be used, as the couple sees it; the code itself is shown once, to its maker."""

    id: str
    part: str
    by: str
    agreed: bool
    expires_at: datetime


def couple_of(store: Store, person: str) -> Couple | None:
    """The couple in which this person is a partner now."""
    with store.begin() as session:
        couple: str | None = session.scalars(couples_of(person, PARTNER)).first()
        return Couple(id=couple, members=_members(session, couple)) if couple else None


def couples_coached(store: Store, coach: str) -> list[Couple]:
    """The couples that this person coaches now, the one coached longest first."""
    with store.begin() as session:
        ids = session.scalars(couples_of(coach, COACHING).order_by(MemberRow.created_at)).all()
        return [Couple(id=couple, members=_members(session, couple)) for couple in ids]


def start_couple(store: Store, person: str) -> str:
    """The couple of this person, begun when there is none."""
    with store.begin() as session:
        couple: str | None = session.scalars(couples_of(person, PARTNER)).first()
        if couple is None:
            couple = new_id()
            session.add(CoupleRow(id=couple))
            session.flush()
            session.add(MemberRow(couple_id=couple, person_id=person, part=PARTNER))
        return couple


def keep_invitation(store: Store, person: str, part: str, code: str, *, agreed: bool) -> None:
    """Keep a code by which somebody may join the couple of this person. A newer one of the same part replaces it."""
    couple = start_couple(store, person)
    with store.begin() as session:
        session.execute(
            update(InvitationRow)
            .where(InvitationRow.couple_id == couple, InvitationRow.part == part, InvitationRow.used_at.is_(None))
            .values(used_at=now())
        )
        session.add(
            InvitationRow(
                digest=digest(code),
                part=part,
                couple_id=couple,
                owner_id=person,
                agreed=agreed,
                expires_at=now() + LASTS,
            )
        )


def invitations(store: Store, person: str) -> list[Invitation]:
    """Codes of this person's couple that may still be used."""
    with store.begin() as session:
        rows = session.execute(
            select(InvitationRow, PersonRow.name)
            .join(PersonRow, PersonRow.id == InvitationRow.owner_id)
            .where(
                InvitationRow.couple_id.in_(couples_of(person, PARTNER)),
                InvitationRow.used_at.is_(None),
                InvitationRow.expires_at > now(),
            )
        ).all()
    return [
        Invitation(id=row.digest, part=row.part, by=name, agreed=row.agreed, expires_at=row.expires_at)
        for row, name in rows
    ]


def agree(store: Store, person: str, invitation: str) -> None:
    """The other partner agrees to a coach.

    Raises:
        NotAllowed: when it is not an invitation of their couple, or their own.
    """
    with store.begin() as session:
        changed = session.execute(
            update(InvitationRow)
            .where(
                InvitationRow.digest == invitation,
                InvitationRow.owner_id != person,
                InvitationRow.couple_id.in_(couples_of(person, PARTNER)),
            )
            .values(agreed=True)
        )
        if changed.rowcount == 0:  # type: ignore[attr-defined]  # what changes rows has it
            raise NotAllowed


def withdraw(store: Store, person: str, invitation: str) -> None:
    """Take a code back; either partner may."""
    with store.begin() as session:
        session.execute(
            update(InvitationRow)
            .where(InvitationRow.digest == invitation, InvitationRow.couple_id.in_(couples_of(person, PARTNER)))
            .values(used_at=now())
        )


def part_of(store: Store, code: str) -> str | None:
    """What a code invites to; None when it does not, or no longer, or not yet, work."""
    with store.begin() as session:
        return session.scalars(select(InvitationRow.part).where(*_works(code))).first()


def join(store: Store, person: str, code: str) -> str | None:
    """Use a code: the part this person has now, None when the code does not work or their place is taken."""
    with store.begin() as session:
        found = session.execute(
            update(InvitationRow)
            .where(*_works(code), InvitationRow.owner_id != person)
            .values(used_at=now())
            .returning(InvitationRow.couple_id, InvitationRow.part)
        ).first()
        if found is None:
            return None
        session.get(CoupleRow, found.couple_id, with_for_update=True)  # who joins at the same time waits here
        there = session.execute(
            select(MemberRow.person_id, MemberRow.part).where(
                MemberRow.couple_id == found.couple_id, MemberRow.left_at.is_(None)
            )
        ).all()
        partners = [one.person_id for one in there if one.part == PARTNER]
        if person in [one.person_id for one in there] or (found.part == PARTNER and len(partners) != 1):
            session.rollback()
            return None
        if found.part == PARTNER:
            _leave(session, person)
            _ask_anew(session, found.couple_id, person)
        session.add(MemberRow(couple_id=found.couple_id, person_id=person, part=found.part))
        return str(found.part)


def stop_coaching(store: Store, coach: str, couple: str) -> None:
    """This coach sees nothing of that couple any more, at once; what was decided for it stays on its cards."""
    with store.begin() as session:
        _end(session, coach, COACHING, MemberRow.couple_id == couple)


def leave(store: Store, person: str) -> None:
    """This person is no partner of any couple any more, at once; what is theirs stays theirs."""
    with store.begin() as session:
        _leave(session, person)


def dismiss(store: Store, person: str, coach: str) -> None:
    """This person's couple is no longer seen by that coach; either partner may."""
    with store.begin() as session:
        _end(session, coach, COACHING, MemberRow.couple_id.in_(couples_of(person, PARTNER)))


def _members(session: Session, couple: str) -> tuple[Member, ...]:
    rows = session.execute(
        select(MemberRow.person_id, PersonRow.name, MemberRow.part)
        .join(PersonRow, PersonRow.id == MemberRow.person_id)
        .where(MemberRow.couple_id == couple, MemberRow.left_at.is_(None))
        .order_by(MemberRow.created_at)
    ).all()
    return tuple(Member(person=row.person_id, name=row.name, part=row.part) for row in rows)


def _ask_anew(session: Session, couple: str, person: str) -> None:
    """What was agreed before this person became a partner here does not hold for this couple's coaches."""
    session.execute(
        update(InvitationRow)
        .where(InvitationRow.couple_id == couple, InvitationRow.part == COACHING, InvitationRow.used_at.is_(None))
        .values(agreed=False)
    )
    agreed = session.scalars(
        select(ConsentRow.given)
        .where(ConsentRow.owner_id == person, ConsentRow.kind == "coach")
        .order_by(ConsentRow.created_at.desc())
        .limit(1)
    ).first()
    if agreed:
        add_answer(session, person, "coach", COACH_SEES, given=False)


def _leave(session: Session, person: str) -> None:
    """End the part, and the codes this person has made for it."""
    session.execute(
        update(InvitationRow)
        .where(InvitationRow.owner_id == person, InvitationRow.used_at.is_(None))
        .values(used_at=now())
    )
    _end(session, person, PARTNER)


def _end(session: Session, person: str, part: str, *where: ColumnElement[bool]) -> None:
    """A part that somebody has is over now: in every couple, or in those that `where` names."""
    session.execute(
        update(MemberRow)
        .where(MemberRow.person_id == person, MemberRow.part == part, MemberRow.left_at.is_(None), *where)
        .values(left_at=now())
    )


def _works(code: str) -> tuple[ColumnElement[bool], ...]:
    return (
        InvitationRow.digest == digest(code),
        InvitationRow.used_at.is_(None),
        InvitationRow.agreed.is_(True),
        InvitationRow.expires_at > now(),
    )


def ensure_member(store: Store, couple: str, person: str, part: str) -> None:
    """Give somebody a part in a couple, where they do not have it yet."""
    with store.begin() as session:
        if couple not in session.scalars(couples_of(person, part)).all():
            session.add(MemberRow(couple_id=couple, person_id=person, part=part))
