"""A document as the chunker sees it: blocks of text under headings, each with the lines of the file it came from."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from coach.schema import Frozen, GuideKind, Lines

BlockKind = Literal["heading", "paragraph", "lead", "item", "aside"]
"""lead: a line that announces the list after it. aside: the app's own careful reading, never cut off."""


class Block(Frozen):
    """One paragraph, heading or list item. `level` is 1 to 6 for headings, 0 otherwise."""

    kind: BlockKind
    text: str
    lines: Lines
    level: int = 0
    page: int | None = None
    covers: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    heard: str = ""
    question: str = ""


class Document(Frozen):
    """A guide of the app, or a document its owner added. `id` is the file stem as a slug."""

    id: str
    title: str
    kind: GuideKind
    blocks: tuple[Block, ...]
    source_name: str = ""
    sha256: str = ""
    based_on: str = ""
    author_of_source: str = ""
    note: str = ""
    sources: tuple[str, ...] = Field(default=())
