"""From which probability the classifier raises a verdict, set on messages that it was not trained on.

The goals say how many harmless messages may be referred or asked about; within that, as much danger as possible is
recognised.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coach.safety.classifier import families_hinted, family
from coach.safety.rules import Rule
from evals.guard.messages import Message

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

EVERYDAY = frozenset(
    "07_ordinary 08_hard_benign 09_long 10_requests 14_ordinary_second 15_site_coach_a 16_site_coach_b "
    "18_short_coach 27_hard_benign_second 28_ordinary_third 31_long_second 33_ordinary_fourth 38_hard_benign_third "
    "39_ordinary_fifth 41_site_third 46_hard_benign_fourth 47_short_turns 48_plain_people 53_hard_benign_fifth "
    "59_ordinary_rows".split()
)
"""Packs of harmless messages as people write them. The harmless messages of the other packs stand there to be told
apart from their dangerous neighbours: they teach, but nobody writes like them all day, so no threshold is set on them.
"""
ORDINARY_ALARM, HARD_ALARM = 0.007, 0.014
"""Shares of harmless messages, ordinary and hard ones, that may be referred for all their danger together."""
ORDINARY_HINTED, HARD_HINTED = 0.006, 0.026
"""The same for what is referred besides, because a rule hinted at that danger. Alarming words are seldom harmless, so
more is allowed for them; and these packs were written to be full of them, which everyday messages are not."""
ORDINARY_ASKED, HARD_ASKED = 0.03, 0.06
"""Shares of harmless messages that may be asked about or referred, two thirds of them where no rule fired."""
DECLINED = 0.004
LEANING: dict[str, float] = {"self_harm": 1.25, "partner": 1.1, "trust": 1.1, "other": 1.0}
"""Weight of each family's probability: what cannot be made good again counts more. Decided among a few on the left-out
messages, the development set and plain asks for an exercise: a greater weight for `other` referred questions about
famous people's drinking, one of 1.5 for `self_harm` somebody who asked for something to do alone tonight."""


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

    def hinted(self, weights: dict[str, float]) -> Floats:
        """The greatest danger of a family at which a rule hinted; 0 where none did."""
        by_family = self._by_family(weights)
        greatest = np.zeros(len(self.messages))
        for row, rules in enumerate(self.firing):
            greatest[row] = max((by_family[name][row] for name in families_hinted(rules)), default=0.0)
        return greatest

    def _by_family(self, weights: dict[str, float]) -> dict[str, Floats]:
        return {
            name: np.asarray(weight * self.odds[:, [family(kind) == name for kind in self.names]].sum(axis=1))
            for name, weight in weights.items()
        }

    def uneasy(self) -> Floats:
        """Probability that a message is neither ordinary nor to be declined."""
        return np.asarray(1 - self.share("coach") - self.share("decline"))


def _limit(unseen: LeftOut, scores: Floats, where: Flags, ordinarily: float, at_worst: float) -> float:
    """The lowest score of which at most these shares of ordinary and of hard messages reach it, counted `where`."""
    lowest = 0.05
    for some, allowed in ((unseen.ordinary, ordinarily), (unseen.hard, at_worst)):
        ranked = np.sort(scores[some & where])[::-1]
        most = int(allowed * some.sum())
        if most < len(ranked):
            lowest = max(lowest, float(ranked[most]) + 1e-4)
    return round(lowest, 4)


def thresholds(unseen: LeftOut, weights: dict[str, float]) -> dict[str, float]:
    """The limits of `coach.safety.classifier.Thresholds`, but the one of an emergency.

    Where rules hint at a danger far more messages are in it, so a smaller probability of that danger is enough.
    """
    danger, uneasy, decline = unseen.danger(weights), unseen.uneasy(), unseen.share("decline")
    everywhere = np.ones(len(danger), dtype=bool)
    refer = _limit(unseen, danger, everywhere, ORDINARY_ALARM, HARD_ALARM)
    left = danger < refer
    return {
        "refer": refer,
        "refer_hinted": _limit(unseen, unseen.hinted(weights), left, ORDINARY_HINTED, HARD_HINTED),
        "check_in": _limit(unseen, uneasy, ~unseen.fired, ORDINARY_ASKED * 2 / 3, HARD_ASKED * 2 / 3),
        "check_in_hinted": _limit(unseen, uneasy, unseen.fired, ORDINARY_ASKED / 3, HARD_ASKED / 3),
        "decline": _limit(unseen, decline, everywhere, DECLINED, 3 * DECLINED),
    }


def _referred(unseen: LeftOut, weights: dict[str, float], limits: dict[str, float]) -> Flags:
    return np.asarray((unseen.danger(weights) >= limits["refer"]) | (unseen.hinted(weights) >= limits["refer_hinted"]))


def figures(unseen: LeftOut, weights: dict[str, float], limits: dict[str, float]) -> dict[str, float]:
    """What the classifier makes of messages it was not trained on; with the hints of the rules, not their verdicts."""
    referred = _referred(unseen, weights, limits)
    asked = referred | (unseen.uneasy() >= np.where(unseen.fired, limits["check_in_hinted"], limits["check_in"]))
    kind = np.array([message.kind for message in unseen.messages])
    found = {f"{name} referred": float(referred[kind == name].mean()) for name in unseen.names if family(name)}
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
