"""An added document is found by what people ask, because passages of ours stand behind its passages."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from coach.assemble import Search, library, open_retriever
from coach.retrieval.documents import Document
from coach.retrieval.library import add_documents
from coach.retrieval.search import Retriever
from coach.settings import Settings

PHONES = """
When we talk, the phones go into the hall, and the television is off. A screen in the hand tells the other one that
something else may matter more at any moment, and it takes the courage out of what they were about to say. Whoever is on
call says so first and keeps the sound on. Ten minutes without a screen are worth more than an evening beside one.
"""
SORRY = """
A real apology names what you did and stops there. Without a but, without the other one's part in it, and without asking
to be forgiven before the evening is over. If you catch yourself explaining why you did it, stop, and say only what it
did to the other one. The reasons may come later, when they are asked for, and they are not part of the apology itself.
"""
BOATS = """
Boats are moored at the harbour wall with ropes of hemp, and the ropes are checked each morning by the harbour master,
who notes the state of the tide and the height of the water in a book with a green cover. In winter they are longer,
since the spring tides rise higher, and a second line goes to the bollard at the end of the pier.
"""
Opened = Callable[[dict[str, str]], Retriever]


@pytest.fixture
def with_document(search: Search, data_dir: Path, tmp_path: Path) -> Opened:
    """A retriever over our guides and one document of these sections; vectors of the guides are taken over."""

    def opened(sections: dict[str, str], title: str = "House notes") -> Retriever:
        search()
        text = f"# {title}\n\n" + "\n\n".join(f"## {head}\n\n{body.strip()}" for head, body in sections.items())
        (tmp_path / "house-notes.md").write_text(text, encoding="utf-8")
        chosen = Settings(data_dir=tmp_path / "data")
        list(add_documents([tmp_path / "house-notes.md"], chosen.documents_dir, frozenset(), 10**6))
        shutil.copytree(data_dir / "index", chosen.data_dir / "index")
        return open_retriever(chosen)

    return opened


def test_a_question_in_other_words_finds_the_right_section_of_a_document(with_document: Opened) -> None:
    retriever = with_document({"One": PHONES, "Two": SORRY, "Three": BOATS})
    for ask, section in (
        ("he scrolls while i am telling him about my day", "one"),
        ("every time i say sorry i end up explaining myself", "two"),
    ):
        assert retriever.search(ask, guide="house-notes").found[0].passage.section == section, ask


def test_nothing_of_ours_stands_behind_what_is_about_something_else(with_document: Opened) -> None:
    retriever = with_document({"Ropes": BOATS, "More ropes": BOATS.replace("green", "red")})
    assert not retriever.search("how do we stop fighting about money", guide="house-notes").answerable
    found = retriever.search("how do we stop fighting about money", 1).found[0]
    assert found.passage.guide == "fair-fighting"


def test_a_retelling_stands_behind_its_source_in_the_sources_own_order(
    search: Search, chosen: Settings, tmp_path: Path
) -> None:
    """The source is stood in for by our own retelling under its title, cut into other pieces."""
    retelling = next(guide for guide in library(chosen).documents if guide.kind == "retelling")
    parts = [block for block in retelling.blocks if block.kind == "paragraph"]
    source = Document(id="the-source", title=retelling.based_on, kind="document", blocks=tuple(parts), sha256="x")
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "the-source.json").write_text(source.model_dump_json(), encoding="utf-8")
    search()
    shutil.copytree(chosen.data_dir / "index", tmp_path / "index")
    retriever = open_retriever(chosen.model_copy(update={"data_dir": tmp_path}))
    asked = [
        (
            "we are in touch the whole day and still I feel miles away from him",
            "emotional-intimacy/feeling-far-apart-although-you-are-always-in-contact",
        ),
        ("how do I say sorry without making excuses", "emotional-intimacy/apologise-for-your-part-without-defending"),
    ]
    for ask, ours in asked:
        found = retriever.search(ask, 1, guide="the-source").found[0].passage
        assert found.lines[0] <= retriever.passages[ours].lines[1]
        assert found.lines[1] >= retriever.passages[ours].lines[0]
