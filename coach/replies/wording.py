"""The fixed sentences of `knowledge/replies.yaml`, and which of them a message calls for."""

from __future__ import annotations

import re
from pathlib import Path

import yaml
from pydantic import ValidationError

from coach.errors import ContentWrong
from coach.schema import Frozen


class SmallTalk(Frozen):
    """A pattern on the lower-cased message, and the answer."""

    when: str
    say: str


class Wording(Frozen):
    """All fixed sentences."""

    small_talk: tuple[SmallTalk, ...]
    not_covered: tuple[str, ...]
    wants_card: tuple[str, ...]
    card_only: str
    unsure: str
    heard: str
    guides_only_words: str

    @classmethod
    def load(cls, path: Path) -> Wording:
        """Read the file.

        Raises:
            ContentWrong: when it is missing or damaged.
        """
        try:
            return cls.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        except (OSError, yaml.YAMLError, ValidationError) as error:
            raise ContentWrong(f"The file {path.name} cannot be read.") from error

    def small(self, message: str) -> str | None:
        """The answer to a greeting, a thank-you or a question about the companion itself; None for anything else."""
        text = " ".join(message.lower().split())
        if len(text.split()) > 12:
            return None
        return next((item.say for item in self.small_talk if re.search(item.when, text)), None)

    def asks_for_a_card(self, message: str) -> bool:
        """Does the message ask for something to do?"""
        text = " ".join(message.lower().split())
        return any(re.search(pattern, text) for pattern in self.wants_card)

    def uncovered(self, message: str) -> str:
        """One of the wordings for "not in the guides"; the same message always gets the same one."""
        return self.not_covered[sum(message.encode()) % len(self.not_covered)]
