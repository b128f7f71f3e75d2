"""What people write is shown as they wrote it: never as Markdown, HTML, LaTeX, a directive or a link."""

from __future__ import annotations

import html
import re

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|~>$:<&@/])")


def escape(text: str) -> str:
    """Text for `st.markdown` in which nothing is markup; line breaks stay."""
    lines = text.replace("\r\n", "\n").split("\n")
    return "  \n".join(_SPECIAL.sub(r"\\\1", line) for line in lines)


def words(text: str) -> str:
    """Our own text for `st.markdown`: paragraphs and lists stay, but nothing becomes LaTeX or a directive."""
    return re.sub(r"([$:~])", r"\\\1", text)


def attribute(text: str) -> str:
    """Text for inside an HTML attribute or element."""
    return html.escape(text, quote=True)
