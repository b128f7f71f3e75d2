"""The screen: what a person's own recent turns call for, before anything else is done with them.

Two layers look at every turn: the rules, and what they leave open the classifier; where a model is configured it is a
third (`coach.replies`), and what it saw in a turn is handed in with the turns that follow. A later layer only raises.
It is closed on failure: what the rules recognise is referred even when the classifier is missing, and everything else
is then refused rather than coached. A danger said earlier stays until the person has plainly said that it has passed,
and even then the companion asks. Who says that they were misread is believed, but for a crisis that is sure.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from coach.errors import GuardNotLoaded
from coach.safety.answers import only_answers, replied
from coach.safety.classifier import FILE, Classifier, Weighed
from coach.safety.foreign import Foreign
from coach.safety.gathering import gathered
from coach.safety.normalise import unframed, unquoted
from coach.safety.other_languages import LANGUAGES_FILE, OtherLanguages
from coach.safety.parts import parts
from coach.safety.remembered import Remembered
from coach.safety.rules import Rule, Rules
from coach.safety.way_out import DOUBTED, MISREAD, SAFE, objection, says_safe, still_there
from coach.schema import BY_A_MODEL, SEVERITY, Verdict

log = logging.getLogger(__name__)

RECENT = 24
"""Turns looked back on."""
PAIR_LENGTH = 400
"""Two turns in a row are also read as one by the rules when together they are no longer than this."""
UNFINISHED_LENGTH = 160
"""The classifier reads two turns as one when they are no longer than this and the first ends without a stop."""
PAIR_SURE = 0.95
"""How sure it must be then: two harmless turns, read as one, say things that nobody said."""
PART_SURE = 0.98
"""How sure it must be of one sentence of a long message. Of 250 messages that hide a danger among six harmless ones 189
were referred with it, and 90 without; of 250 made of harmless ones none."""
YOUNG = "minor"
"""The rule that recognises somebody who says they are under age."""
NOTHING = Weighed(odds={"coach": 1.0}, role="self", danger={}, now=0)
"""Weight of a turn in which there is nothing to weigh: no letter at all."""
SURE = 0.9
"""A crisis of which the classifier is this sure is not taken back by a word, nor is one that a rule settled."""
Part = TypeVar("Part")
_URGENCY = {"none": 0, "low": 1, "soon": 2, "now": 3}


class _Look(NamedTuple):
    """What the layers make of one text."""

    verdict: Verdict
    fired: frozenset[str]
    """Ids of the rules that fired."""
    weight: Weighed | None
    """None where the classifier did not look: the rules had settled it, or it could not."""


class Screen:
    """Rules and classifier, ready to use."""

    def __init__(
        self,
        rules: Rules,
        classifier: Classifier | None = None,
        languages: OtherLanguages | None = None,
    ) -> None:
        self._rules = rules
        self._languages = languages
        self._foreign = Foreign(languages, classifier.known) if classifier else None
        self._classifier = classifier
        self._weighed: Remembered[Weighed] = Remembered()
        self._fired: Remembered[list[Rule]] = Remembered()

    @classmethod
    def load(cls, folder: Path) -> Screen:
        """Read the rules and the classifier. A screen whose classifier is missing is made all the same: see `screen`.

        Args:
            folder: `knowledge/safety`.

        Raises:
            GuardNotLoaded: when the rules cannot be read.
        """
        rules = Rules.load(folder)
        classifier, languages = (
            _or_none(Classifier.load, folder / FILE),
            _or_none(OtherLanguages.load, folder / LANGUAGES_FILE),
        )
        return cls(rules, classifier, languages)

    @property
    def whole(self) -> bool:
        """True when every layer is there."""
        return self._classifier is not None and self._languages is not None

    def screen(self, turns: Sequence[str], raised: Sequence[Verdict | None] = ()) -> Verdict:
        """The verdict on a person's own turns.

        Signals name what fired and in which turn counted from the last (0); they hold no text.

        Args:
            turns: a person's own, oldest first.
            raised: for each of them, as far as known, what a language model raised the verdict to.

        Raises:
            GuardNotLoaded: when the rules refer nothing and the classifier cannot look.
        """
        recent = list(turns)[-RECENT:]
        known = [*raised, *[None] * (len(turns) - len(raised))][-RECENT:]
        looks = [self._whole(text, f"@{back}") for back, text in zip(_counted_down(recent), recent, strict=True)]
        worst, asked, since = Verdict(action="coach"), "", 0
        taken_back, asked_before = None, None
        for at, (back, look) in enumerate(zip(_counted_down(recent), looks, strict=True)):
            found, taken_back = look.verdict, None
            if at and len(recent[at - 1]) + len(recent[at]) < PAIR_LENGTH:
                found = _graver(found, self._pair(recent[at - 1], recent[at], looks[at - 1], look, back))
                if at > 1 and _unfinished(recent[at - 2], recent[at - 1]) and not looks[at - 2].verdict.refers:
                    begun = f"{recent[at - 2]} {recent[at - 1]}"
                    found = _graver(found, self._pair(begun, recent[at], looks[at - 1], look, back))
            if asked_before:
                found = _graver(found, replied(asked_before, recent[at], back))
            if by_model := known[at]:
                found = _graver(found, _said_back(by_model, back, found.language))
            if worst.refers and self._objects(recent[at], look):
                if _sure(worst):
                    asked = f"{DOUBTED}@{back}"
                else:
                    taken_back, worst, since = _taken_back(worst), Verdict(action="coach"), at + 1
            elif not look.fired and worst.severity >= SEVERITY["crisis"] and says_safe(recent[at]):
                asked = f"{SAFE}@{back}"
            elif found.severity >= worst.severity and found.severity > 0:
                worst, asked = found, ""
            asked_before = next((one for one in (taken_back, found) if one and one.action == "check_in"), None)
        if taken_back or worst.refers:
            return taken_back or (_asking(worst, asked) if asked else worst)
        if any(look.weight is None and not look.verdict.refers for look in looks):
            raise GuardNotLoaded(detail="classifier")
        # What was merely off limits, or asked about before, does not keep the next message from being answered.
        latest = looks[-1].verdict if worst.signals and not worst.signals[0].endswith(("@0", "+0")) else worst
        # Whoever is not of age does not come of age by the next message.
        young = [look.verdict for look in looks if look.verdict.category == "minor_user" and YOUNG in look.fired]
        latest = _graver(latest, young[-1]) if young else latest
        return _graver(latest, gathered([look.weight for look in looks[since:] if look.weight]))

    def _objects(self, text: str, look: _Look) -> bool:
        """True where a person says that they were misread, in plain words or in words that the classifier knows."""
        if still_there(text) or only_answers(text):
            return False
        rest = objection(text)
        if rest is not None:
            return not any(letter.isalpha() for letter in rest) or self._look(rest, "").verdict.severity == 0
        return bool(self._classifier and look.weight and self._classifier.is_objection(look.weight))

    def _whole(self, text: str, where: str) -> _Look:
        """A turn; orders in it count only outside quotes, and a story that takes itself back counts as what it says."""
        look, rest, own = self._look(text, where), unframed(text), unquoted(text)
        if look.verdict.category == "prompt_injection" and own != text:
            look = look._replace(verdict=self._look(own, where).verdict)
        if rest is None:
            return look
        real = self._look(rest, f"{where}-unframed")
        return look._replace(verdict=_graver(look.verdict, real.verdict), fired=look.fired | real.fired)

    def _look(self, text: str, where: str) -> _Look:
        """Both layers on one text. Without a classifier the hints of the rules settle as well."""
        try:
            firing = self._firing(text)
        except Exception as error:
            log.exception("rule failed: %s", type(error).__name__)
            asked = Verdict(
                action="check_in", category="self_harm", urgency="low", confidence=0, signals=(f"error{where}",)
            )
            return _Look(asked, frozenset(), NOTHING)
        fired = frozenset(rule.id for rule in firing)
        settled = _spoken([rule for rule in firing if rule.settles], where)
        if settled.language and self._foreign:
            settled = _told_elsewhere(self._foreign, settled, text, where)
        if settled.refers:
            return _Look(settled, fired, None)
        if not any(letter.isalpha() for letter in text):
            return _Look(settled, fired, NOTHING)
        elsewhere = self._foreign.verdict(text, where) if self._foreign else Verdict(action="coach")
        if elsewhere.severity:
            found = _graver(settled, elsewhere)
            return _Look(found, fired, NOTHING)
        hinted = _spoken(firing, where)
        try:
            weight = self._weigh(text, firing)
        except Exception as error:
            log.log(logging.DEBUG if self._classifier is None else logging.ERROR, "%s", type(error).__name__)
            return _Look(hinted, fired, None)
        by_classifier = self._told(weight, where)
        # What a rule hints at and the classifier confirms, the rule says more exactly.
        confirmed = by_classifier.refers or (by_classifier.action == hinted.action == "check_in")
        raised = _graver(by_classifier, hinted) if confirmed else by_classifier
        found = _graver(settled, raised)
        return _Look(found if found.refers else _graver(found, self._in_parts(text, where)), fired, weight)

    def _in_parts(self, text: str, where: str) -> Verdict:
        """The gravest of what the classifier is sure of in one sentence of a long message."""
        gravest = Verdict(action="coach")
        for part in parts(text):
            told = self._told(self._weigh(part, self._firing(part)), where)
            if told.refers and told.confidence >= PART_SURE:
                gravest = _graver(gravest, told)
        return gravest

    def _pair(self, first: str, second: str, before: _Look, look: _Look, back: int) -> Verdict:
        """What two turns in a row say that neither says alone; an earlier danger is kept by itself, not said anew."""
        both = f"{first}\n{second}"
        try:
            new = {rule.id for rule in self._firing(both)} - before.fired - look.fired
        except Exception:
            return look.verdict  # it was said of each of the two already that a rule broke
        if not new and not _unfinished(first, second):
            return look.verdict
        together = self._look(both, f"@{back + 1}+{back}").verdict
        if not new and together.confidence < PAIR_SURE:
            return look.verdict
        return together if together.severity > before.verdict.severity else look.verdict

    def _told(self, weight: Weighed, where: str) -> Verdict:
        assert self._classifier is not None  # noqa: S101 - it made the weight
        return self._classifier.verdict(weight, where)

    def _firing(self, text: str) -> list[Rule]:
        kept = self._fired.get(text)
        return self._fired.put(text, self._rules.firing(text)) if kept is None else kept

    def _weigh(self, text: str, firing: list[Rule]) -> Weighed:
        """The weight of a turn, kept by its digest."""
        if self._classifier is None:
            raise GuardNotLoaded(detail="no classifier")
        kept = self._weighed.get(text)
        return self._weighed.put(text, self._classifier.weigh(text, firing)) if kept is None else kept


def _or_none(load: Callable[[Path], Part], path: Path) -> Part | None:
    try:
        return load(path)
    except GuardNotLoaded as error:
        log.error("a part of the screen cannot be read (%s)", error.detail)  # noqa: TRY400 - the sentence says it
        return None


def _unfinished(first: str, second: str) -> bool:
    """True where a person may have sent one sentence as two messages."""
    return len(first) + len(second) <= UNFINISHED_LENGTH and not first.rstrip().endswith((".", "!", "?", "…"))


def _sure(verdict: Verdict) -> bool:
    """True for a crisis that a rule settled, or of which the classifier is sure."""
    weighed = all(signal.startswith(("classifier-", *BY_A_MODEL)) for signal in verdict.signals)
    return verdict.severity >= SEVERITY["crisis"] and (not weighed or verdict.confidence >= SURE)


def _said_back(verdict: Verdict, back: int, language: str | None) -> Verdict:
    """A verdict on the latest turn, once that turn is `back` turns old; the language is not kept with verdicts."""
    signals = tuple(f"{signal[:-1]}{back}" if signal.endswith("@0") else signal for signal in verdict.signals)
    return verdict.model_copy(update={"signals": signals, "language": language})


def _asking(verdict: Verdict, because: str) -> Verdict:
    """The same danger, asked about instead of referred."""
    return verdict.model_copy(
        update={"action": "check_in", "urgency": "low", "confidence": 0.6, "signals": (*verdict.signals, because)}
    )


def _taken_back(verdict: Verdict) -> Verdict:
    """What becomes of a verdict when the person says it was misread: a crisis is asked about once, the rest is left."""
    if verdict.severity >= SEVERITY["crisis"]:
        return _asking(verdict, f"{MISREAD}@0")
    return Verdict(action="coach", signals=(f"{MISREAD}@0",))


def _told_elsewhere(foreign: Foreign, settled: Verdict, text: str, where: str) -> Verdict:
    """What a rule of another language settled, with who speaks and what of, which the letters tell more exactly."""
    if foreign.in_english(text):
        # Said in another language inside an English message: somebody else's words.
        return _graver(foreign.repeated(text, where), settled.model_copy(update={"language": None}))
    told = foreign.danger(text, where)
    return told.model_copy(update={"language": settled.language}) if told.refers else settled


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
