"""The Review page opens with the password set on first use, and guessing is slow."""

from __future__ import annotations

import pytest

from coach.people.coach_password import FREE_TRIES, Guesses, PasswordRefused, check_password, is_set, set_password
from coach.store import Store
from coach.store.sessions import secret_hash


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_set_once_then_only_the_right_one_opens(store: Store) -> None:
    assert not is_set(store)
    set_password(store, "a quiet evening")
    assert is_set(store)
    check_password(store, "a quiet evening", Guesses())
    for wrong in ("a quiet evening ", "", "A quiet evening"):
        with pytest.raises(PasswordRefused, match="does not open"):
            check_password(store, wrong, Guesses())
    with pytest.raises(PasswordRefused, match="set already"):
        set_password(store, "another evening")


def test_the_password_itself_is_nowhere_in_the_store(store: Store) -> None:
    set_password(store, "a quiet evening")
    kept = secret_hash(store, "review")
    assert kept
    assert kept.startswith("$argon2id$")
    assert "quiet" not in kept


def test_short_passwords_are_refused_with_advice(store: Store) -> None:
    with pytest.raises(PasswordRefused, match="at least 10"):
        set_password(store, "short")


def test_guessing_has_to_wait_longer_and_longer(store: Store) -> None:
    set_password(store, "a quiet evening")
    clock = Clock()
    guesses = Guesses(clock)
    for _ in range(FREE_TRIES):
        with pytest.raises(PasswordRefused, match="does not open"):
            check_password(store, "wrong", guesses)
    with pytest.raises(PasswordRefused, match="wait"):
        check_password(store, "a quiet evening", guesses)
    clock.now += 10
    check_password(store, "a quiet evening", guesses)
    check_password(store, "a quiet evening", guesses)


def test_nothing_opens_before_a_password_is_set(store: Store) -> None:
    with pytest.raises(PasswordRefused):
        check_password(store, "", Guesses())
