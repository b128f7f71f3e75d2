"""The Review page opens with the password set on first use, and guessing is slow."""

from __future__ import annotations

import pytest

from coach.people.coach_password import PasswordRefused, check_password, is_set, set_password
from coach.people.limiter import Limiter, TooOften
from coach.store import Store
from coach.store.sessions import secret_hash


def test_set_once_then_only_the_right_one_opens(store: Store) -> None:
    assert not is_set(store)
    set_password(store, "a quiet evening")
    assert is_set(store)
    check_password(store, "a quiet evening", Limiter())
    for wrong in ("a quiet evening ", "", "A quiet evening"):
        with pytest.raises(PasswordRefused, match="does not open"):
            check_password(store, wrong, Limiter())
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


def test_after_five_wrong_tries_even_the_right_one_has_to_wait(store: Store) -> None:
    set_password(store, "a quiet evening")
    limiter = Limiter()
    for _ in range(5):
        with pytest.raises(PasswordRefused, match="does not open"):
            check_password(store, "wrong", limiter)
    with pytest.raises(TooOften, match=r"wait \d+ seconds"):
        check_password(store, "a quiet evening", limiter)


def test_the_right_one_starts_the_count_anew(store: Store) -> None:
    set_password(store, "a quiet evening")
    limiter = Limiter()
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(PasswordRefused):
                check_password(store, "wrong", limiter)
        check_password(store, "a quiet evening", limiter)


def test_nothing_opens_before_a_password_is_set(store: Store) -> None:
    with pytest.raises(PasswordRefused):
        check_password(store, "", Limiter())
