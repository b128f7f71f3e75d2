"""A turn that is kept: stored before it is answered, answered again after an interruption, knowing what came before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from coach.companion import Companion, Done, Event, Said
from coach.conversation import LONGEST, MessageTooLong, answer_again, hold_turn, with_history
from coach.errors import StoreUnavailable
from coach.people.here import LOCAL_COACH, start
from coach.safety.way_out import NOT_MEANT
from coach.schema import Context, Reply, Tonight
from coach.store import Store
from coach.store.conversations import messages, new_thread
from coach.store.sessions import choose, keep_outcome, sessions_for_review


@pytest.fixture
def me(store: Store) -> str:
    return start(store)


@pytest.fixture
def thread(store: Store, me: str) -> str:
    return new_thread(store, me)


class Interrupted(Exception):
    """Stands for a kill in the middle of a turn."""


class Breaking:
    """A companion that is cut off before it has answered."""

    writer = None

    def respond(self, text: str, context: Context) -> Iterator[Event]:
        raise Interrupted
        yield


def last(events: Iterator[Event]) -> Reply:
    done = [event for event in events if isinstance(event, Done)]
    assert len(done) == 1
    return done[0].reply


def test_a_message_is_stored_before_anything_is_done_with_it(store: Store, me: str, thread: str) -> None:
    with pytest.raises(Interrupted):
        list(hold_turn(Breaking(), store, me, thread, "we never laugh together any more"))  # type: ignore[arg-type]
    (kept,) = messages(store, me, thread)
    assert (kept.by, kept.text, kept.state) == ("user", "we never laugh together any more", "open")


def test_an_interrupted_message_is_answered_once_and_only_once(
    attune: Companion, store: Store, me: str, thread: str
) -> None:
    with pytest.raises(Interrupted):
        list(hold_turn(Breaking(), store, me, thread, "we never laugh together any more"))  # type: ignore[arg-type]
    assert last(answer_again(attune, store, me, thread)).citations
    assert list(answer_again(attune, store, me, thread)) == []
    assert [said.by for said in messages(store, me, thread)] == ["user", "companion"]


def test_danger_that_was_interrupted_is_not_answered_as_if_it_were_ordinary(
    attune: Companion, store: Store, me: str, thread: str
) -> None:
    with pytest.raises(Interrupted):
        list(hold_turn(Breaking(), store, me, thread, "I want to kill myself"))  # type: ignore[arg-type]
    reply = last(answer_again(attune, store, me, thread, "GB"))
    assert reply.referral is not None
    assert reply.citations == ()


def test_a_kept_answer_reads_again_as_it_was_shown(attune: Companion, store: Store, me: str, thread: str) -> None:
    reply = last(hold_turn(attune, store, me, thread, "how do we take a break in an argument"))
    asked, answered = messages(store, me, thread)
    assert asked.state == "done"
    assert answered.reply == reply


def test_danger_in_an_earlier_message_is_still_known_in_the_next(
    attune: Companion, store: Store, me: str, thread: str
) -> None:
    list(hold_turn(attune, store, me, thread, "he hit me last night and I am scared of him"))
    reply = last(hold_turn(attune, store, me, thread, "so what could we do tonight to feel close"))
    assert reply.suggestion is None
    assert reply.citations == ()
    assert reply.referral is not None


def test_who_is_asked_again_after_taking_danger_back_reads_other_words(
    attune: Companion, store: Store, me: str, thread: str
) -> None:
    said = ("i took all my pills an hour ago", NOT_MEANT, "how do we take a break in an argument")
    replies = [last(hold_turn(attune, store, me, thread, text)) for text in said]
    assert [reply.action for reply in replies[1:]] == ["check_in", "check_in"]
    texts = [reply.referral.text for reply in replies if reply.referral]
    assert len(set(texts)) == 3


def test_another_conversation_does_not_know_of_it(attune: Companion, store: Store, me: str, thread: str) -> None:
    list(hold_turn(attune, store, me, thread, "my sister annoys me"))
    elsewhere = new_thread(store, me)
    list(hold_turn(attune, store, me, elsewhere, "how do we say sorry"))
    assert len(messages(store, me, elsewhere)) == 2


def test_the_card_beside_an_answer_is_kept_for_the_coach_with_its_reasons(
    attune: Companion, store: Store, me: str, thread: str
) -> None:
    reply = last(hold_turn(attune, store, me, thread, "what can we do tonight to feel a bit closer?"))
    assert reply.suggestion is not None
    (session,) = sessions_for_review(store, LOCAL_COACH.id)
    assert session.id == reply.session
    assert session.asked == "what can we do tonight to feel a bit closer?"
    assert session.suggestion.options[0].why
    assert session.citations == reply.citations


def test_too_long_a_message_is_refused_in_one_sentence_and_nothing_is_kept(
    attune: Companion, store: Store, me: str, thread: str
) -> None:
    with pytest.raises(MessageTooLong, match="two or three parts"):
        list(hold_turn(attune, store, me, thread, "a" * (LONGEST + 1)))
    assert messages(store, me, thread) == []


def test_while_messages_cannot_be_stored_nothing_is_done_with_them(
    attune: Companion, store: Store, me: str, thread: str
) -> None:
    events = []
    with store.engine.begin() as connection:
        connection.execute(text("ALTER TABLE message RENAME TO message_elsewhere"))
    with pytest.raises(StoreUnavailable, match="could not be saved"):
        events += list(hold_turn(attune, store, me, thread, "how do we say sorry"))
    assert events == []
    with store.engine.begin() as connection:  # the tables of PostgreSQL are made once for all tests
        connection.execute(text("ALTER TABLE message_elsewhere RENAME TO message"))


def test_an_exercise_of_the_last_days_is_known_when_the_next_is_chosen(
    attune: Companion, store: Store, me: str, thread: str
) -> None:
    reply = last(hold_turn(attune, store, me, thread, "what can we do tonight to feel a bit closer?"))
    assert reply.session is not None
    assert reply.suggestion is not None
    choose(store, me, reply.session, reply.suggestion.exercise)
    keep_outcome(store, me, reply.session, reply.suggestion.exercise, "done", felt_safe=9, closer=4)
    tonight = with_history(store, me, Tonight())
    assert reply.suggestion.exercise in tonight.recent
    assert tonight.felt_safe_lately == 1
    again = last(hold_turn(attune, store, me, thread, "what can we do tonight to feel a bit closer?"))
    assert again.suggestion is not None
    assert again.suggestion.exercise != reply.suggestion.exercise


def test_whoever_stops_an_answer_keeps_what_was_shown_of_it(
    store: Store, me: str, thread: str, attune: Companion
) -> None:
    events = hold_turn(attune, store, me, thread, "How do I say that I feel lonely without starting a fight?")
    for event in events:
        if isinstance(event, Said):
            break
    events.close()  # type: ignore[attr-defined]
    said = messages(store, me, thread)
    assert [item.by for item in said] == ["user", "companion"]
    assert said[1].text == event.text.strip()
    assert said[0].state == "done"
