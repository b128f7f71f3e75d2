"""Choose the reader for a file and refuse, in one sentence, what cannot be read."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

from coach.errors import DocumentRefused
from coach.retrieval.documents import Block, Document
from coach.retrieval.readers.docx import read_docx
from coach.retrieval.readers.html import read_html
from coach.retrieval.readers.markdown import read_markdown
from coach.retrieval.readers.pdf import read_pdf
from coach.retrieval.readers.plain import read_plain

READERS: dict[str, Callable[[bytes], tuple[str, list[Block]]]] = {
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".txt": read_plain,
    ".html": read_html,
    ".htm": read_html,
    ".pdf": read_pdf,
    ".docx": read_docx,
}
_SIGNATURES = {".pdf": b"%PDF", ".docx": b"PK"}
_MIN_WORDS = 20


def slug(text: str) -> str:
    """`Building Emotional Intimacy.txt` -> `building-emotional-intimacy-txt`; letters outside ASCII are folded."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-") or "document"


def read_document(path: Path, max_bytes: int) -> Document:
    """Read one file the owner adds.

    Raises:
        DocumentRefused: with one sentence that names the file and what is wrong with it.
    """
    name, kind = path.name, path.suffix.lower()
    reader = READERS.get(kind)
    if reader is None:
        raise DocumentRefused(f"{name} is not a kind of file that can be read; use .md, .txt, .html, .pdf or .docx.")
    try:
        size = path.stat().st_size
        if size > max_bytes:
            raise DocumentRefused(
                f"{name} has {size / 1e6:.0f} MB; the largest that is read is {max_bytes / 1e6:.0f} MB."
            )
        data = path.read_bytes()
    except OSError as error:
        raise DocumentRefused(f"{name} cannot be opened: {error.strerror or 'unknown reason'}.") from error
    if not data.strip():
        raise DocumentRefused(f"{name} is empty.")
    signature = _SIGNATURES.get(kind)
    if signature and not data.lstrip()[:8].startswith(signature):
        raise DocumentRefused(f"{name} is called {kind} but is not such a file inside.")
    if not signature and b"\x00" in data[:65536] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DocumentRefused(f"{name} holds binary data, not text.")
    try:
        title, blocks = reader(data)
    except DocumentRefused as error:
        raise DocumentRefused(f"{name} {error.sentence}", detail=error.detail) from error
    except Exception as error:  # a damaged file can break a parser in any way; one document never stops the others
        raise DocumentRefused(f"{name} is damaged and cannot be read.", detail=type(error).__name__) from error
    if sum(len(block.text.split()) for block in blocks) < _MIN_WORDS:
        raise DocumentRefused(f"{name} has no readable text in it (a scan has pictures of words, not words).")
    stem = slug(path.stem)
    return Document(
        id=stem,
        title=title or path.stem.replace("-", " ").replace("_", " ").strip().capitalize(),
        kind="document",
        blocks=tuple(blocks),
        source_name=name,
        sha256=hashlib.sha256(data).hexdigest(),
    )
