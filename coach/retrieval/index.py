"""The Chroma index: every passage under several vectors, named by its content, built whole or not at all.

A collection's name holds the digest of what it was built from, so a start only has to look whether it is there. It is
built under another name and renamed when complete; a kill in between leaves the old one in use. One writer at a time.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt
from filelock import FileLock, Timeout

from coach.encoder.embed import Embedder, Vectors
from coach.errors import IndexOfAnother, IndexUnusable
from coach.retrieval.coverage import nearest_mean
from coach.retrieval.library import Library
from coach.retrieval.topics import Topics
from coach.retrieval.views import View, views
from coach.schema import Passage

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

Progress = Callable[[int, int], None]
"""Called with (done, total) while vectors are made."""

Scores = npt.NDArray[np.float32]
PREFIX = "attune-"
REBUILD = "Run `coach ingest --rebuild` to make it anew."


class Nearness(NamedTuple):
    """How near a question is to every passage, each of shape (passages,)."""

    best: Scores
    """Cosine with the nearest of its texts and questions."""
    whole: Scores
    """Cosine with its whole text."""
    topic: Scores
    """How likely it is what the question is about, beyond one lucky wording (see `Topics`): 0 for the likeliest."""
    closest: float
    """Cosine with the nearest few of all texts together, on average."""


class Index:
    """An open index: the passages, and their vectors taken from Chroma into memory. Make one with `open_index`.

    Search is exact. Chroma keeps the vectors; asking it for the nearest of some two thousand took 2.5 to 3.3 ms on two
    cores, half as long as embedding the question, where one product with the matrix takes 0.2 ms.
    """

    def __init__(
        self,
        passages: Sequence[Passage],
        owners: Sequence[tuple[str, str]],
        vectors: Vectors,
        embedder_name: str,
        built_at: datetime,
    ) -> None:
        """`owners` names the passage of each vector and the kind of text it stands for (see `views`)."""
        self.passages = {passage.id: passage for passage in passages}
        self.embedder_name = embedder_name
        self.built_at = built_at
        order = {passage.id: number for number, passage in enumerate(passages)}
        self._ids = [passage.id for passage in passages]
        owner = np.array([order[passage] for passage, _ in owners])
        # Rows of one passage stand together, its whole text first, so that one pass over the rows serves them all.
        rows = np.lexsort((np.array([kind != "text" for _, kind in owners]), owner))
        self._vectors = np.ascontiguousarray(np.asarray(vectors, dtype=np.float32)[rows])
        self._starts = np.searchsorted(owner[rows], np.arange(len(self._ids)))
        self._ends = np.append(self._starts[1:], len(rows))
        self._topics = Topics.of(self._vectors, owner[rows], len(self._ids))

    def nearness(self, vector: Vectors) -> Nearness:
        """How near the question is to every passage, in the order of the passages."""
        each = self._vectors @ vector
        best = np.maximum.reduceat(each, self._starts)
        return Nearness(best, each[self._starts], self._topics.scores(vector), nearest_mean(each))

    def vectors_of(self, passage: str) -> Vectors:
        """The vectors of one passage, that of its whole text first."""
        at = self._ids.index(passage)
        return self._vectors[self._starts[at] : self._ends[at]]

    @property
    def vectors(self) -> Vectors:
        """All vectors, those of one passage together."""
        return self._vectors


def connect(data_dir: Path, url: str | None, *, afresh: bool = False) -> ClientAPI:
    """The Chroma server at `url`, or the embedded one in the data folder; `afresh` clears a damaged folder away.

    Raises:
        IndexUnusable: when it cannot be opened or reached.
    """
    import chromadb
    from chromadb.api.shared_system_client import SharedSystemClient
    from chromadb.config import Settings as ChromaSettings

    quiet = ChromaSettings(anonymized_telemetry=False)
    folder = data_dir / "index"
    try:
        if url:
            parts = urlsplit(url)
            port = parts.port or (443 if parts.scheme == "https" else 8000)
            return chromadb.HttpClient(parts.hostname or "localhost", port, ssl=parts.scheme == "https", settings=quiet)
        folder.mkdir(parents=True, exist_ok=True)
        client = chromadb.PersistentClient(str(folder), settings=quiet)
        client.list_collections()
    except Exception as error:
        if url or not afresh:
            raise IndexUnusable(detail=type(error).__name__) from error
        shutil.rmtree(folder, ignore_errors=True)
        SharedSystemClient.clear_system_cache()
        return connect(data_dir, url)
    return client


def open_index(client: ClientAPI, library: Library, embedder: Embedder) -> Index | None:
    """The index of exactly this library; None when it has not been built.

    Raises:
        IndexOfAnother: when it was made by another embedder.
        IndexUnusable: when it cannot be read.
    """
    name = PREFIX + library.digest
    try:
        if name not in [collection.name for collection in client.list_collections()]:
            return None
        collection = client.get_collection(name, embedding_function=None)
        metadata = collection.metadata or {}
        made_by = metadata.get("embedder")
        held = collection.get(include=["embeddings", "metadatas"]) if made_by == embedder.name else None
    except Exception as error:
        raise IndexUnusable(detail=type(error).__name__) from error
    if made_by != embedder.name:
        raise IndexOfAnother(f"The passage index was made by {made_by}, not by {embedder.name}. {REBUILD}")
    passages = library.passages
    owners = [(str(meta["passage"]), str(meta["view"])) for meta in held["metadatas"] or []] if held else []
    if (
        held is None
        or len(owners) != metadata.get("vectors")
        or {owner for owner, _ in owners} != {passage.id for passage in passages}
    ):
        raise IndexUnusable(f"The passage index is incomplete. {REBUILD}")
    vectors = cast("Vectors", held["embeddings"])
    return Index(passages, owners, vectors, embedder.name, datetime.fromisoformat(str(metadata["built_at"])))


def build_index(
    client: ClientAPI,
    library: Library,
    embedder: Embedder,
    lock_dir: Path,
    progress: Progress = lambda done, total: None,
    *,
    anew: bool = False,
) -> Index:
    """Make the index of this library, taking over the vectors of unchanged texts, and drop the older ones.

    `anew` takes nothing over. The older ones stay until the new one stands.

    Raises:
        IndexUnusable: when another process is building it and does not finish, or Chroma cannot be written.
    """
    with _one_writer(lock_dir):
        with suppress(IndexUnusable):
            ready = None if anew else open_index(client, library, embedder)
            if ready:
                return ready
        try:
            return _build(client, library, embedder, progress, anew=anew)
        except IndexUnusable:
            raise
        except Exception as error:
            raise IndexUnusable(detail=type(error).__name__) from error


def _build(client: ClientAPI, library: Library, embedder: Embedder, progress: Progress, *, anew: bool) -> Index:
    passages = library.passages
    older = [c.name for c in client.list_collections() if c.name.startswith(PREFIX)]
    shown = views(passages)
    known = {} if anew else _known_vectors(client, older, embedder)
    vectors = _vectors(shown, known, embedder, progress)
    name, part = PREFIX + library.digest, f"{PREFIX}part-{library.digest}"
    if part in older:
        client.delete_collection(part)
    built_at = datetime.now(UTC)
    collection = client.create_collection(
        part,
        metadata={
            "embedder": embedder.name,
            "vectors": len(shown),
            "digest": library.digest,
            "built_at": built_at.isoformat(timespec="seconds"),
        },
        embedding_function=None,
        configuration={"hnsw": {"space": "cosine"}},
    )
    for start in range(0, len(shown), 2000):
        batch = shown[start : start + 2000]
        collection.add(
            ids=[view.id for view in batch],
            embeddings=vectors[start : start + 2000],
            metadatas=[
                {"passage": view.passage, "guide": view.guide, "view": view.kind, "text_sha": view.digest}
                for view in batch
            ],
            documents=[view.text for view in batch],
        )
    if name in older:
        client.delete_collection(name)
    collection.modify(name=name)
    for stale in older:
        if stale not in (part, name):
            with suppress(Exception):
                client.delete_collection(stale)
    return Index(passages, [(view.passage, view.kind) for view in shown], vectors, embedder.name, built_at)


def _known_vectors(client: ClientAPI, names: list[str], embedder: Embedder) -> dict[str, Vectors]:
    """Vectors of earlier indexes by the digest of their text, so that adding a document embeds only that document."""
    known: dict[str, Vectors] = {}
    for name in names:
        with suppress(Exception):
            collection = client.get_collection(name, embedding_function=None)
            if (collection.metadata or {}).get("embedder") != embedder.name:
                continue
            held = collection.get(include=["embeddings", "metadatas"])
            for meta, vector in zip(held["metadatas"] or [], cast("Any", held["embeddings"]), strict=True):
                known[str(meta["text_sha"])] = np.asarray(vector, dtype=np.float32)
    return known


def _vectors(shown: Sequence[View], known: dict[str, Vectors], embedder: Embedder, progress: Progress) -> Vectors:
    missing = [view.text for view in shown if view.digest not in known]
    made = iter(_embedded(missing, embedder, progress)) if missing else iter(())
    return np.stack([known[view.digest] if view.digest in known else next(made) for view in shown])


def _embedded(texts: list[str], embedder: Embedder, progress: Progress) -> Vectors:
    with_progress = getattr(embedder, "embed_with_progress", None)
    return cast("Vectors", with_progress(texts, progress)) if with_progress else embedder.embed(texts)


@contextmanager
def _one_writer(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / "index.lock", timeout=120):
            yield
    except Timeout as error:
        raise IndexUnusable("Another process is building the passage index; try again in a minute.") from error
