"""Review, as a coach walks it, and what the partner then sees."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.conftest import screen_text

Opened = Callable[[], AppTest]
PASSWORD = "a quiet evening"


def with_a_session(app: Opened) -> AppTest:
    tab = app()
    tab.chat_input[0].set_value("We never thank each other any more").run()
    assert any(button.label == "Start" for button in tab.button)
    return tab


def review(app: Opened) -> AppTest:
    tab = app()
    tab.switch_page("../pages/review.py").run()
    assert not tab.exception
    return tab


def sign_in(tab: AppTest, password: str = PASSWORD) -> AppTest:
    tab.text_input(key="review-password").set_value(password)
    next(button for button in tab.button if button.label in ("Open", "Set the password")).click().run()
    assert not tab.exception
    return tab


def decide(tab: AppTest, kind: str, reason: str | None = None) -> AppTest:
    tab.button_group[1].set_value(kind).run()
    if reason:
        next(box for box in tab.selectbox if box.label == "Reason").set_value(reason).run()
    next(button for button in tab.button if button.label == "Keep this decision").click().run()
    assert not tab.exception
    return tab


def test_nothing_is_shown_before_the_password(app: Opened) -> None:
    with_a_session(app)
    assert "We never thank" not in "\n".join(element.value for element in review(app).markdown)


def test_a_wrong_password_does_not_open(app: Opened) -> None:
    sign_in(review(app))
    tab = sign_in(review(app), "not this one")
    assert "does not open" in tab.error[0].value


def test_the_packet_holds_what_a_decision_needs(app: Opened) -> None:
    with_a_session(app)
    text = screen_text(sign_in(review(app)))
    for part in ("Asked:", "We never thank", "Dials:", "Safety:", "Card:", "Why it was chosen", "[1]"):
        assert part.replace(" ", "") in text.replace("\\", "").replace("*", "").replace(" ", ""), part


def test_an_approval_reaches_the_partners_card(app: Opened) -> None:
    partner = with_a_session(app)
    coach = decide(sign_in(review(app)), "approve")
    assert "The decision is kept" in screen_text(coach)
    partner.run()
    assert "A coach has looked at this and finds it fitting" in screen_text(partner)


def test_a_referral_takes_the_card_away(app: Opened) -> None:
    partner = with_a_session(app)
    decide(sign_in(review(app)), "refer", "safety")
    partner.run()
    assert "spoke with someone trained" in screen_text(partner)
    assert not any(button.label == "Start" for button in partner.button)


def test_edited_words_stand_on_the_card(app: Opened) -> None:
    with_a_session(app)
    coach = sign_in(review(app))
    coach.button_group[1].set_value("edit").run()
    step = next(area for area in coach.text_area if area.label.startswith("Step 1"))
    step.set_value("Sit down side by side and take one breath.").run()
    next(box for box in coach.selectbox if box.label == "Reason").set_value("too deep").run()
    next(button for button in coach.button if button.label == "Keep this decision").click().run()
    coach.button_group(key="review-show").set_value("All").run()
    assert "take one breath" in screen_text(coach)


def test_replacing_offers_only_what_keeps_that_evenings_limits(app: Opened) -> None:
    partner = with_a_session(app)
    coach = sign_in(review(app))
    coach.button_group[1].set_value("replace").run()
    box = next(box for box in coach.selectbox if box.label.startswith("Another exercise"))
    assert box.options
    assert not any("36 Questions" in option for option in box.options)
    box.select_index(0).run()
    next(box for box in coach.selectbox if box.label == "Reason").set_value("repetition").run()
    next(button for button in coach.button if button.label == "Keep this decision").click().run()
    partner.run()
    assert "chose another card" in screen_text(partner)


@pytest.mark.parametrize("kind", ["edit", "replace", "refer"])
def test_a_change_without_a_reason_is_not_taken(app: Opened, kind: str) -> None:
    with_a_session(app)
    coach = decide(sign_in(review(app)), kind)
    assert coach.error
    assert "The decision is kept" not in screen_text(coach)


def test_guessing_is_slowed_down(app: Opened) -> None:
    sign_in(review(app))
    tab = review(app)
    for _ in range(5):
        sign_in(tab, "wrong wrong wrong")
    sign_in(tab)
    assert "Please wait" in tab.error[0].value
