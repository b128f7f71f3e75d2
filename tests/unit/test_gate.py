"""The gate: what a model says appears only with a passage behind it, and some things never do."""

from __future__ import annotations

import pytest

from coach.encoder import minilm
from coach.replies.gate import Gate
from coach.replies.support import Support
from coach.schema import Found, Passage, Verdict
from coach.settings import Settings

TEXT = (
    "A bedtime check-in is a few quiet minutes in which you tell each other how the day felt. Two feeling words each "
    "are enough. On very tired nights, a number from one to ten will do, and 15 minutes are the most."
)
PASSAGE = Passage(
    id="p", guide="g", guide_title="G", kind="companion", section="s", title="At bedtime", lines=(1, 3), text=TEXT
)


@pytest.fixture
def gate(chosen: Settings) -> Gate:
    encoder = minilm(chosen.data_dir / "models")
    return Gate([Found(passage=PASSAGE, score=0.9)], Support(encoder), Verdict(action="coach"), None, ["The Long Walk"])


def through(gate: Gate, text: str) -> str:
    return "".join(gate.pass_through(text))


def test_a_first_line_that_is_no_sentence_is_not_taken_for_what_was_heard(gate: Gate) -> None:
    assert through(gate, "The last message\n\nThat sounds tiring.") == "That sounds tiring."
    assert [dropped.why for dropped in gate.dropped] == ["cites nothing"]


@pytest.mark.parametrize("asked", ["¿Qué te gustaría oír esta noche?", "ماذا تحب أن تسمع الليلة؟"])
def test_a_question_in_the_persons_own_language_needs_no_passage(gate: Gate, asked: str) -> None:
    assert through(gate, f"That sounds tiring.\n\n{asked}") == f"That sounds tiring.\n\n{asked}"


def test_a_supported_point_passes_letter_by_letter(gate: Gate) -> None:
    said = "That sounds tiring.\n\nA few quiet minutes at bedtime let you tell each other how the day felt [1]."
    assert through(gate, said) == said.replace("felt [1].", "felt. [1]")
    assert gate.cited
    assert gate.dropped == []


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("Tell each other how the day felt at bedtime [7].", "cites no passage that is there"),
        ("Buy her flowers and a new car every Friday [1].", "not supported"),
        ("Tell each other how the day felt at bedtime, and have your cholesterol measured [1].", "not supported"),
        ("Tell each other how the day felt for 40 minutes [1].", "number of its own"),
        ("Call 0800 123 456 and tell each other how the day felt [1].", "number of its own"),
        ("Read https://example.com on how the day felt [1].", "link or picture"),
        ("Do The Long Walk and tell each other how the day felt [1].", "exercise that was not chosen"),
        ("Your husband is a narcissist, so tell each other how the day felt [1].", "label for the absent partner"),
    ],
)
def test_what_must_not_appear_is_dropped_and_kept_for_the_coach(gate: Gate, said: str, why: str) -> None:
    assert through(gate, f"I hear you.\n\n{said}") == "I hear you."
    assert [dropped.why for dropped in gate.dropped] == [why]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("The last message:", "words of the prompt"),
        ("You are not a person and not a therapist, and you do not pretend to be either.", "words of the prompt"),
        ("G, At bedtime [1]", "heading of a passage"),
    ],
)
def test_what_repeats_the_material_it_was_given_is_no_answer(gate: Gate, said: str, why: str) -> None:
    assert through(gate, said) == ""
    assert [dropped.why for dropped in gate.dropped] == [why]


def test_a_model_that_runs_in_circles_is_shown_once(gate: Gate) -> None:
    said = "A few quiet minutes at bedtime let you tell each other how the day felt [1]."
    assert through(gate, f"{said}\n\n{said}\n\n{said}") == said.replace("felt [1].", "felt. [1]")
    assert {dropped.why for dropped in gate.dropped} == {"said already"}


def test_a_claim_without_a_citation_is_dropped(gate: Gate) -> None:
    through(gate, "I hear you.\n\nResearch proves that couples who nap together never part.")
    assert [dropped.why for dropped in gate.dropped] == ["cites nothing"]


def test_a_question_may_stand_without_a_passage(gate: Gate) -> None:
    assert through(gate, "I hear you.\n\nWhat would help tonight?").endswith("What would help tonight?")


def test_nothing_is_shown_before_its_paragraph_is_checked(gate: Gate) -> None:
    pieces = gate.pass_through(iter(["Buy her a new ", "car [1].", "\n\nWhat now?"]))
    assert list(pieces) == ["What now?"]


def test_a_number_is_not_lent_to_a_sentence_that_does_not_rest_on_its_passage(gate: Gate) -> None:
    shown = through(gate, "You miss her evenings. Buy her a new car every Friday [1].")
    assert shown == "You miss her evenings."
    assert gate.cited == {}


def test_pieces_of_the_prompt_are_not_shown(gate: Gate) -> None:
    assert through(gate, "<<<\n\nI hear you.\n\n>>>") == "I hear you."
