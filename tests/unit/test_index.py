"""The passage index: reused, mended, never half made; search goes on by words while it cannot be used."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from chromadb.api.shared_system_client import SharedSystemClient

from coach.assemble import Search, open_retriever
from coach.errors import IndexOfAnother, IndexUnusable
from coach.retrieval.documents import Block, Document
from coach.retrieval.index import PREFIX, build_index, connect, open_index
from coach.retrieval.langchain import PassageRetriever
from coach.retrieval.library import Library
from coach.retrieval.search import Retriever
from coach.settings import Settings


class Counting:
    """An embedder that gives every text a direction of its own and counts what it was asked."""

    name = "counting"

    def __init__(self, name: str = "counting") -> None:
        self.name = name
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self.asked += texts
        rows = []
        for text in texts:
            letters = np.zeros(32, dtype=np.float32)
            for letter in text.lower():
                letters[ord(letter) % 32] += 1
            rows.append(letters / max(float(np.linalg.norm(letters)), 1e-6))
        return np.stack(rows)


def document(name: str, *texts: str) -> Document:
    blocks: list[Block] = []
    for line, text in enumerate(texts, start=1):
        blocks.append(Block(kind="heading", level=2, text=f"Part {line}", lines=(line, line)))
        blocks.append(Block(kind="paragraph", text=text, lines=(line, line)))
    return Document(
        id=name, title=name, kind="document", blocks=tuple(blocks), source_name=f"{name}.txt", sha256=name + str(texts)
    )


def small(*names: str) -> Library:
    return Library(
        documents=tuple(document(name, f"All about {name} and how two people may talk of it.") for name in names)
    )


def names(client: object) -> list[str]:
    return [collection.name for collection in client.list_collections()]  # type: ignore[attr-defined]


def test_a_later_start_embeds_nothing(tmp_path: Path) -> None:
    client, embedder, library = connect(tmp_path, None), Counting(), small("tea", "rain")
    built = build_index(client, library, embedder, tmp_path)
    embedder.asked.clear()
    again = open_index(client, library, embedder)
    assert again is not None
    assert embedder.asked == []
    vector = embedder.embed(["tea"])[0]
    for then, now in zip(built.nearness(vector), again.nearness(vector), strict=True):
        assert now == pytest.approx(then, rel=1e-5, abs=1e-5)


def test_adding_a_document_embeds_only_that_document_and_leaves_one_index(tmp_path: Path) -> None:
    client, embedder = connect(tmp_path, None), Counting()
    build_index(client, small("tea", "rain"), embedder, tmp_path)
    embedder.asked.clear()
    build_index(client, small("tea", "rain", "salt"), embedder, tmp_path)
    assert embedder.asked
    assert all("salt" in text for text in embedder.asked)
    assert names(client) == [PREFIX + small("tea", "rain", "salt").digest]


def test_a_build_that_fails_leaves_the_old_index_in_use(tmp_path: Path) -> None:
    class Failing(Counting):
        def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
            raise OSError("gone")

    client, library = connect(tmp_path, None), small("tea")
    build_index(client, library, Counting(), tmp_path)
    for anew in (False, True):
        with pytest.raises(IndexUnusable):
            build_index(client, small("tea", "rain") if not anew else library, Failing(), tmp_path, anew=anew)
        assert open_index(client, library, Counting()) is not None


def test_what_a_killed_build_left_behind_is_cleared_by_the_next(tmp_path: Path) -> None:
    client, library = connect(tmp_path, None), small("tea")
    client.create_collection(f"{PREFIX}part-{library.digest}", embedding_function=None)
    assert open_index(client, library, Counting()) is None
    build_index(client, library, Counting(), tmp_path)
    assert names(client) == [PREFIX + library.digest]


def test_an_index_of_another_embedder_is_refused_with_the_command_that_mends_it(tmp_path: Path) -> None:
    client, library = connect(tmp_path, None), small("tea")
    build_index(client, library, Counting("one"), tmp_path)
    with pytest.raises(IndexOfAnother, match=r"made by one, not by other. Run `coach ingest --rebuild`"):
        open_index(client, library, Counting("other"))


def test_an_index_with_vectors_missing_is_not_used(tmp_path: Path) -> None:
    client, library, embedder = connect(tmp_path, None), small("tea", "rain"), Counting()
    build_index(client, library, embedder, tmp_path)
    collection = client.get_collection(PREFIX + library.digest, embedding_function=None)
    collection.delete(ids=[collection.get()["ids"][0]])
    with pytest.raises(IndexUnusable, match="incomplete"):
        open_index(client, library, embedder)


def own_copy(chosen: Settings, search: Search, tmp_path: Path) -> Settings:
    search()
    shutil.copytree(chosen.data_dir / "index", tmp_path / "index")
    return Settings(data_dir=tmp_path)


def test_a_damaged_index_is_made_anew_unasked(chosen: Settings, search: Search, tmp_path: Path) -> None:
    own = own_copy(chosen, search, tmp_path)
    (tmp_path / "index" / "chroma.sqlite3").write_bytes(b"no database at all" * 1000)
    SharedSystemClient.clear_system_cache()
    assert open_retriever(own).by_meaning
    SharedSystemClient.clear_system_cache()
    assert open_retriever(own).by_meaning


def test_without_an_index_search_goes_by_words_and_says_so(search: Search) -> None:
    whole = search()
    by_words = Retriever(list(whole.passages.values()), None, None)
    assert not by_words.by_meaning
    found = by_words.search("how do we take a break in an argument")
    assert found.answerable
    assert "break" in found.found[0].passage.text.lower()
    assert not by_words.search("zxcv qwer").answerable


def test_a_server_that_does_not_answer_leaves_search_by_words(tmp_path: Path) -> None:
    own = Settings(data_dir=tmp_path, chroma_url="http://127.0.0.1:9")
    assert not open_retriever(own).by_meaning


def test_a_document_added_beside_a_running_app_is_found_soon(chosen: Settings, search: Search, tmp_path: Path) -> None:
    own = own_copy(chosen, search, tmp_path / "data")
    running = Search(own)
    assert not any(passage.guide == "kite-days" for passage in running().passages.values())
    (tmp_path / "kite-days.txt").write_text(
        "Kite days. " + "We fly a kite on windy days and talk of what we want. " * 5
    )
    subprocess.run(
        [sys.executable, "-m", "coach", "ingest", str(tmp_path / "kite-days.txt")],
        env={"COACH_DATA_DIR": str(own.data_dir), "PATH": "/usr/bin:/bin"},
        check=True,
        capture_output=True,
    )
    end = time.monotonic() + 60
    while time.monotonic() < end and "kite-days" not in {p.guide for p in running().passages.values()}:
        time.sleep(0.1)
    assert running().search("what are kite days").found[0].passage.guide == "kite-days"


def test_search_within_one_guide_stays_within_it(search: Search) -> None:
    found = search().search("saying sorry", 8, guide="fair-fighting").found
    assert {item.passage.guide for item in found} == {"fair-fighting"}


def test_a_passage_is_found_by_each_of_its_questions(search: Search) -> None:
    retriever = search()
    missed = []
    for passage in list(retriever.passages.values())[::5]:
        for ask in passage.asks[::4]:
            if passage.id not in [item.passage.id for item in retriever.search(ask, 3).found]:
                missed.append((passage.id, ask))
    assert len(missed) <= 3, missed


def test_langchain_gets_documents_with_their_place_and_none_for_what_is_not_covered(search: Search) -> None:
    retriever = PassageRetriever(retriever=search(), k=2)
    first, second = retriever.invoke("how do we take a break in an argument")
    assert first.metadata["score"] >= second.metadata["score"]
    assert first.page_content == search().passages[first.metadata["passage"]].text
    assert retriever.invoke("how do I reset my router") == []
