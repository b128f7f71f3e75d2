"""One turn, top to bottom: screen -> search -> suggest -> write -> check -> reply.

The app, the command line and the evaluations all call this. A message is stored by the caller before it comes here.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from coach.errors import AttuneError, GuardNotLoaded
from coach.exercises import Catalogue, as_heard, suggest
from coach.replies.compose import cite, compose, lift
from coach.replies.endpoint import ModelFailed
from coach.replies.generate import Draft, Writer
from coach.replies.wording import Wording
from coach.retrieval.search import Retriever
from coach.safety import Screen, refer
from coach.safety.check import check_reply
from coach.safety.referral import QUICK_EXIT
from coach.safety.way_out import DOUBTED, MISREAD, SAFE, answered
from coach.schema import (
    Citation,
    Context,
    Option,
    Passage,
    Referral,
    Reply,
    SearchResult,
    Suggestion,
    Tonight,
    Verdict,
    Written,
)

log = logging.getLogger(__name__)

QUIET_EVENING = Tonight(minutes=15, who=("together", "remote", "solo"), energy=("low",), comfort=(2,), assumed=True)
"""What is assumed for the card beside an answer while nothing is known of tonight: little strength, a light touch."""
_ASKS = re.compile(
    r"\?|\b(how|what|which|any (tips?|ideas?|advice|suggestions?)|(can|could|would|will) you|help (me|us)|give (me|us)|"
    r"tell (me|us)|show (me|us)|suggest|exercises?|tips?|advice|ideas?)\b",
    re.IGNORECASE,
)
"""That a message asks for something."""
BETRAYAL_ADVICE = "H02a"
"""The article item on help after a betrayal, cited in that referral."""


@dataclass(frozen=True)
class Screened:
    """The screen's verdict stands."""

    verdict: Verdict


@dataclass(frozen=True)
class FoundPassages:
    """What the guides hold."""

    result: SearchResult


@dataclass(frozen=True)
class Suggested:
    """What fits tonight."""

    suggestion: Suggestion


@dataclass(frozen=True)
class Said:
    """The next piece of the reply; it has passed every check."""

    text: str


@dataclass(frozen=True)
class Done:
    """The whole reply."""

    reply: Reply


Event = Screened | FoundPassages | Suggested | Said | Done


@dataclass(frozen=True)
class _Turn:
    """What is known of a turn before it is written."""

    own: list[str]
    """The person's own messages, the latest last."""
    message: str
    """What to answer: the latest, or what was meant where the latest says that it was misread."""
    verdict: Verdict
    context: Context
    result: SearchResult
    suggestion: Suggestion | None

    @property
    def option(self) -> Option | None:
        return self.suggestion.options[0] if self.suggestion else None


