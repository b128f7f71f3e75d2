"""However a model fails, an answer comes within the settings' seconds, says so, and no text reaches the log."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator

import pytest

from coach.assemble import Search, companion
from coach.companion import Companion, Done, Said
from coach.replies.endpoint import ModelFailed
from coach.safety.referral import foreign
from coach.safety.way_out import NOT_MEANT
from coach.schema import Context, Turn, Verdict
from coach.settings import Settings
from tests.model_server import ModelServer, model_server

ASK = "We only talk about bills any more and I miss our evenings"
LEAVES = Context(may_leave=True)
FIRST, BETWEEN, WHOLE = 3.0, 2.0, 7.0
SLACK = 5.0
"""Seconds for a busy machine to do everything else."""
pytestmark = pytest.mark.filterwarnings("default::ResourceWarning", "default::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as running:
        yield running


@pytest.fixture
def attune(server: ModelServer, data_dir: object, search: Search, chosen: Settings) -> Companion:
    settings = chosen.model_copy(
        update={
            "chat_model": "m",
            "openai_base_url": server.address,
            "model_first_seconds": FIRST,
            "model_seconds": WHOLE,
        }
    )
    made = companion(settings, search)
    assert made.writer
    made.writer.endpoint.waits.between = BETWEEN
    return made


def test_a_model_that_works_is_shown_with_its_sources_and_what_it_took(attune: Companion) -> None:
    reply = attune.answer(ASK, LEAVES)
    assert reply.written_by == "model:m"
    assert reply.citations
    assert "[1]" in reply.text
    assert reply.written
    assert reply.written.tokens_out == 20


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("401", "key refused"),
        ("404", "unknown model"),
        ("429", "too many requests"),
        ("500", "server error"),
        ("no first word", "no first word"),
        ("malformed", "not understood"),
        ("empty", "empty"),
    ],
)
def test_a_failure_before_the_first_word_ends_in_the_guides_answer_that_says_so(
    attune: Companion, server: ModelServer, mode: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    server.mode = mode
    started = time.monotonic()
    reply = attune.answer(ASK, LEAVES)
    assert time.monotonic() - started < WHOLE + SLACK
    assert reply.written_by == "guides"
    assert reply.citations
    assert reply.text.endswith(ModelFailed.default)
    assert "bills" not in caplog.text
    assert reason in caplog.text


@pytest.mark.parametrize(
    ("mode", "reason"), [("stalled", "stalled"), ("cut off", "cut off"), ("filter", "held back by its filter")]
)
def test_a_failure_in_mid_sentence_keeps_what_was_checked_or_lets_the_guides_answer(
    attune: Companion, server: ModelServer, mode: str, reason: str
) -> None:
    server.mode = mode
    started = time.monotonic()
    reply = attune.answer(ASK, LEAVES)
    assert time.monotonic() - started < WHOLE + SLACK
    assert reply.citations
    assert reply.written
    assert reply.written.failed == reason


def test_an_endless_answer_is_ended(attune: Companion, server: ModelServer) -> None:
    server.mode = "endless"
    reply = attune.answer(ASK, LEAVES)
    assert reply.written
    assert reply.written.failed == "endless"
    assert reply.citations


def test_a_verdict_of_the_wrong_shape_lets_the_guides_answer(attune: Companion, server: ModelServer) -> None:
    server.judged = "I think this is fine!"
    assert attune.answer(ASK, LEAVES).written_by == "guides"


def test_nothing_can_be_reached(attune: Companion, server: ModelServer) -> None:
    assert attune.writer
    attune.writer.endpoint.base_url = "http://127.0.0.1:9/v1"
    reply = attune.answer(ASK, LEAVES)
    assert reply.written_by == "guides"
    assert reply.text.endswith(ModelFailed.default)


def test_a_dead_endpoint_is_left_alone_after_a_few_failures(attune: Companion, server: ModelServer) -> None:
    server.mode = "500"
    for _ in range(3):
        attune.answer(ASK, LEAVES)
    _nothing_is_under_way()
    asked = len(server.requests)
    assert attune.answer(ASK, LEAVES).written_by == "guides"
    _nothing_is_under_way()
    assert len(server.requests) == asked


def _nothing_is_under_way() -> None:
    """Waits for requests of turns that have ended already: the guard of an abandoned turn may still be asking again."""
    for thread in threading.enumerate():
        if thread.name.startswith("model-"):
            thread.join(20)


def test_without_consent_nothing_is_sent(attune: Companion, server: ModelServer) -> None:
    assert attune.answer(ASK, Context(may_leave=False)).written_by == "guides"
    assert server.requests == []


def test_danger_that_the_screen_knows_never_reaches_the_model(attune: Companion, server: ModelServer) -> None:
    assert attune.answer("I want to kill myself", LEAVES).action in ("crisis", "emergency")
    assert server.requests == []


def test_the_model_may_raise_a_verdict_and_then_does_not_speak(attune: Companion, server: ModelServer) -> None:
    server.judged = {"action": "crisis", "category": "partner_abuse"}
    reply = attune.answer(ASK, LEAVES)
    assert reply.action == "crisis"
    assert reply.referral
    assert "bedtime" not in reply.text


def test_what_the_model_saw_in_a_turn_holds_for_the_next_though_the_model_is_not_asked_again(
    attune: Companion, server: ModelServer
) -> None:
    server.judged = {"action": "crisis", "category": "partner_abuse"}
    seen = attune.answer(ASK, LEAVES).verdict
    after = Context(turns=(Turn(by="user", text=ASK, raised=seen),), may_leave=False)
    later = "what could we do tonight to feel close"
    reply = attune.answer(later, after)
    assert (reply.action, reply.verdict.category, reply.citations) == ("crisis", "partner_abuse", ())
    assert reply.verdict.signals == ("model:crisis:partner_abuse@1",)
    # A request of the first turn may still arrive now, so they are not counted.
    assert not any(later in str(request) for request in server.requests)


def test_who_says_that_the_model_misread_them_is_asked_once_and_then_coached(
    attune: Companion, server: ModelServer
) -> None:
    server.judged = {"action": "crisis", "category": "self_harm"}
    seen = attune.answer(ASK, LEAVES).verdict
    first = Turn(by="user", text=ASK, raised=seen)
    objected = attune.answer(NOT_MEANT, Context(turns=(first,)))
    assert objected.action == "check_in"
    told = Turn(by="user", text=NOT_MEANT)
    assert attune.answer("how do we take a break in an argument", Context(turns=(first, told))).action == "coach"


def test_a_referral_by_the_model_stays_in_the_language_of_the_person(attune: Companion, server: ModelServer) -> None:
    asked = "¿Qué puedo hacer para que mi esposa vuelva a hablar conmigo por las noches?"
    server.judged = {"action": "crisis", "category": "partner_abuse"}
    seen = Verdict.model_validate(attune.answer(asked, LEAVES).verdict.model_dump())
    reply = attune.answer("¿Y qué hago?", Context(turns=(Turn(by="user", text=asked, raised=seen),)))
    assert reply.text.startswith(foreign()["es"].crisis["partner_abuse"][0].text)


def test_the_model_may_not_lower_a_verdict(attune: Companion, server: ModelServer) -> None:
    server.judged = {"action": "coach", "category": "none"}
    reply = attune.answer("my husband slapped me and I hide the bruises", LEAVES)
    assert reply.action in ("crisis", "emergency")


def test_what_a_reader_stops_stays_as_far_as_it_came(attune: Companion) -> None:
    seen = []
    events = attune.respond(ASK, LEAVES)
    for event in events:
        if isinstance(event, Said):
            seen.append(event.text)
            break
        assert not isinstance(event, Done)
    events.close()  # type: ignore[attr-defined]
    assert seen


def test_what_moderation_finds_raises_the_verdict_where_the_endpoint_has_moderation(
    attune: Companion, server: ModelServer
) -> None:
    server.flagged = ["self-harm", "self-harm/intent"]
    reply = attune.answer(ASK, LEAVES)
    assert reply.action == "crisis"
    assert reply.referral
    assert reply.referral.category == "self_harm"


def test_a_film_full_of_violence_is_not_referred_by_moderation(attune: Companion, server: ModelServer) -> None:
    server.flagged = ["violence"]
    assert attune.answer(ASK, LEAVES).action == "coach"


def test_an_endpoint_without_moderation_is_asked_for_it_once(attune: Companion, server: ModelServer) -> None:
    for _ in range(3):
        assert attune.answer(ASK, LEAVES).written_by == "model:m"
        _nothing_is_under_way()
    assert sum(request["path"].endswith("/moderations") for request in server.requests) == 1


def test_a_model_reads_the_languages_that_the_screen_does_not(attune: Companion, server: ModelServer) -> None:
    asked = "¿Qué puedo hacer para que mi esposa vuelva a hablar conmigo por las noches?"
    assert attune.answer(asked, LEAVES).action == "decline"
    server.judged = {"action": "crisis", "category": "partner_abuse"}
    reply = attune.answer(asked, LEAVES)
    assert reply.action == "crisis"
    assert reply.text.startswith(foreign()["es"].crisis["partner_abuse"][0].text)


@pytest.mark.parametrize("mode", ["500", "malformed"])
def test_without_the_model_a_message_that_cannot_be_read_is_still_declined(
    attune: Companion, server: ModelServer, mode: str
) -> None:
    server.mode = mode
    assert attune.answer("Come posso parlare con mio marito senza litigare ogni volta?", LEAVES).action == "decline"
