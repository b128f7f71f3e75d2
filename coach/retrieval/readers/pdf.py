"""PDF by pypdf: pages keep their numbers; the text of each is read as plain text."""

from __future__ import annotations

import re
from collections import Counter
from io import BytesIO

from pypdf import PdfReader
from pypdf.errors import FileNotDecryptedError

from coach.errors import DocumentRefused
from coach.retrieval.documents import Block
from coach.retrieval.readers.plain import read_plain
from coach.retrieval.readers.text import tidy


def read_pdf(data: bytes) -> tuple[str, list[Block]]:
    """Title and blocks; `lines` count the lines of the extracted text over all pages, `page` is the PDF's page.

    Raises:
        DocumentRefused: when the file is locked with a password.
    """
    try:
        reader = PdfReader(BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise DocumentRefused("is locked with a password; save a copy without one.")
        pages = [(page.extract_text() or "").splitlines() for page in reader.pages]
    except FileNotDecryptedError as error:
        raise DocumentRefused("is locked with a password; save a copy without one.") from error
    # A line that stands at the edge of most pages is a running header or footer.
    edges = Counter(re.sub(r"\d+", "#", tidy(line)) for lines in pages for line in {*lines[:1], *lines[-1:]})
    running = {line for line, times in edges.items() if len(pages) > 2 and times > len(pages) / 2}
    title = tidy(str(reader.metadata.title or "")) if reader.metadata else ""
    blocks: list[Block] = []
    offset = 0
    for number, lines in enumerate(pages, start=1):
        kept = ["" if re.sub(r"\d+", "#", tidy(line)) in running else line for line in lines]
        guessed, found = read_plain("\n".join(_spaced(kept)).encode()) if any(map(str.strip, kept)) else ("", [])
        title = title or guessed
        for block in found:
            first, last = (offset + (block.lines[0] + 1) // 2, offset + (block.lines[1] + 1) // 2)
            blocks.append(block.model_copy(update={"lines": (first, last), "page": number}))
        offset += len(lines)
    return title, blocks


def _spaced(lines: list[str]) -> list[str]:
    """Put a line after each: empty where a paragraph ends, so that headings stand alone as the text reader expects.

    PDF text has no blank lines; a line that ends a sentence and is clearly shorter than the widest ends a paragraph.
    Every second line is ours, which is how `read_pdf` gets back to the page's own line numbers.
    """
    widest = max((len(line) for line in lines), default=0)
    spaced: list[str] = []
    for line in lines:
        ends = len(line) < 0.75 * widest or line.rstrip().endswith((".", "!", "?", ":"))
        spaced += [line, "" if ends else "\u200b"]
    return spaced
