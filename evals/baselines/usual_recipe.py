"""The usual recipe: 1000-character splits with 200 overlap, the same embedder, the top four, by langchain-chroma."""

from __future__ import annotations

from uuid import uuid4

from langchain_chroma import Chroma
from langchain_core.embeddings import Embeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter

from coach.encoder.embed import Embedder
from coach.schema import Passage


class _Ours(Embeddings):
    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [list(map(float, row)) for row in self._embedder.embed(texts)]

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


class UsualRecipe:
    """Splits the guides without regard to headings. A split counts for every passage it shares text with."""

    def __init__(self, passages: list[Passage], embedder: Embedder) -> None:
        self._store = Chroma(
            collection_name=f"usual-{uuid4().hex[:8]}",
            embedding_function=_Ours(embedder),
            collection_configuration={"hnsw": {"space": "cosine"}},
        )
        self._covers: list[frozenset[str]] = []
        self._lines: list[tuple[int, int]] = []
        self._guides: list[str] = []
        splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200, add_start_index=True)
        texts, metadatas = [], []
        for guide in dict.fromkeys(passage.guide for passage in passages):
            whole, spans = "", []
            for passage in (one for one in passages if one.guide == guide):
                start = len(whole)
                whole += f"{passage.title}\n\n{passage.text}\n\n"
                spans.append((start, len(whole), passage))
            for split in splitter.create_documents([whole]):
                start = split.metadata["start_index"]
                end = start + len(split.page_content)
                # A passage counts when at least a third of it, or of the split, is shared.
                inside = [p for a, b, p in spans if min(b, end) - max(a, start) > min(b - a, end - start) / 3]
                self._covers.append(frozenset(item for p in inside for item in p.covers))
                self._lines.append(
                    (min((p.lines[0] for p in inside), default=0), max((p.lines[1] for p in inside), default=0))
                )
                self._guides.append(guide)
                texts.append(split.page_content)
                metadatas.append({"n": len(texts) - 1})
        self._store.add_texts(texts, metadatas=metadatas)

    def search(self, query: str, k: int = 4) -> list[tuple[str, frozenset[str], tuple[int, int]]]:
        """Guide, items covered and lines of each of the `k` nearest splits."""
        found = [document.metadata["n"] for document in self._store.similarity_search(query, k=k)]
        return [(self._guides[n], self._covers[n], self._lines[n]) for n in found]
