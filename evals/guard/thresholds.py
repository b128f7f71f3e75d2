"""From which probability the classifier raises a verdict, set on messages that it was not trained on.

The goals say how many harmless messages may be referred or asked about; within that, as much danger as possible is
recognised.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from coach.safety.classifier import families_hinted, family, is_uneasy
from coach.safety.rules import Rule
from evals.guard.messages import Message

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

EVERYDAY = frozenset(
    "07_ordinary 08_hard_benign 09_long 10_requests 14_ordinary_second 15_site_coach_a 16_site_coach_b "
    "18_short_coach 27_hard_benign_second 28_ordinary_third 31_long_second 33_ordinary_fourth 38_hard_benign_third "
    "39_ordinary_fifth 41_site_third 46_hard_benign_fourth 47_short_turns 48_plain_people 53_hard_benign_fifth "
    "59_ordinary_rows 61_closeness_questions 62_first_messages 66_core_questions 67_hard_harmless 71_short_chat "
    "74_harmless_lives 75_app_questions 76_long_third 79_chats_everyday 80_chats_interests 81_chats_sad "
    "82_chats_trust 83_chats_tempers 86_chats_world 88_chats_scenes 89_chats_practical 97_hard_harmless_second "
    "102_chats_plain 104_chat_fragments 115_harmless_plain 117_chats_everyday_second 122_ordinary_sixth".split()
)
"""Packs of harmless messages as people write them. The harmless messages of the other packs stand there to be told
apart from their dangerous neighbours: they teach, but nobody writes like them all day, so no threshold is set on them.
"""
ORDINARY_ALARM, HARD_ALARM = 0.0165, 0.0425
"""Shares of harmless messages, ordinary and hard ones, that may be referred. The goals for the whole screen are 0.01
and 0.03; what is left out is odder than what people write: with these, of the ordinary messages of the splits `third`
to `sixth` 0.009 were referred and of the hard ones 0.033. With 0.02 and 0.045 it was 0.012 and 0.036, and one betrayal
in ninety more was recognised; with 0.015 and 0.04 one in two hundred less.
"""
ORDINARY_ASKED, HARD_ASKED = 0.0125, 0.0125
"""Shares of them that may be asked about: below the goal, since a conversation has many turns."""
HINTED: dict[str, float] = {"self_harm": 0.5, "partner": 0.35, "trust": 0.35, "other": 0.35}
"""Limit of the danger of a family at which a rule hinted. Messages that were left out in turn say little of it, since
the classifier knows what their writers' hints are worth. It was decided with `LEANING`, among some twenty choices, on
the third and the fourth split and on the development set: real messages; a higher one for the others missed abuse,
betrayal and a beaten child."""
TRIED = tuple(round(0.05 * step, 2) for step in range(3, 20))
"""Limits that are tried for asking where a rule fired. Lower ones asked one hard harmless message in fifty more."""
NEVER = 10.0
DECLINED = 0.004
LEAST_DECLINED = 0.15
"""What is declined in any case only from here: below it the questions of `questions`, on hormones and brains above all,
were declined four times as often as the messages trained on."""
LEANING: dict[str, float] = {"self_harm": 1.5, "partner": 1.2, "trust": 1.2, "other": 1.3}
"""Weight of each family's probability: what cannot be made good again counts more."""


@dataclass(frozen=True)
class LeftOut:
    """Messages with the probabilities that models gave them which had not seen them."""

    messages: list[Message]
    odds: Floats
    """Shape (messages, kinds)."""
    names: list[str]
    firing: list[list[Rule]]
    """The rules that fire on each."""

    @property
    def fired(self) -> Flags:
        """Where any rule fires."""
        return np.array([bool(rules) for rules in self.firing])

    def settled(self, *actions: str) -> Flags:
        """Where a rule settles it with one of these actions."""
        return np.array([any(one.settles and one.action in actions for one in rules) for rules in self.firing])

    @property
    def hard(self) -> Flags:
        """Harmless, full of alarming words."""
        return np.asarray(self._harmless & np.array([message.tier == "hard" for message in self.messages]))

    @property
    def ordinary(self) -> Flags:
        """Harmless otherwise."""
        return np.asarray(self._harmless & ~self.hard)

    @property
    def _harmless(self) -> Flags:
        return np.array([message.action == "coach" and message.pack in EVERYDAY for message in self.messages])

    def share(self, *actions: str) -> Floats:
        """Probability of these actions together, for every message."""
        return np.asarray(self.odds[:, [name.split(":")[0] in actions for name in self.names]].sum(axis=1))

    def danger(self, weights: dict[str, float]) -> Floats:
        """As `coach.safety.classifier.Weighed.danger`, all families together."""
        return sum(self._by_family(weights).values(), np.zeros(len(self.messages)))

    def hinted(self, weights: dict[str, float], least: dict[str, float]) -> Flags:
        """Where a rule hinted at a family of danger that reaches its limit."""
        by_family = self._by_family(weights)
        return np.array(
            [
                any(by_family[name][row] >= least[name] for name in families_hinted(rules))
                for row, rules in enumerate(self.firing)
            ]
        )

    def _by_family(self, weights: dict[str, float]) -> dict[str, Floats]:
        return {
            name: np.asarray(weight * self.odds[:, [family(kind) == name for kind in self.names]].sum(axis=1))
            for name, weight in weights.items()
        }

    def uneasy(self) -> Floats:
        """As `coach.safety.classifier.Weighed.uneasy`."""
        return np.asarray(self.odds[:, [is_uneasy(name) for name in self.names]].sum(axis=1))


