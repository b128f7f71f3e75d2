"""A feeling the person names of themselves is said back; anybody else's, and one that is denied, is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from coach.replies.wording import Wording


@pytest.fixture(scope="module")
def wording(knowledge: Path) -> Wording:
    return Wording.load(knowledge)


@pytest.mark.parametrize(
    ("message", "word"),
    [
        ("how do i tell him i feel so lonely", "lonely"),
        ("I’m really angry about the dishes", "angry"),
        ("it makes me feel invisible when she scrolls", "overlooked"),
        ("honestly im exhausted and he just sits there", "worn out"),
    ],
)
def test_a_named_feeling_is_said_back(wording: Wording, message: str, word: str) -> None:
    assert word in wording.felt(message)


@pytest.mark.parametrize(
    "message",
    [
        "my wife feels lonely when i travel",
        "i'm not angry about it",
        "are we alone in the universe",
        "what does it mean to feel sad",
        "we talked about the angry neighbour",
    ],
)
def test_what_is_denied_or_somebody_elses_is_not(wording: Wording, message: str) -> None:
    assert wording.felt(message) == ""


def test_every_feeling_answers_in_one_short_sentence(wording: Wording) -> None:
    for feeling in wording.feelings:
        assert feeling.say.count(".") == 1, feeling.say
        assert len(feeling.say.split()) <= 14, feeling.say
