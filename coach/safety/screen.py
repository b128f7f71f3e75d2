"""The screen: what a person's own recent turns call for, before anything else is done with them.

It is closed on failure: rules that cannot be loaded raise, and one that breaks while it runs gives at least a check-in.
A verdict is only ever raised, by another rule or another turn; a danger said earlier stays until the person has plainly
said that it has passed, and even then the companion asks once.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from pathlib import Path

from coach.safety.normalise import normalise
from coach.safety.rules import Rule, Rules
from coach.schema import SEVERITY, Verdict

log = logging.getLogger(__name__)

RECENT = 24
"""Turns looked back on."""
PAIR_LENGTH = 400
"""Two turns in a row are also read as one when together they are no longer than this."""
_SAFE_NOW = re.compile(
    r"\b(i am|im|we are|were) (safe|ok and safe|not in danger)( now| here| tonight)?\b|"
    r"\bi (called|rang|spoke (to|with)|talked to) (them|the (helpline|line|police|doctor)|samaritans|999|911|112)\b"
)
_URGENCY = {"none": 0, "low": 1, "soon": 2, "now": 3}


class Screen:
    """The rules, ready to use."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules

    @classmethod
    def load(cls, folder: Path) -> Screen:
        """Read the rules.

        Raises:
            GuardNotLoaded: when they cannot be read.
        """
        return cls(Rules.load(folder))

    def screen(self, turns: Sequence[str]) -> Verdict:
        """The verdict on a person's own turns, oldest first.

        Signals name what fired and in which turn counted from the last (0); they hold no text.
        """
        recent = list(turns)[-RECENT:]
        worst = Verdict(action="coach")
        said_safe = False
        before = Verdict(action="coach")
        for back, text in zip(range(len(recent) - 1, -1, -1), recent, strict=True):
            alone = self._one(text, f"@{back}")
            found, pair = alone, f"{recent[-back - 2]}\n{text}" if back < len(recent) - 1 else ""
            if pair and len(pair) <= PAIR_LENGTH:
                # Only what neither of the two says alone: an earlier danger is kept by `worst`, not said anew.
                both = self._one(pair, f"@{back + 1}+{back}")
                found = _graver(alone, both) if both.severity > before.severity else alone
            before = alone
            if found.severity == 0 and _SAFE_NOW.search(normalise(text)):
                said_safe = worst.severity >= SEVERITY["crisis"]
                continue
            if found.severity >= worst.severity and found.severity > 0:
                worst, said_safe = found, False
        if said_safe:
            return worst.model_copy(
                update={
                    "action": "check_in",
                    "urgency": "low",
                    "confidence": 0.6,
                    "signals": (*worst.signals, "said:safe"),
                }
            )
        # A message that was merely off limits does not keep the next one from being answered.
        if worst.action in ("decline", "check_in") and worst.signals and not worst.signals[0].endswith("@0"):
            latest = self._one(recent[-1], "@0")
            return latest if latest.severity else Verdict(action="coach")
        return worst

    def _one(self, text: str, where: str) -> Verdict:
        try:
            firing = self._rules.firing(text)
        except Exception as error:
            log.exception("rule failed: %s", type(error).__name__)
            return Verdict(
                action="check_in", category="self_harm", urgency="low", confidence=0, signals=(f"error{where}",)
            )
        if not firing:
            return Verdict(action="coach")
        first = max(firing, key=_gravity)
        return Verdict(
            action=first.action,
            category=first.category,
            role=first.role,
            urgency=first.urgency,
            confidence=first.confidence,
            signals=tuple(f"{rule.id}{where}" for rule in firing),
        )


def _gravity(rule: Rule) -> tuple[int, int, float]:
    return SEVERITY[rule.action], _URGENCY[rule.urgency], rule.confidence


def _graver(one: Verdict, other: Verdict) -> Verdict:
    return other if other.severity > one.severity else one
