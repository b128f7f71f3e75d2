"""The way in: the first start, being adult, and what an account holder meets at the door."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from coach.people.accounts import sign_up
from coach.people.couples import invite
from coach.people.limiter import Limiter
from coach.store import Store
from coach.store.accounts import any_account, person
from coach.store.conversations import LOCAL
from coach.store.rights import erase_person
from tests.app.conftest import screen_text

Opened = Callable[[], AppTest]
PASSWORD = "a quiet evening"


@pytest.fixture
def held(app: Opened) -> Store:
    """The store of an installation that nobody has used yet."""
    from coach.ui.parts.frame import store

    for who in (LOCAL, "local-coach"):
        erase_person(store(), who)
    return store()


@pytest.fixture
def as_person(monkeypatch: pytest.MonkeyPatch) -> Callable[[str | None], None]:
    """Stands for the cookie, which only a browser has."""

    def become(who: str | None) -> None:
        monkeypatch.setattr("coach.ui.door.gate.identified", lambda: who)

    return become


def fill(tab: AppTest, **values: str) -> AppTest:
    for key, value in values.items():
        tab.text_input(key=key.replace("_", "-")).set_value(value)
    return tab


def test_a_first_start_offers_being_alone_in_one_click(app: Opened, held: Store) -> None:
    tab = app()
    assert "18 or older" in screen_text(tab)
    assert not tab.chat_input
    tab.button(key="just-me").click().run()
    assert not tab.exception
    assert tab.chat_input
    known = person(held, LOCAL)
    assert known
    assert known.adult_at
    assert app().chat_input


def test_an_account_needs_an_adult_a_name_and_a_password_that_is_long_enough(app: Opened, held: Store) -> None:
    tab = fill(app(), sign_up_name="Anna", sign_up_password="short")
    make = next(button for button in tab.button if button.label == "Make my account")
    make.click().run()
    assert "for adults" in tab.error[0].value
    tab.checkbox(key="sign-up-adult").check()
    next(button for button in tab.button if button.label == "Make my account").click().run()
    assert "at least 10" in tab.error[0].value
    assert not any_account(held)


def test_where_there_are_accounts_nothing_shows_before_signing_in(
    app: Opened, held: Store, as_person: Callable[[str | None], None]
) -> None:
    as_person(None)
    sign_up(held, Limiter(), "Anna", PASSWORD, "here", adult=True)
    tab = app()
    assert not tab.chat_input
    fill(tab, sign_in_name="Anna", sign_in_password="not this one")
    next(button for button in tab.button if button.label == "Sign in").click().run()
    assert "do not belong together" in tab.error[0].value
    assert "Anna" not in screen_text(tab)


def test_a_made_up_invitation_is_refused_in_one_sentence(
    app: Opened, held: Store, as_person: Callable[[str | None], None]
) -> None:
    as_person(None)
    sign_up(held, Limiter(), "Anna", PASSWORD, "here", adult=True)
    tab = fill(app(), sign_up_code="AAAA-BBBB-CCCC", sign_up_name="Ben", sign_up_password=PASSWORD)
    tab.checkbox(key="sign-up-adult").check()
    next(button for button in tab.button if button.label == "Make my account").click().run()
    assert "does not work" in tab.error[0].value


def test_somebody_not_yet_adult_is_sent_to_help_and_not_coached(
    app: Opened, held: Store, as_person: Callable[[str], None]
) -> None:
    from coach.store.accounts import add_account

    as_person(add_account(held, "kim", "Kim", "partner", None))
    tab = app()
    assert not tab.chat_input
    tab.button(key="adult-no").click().run()
    assert "childhelplineinternational.org" in screen_text(tab)
    assert not tab.chat_input
    tab = app()
    tab.button(key="adult-yes").click().run()
    assert tab.chat_input
    assert app().chat_input


def test_a_partner_has_no_review_page_and_a_coach_has_one(
    app: Opened, held: Store, as_person: Callable[[str], None]
) -> None:
    limiter = Limiter()
    anna = sign_up(held, limiter, "Anna", PASSWORD, "here", adult=True)
    carla = sign_up(held, limiter, "Carla", PASSWORD, "here", invite(held, anna, "coach"), adult=True)
    as_person(anna)
    tab = app()
    with pytest.raises(Exception, match="Could not find a navigation page"):
        tab.switch_page("../pages/review.py").run()
    as_person(carla)
    coach = app().switch_page("../pages/review.py").run()
    assert "Nothing is waiting" in screen_text(coach)


def test_another_person_in_the_same_tab_sees_nothing_of_the_one_before(
    app: Opened, held: Store, as_person: Callable[[str], None]
) -> None:
    limiter = Limiter()
    anna = sign_up(held, limiter, "Anna", PASSWORD, "here", adult=True)
    ben = sign_up(held, limiter, "Ben", PASSWORD, "here", invite(held, anna, "partner"), adult=True)
    as_person(anna)
    tab = app()
    tab.chat_input[0].set_value("We never thank each other, xylophone").run()
    assert "xylophone" in screen_text(tab)
    as_person(ben)
    tab.run()
    assert "xylophone" not in screen_text(tab)
    assert not tab.chat_message
