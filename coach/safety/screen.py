"""The screen: what a person's own recent turns call for, before anything else is done with them.

Two layers look at every turn: the rules, and what they leave open the classifier; where a model is configured it is a
third (`coach.replies`). A later layer only raises. It is closed on failure: what the rules recognise is referred even
when the classifier is missing, and everything else is then refused rather than coached. A danger said earlier stays
until the person has plainly said that it has passed, and even then the companion asks once.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from coach.encoder import MiniLM, Reading
from coach.errors import GuardNotLoaded
from coach.safety.classifier import FILE, Classifier, Weighed
from coach.safety.gathering import gathered
from coach.safety.language import ENGLISH, SURELY_ENGLISH, english, language_of
from coach.safety.normalise import normalise, unframed, unquoted
from coach.safety.other_languages import LANGUAGES_FILE, OtherLanguages
from coach.safety.rules import Rule, Rules
from coach.schema import SEVERITY, Verdict

log = logging.getLogger(__name__)

RECENT = 24
"""Turns looked back on."""
PAIR_LENGTH = 400
"""Two turns in a row are also read as one by the rules when together they are no longer than this."""
LEFT = 0.4
"""What must be left of a danger when a turn is read together with the one before. Chosen on the conversations `dev` to
`fifth`: of 250 turns that alarm alone in the dangerous ones 243 still do, of 42 in the harmless ones 18."""
KEPT = 4096
"""Turns whose weights are kept in memory, so that a conversation is not read anew with each message."""
NOTHING = Weighed(odds={"coach": 1.0}, role="self", danger={}, now=0)
"""Weight of a turn in which there is nothing to weigh: no letter at all."""
_SAFE_NOW = re.compile(
    r"\b(i am|im|we are|were) (safe|ok and safe|not in danger)( now| here| tonight)?\b|"
    r"\bi (called|rang|spoke (to|with)|talked to) (them|the (helpline|line|police|doctor)|samaritans|999|911|112)\b"
)
Part = TypeVar("Part")
_URGENCY = {"none": 0, "low": 1, "soon": 2, "now": 3}


class Examined(NamedTuple):
    """The verdict, and what was read of the last turn on the way to it, so that the search need not read it again."""

    verdict: Verdict
    reading: Reading | None


class _Look(NamedTuple):
    """What the layers make of one text."""

    verdict: Verdict
    settled: Verdict
    """What the rules alone have settled."""
    fired: frozenset[str]
    """Ids of the rules that fired."""
    weight: Weighed | None
    """None where the classifier did not look: the rules had settled it, or it could not."""
    reading: Reading | None


class Screen:
    """Rules and classifier, ready to use."""

    def __init__(
        self,
        rules: Rules,
        classifier: Classifier | None = None,
        encoder: Callable[[], MiniLM] | None = None,
        languages: OtherLanguages | None = None,
    ) -> None:
        self._rules = rules
        self._languages = languages
        self._classifier = classifier
        self._encoder = encoder
        self._weighed: OrderedDict[bytes, Weighed] = OrderedDict()

    @classmethod
    def load(cls, folder: Path, encoder: Callable[[], MiniLM]) -> Screen:
        """Read the rules and the classifier. A screen whose classifier is missing is made all the same: see `screen`.

        Args:
            folder: `knowledge/safety`.
            encoder: opens the language model whose states the classifier reads; called when it is first needed.

        Raises:
            GuardNotLoaded: when the rules cannot be read.
        """
        rules = Rules.load(folder)
        classifier, languages = (
            _or_none(Classifier.load, folder / FILE),
            _or_none(OtherLanguages.load, folder / LANGUAGES_FILE),
        )
        return cls(rules, classifier, encoder if classifier else None, languages)

    @property
    def whole(self) -> bool:
        """True when every layer is there."""
        return self._classifier is not None and self._languages is not None

    def screen(self, turns: Sequence[str]) -> Verdict:
        """The verdict on a person's own turns, oldest first.

        Signals name what fired and in which turn counted from the last (0); they hold no text.

        Raises:
            GuardNotLoaded: when the rules refer nothing and the classifier cannot look.
        """
        return self.examine(turns).verdict

    def examine(self, turns: Sequence[str]) -> Examined:
        """As `screen`, with what was read of the last turn."""
        recent = list(turns)[-RECENT:]
        # The oldest turn is heard after the one before it as well, or it would change when it becomes the oldest.
        before = ["", *turns][-RECENT - 1 :]
        looks = [
            self._in_context(earlier, text, f"@{back}")
            for back, earlier, text in zip(_counted_down(recent), before, recent, strict=False)
        ]
        worst = Verdict(action="coach")
        said_safe = False
        for at, (back, look) in enumerate(zip(_counted_down(recent), looks, strict=True)):
            found = look.verdict
            if at and len(recent[at - 1]) + len(recent[at]) < PAIR_LENGTH:
                found = _graver(found, self._pair(recent[at - 1], recent[at], looks[at - 1], look, back))
            if not look.fired and worst.severity >= SEVERITY["crisis"] and _SAFE_NOW.search(normalise(recent[at])):
                said_safe = True
            elif found.severity >= worst.severity and found.severity > 0:
                worst, said_safe = found, False
        reading = looks[-1].reading if looks else None
        if said_safe:
            update = {"action": "check_in", "urgency": "low", "confidence": 0.6}
            return Examined(worst.model_copy(update={**update, "signals": (*worst.signals, "said:safe")}), reading)
        if worst.refers:
            return Examined(worst, reading)
        if any(look.weight is None and not look.verdict.refers for look in looks):
            raise GuardNotLoaded(detail="classifier")
        # What was merely off limits, or asked about before, does not keep the next message from being answered.
        latest = looks[-1].verdict if worst.signals and not worst.signals[0].endswith("@0") else worst
        return Examined(_graver(latest, gathered([look.weight for look in looks if look.weight])), reading)

    def _in_context(self, before: str, text: str, where: str) -> _Look:
        """A turn, as somebody hears it who has heard the one before.

        "Alternate nights would save my life" is alarming alone and not after a baby's cry. What the classifier takes
        for danger stands only where some of it is left when it reads both turns together. What rules settle stands.
        """
        look = self._whole(text, where)
        raised = look.weight is not None and look.verdict.severity > look.settled.severity
        if not raised or look.verdict.action == "decline" or not before or len(before) + len(text) >= PAIR_LENGTH:
            return look
        both = f"{before}\n{text}"
        try:
            together, _ = self._weigh(both, self._rules.firing(both))
        except Exception as error:
            log.log(logging.ERROR, "%s", type(error).__name__)
            return look
        return look if together.left >= LEFT else look._replace(verdict=look.settled, weight=together)

    def _whole(self, text: str, where: str) -> _Look:
        """A turn; orders in it count only outside quotes, and a story that takes itself back counts as what it says."""
        look, rest, own = self._look(text, where), unframed(text), unquoted(text)
        if look.verdict.category == "prompt_injection" and own != text:
            unquoted_look = self._look(own, where)
            look = look._replace(verdict=unquoted_look.verdict, settled=unquoted_look.settled)
        if rest is None:
            return look
        real = self._look(rest, f"{where}-unframed")
        return look._replace(
            verdict=_graver(look.verdict, real.verdict),
            settled=_graver(look.settled, real.settled),
            fired=look.fired | real.fired,
        )

    def _look(self, text: str, where: str) -> _Look:
        """Both layers on one text. Without a classifier the hints of the rules settle as well."""
        try:
            firing = self._rules.firing(text)
        except Exception as error:
            log.exception("rule failed: %s", type(error).__name__)
            asked = Verdict(
                action="check_in", category="self_harm", urgency="low", confidence=0, signals=(f"error{where}",)
            )
            return _Look(asked, asked, frozenset(), NOTHING, None)
        fired = frozenset(rule.id for rule in firing)
        settled = _spoken([rule for rule in firing if rule.settles], where)
        if settled.refers:
            return _Look(settled, settled, fired, None, None)
        if not any(letter.isalpha() for letter in text):
            return _Look(settled, settled, fired, NOTHING, None)
        elsewhere = self._elsewhere(text, where)
        if elsewhere.severity:
            found = _graver(settled, elsewhere)
            return _Look(found, found, fired, NOTHING, None)
        hinted = _spoken(firing, where)
        try:
            weight, reading = self._weigh(text, firing)
        except Exception as error:
            log.log(logging.DEBUG if self._classifier is None else logging.ERROR, "%s", type(error).__name__)
            return _Look(hinted, hinted, fired, None, None)
        by_classifier = self._told(weight, where)
        # What a rule hints at and the classifier confirms, the rule says more exactly.
        confirmed = by_classifier.refers or (by_classifier.action == hinted.action == "check_in")
        raised = _graver(by_classifier, hinted) if confirmed else by_classifier
        return _Look(_graver(settled, raised), settled, fired, weight, reading)

    def _elsewhere(self, text: str, where: str) -> Verdict:
        """What a message that is not in English calls for; plain coaching for one that may be English."""
        share = english(text, self._classifier.known) if self._classifier else 1.0
        if share >= SURELY_ENGLISH:
            return Verdict(action="coach")
        found = self._languages.verdict(text, where) if self._languages else Verdict(action="coach")
        if not found.refers and share < ENGLISH:
            found = Verdict(action="decline", category="out_of_scope", signals=(f"language{where}",))
        return found.model_copy(update={"language": language_of(text)}) if found.severity else found

    def _pair(self, first: str, second: str, before: _Look, look: _Look, back: int) -> Verdict:
        """What two turns in a row say that neither says alone; an earlier danger is kept by itself, not said anew."""
        both = f"{first}\n{second}"
        try:
            new = {rule.id for rule in self._rules.firing(both)} - before.fired - look.fired
        except Exception:
            return look.verdict  # it was said of each of the two already that a rule broke
        if not new:
            return look.verdict
        together = self._look(both, f"@{back + 1}+{back}").verdict
        return together if together.severity > before.verdict.severity else look.verdict

    def _told(self, weight: Weighed, where: str) -> Verdict:
        assert self._classifier is not None  # noqa: S101 - it made the weight
        return self._classifier.verdict(weight, where)

    def _weigh(self, text: str, firing: list[Rule]) -> tuple[Weighed, Reading | None]:
        """The weight of a turn, kept by its digest; the reading only where the turn had to be read."""
        if self._classifier is None or self._encoder is None:
            raise GuardNotLoaded(detail="no classifier")
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if digest in self._weighed:
            self._weighed.move_to_end(digest)
            return self._weighed[digest], None
        reading = self._encoder().read(text)
        weight = self._weighed[digest] = self._classifier.weigh(text, reading.states, firing)
        if len(self._weighed) > KEPT:
            self._weighed.popitem(last=False)
        return weight, reading


def _or_none(load: Callable[[Path], Part], path: Path) -> Part | None:
    try:
        return load(path)
    except GuardNotLoaded as error:
        log.error("a part of the screen cannot be read (%s)", error.detail)  # noqa: TRY400 - the sentence says it
        return None


def _spoken(firing: list[Rule], where: str) -> Verdict:
    """The verdict of the gravest rule."""
    if not firing:
        return Verdict(action="coach")
    first = max(firing, key=_gravity)
    return Verdict(
        action=first.action,
        category=first.category,
        role=first.role,
        urgency=first.urgency,
        confidence=first.confidence,
        language=first.language,
        signals=tuple(f"{rule.id}{where}" for rule in firing),
    )


def _counted_down(turns: Sequence[str]) -> range:
    """Numbers of the turns counted from the last, which is 0."""
    return range(len(turns) - 1, -1, -1)


def _gravity(rule: Rule) -> tuple[int, int, float]:
    return SEVERITY[rule.action], _URGENCY[rule.urgency], rule.confidence


def _graver(one: Verdict, other: Verdict) -> Verdict:
    return other if other.severity > one.severity else one
