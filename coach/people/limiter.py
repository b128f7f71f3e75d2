"""How often something may be tried: counted in memory, or in Redis where several processes share the work."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from coach.errors import AttuneError


class TooOften(AttuneError):
    """Something was tried too often; the sentence says how long to wait."""

    default = "That was a little too often. Please wait a moment and try again."


GUESSES: tuple[RateLimitItem, ...] = (RateLimitItemPerMinute(5), RateLimitItemPerHour(15))
"""Wrong passwords for one account: five a minute and fifteen an hour; then even the right one has to wait."""
GUESSES_FROM_ONE_PLACE: tuple[RateLimitItem, ...] = (RateLimitItemPerMinute(15), RateLimitItemPerHour(60))
"""The same from one address, whatever the account."""
CODES: tuple[RateLimitItem, ...] = (RateLimitItemPerMinute(5), RateLimitItemPerHour(20))
"""Invitation codes tried from one address."""
MESSAGES: tuple[RateLimitItem, ...] = (RateLimitItemPerMinute(20), RateLimitItemPerHour(200))
"""Messages of one person: far more than anybody writes by hand."""


class Limiter:
    """Counts tries by what they are for and whom they belong to."""

    def __init__(self, redis_url: str | None = None) -> None:
        self._storage = storage_from_string(redis_url or "memory://")
        self._window = MovingWindowRateLimiter(self._storage)

    def check(self, limits: Sequence[RateLimitItem], what: str, whose: str) -> None:
        """Refuse when the limit is reached.

        Raises:
            TooOften: saying how long to wait.
        """
        waits = [
            self._window.get_window_stats(limit, what, whose).reset_time - time.time()
            for limit in limits
            if not self._window.test(limit, what, whose)
        ]
        if waits:
            raise TooOften(f"That was tried too often. Please wait {_spoken(max(waits))} and try again.")

    def count(self, limits: Sequence[RateLimitItem], what: str, whose: str) -> None:
        """Count one try."""
        for limit in limits:
            self._window.hit(limit, what, whose)

    def take(self, limits: Sequence[RateLimitItem], what: str, whose: str) -> None:
        """Count one try, or refuse it: in one step, so that tries at the same moment count, too.

        Raises:
            TooOften: saying how long to wait.
        """
        self.check(limits, what, whose)
        if not all(self._window.hit(limit, what, whose) for limit in limits):
            self.check(limits, what, whose)
            raise TooOften

    def forget(self, limits: Sequence[RateLimitItem], what: str, whose: str) -> None:
        """Start counting anew, such as after the right password."""
        for limit in limits:
            self._window.clear(limit, what, whose)


def _spoken(seconds: float) -> str:
    whole = max(1, math.ceil(seconds))
    if whole == 1:
        return "1 second"
    return f"{whole} seconds" if whole < 90 else f"{math.ceil(whole / 60)} minutes"


__all__ = ["CODES", "GUESSES", "GUESSES_FROM_ONE_PLACE", "MESSAGES", "Limiter", "TooOften"]
