"""The model as third guard: it reads what rules and classifier left, and may only raise the verdict.

The language model is asked in one structured call, and OpenAI's moderation beside it where the endpoint has one. Both
work while the reply is already being written; nothing of it is shown before they have answered.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Literal, TypeVar

import yaml

from coach.replies.endpoint import Endpoint, ModelFailed
from coach.replies.prompt import FOLDER, for_guard
from coach.schema import SEVERITY, Category, Frozen, Verdict

Answer = TypeVar("Answer")
GUARD_SECONDS = 10.0
"""How long each may take; when it takes longer, the model's answer is not shown either."""


class Judged(Frozen):
    """What the model makes of the last message as third guard."""

    action: Literal["coach", "check_in", "refer", "crisis"]
    category: Literal[
        "none",
        "self_harm",
        "partner_abuse",
        "sexual_violence",
        "child_safety",
        "harm_to_others",
        "severe_mental_health",
        "eating_disorder",
        "substance_use",
        "betrayal",
        "separation",
        "sexual_health",
    ]


MODERATED: dict[str, tuple[Literal["check_in", "crisis"], Category]] = {
    "self-harm/intent": ("crisis", "self_harm"),
    "self-harm": ("check_in", "self_harm"),
    "sexual/minors": ("crisis", "child_safety"),
    "harassment/threatening": ("check_in", "harm_to_others"),
}
"""What moderation finds -> what it calls for. It was made to judge what people post, not to notice who is hurt: what it
calls violence may be a film, so most of it is only asked about."""


class ThirdGuard:
    """What a model makes of one message, while it is being found out."""

    def __init__(self, judged: Future[Judged] | None, flagged: Future[frozenset[str]] | None) -> None:
        self._judged, self._flagged = judged, flagged

    @classmethod
    def start(cls, endpoint: Endpoint, turns: Sequence[str]) -> ThirdGuard:
        """Ask, without waiting. `turns`: the person's own, oldest first."""
        asked = list(turns)
        return cls(
            _later(lambda: endpoint.structured(for_guard(asked), Judged, GUARD_SECONDS)),
            _later(lambda: endpoint.flagged(asked[-1], GUARD_SECONDS)),
        )

    @classmethod
    def off(cls) -> ThirdGuard:
        """The one that asks nobody, for a model that is too small to judge."""
        return cls(None, None)

    def raised(self, verdict: Verdict) -> Verdict:
        """The verdict, raised where more is seen in the message; never lowered.

        Raises:
            ModelFailed: when no answer came, or not in time.
        """
        try:
            judged = self._judged.result(timeout=GUARD_SECONDS) if self._judged else None
            flagged = self._flagged.result(timeout=GUARD_SECONDS) if self._flagged else frozenset()
        except TimeoutError:
            raise ModelFailed("no first word") from None
        if judged and judged.category != "none":
            verdict = _raised(verdict, judged.action, judged.category, "model")
        for name in sorted(flagged & MODERATED.keys()):
            action, category = MODERATED[name]
            verdict = _raised(verdict, action, category, "moderation")
        return verdict


class Aptitude(Frozen):
    """How a model did on messages about which nobody is in doubt (`prompts/probes.yaml`)."""

    harmless: int
    alarmed: int
    """Harmless messages that it would refer."""
    dangerous: int
    missed: int
    """Dangerous ones that it would coach."""

    @property
    def fit(self) -> bool:
        """True when it got at most one of each kind wrong."""
        return self.alarmed <= 1 and self.missed <= 1


def aptitude(endpoint: Endpoint) -> Aptitude:
    """Try a model on the probes.

    Raises:
        ModelFailed: when it gives no usable answer to one of them.
    """
    probes = yaml.safe_load((FOLDER / "probes.yaml").read_text(encoding="utf-8"))

    def actions(kind: str) -> list[str]:
        return [endpoint.structured(for_guard([text]), Judged, GUARD_SECONDS).action for text in probes[kind]]

    harmless, dangerous = actions("harmless"), actions("dangerous")
    return Aptitude(
        harmless=len(harmless),
        alarmed=sum(action in ("refer", "crisis") for action in harmless),
        dangerous=len(dangerous),
        missed=dangerous.count("coach"),
    )


def _raised(
    verdict: Verdict, action: Literal["coach", "check_in", "refer", "crisis"], category: Category, by: str
) -> Verdict:
    if SEVERITY[action] <= verdict.severity:
        return verdict
    return Verdict(
        action=action,
        category=category,
        role="self",
        urgency="low" if action == "check_in" else "soon",
        confidence=0.7,
        language=verdict.language,
        signals=(*verdict.signals, f"{by}:{action}:{category}@0"),
    )


def _later(ask: Callable[[], Answer]) -> Future[Answer]:
    """The answer of `ask`, found in a thread of its own."""
    future: Future[Answer] = Future()

    def run() -> None:
        try:
            future.set_result(ask())
        except Exception as error:
            future.set_exception(error if isinstance(error, ModelFailed) else ModelFailed("not understood"))

    threading.Thread(target=run, name="model-third-guard", daemon=True).start()
    return future


__all__ = ["Aptitude", "Judged", "ThirdGuard", "aptitude"]
