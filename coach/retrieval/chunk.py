"""Documents to passages: a section each, of roughly 60 to 220 words, with heading path and line numbers kept.

Small sections of a document that stand in a row are joined (a section of the app's own guides never is: it was written
to stand alone); a long one is split between paragraphs; a list stays with the line that announces it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from coach.retrieval.documents import Block, Document
from coach.retrieval.readers.dispatch import slug
from coach.schema import Frozen, Passage

SMALL, LARGE = 60, 220
"""Words under which neighbours are joined, and over which a section is split."""


class Section(Frozen):
    """A heading with the blocks under it, up to the next heading."""

    headings: tuple[str, ...]
    lines: tuple[int, int]
    blocks: tuple[Block, ...]
    covers: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    heard: str = ""
    question: str = ""
    parent: str = ""

    @property
    def words(self) -> int:
        return _words(self.blocks)


def passages(document: Document) -> list[Passage]:
    """The passages of a document, in order; ids are `guide/section`, unique within the document."""
    made: list[Passage] = []
    used: dict[str, int] = {}
    sections = list(_sections(document))
    for group in _joined(sections) if document.kind == "document" else [[section] for section in sections]:
        for part in _split(group):
            first = part[0]
            headings = ((first.parent,) if len(part) > 1 and first.parent else first.headings) or (document.title,)
            name = slug(headings[-1])
            used[name] = used.get(name, 0) + 1
            section = name if used[name] == 1 else f"{name}-{used[name]}"
            page = next((block.page for block in first.blocks if block.page), None)
            made.append(
                Passage(
                    id=f"{document.id}/{section}",
                    guide=document.id,
                    guide_title=document.title,
                    kind=document.kind,
                    section=section,
                    title=headings[-1],
                    headings=headings,
                    lines=(first.lines[0], part[-1].lines[1]),
                    text=_text(part),
                    covers=tuple(dict.fromkeys(item for one in part for item in one.covers)),
                    asks=tuple(ask for one in part for ask in one.asks),
                    heard=first.heard,
                    question=first.question,
                    page=page,
                )
            )
    return made


def _words(blocks: Iterable[Block]) -> int:
    return sum(len(block.text.split()) for block in blocks)


def _sections(document: Document) -> Iterator[Section]:
    """One section a heading. A heading without text is the parent of the small sections that follow it."""
    path: list[tuple[int, str]] = []
    heading: Block | None = None
    parent = ""
    held: list[Block] = []
    empty: list[Block] = []

    def close() -> Iterator[Section]:
        nonlocal parent
        if not held:
            if heading:
                empty.append(heading)
                parent = heading.text
            return
        start = heading.lines[0] if heading else held[0].lines[0]
        headings = tuple(text for _, text in path)
        if _words(held) >= SMALL:
            parent = ""
        section = Section(
            headings=headings if not parent or parent in headings else (parent, *headings),
            lines=(start, held[-1].lines[1]),
            blocks=tuple(held),
            covers=heading.covers if heading else (),
            asks=heading.asks if heading else (),
            heard=heading.heard if heading else "",
            question=heading.question if heading else "",
            parent=parent,
        )
        yield section

    for block in document.blocks:
        if block.kind != "heading":
            empty.clear()
            held.append(block)
            continue
        yield from close()
        held.clear()
        heading = block
        while path and path[-1][0] >= block.level:
            path.pop()
        path.append((block.level, block.text))
    yield from close()
    # Headings at the end with nothing under them are a list of titles (related guides, say): keep it findable.
    if empty:
        items = tuple(block.model_copy(update={"kind": "item"}) for block in empty)
        yield Section(headings=(document.title,), lines=(empty[0].lines[0], empty[-1].lines[1]), blocks=items)


def _joined(sections: list[Section]) -> Iterator[list[Section]]:
    """Rows of small sections, together at most LARGE words. A row never crosses a heading of a higher level."""
    row: list[Section] = []
    for section in sections:
        total = sum(one.words for one in row) + section.words
        related = bool(row) and section.parent == row[0].parent and len(section.headings) >= len(row[0].headings)
        if row and (not related or section.words >= SMALL or row[0].words >= SMALL or total > LARGE):
            yield row
            row = []
        row.append(section)
    if row:
        yield row


def _split(group: list[Section]) -> Iterator[list[Section]]:
    """A section above LARGE words in parts of like size, cut between paragraphs and never inside a list."""
    if len(group) > 1 or group[0].words <= LARGE:
        yield group
        return
    section = group[0]
    units: list[list[Block]] = []
    for block in section.blocks:
        if (
            units
            and (block.kind in ("item", "aside") or units[-1][-1].kind == "lead")
            and (_words(units[-1]) + _words([block]) <= LARGE)
        ):
            units[-1].append(block)
        elif _words([block]) > LARGE:
            units += [[piece] for piece in _sentences(block)]
        else:
            units.append([block])
    share = section.words / math.ceil(section.words / LARGE)
    parts: list[list[Block]] = [[]]
    for unit in units:
        size = _words(parts[-1])
        if parts[-1] and (size + _words(unit) > LARGE or size >= share):
            parts.append([])
        parts[-1] += unit
    for number, blocks in enumerate(parts):
        start = section.lines[0] if number == 0 else blocks[0].lines[0]
        yield [section.model_copy(update={"blocks": tuple(blocks), "lines": (start, blocks[-1].lines[1])})]


def _sentences(block: Block) -> Iterator[Block]:
    """A paragraph longer than a passage, cut at sentence ends by langchain's splitter."""
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(
        chunk_size=1100, chunk_overlap=0, separators=["(?<=[.!?]) ", " "], is_separator_regex=True, keep_separator=False
    )
    for piece in splitter.split_text(block.text):
        yield block.model_copy(update={"text": piece})


def _text(part: list[Section]) -> str:
    """Running text of a passage: paragraphs apart, lists as lists, the headings of joined sections kept as lines."""
    lines: list[str] = []
    for number, section in enumerate(part):
        if len(part) > 1 and (number or len(part[0].headings) > 0) and section.headings:
            lines.append(f"\n{section.headings[-1]}:" if number else f"{section.headings[-1]}:")
        for block in section.blocks:
            if block.kind == "item":
                lines.append(f"- {block.text}")
            else:
                lines += ["", block.text] if lines else [block.text]
    return "\n".join(lines).strip()
