"""The one that is killed: holds turn after turn, says over a pipe what it is about to do, and logs what is stored."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal
from unittest.mock import patch

from coach import assemble, conversation
from coach.retrieval.library import Library
from coach.schema import Frozen
from coach.settings import Settings
from coach.store import open_store
from coach.store.conversations import new_thread
from coach.store.whole import look

Phase = Literal["reading", "storing the message", "answering", "storing the reply", "between turns"]
READY = "ready"
TURNS_IN_A_THREAD = 3


class Work(Frozen):
    """What a holder needs to know."""

    url: str
    keys: tuple[str, ...]
    owner: str
    chosen: Settings
    books: Library
    """Read once by the parent: reading it takes longer than all else of a start."""
    texts: tuple[str, ...]
    log: Path
    """Identifiers of what the store said it had taken, one a line, each on the disk before the turn goes on."""


class Teller:
    """Says what is being done, and writes down what is stored. Nothing of it waits in a buffer of this process."""

    def __init__(self, pipe: int, log: Path) -> None:
        self._pipe = pipe
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def tell(self, phase: str) -> None:
        """What is being done from now on."""
        os.write(self._pipe, f"{time.monotonic():.6f} {phase}\n".encode())

    def stored(self, identifier: str) -> None:
        """What the store has just said it keeps."""
        os.write(self._log, f"{identifier}\n".encode())
        os.fsync(self._log)

    def watch(self, name: str, doing: Phase, then: Phase) -> Any:
        """Put in the place of a function of a turn one that tells of it; it gives back what it stored."""
        real = getattr(conversation, name)

        def told(*args: Any, **kwargs: Any) -> str:
            self.tell(doing)
            identifier = str(real(*args, **kwargs))
            self.stored(identifier)
            self.tell(then)
            return identifier

        return patch.object(conversation, name, told)


def hold(work: Work, pipe: int, seed: int, *, only_answer: bool = False) -> None:
    """Answer what waits for an answer, then hold turns until killed; with `only_answer` end before that."""
    draw = random.Random(seed)  # noqa: S311 - a choice of texts
    teller = Teller(pipe, work.log)
    store = open_store(work.url, work.keys)
    with patch.object(assemble, "library", lambda _: work.books):
        attune = assemble.companion(work.chosen)
        attune.answer(work.texts[0])
    with (
        teller.watch("keep_message", "storing the message", "answering"),
        teller.watch("keep_reply", "storing the reply", "between turns"),
    ):
        teller.tell(READY)
        for thread in look(store, work.owner).open.values():
            teller.tell("reading")
            _through(conversation.answer_again(attune, store, work.owner, thread))
        while not only_answer:
            thread = new_thread(store, work.owner)
            for text in _some(draw, work.texts):
                teller.tell("reading")
                _through(conversation.hold_turn(attune, store, work.owner, thread, text))


def _some(draw: random.Random, texts: Sequence[str]) -> list[str]:
    return draw.sample(texts, TURNS_IN_A_THREAD)


def _through(events: Any) -> None:
    for _ in events:
        pass


__all__ = ["READY", "Phase", "Work", "hold"]
