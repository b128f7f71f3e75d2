"""Bytes to lines of text, and the small cleaning that every reader shares."""

from __future__ import annotations

import re
import unicodedata

from coach.errors import DocumentRefused

_BULLETS = "•◦▪‣●–*·-"
_BULLET = re.compile(rf"^\s*(?:[{re.escape(_BULLETS)}]\s+)+")
_NUMBER = re.compile(r"^\s*(\d{1,2})[.)]\s+")
_BOILERPLATE = re.compile(
    r"(?i)^(read (more|article)|related (articles|posts)|built with \S+|share( this)?|subscribe.*|cookie.*|"
    r"(accept|reject) all.*|all rights reserved.*|©.*|copyright .*|privacy policy|"
    r"terms of (use|service)|log in|sign (in|up)|"
    r"skip to .*|back to top|advertisement|\d+ min(ute)? read|table of contents|page \d+( of \d+)?)$"
)


def decode(data: bytes) -> str:
    """Text in UTF-8, UTF-16 with a mark, or Windows-1252.

    Raises:
        DocumentRefused: when none of them gives readable text.
    """
    encodings = ["utf-16"] if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        odd = sum(unicodedata.category(c) in ("Cc", "Co", "Cn") and c not in "\n\r\t\f" for c in text[:20000])
        if odd <= len(text[:20000]) * 0.01:
            return text
    raise DocumentRefused("has an encoding that cannot be read; save it as UTF-8.")


def tidy(text: str) -> str:
    """One line of running text: white space folded, soft hyphens and zero-width characters gone."""
    text = re.sub("[\u00ad\u200b-\u200d\u2060\ufeff]", "", unicodedata.normalize("NFC", text))
    return re.sub(r"\s+", " ", text).strip()


def bullet(line: str) -> str | None:
    """The text of a list item with its bullet, or doubled bullets, taken off; None when it is not an item."""
    match = _BULLET.match(line)
    return tidy(line[match.end() :]) if match and line[match.end() :].strip() else None


def numbered(line: str) -> str | None:
    """The text after `1. ` or `1) `; None when the line is not numbered."""
    match = _NUMBER.match(line)
    return tidy(line[match.end() :]) if match else None


def is_boilerplate(line: str) -> bool:
    """True for the furniture of a web page that says nothing: 'Read article', 'Page 3 of 9', 'Built with ...'."""
    return bool(_BOILERPLATE.match(tidy(line)))


def looks_like_heading(line: str) -> bool:
    """A short line on its own without closing punctuation, most of its longer words capitalised."""
    text = tidy(line)
    words = text.split()
    if not 1 <= len(words) <= 14 or len(text) > 90 or text[-1] in ".,;:!" or not text[0].isalnum():
        return False
    if re.fullmatch(r"[A-Z][a-z]+ \d{1,2}, \d{4}", text):
        return False
    long_words = [word for word in words if len(word) > 3 and word[0].isalpha()]
    capital = sum(word[0].isupper() for word in long_words)
    return words[0][0].isupper() and capital >= 0.6 * len(long_words) if long_words else words[0][0].isupper()
