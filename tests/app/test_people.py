"""People and one's own data, as they stand on the screen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from coach.people.accounts import sign_up
from coach.people.couples import accept, invite
from coach.people.limiter import Limiter
from coach.store import Store
from coach.store.consents import COACH_SEES, answer
from coach.store.conversations import LOCAL, threads
from coach.store.couples import couple_of
from coach.store.rights import left_behind
from tests.app.conftest import screen_text

Opened = Callable[[], AppTest]
PASSWORD = "a quiet evening"


def to(tab: AppTest, page: str) -> AppTest:
    tab.switch_page(f"../pages/{page}.py").run()
    assert not tab.exception
    return tab


@pytest.fixture
def held(app: Opened) -> Store:
    from coach.ui.parts.frame import store

    return store()


@pytest.fixture
def two(held: Store, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Anna and Ben, a couple; call it with a name to sit at the screen."""
    limiter = Limiter()
    people = {"anna": sign_up(held, limiter, "Anna", PASSWORD, "here", adult=True)}
    people["ben"] = sign_up(held, limiter, "Ben", PASSWORD, "here", invite(held, people["anna"], "partner"), adult=True)

    def sits(name: str) -> None:
        monkeypatch.setattr("coach.ui.door.gate.identified", lambda: people[name])

    return sits


def test_alone_the_page_is_complete_and_asks_for_nobody(app: Opened) -> None:
    text = screen_text(to(app(), "people"))
    assert "for you alone" in text
    assert "It is complete like that" in text
    assert "code" not in text


def test_what_the_coach_may_see_can_be_taken_back(app: Opened, held: Store) -> None:
    tab = to(app(), "people")
    assert tab.toggle(key="coach-sees").value is True
    tab.toggle(key="coach-sees").set_value(False).run()
    assert answer(held, LOCAL, "coach", COACH_SEES) is False
    assert to(app(), "people").toggle(key="coach-sees").value is False


def test_a_code_is_shown_once_and_joins_two_people(app: Opened, held: Store, two: Callable[[str], None]) -> None:
    two("anna")
    tab = to(app(), "people")
    assert "together with **Ben**" in screen_text(tab)
    tab.button(key="leave").click().run()
    assert "whole for one" in screen_text(tab)
    tab.button(key="invite-partner").click().run()
    code = tab.code[0].value
    two("ben")
    other = to(app(), "people")
    other.text_input(key="join-code").set_value(code.lower().replace("-", " "))
    next(button for button in other.button if button.label == "Use the code").click().run()
    assert "together with **Anna**" in screen_text(other)


def test_a_coach_comes_only_when_both_agree(app: Opened, held: Store, two: Callable[[str], None]) -> None:
    two("anna")
    tab = to(app(), "people")
    tab.button(key="invite-coach").click().run()
    code = tab.code[0].value
    with pytest.raises(Exception, match="invitation does not work"):
        sign_up(held, Limiter(), "Carla", PASSWORD, "here", code, adult=True)
    two("ben")
    other = to(app(), "people")
    next(button for button in other.button if button.label == "I agree").click().run()
    carla = sign_up(held, Limiter(), "Carla", PASSWORD, "here", code, adult=True)
    assert carla
    assert "**Carla** coaches you" in screen_text(to(app(), "people"))


def test_everything_can_be_erased_from_the_screen(app: Opened, held: Store) -> None:
    tab = app()
    tab.chat_input[0].set_value("We never thank each other any more").run()
    to(tab, "settings")
    assert tab.button(key="erase").disabled
    tab.checkbox(key="erase-sure").check().run()
    tab.button(key="erase").click().run()
    assert not tab.exception
    assert left_behind(held, LOCAL) == {}
    assert "Welcome to Attune" in screen_text(tab)


def test_how_long_things_are_kept_is_chosen_once_and_kept(app: Opened, held: Store) -> None:
    tab = to(app(), "settings")
    tab.selectbox(key="keep-days").set_value("For a month").run()
    assert to(app(), "settings").selectbox(key="keep-days").value == "For a month"
    assert "May what you write" not in screen_text(tab)


def test_conversations_are_found_and_renamed(app: Opened, held: Store) -> None:
    tab = app()
    for text in ("We never thank each other", "How do we listen better?", "What about our evenings?", "Say sorry how?"):
        tab.button(key="new").click().run()
        tab.chat_input[0].set_value(text).run()
        assert not tab.exception
    tab.text_input(key="find").set_value("listen").run()
    labels = [button.label for button in tab.button if (button.key or "").startswith("thread-")]
    assert labels == ["How do we listen better?"]
    tab.text_input(key="title").set_value("Listening").run()
    tab.button(key="rename").click().run()
    assert "Listening" not in labels
    assert "Say sorry how?" not in [thread.title for thread in threads(held, LOCAL)]


def test_accepting_ones_own_code_does_nothing(held: Store, two: Callable[[str], None]) -> None:
    from coach.store.accounts import account

    anna = account(held, "anna")
    assert anna
    with pytest.raises(Exception, match="code does not work"):
        accept(held, Limiter(), anna[0], invite(held, anna[0], "coach"))
    assert couple_of(held, anna[0])