def thresholds(unseen: LeftOut, weights: dict[str, float]) -> dict[str, Any]:
    """The limits of `coach.safety.classifier.Thresholds`, but the one of an emergency."""
    danger, uneasy, decline = unseen.danger(weights), unseen.uneasy(), unseen.share("decline")
    settled = unseen.settled("refer", "crisis", "emergency")
    allowed = [
        (unseen.ordinary, int(ORDINARY_ALARM * unseen.ordinary.sum())),
        (unseen.hard, int(HARD_ALARM * unseen.hard.sum())),
    ]
    certain = settled | unseen.hinted(weights, HINTED)
    refer = _lowest(danger, certain, allowed) or NEVER

    referred = certain | (danger >= refer)
    allowed = [
        (unseen.ordinary & ~referred, int(ORDINARY_ASKED * unseen.ordinary.sum())),
        (unseen.hard & ~referred, int(HARD_ASKED * unseen.hard.sum())),
    ]
    veiled = np.array([message.action == "check_in" for message in unseen.messages])
    already = referred | unseen.settled("check_in")
    check_in, check_in_hinted = _limits(uneasy, np.where(unseen.fired, uneasy, 0), already, allowed, veiled)

    allowed = [
        (unseen.ordinary, int(DECLINED * unseen.ordinary.sum())),
        (unseen.hard, int(3 * DECLINED * unseen.hard.sum())),
    ]
    nowhere = np.zeros(len(decline), dtype=bool)
    return {
        "refer": refer,
        "refer_hinted": HINTED,
        "check_in": check_in,
        "check_in_hinted": check_in_hinted,
        "decline": max(_lowest(decline, nowhere, allowed) or NEVER, LEAST_DECLINED),
    }


Allowed = list[tuple[Flags, int]]
"""Harmless messages, and how many of them may be found."""


def _limits(scores: Floats, hinted: Floats, already: Flags, allowed: Allowed, wanted: Flags) -> tuple[float, float]:
    """The limits of the score, and of the score where a rule hinted, that together find most of what is wanted.

    What rules have settled `already` is found in any case.
    """
    best, found_best = (NEVER, NEVER), -1.0
    for least in TRIED:
        found = already | (hinted >= least)
        limit = _lowest(scores, found, allowed)
        if limit is None:
            continue
        share = float((found | (scores >= limit))[wanted].mean())
        if share > found_best:
            best, found_best = (limit, least), share
    return best


def _lowest(scores: Floats, found: Flags, allowed: Allowed) -> float | None:
    """The lowest score from which no more are found than allowed; None where `found` alone are too many."""
    lowest = 0.05
    for some, most in allowed:
        left = most - int((found & some).sum())
        if left < 0:
            return None
        ranked = np.sort(scores[some & ~found])[::-1]
        if left < len(ranked):
            lowest = max(lowest, float(ranked[left]) + 1e-4)
    return round(lowest, 4)


def _referred(unseen: LeftOut, weights: dict[str, float], limits: dict[str, Any]) -> Flags:
    return np.asarray((unseen.danger(weights) >= limits["refer"]) | unseen.hinted(weights, limits["refer_hinted"]))


def figures(unseen: LeftOut, weights: dict[str, float], limits: dict[str, Any]) -> dict[str, float]:
    """What the classifier makes of messages it was not trained on; with the hints of the rules, not their verdicts."""
    referred = _referred(unseen, weights, limits)
    asked = referred | (unseen.uneasy() >= np.where(unseen.fired, limits["check_in_hinted"], limits["check_in"]))
    kind = np.array([message.kind for message in unseen.messages])
    there = [name for name in unseen.names if family(name) and (kind == name).any()]
    found = {f"{name} referred": float(referred[kind == name].mean()) for name in there}
    return found | {
        "check_in:self_harm asked": float(asked[kind == "check_in:self_harm"].mean()),
        "ordinary referred": float(referred[unseen.ordinary].mean()),
        "hard referred": float(referred[unseen.hard].mean()),
    }


def calibration_error(odds: Floats, right: npt.NDArray[np.int64], bins: int = 10) -> float:
    """Expected calibration error: mean distance between how sure and how often right, over equal bins."""
    sure, hit = odds.max(axis=1), odds.argmax(axis=1) == right
    which = np.minimum((sure * bins).astype(int), bins - 1)
    gaps = [
        abs(sure[which == one].mean() - hit[which == one].mean()) * (which == one).mean()
        for one in range(bins)
        if (which == one).any()
    ]
    return float(sum(gaps))
