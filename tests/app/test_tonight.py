"""Tonight, as a person walks it."""

from __future__ import annotations

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from coach.store.sessions import last_session, recent_exercises
from tests.app.conftest import screen_text

Opened = Callable[[], AppTest]


def tonight(app: Opened) -> AppTest:
    tab = app()
    tab.switch_page("../pages/tonight.py").run()
    assert not tab.exception
    return tab


def send(tab: AppTest) -> AppTest:
    next(button for button in tab.button if button.label == "Find something for tonight").click().run()
    assert not tab.exception
    return tab


def test_at_most_five_dials_are_asked_before_the_cards(app: Opened) -> None:
    tab = tonight(app)
    inside = {element.key for element in tab.expander[0].slider} | {element.key for element in tab.expander[0].toggle}
    dials = [*tab.button_group, *tab.select_slider, *tab.slider, *tab.toggle]
    assert len([dial for dial in dials if dial.key not in inside]) <= 5


def test_three_cards_come_with_reasons_and_a_not_when_line(app: Opened) -> None:
    tab = send(tonight(app))
    text = screen_text(tab)
    assert "Best fit" in text
    assert "On your own" in text
    assert "It takes" in text
    assert text.count("When not:") == len([b for b in tab.button if b.label == "Start"])


def test_start_shows_the_steps_and_remembers_what_was_started(app: Opened) -> None:
    tab = send(tonight(app))
    next(button for button in tab.button if button.label == "Start").click().run()
    assert not tab.exception
    assert "The steps as text" in screen_text(tab)
    from coach.ui.parts.frame import store

    kept = last_session(store(), "me")
    assert kept
    assert kept.chosen
    assert recent_exercises(store(), "me") == (kept.chosen,)


def test_how_it_went_is_kept(app: Opened) -> None:
    tab = send(tonight(app))
    next(button for button in tab.button if button.label == "Start").click().run()
    tab.button_group(key="after-done").set_value("Yes")
    next(button for button in tab.button if button.label == "Keep this").click().run()
    assert "Kept." in screen_text(tab)


def test_not_tonight_is_met_kindly(app: Opened) -> None:
    tab = send(tonight(app))
    tab.button(key="not-tonight").click().run()
    assert "Rest is a good choice" in screen_text(tab)
    assert "Best fit" not in screen_text(tab)


def test_in_the_heat_the_pause_comes_first(app: Opened) -> None:
    tab = tonight(app)
    tab.button_group(key="dial-minutes").set_value("30")
    tab.slider(key="dial-heat").set_value(9)
    text = screen_text(send(tab))
    assert "Pause" in text
    assert "Feelings run high" in text


def test_a_note_of_danger_gets_help_and_no_card(app: Opened) -> None:
    tab = tonight(app)
    tab.text_area(key="dial-note").set_value("he hit me yesterday and i am afraid he will do it again")
    send(tab)
    assert not any(button.label == "Start" for button in tab.button)
    assert any("tel:" in element.proto.body for element in tab.get("html"))
