"""The rules of the screen: regular expressions on the normalised message, kept as data with their examples."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path

import yaml
from pydantic import Field, ValidationError

from coach.errors import GuardNotLoaded
from coach.safety.normalise import normalise, unquoted
from coach.schema import Action, Category, Frozen, Role, Urgency

FILES = frozenset("betrayal health languages limits other_danger partner_abuse self_harm".split())
"""Every file of rules by name, so that one that is gone is missed and not taken for a decision."""


class Rule(Frozen):
    """One rule. It fires when any of `any` is found, all of `all` are, and none of `none`.

    A rule that settles decides by itself. One that does not is a hint: words that harmless messages use as well, so
    that the classifier, which is told of the hint, decides; without a classifier it decides all the same. `fires_on`
    and `silent_on` are messages on which it must and must not fire; the tests run them all.
    """

    id: str
    why: str
    action: Action
    category: Category
    role: Role = "self"
    urgency: Urgency = "soon"
    confidence: float = Field(default=0.9, ge=0, le=1)
    settles: bool = True
    language: str | None = None
    """Two letters of the language whose words it knows; None for English."""
    any: tuple[str, ...] = Field(min_length=1)
    all: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    fires_on: tuple[str, ...] = Field(min_length=1)
    silent_on: tuple[str, ...] = ()

    @cached_property
    def _compiled(self) -> tuple[re.Pattern[str], tuple[re.Pattern[str], ...], re.Pattern[str] | None]:
        one = re.compile("|".join(f"(?:{pattern})" for pattern in self.any))
        exceptions = re.compile("|".join(f"(?:{pattern})" for pattern in self.none)) if self.none else None
        return one, tuple(re.compile(pattern) for pattern in self.all), exceptions

    def fires(self, normalised: str) -> bool:
        """True when the rule applies to a message that has been normalised."""
        one, every, exceptions = self._compiled
        if not one.search(normalised):
            return False
        if exceptions:
            # What is excepted is taken out, and the rule must still hold for the rest: "killing me softly" excuses
            # only itself.
            rest = exceptions.sub(" ", normalised)
            if not one.search(rest):
                return False
            normalised = rest
        return all(pattern.search(normalised) for pattern in every)


class Rules:
    """All rules, the gravest first."""

    def __init__(self, rules: list[Rule]) -> None:
        self.rules = rules
        for rule in rules:
            rule.fires("")

    @classmethod
    def load(cls, folder: Path) -> Rules:
        """Read every file of the folder.

        Raises:
            GuardNotLoaded: when one is missing, damaged, or holds a pattern that cannot be compiled.
        """
        rules: list[Rule] = []
        try:
            if missing := FILES - {path.stem for path in folder.glob("*.yaml")}:
                raise GuardNotLoaded(detail=f"no {min(missing)}.yaml")
            for path in sorted(folder.glob("*.yaml")):
                shared = yaml.safe_load(path.read_text(encoding="utf-8"))
                words = shared.get("words", {})
                for entry in shared["rules"]:
                    rules.append(Rule.model_validate(_filled(entry, words)))
            if not rules:
                raise GuardNotLoaded(detail="no rules")
            return cls(rules)
        except (OSError, yaml.YAMLError, ValidationError, re.error, KeyError, TypeError, AttributeError) as error:
            raise GuardNotLoaded(detail=type(error).__name__) from error

    def firing(self, text: str) -> list[Rule]:
        """The rules that apply to a message."""
        normalised = normalise(text)
        firing = [rule for rule in self.rules if rule.fires(normalised)]
        if any(rule.category == "prompt_injection" for rule in firing):
            own = normalise(unquoted(text))
            firing = [rule for rule in firing if rule.category != "prompt_injection" or rule.fires(own)]
        return firing


def _filled(entry: dict[str, object], words: dict[str, str]) -> dict[str, object]:
    """Put the shared word groups of a file (`<partner>`) into the patterns."""

    def fill(pattern: str) -> str:
        for name, group in words.items():
            pattern = pattern.replace(f"<{name}>", f"(?:{group})")
        return pattern

    lists = ("any", "all", "none")
    return {
        key: [fill(item) for item in value] if key in lists and isinstance(value, list) else value
        for key, value in entry.items()
    }
