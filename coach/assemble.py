"""Puts the parts together: settings in, a `Companion` and a `Store` out. What fails here fails closed."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from functools import cache
from typing import cast

import numpy as np
import yaml

from coach.companion import Companion
from coach.encoder.embed import Embedder, EndpointEmbedder, Vectors, minilm
from coach.errors import AttuneError, ContentWrong, IndexOfAnother, IndexUnusable, WeightsMissing
from coach.exercises import Catalogue
from coach.replies.endpoint import Endpoint, Waits
from coach.replies.generate import Writer
from coach.replies.support import Support
from coach.replies.wording import Wording
from coach.retrieval.coverage import Coverage
from coach.retrieval.index import Index, Progress, build_index, connect, open_index
from coach.retrieval.lending import lenders
from coach.retrieval.library import Library, load_library, stamp
from coach.retrieval.search import Retriever
from coach.safety import Screen
from coach.settings import Settings, settings
from coach.store import Store, open_store
from coach.store.vault import read_keys

log = logging.getLogger(__name__)


LOOK_EVERY = 0.25
"""Seconds between two looks at the folder of added documents."""


def quiet(done: int, total: int) -> None:
    """Progress that nobody watches."""


class Search:
    """The retriever of this process: opened once, and made anew beside the turns when a document was added."""

    def __init__(self, chosen: Settings) -> None:
        self._settings = chosen
        self._lock = threading.Lock()
        self._ready: Retriever | None = None
        self._stamp = stamp(chosen.documents_dir)
        self._looked = time.monotonic()

    def __call__(self) -> Retriever:
        """The retriever; the first call opens it and may build the index. Never waits for a newer one."""
        if self._ready is None:
            return self.open()
        if time.monotonic() - self._looked < LOOK_EVERY:
            return self._ready
        self._looked = time.monotonic()
        now = stamp(self._settings.documents_dir)
        if now != self._stamp:
            self._stamp = now
            threading.Thread(target=self._renew, name="renew-search", daemon=True).start()
        return self._ready

    def open(self, progress: Progress = quiet, *, rebuild: bool = False) -> Retriever:
        """Open or build; `rebuild` throws away what is there first."""
        with self._lock:
            if self._ready is None or rebuild:
                self._ready = open_retriever(self._settings, progress, rebuild=rebuild)
            return self._ready

    def _renew(self) -> None:
        try:
            with self._lock:
                self._ready = open_retriever(self._settings)
        except Exception:
            log.exception("the guides as they were are kept in use")


def library(chosen: Settings) -> Library:
    """The guides of the app and the documents of its owner."""
    return load_library(chosen.knowledge_dir, chosen.documents_dir)


def embedder(chosen: Settings) -> Embedder:
    """The embedder the settings name.

    Raises:
        WeightsMissing: when it is the built-in one and its weights are not installed.
    """
    if chosen.embed_model:
        key = chosen.openai_api_key.get_secret_value() if chosen.openai_api_key else None
        return EndpointEmbedder(chosen.embed_model, chosen.openai_base_url, key)
    return minilm(chosen.data_dir / "models")


def open_retriever(chosen: Settings, progress: Progress = quiet, *, rebuild: bool = False) -> Retriever:
    """Search over everything there is; by words alone, with a line in the log, while vectors cannot be had."""
    books = library(chosen)
    try:
        vectors = embedder(chosen)
    except WeightsMissing as error:
        log.warning("%s", error.sentence)
        return Retriever(books.passages, None, None)
    try:
        index = _index(chosen, books, vectors, progress, rebuild=rebuild)
    except IndexUnusable as error:
        log.warning("%s (%s)", error.sentence, error.detail)
        return Retriever(books.passages, vectors, None)
    coverage = Coverage(index.vectors, _elsewhere(chosen, vectors))
    return Retriever(books.passages, vectors, index, coverage, lenders(books, index))


def _index(chosen: Settings, books: Library, vectors: Embedder, progress: Progress, *, rebuild: bool) -> Index:
    try:
        client = connect(chosen.data_dir, chosen.chroma_url, afresh=rebuild)
        ready = None if rebuild else open_index(client, books, vectors)
    except IndexOfAnother:
        raise
    except IndexUnusable as error:
        if rebuild or chosen.chroma_url:
            raise
        log.warning("the passage index is damaged and is made anew (%s)", error.detail)
        return _index(chosen, books, vectors, progress, rebuild=True)
    return ready or build_index(client, books, vectors, chosen.data_dir, progress, anew=rebuild)


def _elsewhere(chosen: Settings, vectors: Embedder) -> Vectors:
    """Vectors of messages that the guides do not cover, to weigh a question against; kept for the next start."""
    path = chosen.knowledge_dir / "not-covered.yaml"
    try:
        text = path.read_text(encoding="utf-8")
        examples = [str(item) for group in yaml.safe_load(text).values() for item in group]
    except (OSError, yaml.YAMLError, AttributeError) as error:
        raise ContentWrong(f"The file {path.name} cannot be read.") from error
    name = hashlib.sha256(f"{vectors.name}\n{text}".encode()).hexdigest()[:16]
    kept = chosen.data_dir / "models" / f"not-covered-{name}.npy"
    try:
        return cast("Vectors", np.load(kept))
    except (OSError, ValueError):
        made = vectors.embed(examples)
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.save(kept, made)
        return made


def companion(chosen: Settings | None = None, search: Search | None = None) -> Companion:
    """The companion of this process. Without its safety rules it is made all the same, and refuses to coach."""
    chosen = chosen or settings()
    screen: Screen | None
    try:
        screen = Screen.load(chosen.knowledge_dir / "safety")
    except AttuneError as error:
        log.error("%s", error.sentence)  # noqa: TRY400 - the sentence says it; a traceback would not help
        screen = None
    catalogue = Catalogue.load(chosen.knowledge_dir / "exercises")
    wording = Wording.load(chosen.knowledge_dir)
    return Companion(screen, search or Search(chosen), catalogue, wording, chosen.country, writer(chosen, catalogue))


def endpoint(chosen: Settings) -> Endpoint | None:
    """The language model that is set, if one is. Nothing is sent to it here."""
    if not chosen.chat_model:
        return None
    key = chosen.openai_api_key.get_secret_value() if chosen.openai_api_key else None
    waits = Waits(first=chosen.model_first_seconds, whole=chosen.model_seconds)
    return Endpoint(chosen.chat_model, chosen.openai_base_url, key, waits)


def writer(chosen: Settings, catalogue: Catalogue) -> Writer | None:
    """What writes replies by the model that is set."""
    model = endpoint(chosen)
    if model is None:
        return None
    titles = {exercise.id: exercise.title for exercise in catalogue}
    support = cache(lambda: Support(minilm(chosen.data_dir / "models")))
    return Writer(model, support, titles, chosen.model_daily_tokens, guards=chosen.model_guard)


def store(chosen: Settings | None = None) -> Store:
    """The database of this process."""
    chosen = chosen or settings()
    set_keys = chosen.keys.get_secret_value() if chosen.keys else None
    return open_store(chosen.store_url, read_keys(set_keys, chosen.data_dir))


__all__ = ["Search", "companion", "embedder", "endpoint", "library", "open_retriever", "store"]
