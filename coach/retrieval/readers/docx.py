"""Word documents by python-docx: heading styles become headings; a line is a paragraph, counted from 1."""

from __future__ import annotations

from io import BytesIO

import docx

from coach.retrieval.documents import Block
from coach.retrieval.readers.text import bullet, is_boilerplate, tidy


def read_docx(data: bytes) -> tuple[str, list[Block]]:
    """Title and blocks of a Word document."""
    document = docx.Document(BytesIO(data))
    title = tidy(document.core_properties.title or "")
    blocks: list[Block] = []
    for number, paragraph in enumerate(document.paragraphs, start=1):
        words = tidy(paragraph.text)
        if not words or is_boilerplate(words):
            continue
        style = (paragraph.style.name or "") if paragraph.style else ""
        where = (number, number)
        if style == "Title":
            title = title or words
        elif style.startswith("Heading"):
            level = int(style.split()[-1]) if style.split()[-1].isdigit() else 2
            blocks.append(Block(kind="heading", level=min(level, 6), text=words, lines=where))
        elif style.startswith("List") or bullet(paragraph.text):
            blocks.append(Block(kind="item", text=bullet(words) or words, lines=where))
        else:
            lead = words.endswith(":") and len(words.split()) <= 30
            blocks.append(Block(kind="lead" if lead else "paragraph", text=words, lines=where))
    return title, blocks
