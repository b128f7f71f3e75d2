"""The second layer of the screen: what a message calls for, weighed from its meaning and its words.

A small language model that was taught what danger is reads the message, and a linear one its words; together they give
a probability for every kind of message they were trained on. The kinds are `coach`, or an action and a category such as
`crisis:self_harm`. They were trained on messages written for this project (`evals/messages`) by
`python -m evals.guard.train`, which also sets the thresholds, on messages that neither had seen.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from coach.encoder import ids, open_session
from coach.safety.idioms import plainly
from coach.safety.kept import load_kept
from coach.safety.normalise import normalise
from coach.safety.rules import Rule
from coach.schema import SEVERITY, Action, Category, Frozen, Role, Urgency, Verdict

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

VERSION = 1
FILE = f"classifier-{VERSION}.npz"
_WORD = re.compile(r"[a-z0-9]+")

Floats = npt.NDArray[np.float32]

DARK, PLAIN = 0.7, 0.15
"""How likely self-harm must be, veiled and plain together, and how likely plain, so that it counts as plain.

Decided on the splits `third` to `ninth`: five more of 707 plain messages were recognised, and eight of 580 veiled ones
were referred where they would have been asked about."""


FAMILIES: dict[str, str] = {
    "self_harm": "self_harm",
    "partner_abuse": "partner",
    "sexual_violence": "partner",
    "betrayal": "trust",
    "separation": "trust",
}
"""Categories that are weighed together; all others are the family `other`."""


def family(kind: str) -> str:
    """The family of a kind that is referred; empty for one that is not."""
    action, _, category = kind.partition(":")
    return FAMILIES.get(category, "other") if action in ("refer", "crisis", "emergency") else ""


def is_uneasy(kind: str) -> bool:
    """True for a kind that is asked about where it is likely but not sure: danger, and low spirits that may be danger.

    Nobody is asked whether they were perhaps betrayed, are perhaps parting or perhaps drink.
    """
    return kind.partition(":")[0] in ("check_in", "crisis") or kind == "refer:severe_mental_health"


class Thresholds(Frozen):
    """From which probability a verdict is raised; set by the training on messages it was not trained on."""

    refer: float
    """Of `Weighed.danger`, all families together."""
    refer_hinted: dict[str, float]
    """Of the danger of each family, where a rule hinted at it."""
    check_in: float
    """Of `Weighed.uneasy`."""
    check_in_hinted: float
    """The same where any rule fired."""
    decline: float
    emergency: float
    """That a crisis is happening now."""
    objects: float
    """That the person says they were misread."""


class Weighed(Frozen):
    """What the classifier makes of one message. Holds no text, so that it may be kept for the next turn."""

    odds: dict[str, float]
    """Probability of every kind; they add up to 1."""
    role: Role
    danger: dict[str, float]
    """Probability of what is referred, by family, each by its own weight: what few harmless messages resemble counts
    for more, so the sum may exceed 1."""
    now: float
    """Probability that it is happening now, given that it is a crisis."""
    objects: float = 0.0
    """Probability that the person says the companion misread them, given that it had just referred them."""
    fired: bool = False
    """True where any rule fired."""
    hinted: frozenset[str] = frozenset()
    """The families of danger at which rules hinted."""

    def share(self, *actions: Action) -> float:
        """Probability of any of these actions."""
        return sum(value for kind, value in self.odds.items() if kind.split(":")[0] in actions)

    @property
    def uneasy(self) -> float:
        """Probability of everything that is asked about, together."""
        return sum(value for kind, value in self.odds.items() if is_uneasy(kind))

    def likeliest(self, *actions: Action) -> Category | None:
        """The likeliest category among these actions."""
        kinds = [kind for kind in self.odds if kind.split(":")[0] in actions]
        return max(kinds, key=self.odds.__getitem__).split(":")[1] if kinds else None  # type: ignore[return-value]  # kinds end in a category


def words(text: str, firing: Sequence[Rule] = ()) -> list[str]:
    """The words of a message and its pairs of neighbouring words, in one spelling, and the rules that fire as words."""
    single = _WORD.findall(normalise(text))
    return single + [f"{one} {other}" for one, other in pairwise(single)] + [f"rule:{rule.id}" for rule in firing]


def families_hinted(firing: Sequence[Rule]) -> frozenset[str]:
    """The families of danger at which rules hint. A rule that only asks hints at none."""
    return frozenset(family(f"{rule.action}:{rule.category}") for rule in firing) - {""}


class Classifier:
    """Two models that vote: a network over the tokens, a linear one over words."""

    def __init__(self, arrays: dict[str, npt.NDArray[Any]], about: dict[str, Any]) -> None:
        """`arrays` and `about` are what `evals.guard.train` wrote; see there."""
        self._kinds: list[str] = about["kinds"]
        self._roles: list[Role] = about["roles"]
        self._meaning_share: float = about["meaning_share"]
        leaning: dict[str, float] = about["leaning"]
        self._leaning = {
            name: np.array([weight * (family(kind) == name) for kind in self._kinds])
            for name, weight in leaning.items()
        }
        self._sharpness: float = about["sharpness"]
        self.thresholds = Thresholds.model_validate(about["thresholds"])
        self._graph = arrays.pop("network").tobytes()
        vocabulary = bytes(arrays.pop("vocabulary")).decode("utf-8").split("\n")
        self._row = {term: number for number, term in enumerate(vocabulary)}
        self.known = frozenset(term for term in vocabulary if " " not in term)
        """Single words that stood in several of the messages it was trained on."""
        self._of = {name: np.ascontiguousarray(array, dtype=np.float32) for name, array in arrays.items()}

    @classmethod
    def load(cls, path: Path) -> Classifier:
        """Read the trained file.

        Raises:
            GuardNotLoaded: when it is missing or damaged.
        """
        return load_kept(path, cls)

    def weigh(self, text: str, firing: Sequence[Rule] = ()) -> Weighed:
        """What one message calls for.

        Args:
            text: the message.
            firing: the rules that fire on it.
        """
        text = plainly(text)
        of, pooled = self._of, self.pooled(text)
        meaning = _log_softmax(pooled @ of["out"] + of["out_offset"])
        rows, counted = self._counted(text, firing)
        by_words = _log_softmax(of["word_offset"] + counted @ of["word"][rows])
        both = self._meaning_share * meaning + (1 - self._meaning_share) * by_words
        odds = np.exp(_log_softmax(self._sharpness * both))
        roles = pooled @ of["role"] + of["role_offset"]
        now = _probability(pooled @ of["now"] + of["now_offset"])
        objects = _probability(pooled @ of["objects"] + counted @ of["objects_word"][rows] + of["objects_offset"])
        return Weighed(
            odds=dict(zip(self._kinds, odds.tolist(), strict=True)),
            role=self._roles[int(roles.argmax())],
            now=now,
            objects=objects,
            danger={name: float(odds @ weights) for name, weights in self._leaning.items()},
            fired=bool(firing),
            hinted=families_hinted(firing),
        )

    @cached_property
    def _network(self) -> InferenceSession:
        """Opened with the first message, since it loads a heavy library."""
        return open_session(self._graph)

    def pooled(self, text: str) -> Floats:
        """What the network makes of the tokens of a message, the highest and the mean, shape (768,)."""
        [made] = self._network.run(["pooled"], {"ids": [ids(text)]})
        return np.asarray(made[0])

    def verdict(self, weighed: Weighed, where: str = "") -> Verdict:
        """The verdict on one message that stands alone."""
        referred, at = weighed.share("refer", "crisis"), self.thresholds
        hinted = any(weighed.danger[name] >= at.refer_hinted[name] for name in weighed.hinted)
        if hinted or sum(weighed.danger.values()) >= at.refer:
            grave = weighed.share("crisis")
            if grave >= referred / 2:
                now = weighed.now >= at.emergency
                return _verdict("emergency" if now else "crisis", "now" if now else "soon", weighed, grave, where)
            return _verdict("refer", "soon", weighed, referred, where)
        plain = weighed.odds.get("crisis:self_harm", 0.0)
        if plain >= PLAIN and plain + weighed.odds.get("check_in:self_harm", 0.0) >= DARK:
            return _verdict("crisis", "soon", weighed, plain, where)
        if weighed.share("decline") >= at.decline:
            return _verdict("decline", "none", weighed, weighed.share("decline"), where)
        if weighed.uneasy >= (at.check_in_hinted if weighed.fired else at.check_in):
            return _verdict("check_in", "low", weighed, weighed.uneasy, where)
        return Verdict(action="coach", confidence=round(weighed.odds["coach"], 4))

    def is_objection(self, weighed: Weighed) -> bool:
        """True where a person who was just referred says that they were misread."""
        return weighed.objects >= self.thresholds.objects

    def _counted(self, text: str, firing: Sequence[Rule]) -> tuple[npt.NDArray[np.int64], Floats]:
        """The rows of the known words, and their weighted counts."""
        counts = Counter(row for term in words(text, firing) if (row := self._row.get(term)) is not None)
        rows = np.fromiter(counts, dtype=np.int64)
        weights = (1 + np.log(np.fromiter(counts.values(), dtype=np.float32))) * self._of["rarity"][rows]
        return rows, weights / max(float(np.linalg.norm(weights)), 1e-9)


def _verdict(action: Action, urgency: Urgency, weighed: Weighed, confidence: float, where: str) -> Verdict:
    levels: tuple[Action, ...] = ("crisis", "emergency") if SEVERITY[action] >= SEVERITY["crisis"] else (action,)
    if action == "check_in":
        # What is only uneasy is asked about in the words of what it might be.
        levels = ("check_in", "crisis")
    category = weighed.likeliest(*levels)
    return Verdict(
        action=action,
        category=category,
        role=weighed.role,
        urgency=urgency,
        confidence=round(min(confidence, 1.0), 4),
        signals=(f"classifier-{VERSION}:{action}:{category}{where}",),
    )


def _probability(log_odds: npt.NDArray[np.floating[Any]]) -> float:
    return float(1 / (1 + np.exp(-log_odds[0])))


def _log_softmax(scores: npt.NDArray[np.floating[Any]]) -> Floats:
    shifted = scores - scores.max()
    return np.asarray(shifted - np.log(np.exp(shifted).sum()), dtype=np.float32)


__all__ = ["FILE", "Classifier", "Thresholds", "Weighed", "families_hinted", "family", "is_uneasy", "words"]
