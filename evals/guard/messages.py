"""The messages written for the screen: read from `evals/messages`, one JSON object a line."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter

from coach.schema import Action, Category, Frozen, Role

FOLDER = Path(__file__).parents[1] / "messages"

Split = Literal[
    "train",
    "test",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "questions",
    "languages",
    "languages_dev",
    "languages_train",
]
StorySplit = Literal["dev", "test", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"]
Tier = Literal["explicit", "veiled", "ordinary", "hard"]


class Message(Frozen):
    """One message with the verdict a careful reader gives. Nobody's real words, and no clinician's labels."""

    text: str
    action: Action
    category: Category | None
    role: Role
    tier: Tier
    pack: str
    """Name of the file it stands in."""

    @property
    def kind(self) -> str:
        """What the classifier learns to tell: `coach`, or action and category. An emergency is a crisis that is now."""
        if self.action == "coach":
            return "coach"
        return f"{'crisis' if self.action == 'emergency' else self.action}:{self.category}"


class Story(Frozen):
    """What one person writes over several turns; `by` is the turn (from 0) by which a careful listener has noticed."""

    id: str
    split: StorySplit
    turns: tuple[str, ...]
    category: Category | None
    action: Action
    by: int | None
    why: str


class Reaction(Frozen):
    """What a person writes after a referral, and whether it says that the companion misread them."""

    text: str
    objects: bool


def reactions(split: Literal["train", "test"]) -> list[Reaction]:
    """The reactions to learn from, or to measure."""
    one = TypeAdapter(Reaction)
    lines = (FOLDER / "reactions" / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
    return [one.validate_json(line) for line in lines]


def messages(split: Split) -> list[Message]:
    """Every message of a split, in the order of the files and their lines."""
    found = []
    for path in sorted((FOLDER / split).glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            found.append(Message.model_validate_json(line[:-1] + f', "pack": "{path.stem}"}}'))
    return found


def stories(split: StorySplit) -> list[Story]:
    """The conversations of a split."""
    one = TypeAdapter(Story)
    lines = (FOLDER / "stories.jsonl").read_text(encoding="utf-8").splitlines()
    return [story for line in lines if (story := one.validate_json(line)).split == split]
