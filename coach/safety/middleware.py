"""The screen in front of a LangChain agent: danger is referred before the model is called, and what it says is checked.

from langchain.agents import create_agent
from coach.safety.middleware import SafetyMiddleware

agent = create_agent(model, tools, middleware=[SafetyMiddleware(country="GB")])
"""

from __future__ import annotations

from typing import Any

from langchain.agents.middleware import AgentMiddleware, AgentState, hook_config
from langchain.messages import AIMessage, HumanMessage
from langgraph.runtime import Runtime

from coach.errors import AttuneError, GuardNotLoaded
from coach.safety import refer, screen
from coach.safety.check import check_reply
from coach.schema import Referral

HELD_BACK = "I would rather not answer that as I was about to. Could you say it once more, in other words?"
"""Said in place of a model's answer that did not pass the check."""


class SafetyMiddleware(AgentMiddleware[AgentState[Any], None, Any]):
    """Stops before the model wherever a message is to be referred or declined; replaces an answer that must not go out.

    It reads the human messages of the state as one person's turns. Where the guard cannot look, the agent ends with the
    sentence that says so.
    """

    def __init__(self, country: str | None = None) -> None:
        """`country`: two-letter code, for the helplines."""
        super().__init__()
        self._country = country

    @hook_config(can_jump_to=["end"])
    def before_model(self, state: AgentState[Any], runtime: Runtime[None]) -> dict[str, Any] | None:
        """Screen the person's turns; a referral ends the run."""
        try:
            verdict = screen(_turns(state))
        except AttuneError as error:
            return _end(error.sentence)
        if not verdict.refers and verdict.action != "decline":
            return None
        seen = sum(isinstance(message, AIMessage) for message in state["messages"])
        return _end(_spoken(refer(verdict, self._country, seen)))

    @hook_config(can_jump_to=["end"])
    def after_model(self, state: AgentState[Any], runtime: Runtime[None]) -> dict[str, Any] | None:
        """Check what the model says; one that must not go out is replaced."""
        last = state["messages"][-1]
        if not isinstance(last, AIMessage) or not last.text:
            return None
        try:
            verdict = screen(_turns(state))
        except GuardNotLoaded as error:
            return _end(error.sentence, last)
        return _end(HELD_BACK, last) if check_reply(last.text, verdict) else None


def _turns(state: AgentState[Any]) -> list[str]:
    return [message.text for message in state["messages"] if isinstance(message, HumanMessage)] or [""]


def _spoken(referral: Referral) -> str:
    lines = [
        " ".join(part for part in (f"{row.name}:", row.call, row.text, row.web) if part) for row in referral.resources
    ]
    return "\n\n".join(part for part in (referral.text, "\n".join(lines), referral.question) if part)


def _end(text: str, instead: AIMessage | None = None) -> dict[str, Any]:
    """End the run with these words; a message of the same id takes the place of the one it replaces."""
    return {"messages": [AIMessage(text, id=instead.id if instead else None)], "jump_to": "end"}


__all__ = ["HELD_BACK", "SafetyMiddleware"]
