"""The feeling a person names of themselves, and the short sentence that says back that it was heard."""

from __future__ import annotations

import re
from functools import cached_property

from pydantic import Field

from coach.schema import Frozen

_OF_ME = (
    r"\b(?:i feel|i felt|feeling|i'?m|i am|i'?ve been|i get|(?:makes?|made|leaves?|left) me(?: feel(?:ing)?)?)"
    r"(?: (?:so|very|really|just|a bit|a little|kind of|kinda|still|always|often|rather|quite|too|like)){0,2} "
)
"""The person speaks of themselves, and nothing between them and the feeling denies it."""


class Feeling(Frozen):
    """One feeling: the words it is named by, and what is said back."""

    words: tuple[str, ...] = Field(min_length=1)
    say: str

    @cached_property
    def _named(self) -> re.Pattern[str]:
        return re.compile(_OF_ME + "(?:" + "|".join(map(re.escape, self.words)) + r")\b")

    def named_in(self, message: str) -> bool:
        """True when the message, in lower case with plain apostrophes, names this feeling as the writer's own."""
        return bool(self._named.search(message))
