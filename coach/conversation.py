"""A turn that is kept: the message is stored first, then answered, then the reply is stored with what it suggested."""

from __future__ import annotations

from collections.abc import Iterator

from coach.companion import QUIET_EVENING, Companion, Done, Event
from coach.errors import AttuneError
from coach.schema import Context, Reply, Suggestion, Tonight
from coach.store import Store
from coach.store.conversations import keep_message, keep_reply, messages, recent_turns
from coach.store.sessions import keep_session, recent_exercises, safe_evenings

LONGEST = 4000
"""Characters of one message; a longer one is refused before it is stored."""


class MessageTooLong(AttuneError):
    """A message is longer than can be answered in one go."""

    default = f"That is longer than {LONGEST} characters. Please send it in two or three parts."


def hold_turn(
    companion: Companion,
    store: Store,
    owner: str,
    thread: str,
    text: str,
    tonight: Tonight | None = None,
    country: str | None = None,
) -> Iterator[Event]:
    """Store, answer, store. Yields the companion's events.

    Raises:
        MessageTooLong: before anything is kept.
        StoreUnavailable: when the message could not be stored; nothing was done with it.
    """
    if len(text) > LONGEST:
        raise MessageTooLong
    earlier = messages(store, owner, thread)
    turns = recent_turns(store, owner, thread)
    message = keep_message(store, owner, thread, text)
    yield from _answer(
        companion,
        store,
        owner,
        thread,
        message,
        text,
        Context(
            person=owner,
            thread=thread,
            country=country,
            turns=turns,
            tonight=tonight or with_history(store, owner, QUIET_EVENING),
            referrals_before=sum(bool(said.reply and said.reply.verdict.refers) for said in earlier),
        ),
    )


def answer_again(
    companion: Companion, store: Store, owner: str, thread: str, country: str | None = None
) -> Iterator[Event]:
    """Answer the last message of a thread that was interrupted before its reply stood."""
    said = messages(store, owner, thread)
    waiting = [item for item in said if item.by == "user" and item.state == "open"]
    if not waiting:
        return
    last = waiting[-1]
    turns = tuple(turn for turn in recent_turns(store, owner, thread) if turn.text != last.text)
    yield from _answer(
        companion,
        store,
        owner,
        thread,
        last.id,
        last.text,
        Context(
            person=owner,
            thread=thread,
            country=country,
            turns=turns,
            tonight=with_history(store, owner, QUIET_EVENING),
            referrals_before=sum(bool(item.reply and item.reply.verdict.refers) for item in said),
        ),
    )


def _answer(
    companion: Companion, store: Store, owner: str, thread: str, message: str, text: str, context: Context
) -> Iterator[Event]:
    for event in companion.respond(text, context):
        if isinstance(event, Done):
            reply = event.reply
            session = _session(store, owner, message, text, reply)
            if session:
                reply = reply.model_copy(update={"session": session})
            keep_reply(store, owner, thread, message, reply, text)
            yield Done(reply)
        else:
            yield event


def _session(store: Store, owner: str, message: str, text: str, reply: Reply) -> str | None:
    """Keep the card that goes with a reply, so that a coach can look at it."""
    if reply.suggestion is None or reply.tonight is None:
        return None
    suggestion = Suggestion(action="suggest", tonight=reply.tonight, options=(reply.suggestion,), verdict=reply.verdict)
    return keep_session(store, owner, suggestion, text, reply.citations, message, versions(reply.written_by))


def keep_tonight(store: Store, owner: str, suggestion: Suggestion) -> str:
    """Keep the cards that were shown for tonight."""
    return keep_session(store, owner, suggestion, suggestion.tonight.note, versions=versions("guides"))


def with_history(store: Store, owner: str, tonight: Tonight) -> Tonight:
    """Tonight's dials with what is known of the last days: exercises done, evenings that felt safe."""
    return tonight.model_copy(
        update={
            "recent": tuple(dict.fromkeys([*tonight.recent, *recent_exercises(store, owner)])),
            "felt_safe_lately": max(tonight.felt_safe_lately, safe_evenings(store, owner)),
        }
    )


def versions(written_by: str) -> dict[str, str]:
    """What a coach needs to know of how a suggestion came about."""
    from importlib.metadata import version

    return {"attune": version("attune"), "written_by": written_by}


__all__ = ["LONGEST", "MessageTooLong", "answer_again", "hold_turn", "keep_tonight", "with_history"]
