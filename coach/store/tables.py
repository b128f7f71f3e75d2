"""The tables. Every record has an owner and a visibility: private (owner), couple (both), coach (coach too).

What people wrote, and what tells of it, is sealed (`vault.py`): in the file or the database server it cannot be read.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import JSON, DateTime, Dialect, ForeignKey, Index, MetaData, String, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from coach.store.vault import Sealed, SealedJson

PRIVATE, COUPLE, COACH = "private", "couple", "coach"


def new_id() -> str:
    """A random identifier that tells nothing."""
    return uuid4().hex


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment with its zone, also on SQLite, which forgets zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value


class Base(DeclarativeBase):
    """Base of the tables, with constraint names that every database shares (migrations need them)."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: JSON, list[Any]: JSON}  # noqa: RUF012 - SQLAlchemy's


class PersonRow(Base):
    """Somebody who uses this installation."""

    __tablename__ = "person"
    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(120))
    role: Mapped[str] = mapped_column(String(16))
    country: Mapped[str | None] = mapped_column(String(2), default=None)
    adult_at: Mapped[datetime | None] = mapped_column(default=None)
    """When this person said that they are an adult."""
    keep_days: Mapped[int | None] = mapped_column(default=None)
    """Conversations older than this many days are erased; None keeps them."""
    created_at: Mapped[datetime] = mapped_column(default=now)


