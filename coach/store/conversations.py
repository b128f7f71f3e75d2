"""Threads and messages. Every function takes the owner, and every query filters by it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update

from coach.errors import NotAllowed
from coach.schema import Frozen, Reply, Turn
from coach.store.engine import Store
from coach.store.tables import PRIVATE, MessageRow, PersonRow, SessionRow, ThreadRow, new_id, now

LOCAL = "me"
"""The one person of an installation without accounts."""
CONTINUES = timedelta(hours=12)
"""How long after its last message a conversation is opened again by itself."""
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


def country_of(store: Store, person: str) -> str | None:
    """The country this person chose, as its two-letter code."""
    with store.begin() as session:
        return session.scalars(select(PersonRow.country).where(PersonRow.id == person)).first()


def choose_country(store: Store, person: str, country: str | None) -> None:
    """Keep the country this person is in, so that the helplines are the ones of there."""
    with store.begin() as session:
        session.execute(update(PersonRow).where(PersonRow.id == person).values(country=country))


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
        if touched.rowcount == 0:  # type: ignore[attr-defined]  # what changes rows has it
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


def keep_reply(
    store: Store,
    owner: str,
    thread: str,
    answers: str,
    reply: Reply,
    first_words: str = "",
    card: SessionRow | None = None,
) -> str:
    """Store the companion's reply with its card and close the message it answers, in one step.

    Raises:
        NotAllowed: when it answers no message of theirs in this thread.
        StoreUnavailable: when it could not be written, or the message is answered already.
    """
    message, at = new_id(), now()
    title = NEUTRAL_TITLE if reply.referral else _title(first_words)
    with store.begin() as session:
        own = (MessageRow.id == answers, MessageRow.owner_id == owner, MessageRow.thread_id == thread)
        closed = session.execute(update(MessageRow).where(*own).values(state="done"))
        if closed.rowcount == 0:  # type: ignore[attr-defined]  # what changes rows has it
            raise NotAllowed
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
        if card:
            session.add(card)
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


def thread_to_continue(store: Store, owner: str) -> str | None:
    """The conversation this person was in within the last hours, on whatever device.

    One in which help was offered does not open by itself: somebody else may be looking at the screen.
    """
    with store.begin() as session:
        held = select(MessageRow.thread_id).where(MessageRow.owner_id == owner)
        newest = session.scalars(
            select(ThreadRow)
            .where(ThreadRow.owner_id == owner, ThreadRow.id.in_(held), ThreadRow.updated_at > now() - CONTINUES)
            .order_by(ThreadRow.updated_at.desc())
            .limit(1)
        ).first()
    # A title is missing where the very first reply was cut off.
    return newest.id if newest and newest.title != NEUTRAL_TITLE else None


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
            select(MessageRow.by, MessageRow.text, MessageRow.created_at, MessageRow.reply)
            .where(MessageRow.thread_id == thread, MessageRow.owner_id == owner)
            .order_by(MessageRow.created_at.desc())
            .limit(limit)
        ).all()
    turns: list[Turn] = []
    for row in reversed(rows):
        verdict = Reply.model_validate(row.reply).verdict if row.reply else None
        if verdict and verdict.raised_by_model and turns and turns[-1].by == "user":
            turns[-1] = turns[-1].model_copy(update={"raised": verdict})
        turns.append(Turn(by="user" if row.by == "user" else "companion", text=row.text, at=row.created_at))
    return tuple(turns)


def rename_thread(store: Store, owner: str, thread: str, title: str) -> bool:
    """Give a conversation another title; False when there is none of this owner's."""
    with store.begin() as session:
        changed = session.execute(
            update(ThreadRow).where(ThreadRow.id == thread, ThreadRow.owner_id == owner).values(title=_title(title))
        )
    return bool(changed.rowcount)  # type: ignore[attr-defined]  # what changes rows has it


def search_threads(store: Store, owner: str, words: str, limit: int = 20) -> list[Thread]:
    """The owner's conversations in which every one of these words occurs, newest first.

    What was said is sealed in the database, so it is opened and read here.
    """
    wanted = words.casefold().split()
    with store.begin() as session:
        rows = session.execute(
            select(ThreadRow.id, ThreadRow.title, MessageRow.text)
            .join(MessageRow, MessageRow.thread_id == ThreadRow.id)
            .where(ThreadRow.owner_id == owner, MessageRow.owner_id == owner)
        ).all()
    said: dict[str, list[str]] = {}
    for row in rows:
        said.setdefault(row.id, [row.title]).append(row.text)
    found = {one for one, texts in said.items() if all(word in " ".join(texts).casefold() for word in wanted)}
    return [thread for thread in threads(store, owner, limit=10_000) if thread.id in found][:limit]


def referred_since(store: Store, owner: str, since: datetime) -> bool:
    """True when something this person wrote since then was answered with a referral."""
    with store.begin() as session:
        replies = session.scalars(
            select(MessageRow.reply).where(
                MessageRow.owner_id == owner, MessageRow.by == "companion", MessageRow.created_at > since
            )
        ).all()
    return any(reply and Reply.model_validate(reply).verdict.refers for reply in replies)


def delete_thread(store: Store, owner: str, thread: str) -> bool:
    """Remove a conversation with everything in it, and the exercises that were suggested in it.

    False when there is none of this owner's.
    """
    said = select(MessageRow.id).where(MessageRow.thread_id == thread, MessageRow.owner_id == owner)
    with store.begin() as session:
        # A card holds what was asked; a coach would go on seeing it.
        session.execute(delete(SessionRow).where(SessionRow.owner_id == owner, SessionRow.message_id.in_(said)))
        gone = session.execute(delete(ThreadRow).where(ThreadRow.id == thread, ThreadRow.owner_id == owner))
    return bool(gone.rowcount)  # type: ignore[attr-defined]  # what changes rows has it


def _title(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= TITLE_LENGTH else words[:TITLE_LENGTH].rsplit(" ", 1)[0] + "…"
