"""The screen in front of a LangChain agent: the model is not called for danger, and what it says is checked."""

from __future__ import annotations

from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from pydantic import Field

from coach.errors import GuardNotLoaded
from coach.safety import middleware
from coach.safety.middleware import HELD_BACK, SafetyMiddleware


class Counting(GenericFakeChatModel):
    """A model that says one thing and counts how often it was asked."""

    asked: list[int] = Field(default_factory=list)

    def _generate(self, *args: Any, **more: Any) -> Any:
        self.asked.append(1)
        return super()._generate(*args, **more)


def run(said: list[str], answer: str) -> tuple[str, int]:
    model = Counting(messages=iter([AIMessage(answer)]), asked=[])
    agent = create_agent(model, [], middleware=[SafetyMiddleware(country="GB")])
    ended = agent.invoke({"messages": [("user", text) for text in said]})
    return ended["messages"][-1].text, len(model.asked)


def test_an_ordinary_message_reaches_the_model() -> None:
    assert run(["How do we listen better?"], "Take turns, five minutes each.") == ("Take turns, five minutes each.", 1)


def test_danger_is_referred_and_the_model_never_asked() -> None:
    text, asked = run(["i want to kill myself"], "Have you tried yoga?")
    assert asked == 0
    assert "116 123" in text


def test_danger_said_a_turn_ago_still_keeps_the_model_out() -> None:
    text, asked = run(["i want to kill myself", "anyway, a date idea?"], "Try a picnic!")
    assert asked == 0
    assert "picnic" not in text


def test_an_answer_that_must_not_go_out_is_replaced() -> None:
    text, _ = run(["How do we listen better?"], "Your husband is clearly a narcissist.")
    assert text == HELD_BACK


def test_without_the_guard_nothing_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(said: object) -> object:
        raise GuardNotLoaded

    monkeypatch.setattr(middleware, "screen", broken)
    text, asked = run(["How do we listen better?"], "Take turns.")
    assert (text, asked) == (GuardNotLoaded.default, 0)
