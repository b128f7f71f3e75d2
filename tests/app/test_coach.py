"""What a coach of several couples sees, with accounts: whose card it is, one couple at a time, and a way to stop."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from coach.exercises import suggest
from coach.people.accounts import add_by_owner
from coach.people.couples import accept, invite
from coach.people.limiter import Limiter
from coach.schema import Tonight
from coach.store import Store
from coach.store.accounts import say_adult
from coach.store.consents import COACH_SEES, record
from coach.store.sessions import keep_session
from tests.app.conftest import screen_text

Opened = Callable[[], AppTest]
PASSWORD = "a quiet evening"


@pytest.fixture
def held(app: Opened, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Anna and Dora, each of whom asked for a card and agreed to Carla, who sits at the screen."""
    from coach.ui.parts.frame import companion, store

    limiter, kept = Limiter(), store()
    carla = add_by_owner(kept, "Carla", PASSWORD)
    say_adult(kept, carla)
    for name in ("Anna", "Dora"):
        who = add_by_owner(kept, name, PASSWORD)
        accept(kept, limiter, carla, invite(kept, who, "coach"))
        keep_session(kept, who, suggest(companion().catalogue, Tonight()), f"asked by {name.lower()}")
        record(kept, who, "coach", COACH_SEES, given=True)
    monkeypatch.setattr("coach.ui.door.gate.identified", lambda: carla)
    return kept


def to(tab: AppTest, page: str) -> AppTest:
    tab.switch_page(f"../pages/{page}.py").run()
    assert not tab.exception
    return tab


def test_every_card_says_whose_it_is(app: Opened, held: Store) -> None:
    text = screen_text(to(app(), "review"))
    assert "**For:** Anna" in text
    assert "**For:** Dora" in text


def test_one_couple_can_be_looked_at_alone(app: Opened, held: Store) -> None:
    tab = to(app(), "review")
    whose = tab.selectbox(key="review-whose")
    assert whose.options == ["Anna", "Dora"]
    whose.select("Dora").run()
    text = screen_text(tab)
    assert "asked by dora" in text
    assert "asked by anna" not in text


def test_a_coach_can_stop_coaching_one_of_them(app: Opened, held: Store) -> None:
    tab = to(app(), "people")
    assert "Whom you coach" in screen_text(tab)
    next(button for button in tab.button if button.label == "Stop now").click().run()
    assert not tab.exception
    text = screen_text(to(app(), "review"))
    assert "asked by dora" in text
    assert "asked by anna" not in text