class AccountRow(Base):
    """How somebody signs in: a name with a password hash (Argon2id), or an OpenID provider's `issuer subject`."""

    __tablename__ = "account"
    name: Mapped[str] = mapped_column(String(400), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    hash: Mapped[str | None] = mapped_column(String(200), default=None)
    created_at: Mapped[datetime] = mapped_column(default=now)


class SignInRow(Base):
    """A browser that is signed in, or (kind `ticket`) about to be; only the SHA-256 of its secret is kept."""

    __tablename__ = "sign_in"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    expires_at: Mapped[datetime] = mapped_column()
    created_at: Mapped[datetime] = mapped_column(default=now)


class CoupleRow(Base):
    """Two partners and, if they wish, their coaches."""

    __tablename__ = "couple"
    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    created_at: Mapped[datetime] = mapped_column(default=now)


class MemberRow(Base):
    """Somebody's part in a couple, `partner` or `coach`, until they leave."""

    __tablename__ = "member"
    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    couple_id: Mapped[str] = mapped_column(ForeignKey("couple.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    part: Mapped[str] = mapped_column(String(8))
    left_at: Mapped[datetime | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(default=now)


class InvitationRow(Base):
    """A one-time code for a partner or a coach; only its SHA-256 is kept. A coach's works once both partners agree."""

    __tablename__ = "invitation"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    part: Mapped[str] = mapped_column(String(8))
    couple_id: Mapped[str] = mapped_column(ForeignKey("couple.id", ondelete="CASCADE"), index=True)
    owner_id: Mapped[str] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    agreed: Mapped[bool] = mapped_column(default=True)
    expires_at: Mapped[datetime] = mapped_column()
    used_at: Mapped[datetime | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(default=now)


class EveningRow(Base):
    """One person's own dials for an evening that the two plan together. Nobody else ever reads them."""

    __tablename__ = "evening"
    __table_args__ = (Index("ux_evening_owner_day", "owner_id", "day", unique=True),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    couple_id: Mapped[str] = mapped_column(ForeignKey("couple.id", ondelete="CASCADE"), index=True)
    visibility: Mapped[str] = mapped_column(String(8), default=PRIVATE)
    day: Mapped[str] = mapped_column(String(10))
    tonight: Mapped[Any] = mapped_column(SealedJson)
    open: Mapped[bool] = mapped_column(default=True)
    """False where what this person wrote calls for help instead: then no plan is made, and nobody is told why."""
    created_at: Mapped[datetime] = mapped_column(default=now)


class PlanRow(Base):
    """What the two do this evening: a card, and nothing of what it was made from."""

    __tablename__ = "plan"
    __table_args__ = (Index("ux_plan_couple_day", "couple_id", "day", unique=True),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    couple_id: Mapped[str] = mapped_column(ForeignKey("couple.id", ondelete="CASCADE"))
    visibility: Mapped[str] = mapped_column(String(8), default=COUPLE)
    day: Mapped[str] = mapped_column(String(10))
    card: Mapped[Any] = mapped_column(SealedJson)
    created_at: Mapped[datetime] = mapped_column(default=now)


class ThreadRow(Base):
    """One conversation of one person."""

    __tablename__ = "thread"
    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    visibility: Mapped[str] = mapped_column(String(8), default=PRIVATE)
    title: Mapped[str] = mapped_column(Sealed, default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)


class MessageRow(Base):
    """Something said. A person's message is `open` until its reply stands; a companion's row holds the whole reply."""

    __tablename__ = "message"
    __table_args__ = (Index("ix_message_thread_created", "thread_id", "created_at"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    thread_id: Mapped[str] = mapped_column(ForeignKey("thread.id", ondelete="CASCADE"))
    owner_id: Mapped[str] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    visibility: Mapped[str] = mapped_column(String(8), default=PRIVATE)
    by: Mapped[str] = mapped_column(String(12))
    text: Mapped[str] = mapped_column(Sealed)
    state: Mapped[str] = mapped_column(String(12), default="open")
    answers_id: Mapped[str | None] = mapped_column(
        ForeignKey("message.id", ondelete="CASCADE"), default=None, unique=True
    )
    reply: Mapped[Any | None] = mapped_column(SealedJson, default=None)
    created_at: Mapped[datetime] = mapped_column(default=now)


class SessionRow(Base):
    """An exercise that was suggested: what was asked, what it was based on, and what a coach made of it."""

    __tablename__ = "suggested_session"
    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    visibility: Mapped[str] = mapped_column(String(8), default=COACH)
    message_id: Mapped[str | None] = mapped_column(ForeignKey("message.id", ondelete="SET NULL"), default=None)
    asked: Mapped[str] = mapped_column(Sealed, default="")
    suggestion: Mapped[Any] = mapped_column(SealedJson)
    citations: Mapped[Any] = mapped_column(SealedJson, default=list)
    versions: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(String(12), default="sent", index=True)
    chosen: Mapped[str | None] = mapped_column(String(8), default=None)
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)


class DecisionRow(Base):
    """What a coach decided about a suggested session. Decisions are added, never changed."""

    __tablename__ = "decision"
    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    session_id: Mapped[str] = mapped_column(ForeignKey("suggested_session.id", ondelete="CASCADE"), index=True)
    decided_by: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(String(40), default="")
    note: Mapped[str] = mapped_column(Sealed, default="")
    card: Mapped[Any | None] = mapped_column(SealedJson, default=None)
    created_at: Mapped[datetime] = mapped_column(default=now)


class OutcomeRow(Base):
    """How an exercise went, in three taps; the figures are for trends and mean nothing clinical."""

    __tablename__ = "outcome"
    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    visibility: Mapped[str] = mapped_column(String(8), default=PRIVATE)
    session_id: Mapped[str] = mapped_column(ForeignKey("suggested_session.id", ondelete="CASCADE"), unique=True)
    exercise: Mapped[str] = mapped_column(String(8))
    done: Mapped[str] = mapped_column(String(8))
    felt_safe: Mapped[int | None] = mapped_column(default=None)
    closer: Mapped[int | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(default=now)


class ConsentRow(Base):
    """An answer to being asked for consent. Answers are added, never changed; the last one counts."""

    __tablename__ = "consent"
    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    visibility: Mapped[str] = mapped_column(String(8), default=PRIVATE)
    kind: Mapped[str] = mapped_column(String(24))
    given: Mapped[bool] = mapped_column()
    about: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(default=now)


class SecretRow(Base):
    """A password hash (Argon2id), by what it opens."""

    __tablename__ = "secret"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    hash: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(default=now)
