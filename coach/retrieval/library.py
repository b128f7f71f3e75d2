"""What there is to search: the app's own guides and the documents its owner added, as passages with a content hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml
from pydantic import ValidationError

from coach.errors import ContentWrong, DocumentRefused
from coach.retrieval.chunk import passages
from coach.retrieval.documents import Block, Document
from coach.retrieval.readers import READERS, read_document, slug
from coach.retrieval.readers.markdown import front_matter, parse_markdown
from coach.schema import Frozen, Passage

FORMAT = 3
"""Goes up whenever passages or their vectors are made in another way, so that old indexes are rebuilt."""


class Library(Frozen):
    """All documents, in a fixed order."""

    documents: tuple[Document, ...]

    @property
    def passages(self) -> list[Passage]:
        """Every passage of every document."""
        return [passage for document in self.documents for passage in passages(document)]

    @property
    def digest(self) -> str:
        """Content hash: two libraries with the same digest give the same index."""
        seen = hashlib.sha256(f"format {FORMAT}".encode())
        for document in self.documents:
            seen.update(f"{document.id} {document.sha256}\n".encode())
        return seen.hexdigest()[:24]


class Outcome(Frozen):
    """What happened to one file at ingest: added, changed, skipped (already in) or refused, and why."""

    file: str
    status: str
    guide: str = ""
    passages: int = 0
    reason: str = ""


def load_library(knowledge: Path, documents: Path) -> Library:
    """The guides below `knowledge/guides` and the documents kept in `documents`.

    Raises:
        ContentWrong: when one of the app's own guides cannot be read.
    """
    own = [_own_guide(path, knowledge / "questions") for path in sorted((knowledge / "guides").glob("*.md"))]
    added = [_kept(path) for path in sorted(documents.glob("*.json"))] if documents.is_dir() else []
    return Library(documents=tuple(own + [document for document in added if document]))


def stamp(documents: Path) -> tuple[tuple[str, int], ...]:
    """Changes whenever a document is added, changed or taken out: names and times of the kept files."""
    return tuple(sorted((path.name, path.stat().st_mtime_ns) for path in documents.glob("*.json")))


def add_documents(paths: Iterable[Path], documents: Path, own_ids: frozenset[str], max_bytes: int) -> Iterator[Outcome]:
    """Read files and folders into `documents`, one outcome as each file is done. A failure does not stop the others."""
    taken = dict.fromkeys(own_ids, "one of the app's own guides")
    for path in paths:
        files = _files(path) if path.exists() else []
        if not path.exists():
            yield Outcome(file=str(path), status="refused", reason=f"{path.name} does not exist.")
        elif not files:
            yield Outcome(file=str(path), status="refused", reason=f"{path.name} is a folder without files.")
        for file in files:
            outcome = _add(file, path, documents, taken, max_bytes)
            if outcome.guide:
                taken[outcome.guide] = file.name
            yield outcome


def remove_document(guide: str, documents: Path) -> bool:
    """Take a document out again; True when it was there."""
    path = documents / f"{guide}.json"
    found = path.is_file()
    path.unlink(missing_ok=True)
    return found


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    inside = [file for file in path.rglob("*") if file.is_file()]
    return sorted(file for file in inside if not any(part.startswith(".") for part in file.relative_to(path).parts))


def _add(file: Path, given: Path, documents: Path, taken: dict[str, str], max_bytes: int) -> Outcome:
    name = str(file)
    try:
        if given.is_dir() and not file.resolve().is_relative_to(given.resolve()):
            raise DocumentRefused(f"{file.name} is a link to a place outside the folder, so it is not followed.")
        document = read_document(file, max_bytes)
        if document.id in taken:
            raise DocumentRefused(f"{file.name} has the same name as {taken[document.id]}; rename it first.")
        before = _kept(documents / f"{document.id}.json")
        if before and before.sha256 == document.sha256:
            return Outcome(
                file=name,
                status="skipped",
                guide=document.id,
                passages=len(passages(document)),
                reason="already in, unchanged",
            )
        if before and before.source_name != document.source_name:
            raise DocumentRefused(f"{file.name} would replace {before.source_name}, which has the same name.")
        documents.mkdir(parents=True, exist_ok=True)
        part = documents / f"{document.id}.part"
        part.write_text(document.model_dump_json(), encoding="utf-8")
        part.replace(documents / f"{document.id}.json")
    except DocumentRefused as error:
        return Outcome(file=name, status="refused", reason=error.sentence)
    status = "changed" if before else "added"
    return Outcome(file=name, status=status, guide=document.id, passages=len(passages(document)))


def _kept(path: Path) -> Document | None:
    """A document kept earlier; a damaged file counts as not there, so that ingesting it again mends it."""
    try:
        return Document.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValidationError, UnicodeDecodeError):
        return None


def _own_guide(path: Path, questions: Path) -> Document:
    try:
        text = path.read_text(encoding="utf-8")
        asked = (questions / f"{path.stem}.yaml").read_text(encoding="utf-8")
        meta = front_matter(text)
        title, blocks = parse_markdown(text, own=True)
        blocks = _with_questions(blocks, yaml.safe_load(asked))
        return Document(
            id=str(meta["id"]),
            title=str(meta.get("title") or title),
            kind=meta["kind"],
            blocks=tuple(blocks),
            source_name=path.name,
            sha256=hashlib.sha256(f"{text}{asked}".encode()).hexdigest(),
            based_on=str(meta.get("based_on", "")),
            author_of_source=str(meta.get("author_of_source", "")),
            note=str(meta.get("note", "")),
            sources=tuple(map(str, meta.get("sources", ()))),
        )
    except (OSError, KeyError, ValueError, yaml.YAMLError, AttributeError) as error:
        raise ContentWrong(f"The guide {path.name} cannot be read: {type(error).__name__}.") from error


def _with_questions(blocks: list[Block], asked: dict[str, list[str]]) -> list[Block]:
    """The blocks with each section's questions on its heading; `asked` is section id -> questions."""
    placed = {slug(block.text) for block in blocks if block.kind == "heading"}
    if lost := asked.keys() - placed:
        raise ValueError(f"questions for a section that is not there: {sorted(lost)[0]}")
    return [
        block.model_copy(update={"asks": tuple(asked.get(slug(block.text), ()))}) if block.kind == "heading" else block
        for block in blocks
    ]


__all__ = ["READERS", "Library", "Outcome", "add_documents", "load_library", "remove_document", "stamp"]
