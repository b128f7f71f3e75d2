"""The sentences of a long message, to be weighed one by one: a danger gets lost among a hundred cheerful words."""

from __future__ import annotations

import re

LONG = 240
"""Characters from which a message is also read sentence by sentence."""
MOST = 28
"""Words of a part; what runs on without a stop is cut into parts that overlap by half."""
_STOP = re.compile(r"(?<=[.!?\u2026])\s+|\n+")


def parts(text: str) -> list[str]:
    """The sentences of a long message; none of a short one."""
    if len(text) <= LONG:
        return []
    found = []
    for sentence in _STOP.split(text):
        words = sentence.split()
        if len(words) <= MOST:
            found.append(sentence)
        else:
            step = MOST // 2
            found += [" ".join(words[start : start + MOST]) for start in range(0, len(words) - step, step)]
    return [part for part in found if any(letter.isalpha() for letter in part)]


__all__ = ["parts"]
