"""Threads and messages. Every function takes the owner, and every query filters by it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, insert, select, update

from coach.errors import NotAllowed
from coach.schema import Frozen, Reply, Turn
from coach.store.engine import Store
from coach.store.tables import PRIVATE, MessageRow, PersonRow, ThreadRow, new_id, now

TITLE_LENGTH = 60
NEUTRAL_TITLE = "Conversation"
"""Title of a thread in which help was offered: it tells nothing to whoever looks over a shoulder."""


class Thread(Frozen):
    """A conversation as its owner lists it."""

    id: str
    title: str
    updated_at: datetime


class Said(Frozen):
    """One message as its owner sees it; `reply` is set on the companion's."""

    id: str
    by: str
    text: str
    state: str
    at: datetime
    reply: Reply | None = None


def ensure_person(store: Store, person: str, name: str = "You", role: str = "partner") -> str:
    """The id of this person, made on first use."""
    with store.begin() as session:
        if session.get(PersonRow, person) is None:
            session.add(PersonRow(id=person, name=name, role=role))
    return person


def new_thread(store: Store, owner: str) -> str:
    """Start an empty conversation."""
    thread = new_id()
    with store.begin() as session:
        session.execute(insert(ThreadRow).values(id=thread, owner_id=owner, visibility=PRIVATE, title=""))
    return thread


def keep_message(store: Store, owner: str, thread: str, text: str) -> str:
    """Store what a person wrote, before anything is done with it.

    Raises:
        NotAllowed: when the thread is not theirs.
        StoreUnavailable: when it could not be written; nothing may then be done with the message.
    """
    message, at = new_id(), now()
    with store.begin() as session:
        touched = session.execute(
            update(ThreadRow).where(ThreadRow.id == thread, ThreadRow.owner_id == owner).values(updated_at=at)
        )
        if touched.rowcount == 0:  # type: ignore[attr-defined]
            raise NotAllowed
        session.execute(
            insert(MessageRow).values(
                id=message,
                thread_id=thread,
                owner_id=owner,
                visibility=PRIVATE,
                by="user",
                text=text,
                state="open",
                created_at=at,
            )
        )
    return message


def keep_reply(store: Store, owner: str, thread: str, answers: str, reply: Reply, first_words: str = "") -> str:
    """Store the companion's reply and close the message it answers, in one step."""
    message, at = new_id(), now()
    title = NEUTRAL_TITLE if reply.referral else _title(first_words)
    with store.begin() as session:
        session.execute(
            insert(MessageRow).values(
                id=message,
                thread_id=thread,
                owner_id=owner,
                visibility=PRIVATE,
                by="companion",
                text=reply.text,
                state="done",
                answers_id=answers,
                reply=reply.model_dump(mode="json"),
                created_at=at,
            )
        )
        session.execute(
            update(MessageRow).where(MessageRow.id == answers, MessageRow.owner_id == owner).values(state="done")
        )
        untitled = (ThreadRow.id == thread, ThreadRow.owner_id == owner)
        if reply.referral:
            session.execute(update(ThreadRow).where(*untitled).values(title=title))
        elif title:
            session.execute(update(ThreadRow).where(*untitled, ThreadRow.title == "").values(title=title))
    return message


def threads(store: Store, owner: str, limit: int = 50) -> list[Thread]:
    """The owner's conversations that hold at least one message, newest first."""
    with store.begin() as session:
        held = select(MessageRow.thread_id).where(MessageRow.owner_id == owner)
        rows = session.scalars(
            select(ThreadRow)
            .where(ThreadRow.owner_id == owner, ThreadRow.id.in_(held))
            .order_by(ThreadRow.updated_at.desc())
            .limit(limit)
        ).all()
    return [Thread(id=row.id, title=row.title or NEUTRAL_TITLE, updated_at=row.updated_at) for row in rows]


def messages(store: Store, owner: str, thread: str) -> list[Said]:
    """All of a conversation, oldest first; nothing when it is somebody else's."""
    with store.begin() as session:
        rows = session.scalars(
            select(MessageRow)
            .where(MessageRow.thread_id == thread, MessageRow.owner_id == owner)
            .order_by(MessageRow.created_at)
        ).all()
    return [
        Said(
            id=row.id,
            by=row.by,
            text=row.text,
            state=row.state,
            at=row.created_at,
            reply=Reply.model_validate(row.reply) if row.reply else None,
        )
        for row in rows
    ]


def recent_turns(store: Store, owner: str, thread: str, limit: int = 24) -> tuple[Turn, ...]:
    """The last turns of this person's conversation, oldest first: all that may be loaded into a turn."""
    with store.begin() as session:
        rows = session.execute(
            select(MessageRow.by, MessageRow.text, MessageRow.created_at)
            .where(MessageRow.thread_id == thread, MessageRow.owner_id == owner)
            .order_by(MessageRow.created_at.desc())
            .limit(limit)
        ).all()
    return tuple(
        Turn(by="user" if row.by == "user" else "companion", text=row.text, at=row.created_at) for row in reversed(rows)
    )


def delete_thread(store: Store, owner: str, thread: str) -> bool:
    """Remove a conversation with everything in it; False when there is none of this owner's."""
    with store.begin() as session:
        gone = session.execute(delete(ThreadRow).where(ThreadRow.id == thread, ThreadRow.owner_id == owner))
    return bool(gone.rowcount)  # type: ignore[attr-defined]


def _title(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= TITLE_LENGTH else words[:TITLE_LENGTH].rsplit(" ", 1)[0] + "…"
