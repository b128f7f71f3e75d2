"""Markdown by markdown-it. In our own guides a comment under a heading says what the section covers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from coach.retrieval.documents import Block
from coach.retrieval.readers.text import decode, is_boilerplate, tidy

_FRONT = re.compile(r"\A---\n(.*?)\n---\n", re.S)
_COMMENT = re.compile(r"\A\s*<!--\n?(.*?)-->\s*\Z", re.S)


def front_matter(text: str) -> dict[str, Any]:
    """The YAML between the opening `---` lines, empty when there is none."""
    match = _FRONT.match(text)
    loaded = yaml.safe_load(match.group(1)) if match else None
    return loaded if isinstance(loaded, dict) else {}


def read_markdown(data: bytes) -> tuple[str, list[Block]]:
    """Title and blocks of a document the owner adds; comments in it are not read."""
    return parse_markdown(decode(data).replace("\r\n", "\n"), own=False)


def parse_markdown(text: str, *, own: bool) -> tuple[str, list[Block]]:
    """Title and blocks; `own` guides may carry `covers`, `heard` and `question` in a comment under each heading."""
    match = _FRONT.match(text)
    skipped = match.group(0).count("\n") if match else 0
    tokens = MarkdownIt("commonmark").parse("\n" * skipped + text[match.end() :] if match else text)
    blocks: list[Block] = []
    title = ""
    inside: list[str] = []
    for index, token in enumerate(tokens):
        if token.type in ("list_item_open", "blockquote_open"):
            inside.append(token.type)
        elif token.type in ("list_item_close", "blockquote_close"):
            inside.pop()
        elif token.type == "html_block" and own and blocks:
            _annotate(blocks, token.content)
        elif token.type == "inline" and token.map:
            where = (token.map[0] + 1, token.map[1])
            opening = tokens[index - 1]
            words = tidy(_plain(token.children or []))
            if not words or is_boilerplate(words):
                continue
            if opening.type == "heading_open":
                level = int(opening.tag[1])
                if level == 1 and not title:
                    title = words
                else:
                    blocks.append(Block(kind="heading", level=level, text=words, lines=where))
            elif "blockquote_open" in inside:
                blocks.append(Block(kind="aside" if own else "paragraph", text=words, lines=where))
            elif "list_item_open" in inside:
                blocks.append(Block(kind="item", text=words, lines=where))
            else:
                lead = words.endswith(":") and len(words.split()) <= 30
                blocks.append(Block(kind="lead" if lead else "paragraph", text=words, lines=where))
    return title or str(front_matter(text).get("title", "")), blocks


def _annotate(blocks: list[Block], html: str) -> None:
    """Put what the comment says on the heading right above it."""
    match = _COMMENT.match(html)
    heading = blocks[-1]
    if not match or heading.kind != "heading":
        return
    loaded = yaml.safe_load(match.group(1))
    if isinstance(loaded, dict):
        blocks[-1] = heading.model_copy(
            update={
                "covers": tuple(loaded.get("covers") or ()),
                "heard": str(loaded.get("heard") or ""),
                "question": str(loaded.get("question") or ""),
            }
        )


def _plain(children: Sequence[Token]) -> str:
    """The words of inline Markdown: no emphasis marks, no link targets, no pictures."""
    parts = []
    for child in children:
        if child.type in ("text", "code_inline"):
            parts.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            parts.append(" ")
    return "".join(parts)
