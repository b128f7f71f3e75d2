"""Danger first: screen what comes in, check what goes out, refer to people who can help."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from coach.safety.referral import refer
from coach.safety.screen import Screen
from coach.schema import Verdict
from coach.settings import content_root

__all__ = ["Screen", "refer", "screen"]


@lru_cache(maxsize=1)
def _default() -> Screen:
    return Screen.load(content_root() / "knowledge" / "safety")


def screen(said: str | Sequence[str]) -> Verdict:
    """The verdict on one message, or on a person's turns with the oldest first. Usable without the rest of Attune.

    Raises:
        GuardNotLoaded: when a layer cannot look and the others refer nothing; then nothing may be coached.
    """
    return _default().screen([said] if isinstance(said, str) else said)
