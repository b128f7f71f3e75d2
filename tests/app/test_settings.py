"""Settings, and the one question before words leave the machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from coach.settings import settings
from tests.app.conftest import screen_text
from tests.model_server import ModelServer, model_server

Opened = Callable[[], AppTest]
ASK = "We only talk about bills any more and I miss our evenings"
pytestmark = pytest.mark.filterwarnings("default::ResourceWarning", "default::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def server(app: Opened, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    with model_server() as running:
        monkeypatch.setenv("COACH_OPENAI_BASE_URL", running.address)
        monkeypatch.setenv("COACH_CHAT_MODEL", "small-model")
        settings.cache_clear()
        st.cache_resource.clear()
        yield running


def to_settings(tab: AppTest) -> AppTest:
    tab.switch_page("../pages/settings.py").run()
    assert not tab.exception
    return tab


def test_without_a_model_the_page_says_that_nothing_leaves_the_computer(app: Opened) -> None:
    assert "Nothing you write leaves this computer" in screen_text(to_settings(app()))


def test_the_country_that_is_chosen_decides_which_line_is_shown(app: Opened) -> None:
    tab = to_settings(app())
    tab.selectbox(key="country").set_value("IE").run()
    again = app()
    again.chat_input[0].set_value("I want to kill myself").run()
    assert not again.exception
    shown = "".join(str(element.proto.body) for element in again.get("html"))
    assert "116 123" in shown or "Samaritans" in shown
    assert "0800" not in shown


def test_consent_is_asked_before_anything_is_sent_and_a_no_is_kept(app: Opened, server: ModelServer) -> None:
    tab = app()
    assert "May what you write be sent" in screen_text(tab)
    assert "small-model at" in screen_text(tab)
    tab.button(key="consent-no").click().run()
    tab.chat_input[0].set_value(ASK).run()
    assert not tab.exception
    assert server.requests == []
    assert "May what you write be sent" not in screen_text(app())


def test_after_a_yes_the_model_writes_and_the_page_says_so(app: Opened, server: ModelServer) -> None:
    tab = app()
    tab.button(key="consent-yes").click().run()
    tab.chat_input[0].set_value(ASK).run()
    assert not tab.exception
    assert server.requests
    assert "Written by a language model" in screen_text(tab)


def test_consent_can_be_taken_back_at_any_time(app: Opened, server: ModelServer) -> None:
    tab = app()
    tab.button(key="consent-yes").click().run()
    to_settings(tab).button(key="consent-revoke").click().run()
    assert "nothing you write leaves this computer" in screen_text(tab)
    again = app()
    again.chat_input[0].set_value(ASK).run()
    assert server.requests == []


def test_the_connection_is_tested_in_plain_words(app: Opened, server: ModelServer) -> None:
    tab = to_settings(app())
    tab.button(key="test-connection").click().run()
    assert "It answers." in screen_text(tab)
    server.mode = "401"
    tab.button(key="test-connection").click().run()
    assert "key refused" in screen_text(tab)
    assert all(ASK not in str(request) for request in server.requests)


def test_after_the_days_budget_the_guides_answer_and_say_why(
    app: Opened, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COACH_MODEL_DAILY_TOKENS", "50")
    settings.cache_clear()
    st.cache_resource.clear()
    tab = app()
    tab.button(key="consent-yes").click().run()
    tab.chat_input[0].set_value(ASK).run()
    before = len(server.requests)
    tab.chat_input[0].set_value("And how do we thank each other more?").run()
    assert not tab.exception
    assert len(server.requests) == before
    assert "done its share for today" in screen_text(tab)
