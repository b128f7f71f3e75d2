"""What a person sees while the store cannot be written: the sentence, and their words, to send again when it can."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from sqlalchemy import event
from streamlit.testing.v1 import AppTest

from coach.store.conversations import LOCAL, keep_message, messages, threads
from tests.app.conftest import screen_text

Opened = Callable[[], AppTest]
WORDS = "How do I say that I feel lonely without starting a fight?"
MORE = "And what if we start to fight all the same?"


@contextmanager
def not_to_be_written() -> Iterator[None]:
    """The database of the app can be read and not written meanwhile, as on a disk that is full or set to reading."""
    from coach.ui.parts.frame import store

    engine = store().engine

    def only_read(connection: object, _: object) -> None:
        connection.execute("PRAGMA query_only = ON")  # type: ignore[attr-defined]

    event.listen(engine, "connect", only_read)
    engine.dispose()
    yield
    event.remove(engine, "connect", only_read)
    engine.dispose()


def say(tab: AppTest, text: str) -> AppTest:
    tab.chat_input[0].set_value(text).run()
    assert not tab.exception
    return tab


def kept(tab: AppTest) -> list[tuple[str, str]]:
    """All that is kept, newest conversation first."""
    from coach.ui.parts.frame import store

    return [
        (said.by, said.text if said.by == "user" else said.state)
        for thread in threads(store(), LOCAL)
        for said in messages(store(), LOCAL, thread.id)
    ]


def shown_to_send_again(tab: AppTest) -> str:
    return str(tab.text_area(key="unsent-text").value)


def test_a_message_that_cannot_be_stored_is_told_and_stays_in_sight(app: Opened) -> None:
    tab = say(app(), WORDS)
    with not_to_be_written():
        say(tab, MORE)
    assert "could not be saved just now" in tab.error[0].value
    assert shown_to_send_again(tab) == MORE
    assert MORE not in [text for _, text in kept(tab)]
    say(tab, shown_to_send_again(tab))
    assert [by for by, _ in kept(tab)] == ["user", "companion", "user", "companion"]
    assert not tab.error


def test_the_first_message_of_a_conversation_stays_in_sight_as_well(app: Opened) -> None:
    tab = app()
    with not_to_be_written():
        say(tab, WORDS)
    assert "could not be saved just now" in tab.error[0].value
    assert shown_to_send_again(tab) == WORDS
    assert kept(tab) == []
    say(tab, shown_to_send_again(tab))
    assert [by for by, _ in kept(tab)] == ["user", "companion"]


def test_one_press_sends_it_again(app: Opened) -> None:
    tab = say(app(), WORDS)
    with not_to_be_written():
        say(tab, MORE)
    tab.button(key="resend").click().run()
    assert [by for by, _ in kept(tab)] == ["user", "companion", "user", "companion"]


def test_a_reply_that_cannot_be_stored_is_told_and_the_message_is_answered_once(
    app: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab = app()
    stored = keep_message

    with ExitStack() as fault, monkeypatch.context() as patch:

        def then_full(*told: object) -> str:
            message = stored(*told)  # type: ignore[arg-type]
            fault.enter_context(not_to_be_written())
            return message

        patch.setattr("coach.conversation.keep_message", then_full)
        say(tab, WORDS)
    assert "Your message is saved" in screen_text(tab)
    assert kept(tab) == [("user", WORDS)]
    tab.button(key="again").click().run()
    assert not tab.exception
    assert kept(tab) == [("user", WORDS), ("companion", "done")]
