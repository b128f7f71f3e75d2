"""The cases of `evals/cases`, typed."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field

from coach.schema import Frozen

FOLDER = Path(__file__).parent / "cases"
Split = Literal["dev", "test", "second"]
"""dev: to build with. test and second: only to measure with; second was written later, by other authors."""


class Question(Frozen):
    """A question and the article items any of whose passages answers it."""

    id: str
    ask: str
    expects: tuple[str, ...]
    split: Split


class GuideQuestion(Frozen):
    """A question and the guides that answer it."""

    id: str
    ask: str
    expects_guide: tuple[str, ...] | str
    split: Split

    @property
    def guides(self) -> tuple[str, ...]:
        return (self.expects_guide,) if isinstance(self.expects_guide, str) else self.expects_guide


class Elsewhere(Frozen):
    """A message the guides do not cover."""

    id: str
    ask: str
    kind: str
    split: Split


class GateCase(Frozen):
    """A sentence that a model might write on a passage, and whether it may be shown."""

    id: str
    split: Split
    passage: str
    said: str
    keep: bool
    kind: str


class ScreenCase(Frozen):
    """A message, or a person's turns, with the verdict a careful reader gives."""

    id: str
    text: str = ""
    turns: tuple[str, ...] = ()
    action: str
    category: str | None = None
    role: str | None = None
    tier: str
    split: Split

    @property
    def said(self) -> list[str]:
        return list(self.turns) or [self.text]


class NightCase(Frozen):
    """Tonight's dials and what may come of them."""

    id: str
    dials: dict[str, Any]
    expect: dict[str, Any] = Field(default_factory=dict)
    why: str = ""


def load(name: str) -> list[dict[str, Any]]:
    """The raw cases of a file."""
    return list(yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8")))
