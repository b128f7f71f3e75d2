"""Tries are counted per account and place, in memory and in Redis alike, and forgotten in time."""

from __future__ import annotations

import os
import uuid

import pytest

from coach.people.limiter import GUESSES, MESSAGES, Limiter, TooOften

REDIS = os.environ.get("COACH_TEST_REDIS_URL")


@pytest.fixture(params=["memory", *(["redis"] if REDIS else [])])
def limiter(request: pytest.FixtureRequest) -> Limiter:
    return Limiter(REDIS if request.param == "redis" else None)


@pytest.fixture
def whose() -> str:
    """Nobody that an earlier run has counted."""
    return uuid.uuid4().hex


def test_five_are_free_and_the_next_has_to_wait(limiter: Limiter, whose: str) -> None:
    for _ in range(5):
        limiter.check(GUESSES, "sign-in", whose)
        limiter.count(GUESSES, "sign-in", whose)
    with pytest.raises(TooOften, match=r"wait \d+ (seconds|minutes)"):
        limiter.check(GUESSES, "sign-in", whose)


def test_nobody_waits_for_another(limiter: Limiter, whose: str) -> None:
    for _ in range(5):
        limiter.count(GUESSES, "sign-in", whose)
    limiter.check(GUESSES, "sign-in", f"{whose}-other")
    limiter.check(MESSAGES, "message", whose)


def test_what_is_forgotten_counts_no_more(limiter: Limiter, whose: str) -> None:
    for _ in range(5):
        limiter.count(GUESSES, "sign-in", whose)
    limiter.forget(GUESSES, "sign-in", whose)
    limiter.check(GUESSES, "sign-in", whose)


@pytest.mark.skipif(REDIS is None, reason="no Redis on this machine")
def test_two_processes_count_together_in_redis(whose: str) -> None:
    for _ in range(5):
        Limiter(REDIS).count(GUESSES, "sign-in", whose)
    with pytest.raises(TooOften):
        Limiter(REDIS).check(GUESSES, "sign-in", whose)
