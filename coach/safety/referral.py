"""The fixed words that stand in place of coaching: by action, category and role, worded anew the second time."""

from __future__ import annotations

import logging
from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import Field, ValidationError

from coach.errors import GuardNotLoaded
from coach.safety.answers import YES
from coach.safety.helplines import EVERYWHERE, resources_for
from coach.safety.language import OTHER
from coach.safety.way_out import MISREAD, SAFE
from coach.schema import Buttons, Frozen, Referral, Verdict
from coach.settings import content_root

log = logging.getLogger(__name__)

ANY = "any"
QUICK_EXIT = ("partner_abuse", "sexual_violence", "child_safety")
WITHOUT_LINES = ("out_of_scope", "prompt_injection", "sexual_health", "separation", "betrayal")
"""Categories in which a helpline would be out of place or is not what is needed first."""

LEFT = {SAFE: "safe", MISREAD: "misread", YES: "yes"}
"""What a person has said to the companion about the danger they spoke of: the signal, and its name in the wordings."""


class Words(Frozen):
    """One wording."""

    text: str = Field(min_length=20)
    question: str | None = None


class Wordings(Frozen):
    """All wordings: action -> category, or category/role -> several, at least two each but where it says otherwise.

    `category/safe` and `category/misread` are for somebody who has said so of themselves, and is asked all the same;
    `category/yes` for somebody who has said yes to what was asked.
    """

    emergency: dict[str, tuple[Words, ...]]
    crisis: dict[str, tuple[Words, ...]]
    refer: dict[str, tuple[Words, ...]]
    check_in: dict[str, tuple[Words, ...]]
    decline: dict[str, tuple[Words, ...]]
    unknown_country: str

    def choose(self, verdict: Verdict, seen: int) -> Words:
        """The wording for a verdict when `seen` of its action came before it in this conversation."""
        return _chosen(getattr(self, verdict.action), verdict, seen) or getattr(self, verdict.action)[ANY][0]


class Foreign(Frozen):
    """The wordings in another language: for the explicit danger that is recognised in it, and for all that is not."""

    crisis: dict[str, tuple[Words, ...]] = Field(default_factory=dict)
    decline: dict[str, tuple[Words, ...]]
    unknown_country: str
    directory: str | None = None
    """What the directory holds, in place of the note in the table."""
    buttons: Buttons = Buttons()

    def choose(self, verdict: Verdict, seen: int) -> Words | None:
        """As `Wordings.choose`; None where this language has no words for it."""
        by_category = {"crisis": self.crisis, "decline": self.decline}.get(verdict.action, {})
        return _chosen(by_category, verdict, seen)


def _chosen(by_category: dict[str, tuple[Words, ...]], verdict: Verdict, seen: int) -> Words | None:
    left = [name for signal, name in LEFT.items() if any(one.startswith(signal) for one in verdict.signals)]
    about_self = left if verdict.role in ("self", None) else []
    for key in (
        *(f"{category}/{name}" for name in about_self for category in (verdict.category, ANY)),
        f"{verdict.category}/{verdict.role}",
        verdict.category or ANY,
        ANY,
    ):
        if key in by_category:
            return by_category[key][seen % len(by_category[key])]
    return None


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


@lru_cache(maxsize=1)
def foreign(path: Path | None = None) -> dict[str, Foreign]:
    """Read `knowledge/referrals-languages.yaml`: two letters of a language, or `other`, to its wordings.

    Raises:
        GuardNotLoaded: when it is missing or damaged.
    """
    file = path or content_root() / "knowledge" / "referrals-languages.yaml"
    try:
        read = yaml.safe_load(file.read_text(encoding="utf-8"))
        return {language: Foreign.model_validate(words) for language, words in read.items()}
    except (OSError, yaml.YAMLError, ValidationError, AttributeError) as error:
        raise GuardNotLoaded(detail="referrals-languages") from error


def _foreign_to(language: str) -> Foreign | None:
    """The words of a language; None where they cannot be read, for then the English ones are better than nothing."""
    try:
        return foreign().get(language, foreign()[OTHER])
    except (GuardNotLoaded, KeyError):
        log.exception("the referrals in other languages cannot be read")
        return None


def refer(verdict: Verdict, country: str | None, seen: int = 0) -> Referral:
    """The referral for a verdict that is not plain coaching.

    Args:
        verdict: what the screen decided; its action must not be `coach`.
        country: two-letter code; without it the directory is given, and the country asked for.
        seen: how many referrals of this action came before in this conversation.
    """
    if verdict.action == "coach" or verdict.category is None:
        raise ValueError("an ordinary message is not referred")
    elsewhere = _foreign_to(verdict.language) if verdict.language else None
    translated = elsewhere.choose(verdict, seen) if elsewhere else None
    words = translated or wordings().choose(verdict, seen)
    without = verdict.category in WITHOUT_LINES and not verdict.severity >= 4 and not translated
    resources = () if without else resources_for(verdict, country)
    if elsewhere and translated and elsewhere.directory:
        of_directory = {"note": elsewhere.directory}
        resources = tuple(
            one.model_copy(update=of_directory) if one.country == EVERYWHERE else one for one in resources
        )
    text = words.text
    if resources and country is None:
        ask = elsewhere.unknown_country if elsewhere and translated else wordings().unknown_country
        text = f"{text}\n\n{ask}"
    return Referral(
        category=verdict.category,
        text=text,
        question=words.question,
        resources=resources,
        quick_exit=verdict.category in QUICK_EXIT and verdict.action in ("emergency", "crisis", "check_in"),
        buttons=elsewhere.buttons if elsewhere and translated else Buttons(),
    )
