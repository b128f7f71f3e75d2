"""The fixed sentences of `replies.yaml` and `feelings.yaml`, and which of them a message calls for."""

from __future__ import annotations

import re
from pathlib import Path

import yaml
from pydantic import ValidationError

from coach.errors import ContentWrong
from coach.replies.feelings import Feeling
from coach.schema import Frozen

FELT_WITHIN = 60
"""Words of a message in which a named feeling is taken for what it is about; later ones belong to the story."""


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
    broken_off: str
    misread: str
    misread_asked: str
    feelings: tuple[Feeling, ...]
    """The heavier before the lighter."""

    @classmethod
    def load(cls, knowledge: Path) -> Wording:
        """Read both files of the folder.

        Raises:
            ContentWrong: when one is missing or damaged.
        """
        try:
            fixed, feelings = (
                yaml.safe_load((knowledge / name).read_text(encoding="utf-8"))
                for name in ("replies.yaml", "feelings.yaml")
            )
            return cls.model_validate({**fixed, "feelings": feelings})
        except (OSError, yaml.YAMLError, ValidationError, TypeError) as error:
            raise ContentWrong("The fixed sentences (replies.yaml, feelings.yaml) cannot be read.") from error

    def felt(self, message: str) -> str:
        """What is said back to the first feeling the person names of themselves; empty where none is named."""
        text = " ".join(message.lower().replace("’", "'").split()[:FELT_WITHIN])
        return next((feeling.say for feeling in self.feelings if feeling.named_in(text)), "")

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

    def put_right(self, *, asked: bool) -> str:
        """Said first to somebody who says that the companion misread them; `asked` where it asks all the same."""
        return self.misread_asked if asked else self.misread

    def uncovered(self, message: str) -> str:
        """One of the wordings for "not in the guides"; the same message always gets the same one."""
        return self.not_covered[sum(message.encode()) % len(self.not_covered)]
