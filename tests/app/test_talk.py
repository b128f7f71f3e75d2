"""Talk, as a person walks it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from coach.companion import Companion
from coach.errors import StoreUnavailable
from tests.app.conftest import screen_text

Opened = Callable[[], AppTest]


def ask(tab: AppTest, text: str) -> AppTest:
    tab.chat_input[0].set_value(text).run()
    assert not tab.exception
    return tab


def test_the_empty_page_teaches_and_says_that_it_is_an_ai(app: Opened) -> None:
    text = screen_text(app())
    assert "AI companion" in text
    assert "not a therapist" in text
    assert "emergency number" in text
    assert "We love each other but we feel like flatmates" in text


def test_a_suggested_first_question_is_answered_with_numbered_sources(app: Opened) -> None:
    tab = app()
    next(button for button in tab.button if "flatmates" in button.label).click().run()
    assert not tab.exception
    assert len(tab.chat_message) == 2
    answer = tab.chat_message[1]
    assert "[1]" in answer.markdown[0].value
    source = answer.expander[0]
    assert source.label.startswith("[1]")
    assert "lines" in source.caption[0].value
    assert "<mark>" in source.markdown[0].value


def test_what_was_said_is_there_after_a_reload_and_in_a_second_tab(app: Opened) -> None:
    ask(app(), "How do I say that I feel lonely without starting a fight?")
    again = app()
    title = next(button for button in again.button if button.label.startswith("How do I say"))
    title.click().run()
    assert len(again.chat_message) == 2
    assert "lonely" in again.chat_message[0].markdown[0].value


def test_a_new_conversation_starts_empty_and_an_old_one_can_be_deleted(app: Opened) -> None:
    tab = ask(app(), "We never thank each other any more")
    tab.button(key="new").click().run()
    assert len(tab.chat_message) == 0
    next(button for button in tab.button if button.label.startswith("We never thank")).click().run()
    tab.button(key="delete").click().run()
    assert not any(button.label.startswith("We never thank") for button in tab.button)


def test_danger_gets_help_that_can_be_tapped_and_no_exercise(app: Opened) -> None:
    tab = ask(app(), "he pushed me against the wall last night and i am scared of him")
    assert not any(button.label == "Start" for button in tab.button)
    assert any('href="tel:' in element.proto.body for element in tab.get("html"))
    assert any("Leave this page now" in element.proto.body for element in tab.get("html"))
    tab.button(key="new").click().run()
    assert not any("scared" in button.label or "wall" in button.label for button in tab.button)


def test_danger_said_in_spanish_gets_the_way_out_in_spanish(app: Opened) -> None:
    tab = ask(app(), "mi marido me pega todos los días y tengo miedo de él")
    shown = " ".join(element.proto.body for element in tab.get("html"))
    assert "Salir de esta página ahora" in shown
    assert "Llamar al" in shown or "tel:" not in shown
    assert "Leave this page" not in shown


def test_betrayal_is_referred_with_the_articles_advice_cited(app: Opened) -> None:
    tab = ask(app(), "I found out yesterday that my wife has been having an affair")
    answer = tab.chat_message[1]
    assert "[1]" in answer.markdown[0].value
    assert answer.expander[0].label.startswith("[1]")
    assert not any(button.label == "Start" for button in tab.button)


def test_below_a_referral_one_tap_says_that_it_was_not_meant_and_the_answer_follows(app: Opened) -> None:
    tab = ask(app(), "I found out yesterday that my wife has been having an affair")
    tab.button(key="misread").click().run()
    assert not tab.exception
    assert "not what I meant" in tab.chat_message[2].markdown[0].value
    assert tab.chat_message[3].markdown[0].value.startswith("Thank you for putting me right.")
    assert not any(button.key == "misread" for button in tab.button)


def test_danger_is_not_left_by_a_tap_but_the_page_says_how_to_object(app: Opened) -> None:
    tab = ask(app(), "he pushed me against the wall last night and i am scared of him")
    assert not any(button.key == "misread" for button in tab.button)
    assert "If I have misread you, tell me so in your own words." in [caption.value for caption in tab.caption]


def test_off_topic_is_said_plainly(app: Opened) -> None:
    tab = ask(app(), "What is the best recipe for lasagne?")
    assert "guides" in tab.chat_message[1].markdown[0].value
    assert not tab.chat_message[1].expander


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script> we argue", "# big $x^2$ :red[we argue]", "[link](http://x.example) we argue"]
)
def test_what_people_write_stays_what_they_wrote(app: Opened, text: str) -> None:
    tab = ask(app(), text)
    shown = tab.chat_message[0].markdown[0]
    assert not shown.proto.allow_html
    for mark in ("<script", ":red[", "](http", "$x^2$"):
        for at in (found.start() for found in re.finditer(re.escape(mark), shown.value)):
            assert shown.value[at - 1] == "\\", "every mark of Markdown, HTML, LaTeX or a directive stands escaped"


def test_a_card_beside_the_answer_opens_on_the_tonight_page(app: Opened) -> None:
    tab = ask(app(), "We never thank each other any more")
    start = next(button for button in tab.button if button.label == "Start")
    start.click().run()
    assert not tab.exception
    assert "When not:" in screen_text(tab)


def test_a_message_that_could_not_be_stored_is_kept_in_sight(app: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    tab = app()

    def broken(*_: object, **__: object) -> str:
        raise StoreUnavailable

    monkeypatch.setattr("coach.conversation.keep_message", broken)
    ask(tab, "this must not be lost")
    assert "could not be saved" in tab.error[0].value
    assert tab.text_area(key="unsent-text").value == "this must not be lost"
    monkeypatch.undo()


def test_a_reply_that_was_interrupted_can_be_had_again(app: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    tab = app()

    def cut(*_: object, **__: object) -> None:
        raise KeyError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(Companion, "respond", cut)
        ask(tab, "We never thank each other any more")
    tab.run()
    assert "interrupted" in screen_text(tab)
    tab.button(key="again").click().run()
    assert "[1]" in tab.chat_message[1].markdown[0].value