class Companion:
    """Answers one message at a time. Holds nothing of any person between turns."""

    def __init__(
        self,
        screen: Screen | None,
        retriever: Callable[[], Retriever],
        catalogue: Catalogue,
        wording: Wording,
        country: str | None = None,
        writer: Writer | None = None,
    ) -> None:
        self._screen = screen
        self._retriever = retriever
        self.catalogue = catalogue
        self.wording = wording
        self._country = country
        self.writer = writer

    @property
    def retriever(self) -> Retriever:
        """The search in use; opening it the first time may build the index."""
        return self._retriever()

    def screen(self, turns: list[str], raised: Sequence[Verdict | None] = ()) -> Verdict:
        """As `Screen.screen`; closed when the guard is not there.

        Raises:
            GuardNotLoaded: when the guard could not be read, or cannot look.
        """
        if self._screen is None:
            raise GuardNotLoaded
        return self._screen.screen(turns, raised)

    def respond(self, message: str, context: Context) -> Iterator[Event]:
        """The events of one turn; the last one is always `Done`."""
        before = [turn for turn in context.turns if turn.by == "user"]
        own = [turn.text for turn in before]
        try:
            verdict = self.screen([*own, message], [turn.raised for turn in before])
        except AttuneError as error:
            verdict = Verdict(action="refer", urgency="soon", confidence=0, signals=("guard:not-loaded",))
            yield Screened(verdict)
            yield from self._told(Reply(action="refer", text=error.sentence, verdict=verdict, answerable=False))
            return
        if verdict.language and verdict.action == "decline" and self.writer and context.may_leave:
            verdict = self._read_by(self.writer, [*own, message], verdict)
        yield Screened(verdict)
        if verdict.refers or verdict.action == "decline" or _only_asked(verdict, message):
            yield from self._told(self._referred(verdict, context))
            return
        latest = message
        if _objected(verdict):
            message = answered(message, own)
        small = self.wording.small(message) if verdict.action == "coach" else None
        if small:
            yield from self._told(Reply(action="coach", text=small, verdict=verdict))
            return
        result = self.retriever.search(message)
        yield FoundPassages(result)
        suggestion = self._suggested(message, verdict, context, result)
        if suggestion:
            yield Suggested(suggestion)
        turn = _Turn([*own, latest], message, verdict, context, result, suggestion)
        if self.writer and context.may_leave:
            yield from self._by_model(turn, self.writer)
        else:
            yield from self._told(self._from_guides(turn))

    def _read_by(self, writer: Writer, own: list[str], verdict: Verdict) -> Verdict:
        """The verdict on a message that is not in English, raised where a model, which reads it, sees danger in it."""
        try:
            return writer.raised(own, verdict)
        except ModelFailed as error:
            log.warning("model failed: %s", error.reason)
            return verdict

    def _by_model(self, turn: _Turn, writer: Writer) -> Iterator[Event]:
        """The reply of a model, or of the guides where it fails; the model may raise the verdict before it speaks."""
        try:
            draft = writer.start(turn.own, turn.context, turn.result, turn.option, turn.verdict)
            raised = draft.raised(turn.verdict)
        except ModelFailed as error:
            log.warning("model failed: %s", error.reason)
            yield from self._told(self._from_guides(turn, None, error.reason))
            return
        if raised.severity > turn.verdict.severity:
            yield Screened(raised)
            draft.stop()
            turn = replace(turn, verdict=raised)
            if raised.refers:
                yield from self._told(self._referred(raised, turn.context))
            else:
                yield from self._told(self._from_guides(turn, draft))
            return
        shown: list[str] = []
        failed = ""
        try:
            for piece in draft.pieces():
                shown.append(piece)
                yield Said(piece)
        except ModelFailed as error:
            failed = error.reason
            log.warning("model failed: %s", failed)
        if draft.citations:
            if failed:
                shown.append(f"\n\n{self.wording.broken_off}")
                yield Said(shown[-1])
            yield Done(self._by(writer.name, "".join(shown), turn, draft.citations, draft.written(failed)))
            return
        # Too little of it passed the gate: the guides answer, below what was shown already.
        before = "".join(shown) + "\n\n" if shown else ""
        reply = self._from_guides(turn, draft, failed)
        yield from self._pieces(("\n\n" if shown else "") + reply.text)
        yield Done(reply.model_copy(update={"text": before + reply.text}))

    def answer(self, message: str, context: Context | None = None) -> Reply:
        """The reply of one turn, without the events on the way."""
        *_, last = self.respond(message, context or Context(country=self._country))
        if not isinstance(last, Done):
            raise AttuneError(detail="turn without an end")
        return last.reply

    def tonight(self, tonight: Tonight, turns: list[str] | None = None) -> Suggestion:
        """The cards for tonight's dials; the note and the recent turns are screened first."""
        spoken = [*(turns or []), tonight.note] if tonight.note.strip() else list(turns or [])
        verdict = self.screen(spoken) if spoken or self._screen is None else Verdict(action="coach")
        return suggest(self.catalogue, tonight, verdict)

    def _referred(self, verdict: Verdict, context: Context) -> Reply:
        """The fixed words, and after a betrayal what the article says about help, cited."""
        referral = self.referral(verdict, context)
        citations: tuple[Citation, ...] = ()
        text = referral.text
        passage = self._place(BETRAYAL_ADVICE) if verdict.category == "betrayal" and verdict.action == "refer" else None
        if passage:
            gist = lift(passage)
            citations = (cite(1, passage, gist),)
            text = f"{text}\n\n{gist} [1]"
        if referral.question:
            text = f"{text}\n\n{referral.question}"
        return Reply(action=verdict.action, text=text, citations=citations, referral=referral, verdict=verdict)

    def referral(self, verdict: Verdict, context: Context) -> Referral:
        """The referral for a verdict; a second one in a conversation is worded differently."""
        seen = context.referred_before.count(verdict.action)
        return refer(verdict, context.country or self._country, seen)

    def _place(self, item: str) -> Passage | None:
        try:
            return self.retriever.covering(item)
        except AttuneError:
            # Help never waits for the search: without it the referral simply stands alone.
            return None

    def _suggested(self, message: str, verdict: Verdict, context: Context, result: SearchResult) -> Suggestion | None:
        """A card that fits tonight and belongs to the answer; any that fits, where one is asked for."""
        asked = self.wording.asks_for_a_card(message)
        if not result.answerable and not asked:
            return None
        topics = frozenset(item for found in result.found[:1] for item in found.passage.covers if result.answerable)
        tonight = context.tonight or QUIET_EVENING
        if tonight.assumed:
            tonight = as_heard(message, tonight)
        suggestion = suggest(self.catalogue, tonight, verdict, topics)
        own = tuple(option for option in suggestion.options if topics & set(option.source))
        fitting = own or (suggestion.options if asked else ())
        return suggestion.model_copy(update={"options": fitting}) if fitting else None

    def _written(self, turn: _Turn) -> Reply:
        message, verdict, result, suggestion = turn.message, turn.verdict, turn.result, turn.suggestion
        referral = self.referral(verdict, turn.context) if verdict.action == "check_in" else None
        before = (
            self.wording.put_right(asked=referral is not None) if _objected(verdict) else "",
            referral.text if referral else "",
            referral.question if referral else "",
            "" if self.retriever.by_meaning else self.wording.guides_only_words,
        )
        opening = "\n\n".join(part for part in before if part)
        if not result.answerable:
            told = self.wording.card_only if suggestion else self.wording.uncovered(message)
            return Reply(
                action=verdict.action,
                text="\n\n".join(part for part in (opening, told) if part),
                referral=referral,
                verdict=verdict,
                suggestion=suggestion.options[0] if suggestion else None,
                tonight=suggestion.tonight if suggestion else None,
                answerable=False,
            )
        draft = compose(message, result.found, self.wording, opening)
        problems = check_reply(draft.text, verdict)
        if problems:
            log.warning("composed reply held back: %s", ", ".join(problems))
            return Reply(
                action=verdict.action,
                text=opening or self.wording.uncovered(message),
                referral=referral,
                verdict=verdict,
                answerable=False,
            )
        return Reply(
            action=verdict.action,
            text=draft.text,
            citations=draft.citations,
            referral=referral,
            verdict=verdict,
            suggestion=suggestion.options[0] if suggestion else None,
            tonight=suggestion.tonight if suggestion else None,
        )

    def _from_guides(self, turn: _Turn, draft: Draft | None = None, failed: str = "") -> Reply:
        """The composed reply; where a model was to write it, with why it did not."""
        reply = self._written(turn)
        because = turn.context.guides_because or (ModelFailed.default if failed else "")
        text = "\n\n".join(part for part in (reply.text, because) if part)
        return reply.model_copy(update={"text": text, "written": draft.written(failed) if draft else None})

    @staticmethod
    def _by(name: str, text: str, turn: _Turn, citations: tuple[Citation, ...], written: Written) -> Reply:
        return Reply(
            action=turn.verdict.action,
            text=text,
            citations=citations,
            verdict=turn.verdict,
            suggestion=turn.option,
            tonight=turn.suggestion.tonight if turn.suggestion else None,
            written_by=name,
            written=written,
        )

    @staticmethod
    def _pieces(text: str) -> Iterator[Event]:
        for piece in re.split(r"(?<=\n\n)", text):
            if piece:
                yield Said(piece)

    @classmethod
    def _told(cls, reply: Reply) -> Iterator[Event]:
        yield from cls._pieces(reply.text)
        yield Done(reply)


def _objected(verdict: Verdict) -> bool:
    """True where the latest message says that it was misread, and was believed or is asked about."""
    return f"{MISREAD}@0" in verdict.signals


def _only_asked(verdict: Verdict, message: str) -> bool:
    """True where no answer stands beside the question about danger.

    Danger from a partner that was said and taken back: nothing for two is said any more. What was too plain to be
    misread: what they had written then is not answered either. Dark words that ask for nothing: a tip would mock them.
    """
    left = any(signal.startswith((SAFE, MISREAD)) for signal in verdict.signals)
    doubted = f"{DOUBTED}@0" in verdict.signals
    if verdict.action != "check_in":
        return False
    if left:
        return doubted or verdict.category in QUICK_EXIT
    return verdict.category == "self_harm" and not _ASKS.search(message)
