"""The fixed words that stand in place of coaching: by action, category and role, worded anew the second time."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import Field, ValidationError

from coach.errors import GuardNotLoaded
from coach.safety.helplines import resources_for
from coach.schema import Frozen, Referral, Verdict
from coach.settings import content_root

ANY = "any"
QUICK_EXIT = ("partner_abuse", "sexual_violence", "child_safety")
WITHOUT_LINES = ("out_of_scope", "prompt_injection", "sexual_health", "separation", "betrayal")
"""Categories in which a helpline would be out of place or is not what is needed first."""


class Words(Frozen):
    """One wording."""

    text: str = Field(min_length=20)
    question: str | None = None


class Wordings(Frozen):
    """All wordings: action -> category or category/role -> several, at least two each but where it says otherwise."""

    emergency: dict[str, tuple[Words, ...]]
    crisis: dict[str, tuple[Words, ...]]
    refer: dict[str, tuple[Words, ...]]
    check_in: dict[str, tuple[Words, ...]]
    decline: dict[str, tuple[Words, ...]]
    unknown_country: str

    def choose(self, verdict: Verdict, seen: int) -> Words:
        """The wording for a verdict when `seen` referrals came before it in this conversation."""
        by_category: dict[str, tuple[Words, ...]] = getattr(self, verdict.action)
        for key in (f"{verdict.category}/{verdict.role}", verdict.category or ANY, ANY):
            if key in by_category:
                wordings = by_category[key]
                return wordings[seen % len(wordings)]
        return by_category[ANY][0]


@lru_cache(maxsize=1)
def wordings(path: Path | None = None) -> Wordings:
    """Read `knowledge/referrals.yaml`.

    Raises:
        GuardNotLoaded: when it is missing or damaged.
    """
    file = path or content_root() / "knowledge" / "referrals.yaml"
    try:
        return Wordings.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise GuardNotLoaded(detail="referrals") from error


def refer(verdict: Verdict, country: str | None, seen: int = 0) -> Referral:
    """The referral for a verdict that is not plain coaching.

    Args:
        verdict: what the screen decided; its action must not be `coach`.
        country: two-letter code; without it the directory is given, and the country asked for.
        seen: how many referrals came before in this conversation.
    """
    if verdict.action == "coach" or verdict.category is None:
        raise ValueError("an ordinary message is not referred")
    words = wordings().choose(verdict, seen)
    resources = (
        () if verdict.category in WITHOUT_LINES and not verdict.severity >= 4 else resources_for(verdict, country)
    )
    text = words.text
    if resources and country is None:
        text = f"{text}\n\n{wordings().unknown_country}"
    return Referral(
        category=verdict.category,
        text=text,
        question=words.question,
        resources=resources,
        quick_exit=verdict.category in QUICK_EXIT and verdict.action in ("emergency", "crisis", "check_in"),
    )
