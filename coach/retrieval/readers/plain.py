"""Plain text: headings are guessed from short capitalised lines, lists from their bullets."""

from __future__ import annotations

import re

from coach.retrieval.documents import Block
from coach.retrieval.readers.text import bullet, decode, is_boilerplate, looks_like_heading, numbered, tidy

_DATE = re.compile(r"(?i)^((jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w* \d{1,2},? \d{4}|\d{4}-\d{2}-\d{2})$")
_HEAD_LINES = 12


def read_plain(data: bytes) -> tuple[str, list[Block]]:
    """Title and blocks of a text file; `lines` are the file's own."""
    lines = decode(data).splitlines()
    title, start = _title(lines)
    blocks: list[Block] = []
    number = start
    while number < len(lines):
        if not lines[number].strip() or is_boilerplate(lines[number]):
            number += 1
            continue
        end = number
        while end + 1 < len(lines) and lines[end + 1].strip() and _continues(lines[number], lines[end + 1]):
            end += 1
        blocks.append(_block(lines, number, end))
        number = end + 1
    return title, blocks


def _continues(first: str, following: str) -> bool:
    """A wrapped line belongs to the paragraph above it; a bullet or a boilerplate line starts anew."""
    if looks_like_heading(first) or bullet(following) or numbered(following) or is_boilerplate(following):
        return False
    return not first.rstrip().endswith(":")


def _block(lines: list[str], start: int, end: int) -> Block:
    text = tidy(" ".join(lines[start : end + 1]))
    where = (start + 1, end + 1)
    alone = (start == 0 or not lines[start - 1].strip()) and (end + 1 == len(lines) or not lines[end + 1].strip())
    item = bullet(text)
    if item:
        return Block(kind="item", text=item, lines=where)
    count = numbered(text)
    if count and not (alone and looks_like_heading(count)):
        return Block(kind="item", text=count, lines=where)
    if start == end and text.endswith(":") and len(text.split()) <= 12:
        return Block(kind="lead", text=text, lines=where)
    if start == end and alone and looks_like_heading(count or text):
        return Block(kind="heading", level=3 if count else 2, text=count or text, lines=where)
    return Block(kind="paragraph", text=text, lines=where)


def _title(lines: list[str]) -> tuple[str, int]:
    """The title, and the index of the first line of the body: byline, date and picture caption are passed over.

    The head of a page is the run of short lines before its first sentence; the longest heading among them is the title.
    """
    head: list[tuple[int, str]] = []
    for index, line in enumerate(lines[: _HEAD_LINES * 2]):
        text = tidy(line)
        if not text:
            continue
        if text.endswith((".", "!", "?")) and len(text.split()) > 12:
            break
        head.append((index, text))
        if len(head) > _HEAD_LINES:
            break
    titles = [(index, text) for index, text in head if looks_like_heading(text) and not _DATE.match(text)]
    if not titles:
        return "", 0
    # A page head is title plus furniture (category, author, date, reading time, caption); a single heading is just one.
    furniture = any(_DATE.match(text) or is_boilerplate(text) for _, text in head)
    if not furniture:
        return titles[0][1], titles[0][0] + 1
    return max((text for _, text in titles), key=len), head[-1][0] + 1
