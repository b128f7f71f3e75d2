"""The guides hold every item of the article, and every section can be found, lifted from and opened."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from coach.replies.sentences import units
from coach.retrieval.library import Library
from coach.schema import Passage

COMPANIONS = ("attachment", "deep-connection", "fair-fighting", "love-languages")
LONGEST = 220


@pytest.fixture(scope="module")
def own(library: Library) -> list[Passage]:
    return [passage for passage in library.passages if passage.kind != "document"]


def test_every_item_that_must_be_findable_has_its_place(own: list[Passage], knowledge: Path) -> None:
    items = yaml.safe_load((knowledge / "inventory.yaml").read_text(encoding="utf-8"))
    covered = {item for passage in own for item in passage.covers}
    assert [item["id"] for item in items if item["id"] not in covered] == []
    assert covered <= {item["id"] for item in items}


def test_every_hazard_has_its_careful_reading_beside_it(own: list[Passage], knowledge: Path) -> None:
    items = yaml.safe_load((knowledge / "inventory.yaml").read_text(encoding="utf-8"))
    hazards = [item["id"] for item in items if item["id"].startswith("I") and item["id"] not in ("I32", "I20")]
    without = [
        hazard
        for hazard in hazards
        if not any(hazard in passage.covers and any(u.caution for u in units(passage.text)) for passage in own)
    ]
    assert without == []


def test_passages_are_of_a_size_to_read(own: list[Passage]) -> None:
    assert [(p.id, len(p.text.split())) for p in own if not 50 <= len(p.text.split()) <= LONGEST] == []


def test_every_section_lists_questions_of_its_own(own: list[Passage]) -> None:
    asked: dict[str, str] = {}
    for passage in own:
        assert len(passage.asks) >= 6, passage.id
        for ask in passage.asks:
            key = ask.lower().strip("?.! ")
            assert asked.setdefault(key, passage.id) == passage.id, f"{ask!r} stands in two sections"


def test_every_section_says_back_and_asks_at_most_one_thing(own: list[Passage]) -> None:
    for passage in own:
        assert passage.heard.endswith("."), passage.id
        assert 4 <= len(passage.heard.split()) <= 30, passage.id
        assert passage.question.count("?") <= 1, passage.id


def test_sections_start_with_a_sentence_that_stands_alone(own: list[Passage]) -> None:
    leaning = ("It ", "This ", "These ", "They ", "That ", "But ", "And ", "Also ")
    assert [passage.id for passage in own if passage.text.startswith(leaning)] == []


def test_every_section_has_something_to_lift_beside_its_cautions(own: list[Passage]) -> None:
    # The one for somebody afraid of their partner is a caution as a whole.
    whole = [passage.id for passage in own if all(unit.caution for unit in units(passage.text))]
    assert whole == ["emotional-intimacy/if-you-are-afraid-of-your-partner-none-of-this-is-for-now"]


@pytest.mark.parametrize("guide", COMPANIONS)
def test_companion_guides_are_long_enough_and_say_whose_they_are(library: Library, guide: str) -> None:
    [document] = [document for document in library.documents if document.id == guide]
    words = sum(len(block.text.split()) for block in document.blocks)
    assert words >= 1200
    assert document.kind == "companion"
    assert "not by the article's author" in document.note
    assert document.author_of_source == "none"


def test_the_retelling_names_its_source(library: Library) -> None:
    [document] = [document for document in library.documents if document.id == "emotional-intimacy"]
    assert document.author_of_source == "Annaki Nguyen"
    assert document.kind == "retelling"


def test_lines_point_at_the_section_in_its_file(own: list[Passage], knowledge: Path) -> None:
    for passage in own:
        lines = (knowledge / "guides" / f"{passage.guide}.md").read_text(encoding="utf-8").splitlines()
        assert lines[passage.lines[0] - 1].lstrip("# ").strip() == passage.title
        last = passage.text.split()[-1].strip("*_“”\"'.?!")
        assert last in lines[passage.lines[1] - 1]


def test_our_words_are_not_called_therapy(own: list[Passage]) -> None:
    for passage in own:
        assert "our therapy" not in passage.text.lower()
        assert "!" not in passage.text.replace("!”", "").replace('!"', ""), passage.id
