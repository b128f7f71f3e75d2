"""A turn that is kept: the message is stored first, then answered, then the reply is stored with what it suggested."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from coach.companion import QUIET_EVENING, Companion, Done, Event, Said, Screened
from coach.errors import AttuneError, Conflict, StoreUnavailable
from coach.schema import Action, Context, Reply, Suggestion, Tonight, Verdict
from coach.store import Store
from coach.store.consents import answer, tokens_today
from coach.store.conversations import Said as Kept
from coach.store.conversations import keep_message, keep_reply, messages, recent_turns
from coach.store.sessions import keep_session, recent_exercises, safe_evenings, suggested

LONGEST = 4000
"""Characters of one message; a longer one is refused before it is stored."""


class MessageTooLong(AttuneError):
    """A message is longer than can be answered in one go."""

    default = f"That is longer than {LONGEST} characters. Please send it in two or three parts."


class ReplyNotKept(StoreUnavailable):
    """The message is stored and waits; its reply could not be stored. It can be answered or sent again."""

    default = "Your message is saved, but its reply could not be just now. Please try again in a moment."


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

    The last message, sent again while it still waits for its reply, is answered and not kept a second time.

    Raises:
        MessageTooLong: before anything is kept.
        StoreUnavailable: when the message could not be stored; nothing was done with it.
        ReplyNotKept: when it was stored and its reply could not be.
    """
    if len(text) > LONGEST:
        raise MessageTooLong
    may_leave, because = _model_allowed(companion, store, owner)
    earlier = messages(store, owner, thread)
    turns = recent_turns(store, owner, thread)
    # Everything is read before the message is stored, so that what fails here fails with nothing kept.
    tonight = tonight or with_history(store, owner, QUIET_EVENING)
    last = earlier[-1] if earlier else None
    if last and (last.by, last.state, last.text) == ("user", "open", text):
        message, turns = last.id, turns[:-1]
    else:
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
            tonight=tonight,
            referred_before=_referred(earlier),
            may_leave=may_leave,
            guides_because=because,
        ),
    )


def answer_again(
    companion: Companion, store: Store, owner: str, thread: str, country: str | None = None
) -> Iterator[Event]:
    """Answer the last message of a thread that was interrupted before its reply stood.

    Raises:
        ReplyNotKept: when its reply could not be stored this time either.
    """
    with _message_is_kept():
        said = messages(store, owner, thread)
        waiting = [item for item in said if item.by == "user" and item.state == "open"]
        if not waiting:
            return
        last = waiting[-1]
        turns = tuple(turn for turn in recent_turns(store, owner, thread) if turn.at is None or turn.at < last.at)
        may_leave, because = _model_allowed(companion, store, owner)
        tonight = with_history(store, owner, QUIET_EVENING)
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
            tonight=tonight,
            referred_before=_referred(said),
            may_leave=may_leave,
            guides_because=because,
        ),
    )


def _referred(said: list[Kept]) -> tuple[Action, ...]:
    return tuple(one.reply.action for one in said if one.reply and one.reply.referral)


BUDGET_SPENT = "The language model has done its share for today, so this comes from the guides alone."


def _model_allowed(companion: Companion, store: Store, owner: str) -> tuple[bool, str]:
    """Whether this person's words may go to the model now, and what to say where only the day's budget forbids it."""
    if companion.writer is None or not answer(store, owner, "model", companion.writer.where):
        return False, ""
    spent = tokens_today(store, owner) >= companion.writer.daily_tokens
    return not spent, BUDGET_SPENT if spent else ""


def _answer(
    companion: Companion, store: Store, owner: str, thread: str, message: str, text: str, context: Context
) -> Iterator[Event]:
    shown: list[str] = []
    verdict = Verdict(action="coach")
    reply: Reply | None = None
    try:
        for event in companion.respond(text, context):
            if isinstance(event, Done):
                reply = event.reply
                break
            if isinstance(event, Said):
                shown.append(event.text)
            elif isinstance(event, Screened):
                verdict = event.verdict
            yield event
    except GeneratorExit:
        # Whoever stops the answer keeps what was shown of it.
        if shown:
            stopped = Reply(action=verdict.action, text="".join(shown).strip(), verdict=verdict, answerable=False)
            _keep(store, owner, thread, message, text, stopped)
        raise
    if reply:
        yield Done(_keep(store, owner, thread, message, text, reply))


def _keep(store: Store, owner: str, thread: str, message: str, text: str, reply: Reply) -> Reply:
    """Store a reply together with its card, which a coach can look at; the reply as it is kept."""
    card = None
    kept = reply
    if reply.suggestion and reply.tonight:
        shown = Suggestion(action="suggest", tonight=reply.tonight, options=(reply.suggestion,), verdict=reply.verdict)
        card = suggested(owner, shown, text, reply.citations, message, versions(reply.written_by))
        kept = reply.model_copy(update={"session": card.id})
    try:
        with _message_is_kept():
            keep_reply(store, owner, thread, message, kept, text, card)
    except Conflict:
        return reply  # answered in another window at the same time: that reply stands, with its own card
    return kept


@contextmanager
def _message_is_kept() -> Iterator[None]:
    """Tell what the store cannot do from here on as what it is: the message is safe, and waits for its reply."""
    try:
        yield
    except Conflict:
        raise
    except StoreUnavailable as error:
        raise ReplyNotKept(detail=error.detail) from error


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


__all__ = ["LONGEST", "MessageTooLong", "ReplyNotKept", "answer_again", "hold_turn", "keep_tonight", "with_history"]
