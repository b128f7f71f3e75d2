"""What was made of the latest texts, kept by their digests: a conversation is not read anew with each message."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from threading import Lock
from typing import Generic, TypeVar

Made = TypeVar("Made")
MOST = 4096
"""Texts of which something is kept."""


class Remembered(Generic[Made]):
    """Kept for as long as the process runs, the texts themselves never. Several threads may use it at once."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kept: OrderedDict[bytes, Made] = OrderedDict()
        self._lock = Lock()

    def get(self, text: str) -> Made | None:
        """What was made of a text; None where it was not seen, or too long ago."""
        digest = _digest(text)
        with self._lock:
            if digest in self._kept:
                self._kept.move_to_end(digest)
            return self._kept.get(digest)

    def put(self, text: str, made: Made) -> Made:
        """Keep what was made of a text, and return it; the one that was asked for longest ago makes room."""
        with self._lock:
            self._kept[_digest(text)] = made
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return made


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


__all__ = ["Remembered"]
