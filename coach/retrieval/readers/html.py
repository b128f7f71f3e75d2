"""HTML: the readable part of a page, with the source line of each paragraph."""

from __future__ import annotations

from bs4 import BeautifulSoup, Tag

from coach.retrieval.documents import Block
from coach.retrieval.readers.text import bullet, decode, is_boilerplate, tidy

_FURNITURE = ["script", "style", "noscript", "template", "svg", "nav", "footer", "aside", "form", "button", "iframe"]
_HINTS = ("cookie", "navbar", "sidebar", "breadcrumb", "newsletter", "related", "comment", "share", "advert", "promo")
_TEXT = ["h1", "h2", "h3", "h4", "h5", "h6", "p", "li", "blockquote", "dt", "dd", "td", "figcaption"]


def read_html(data: bytes) -> tuple[str, list[Block]]:
    """Title and blocks of a page: menus, footers, scripts and other furniture are left out."""
    # html.parser is the one parser of Beautiful Soup that counts lines in plain Python, which the citations need.
    soup = BeautifulSoup(decode(data), "html.parser")
    page_title = tidy(soup.title.get_text()) if soup.title else ""
    for tag in soup.find_all(_FURNITURE):
        tag.decompose()
    for tag in soup.select("[hidden], [aria-hidden=true]"):
        tag.decompose()
    for tag in soup.find_all(["div", "section", "ul"]):
        if tag.attrs and any(hint in f"{tag.get('class') or ''} {tag.get('id') or ''}".lower() for hint in _HINTS):
            tag.decompose()
    body = soup.find("article") or soup.find("main") or soup.body or soup
    title, blocks = "", []
    for tag in body.find_all(_TEXT):
        if not isinstance(tag, Tag) or tag.find(_TEXT):
            continue
        words = tidy(tag.get_text(" "))
        if not words or is_boilerplate(words):
            continue
        first = tag.sourceline or 1
        where = (first, first + str(tag).count("\n"))
        if tag.name == "h1" and not title:
            title = words
        elif tag.name[0] == "h" and tag.name[1:].isdigit():
            blocks.append(Block(kind="heading", level=int(tag.name[1]), text=words, lines=where))
        elif tag.name == "li" or bullet(words):
            blocks.append(Block(kind="item", text=bullet(words) or words, lines=where))
        else:
            lead = words.endswith(":") and len(words.split()) <= 30
            blocks.append(Block(kind="lead" if lead else "paragraph", text=words, lines=where))
    return title or page_title, blocks
