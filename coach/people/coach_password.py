"""The password that opens the Review page of an installation without accounts: set on first use, slow to guess."""

from __future__ import annotations

from coach.people.limiter import GUESSES, Limiter
from coach.people.passwords import PasswordRefused, hash_password, opens
from coach.store import Store
from coach.store.sessions import keep_secret_hash, secret_hash

NAME = "review"


def is_set(store: Store) -> bool:
    """True when a password has been chosen."""
    return secret_hash(store, NAME) is not None


def set_password(store: Store, password: str, *, replace: bool = False) -> None:
    """Choose the password.

    Raises:
        PasswordRefused: when it is too short, or one is set already.
    """
    if not keep_secret_hash(store, NAME, hash_password(password), replace=replace):
        raise PasswordRefused("A password is set already.")


def check_password(store: Store, password: str, limiter: Limiter) -> None:
    """Let the coach in.

    Raises:
        PasswordRefused: when it is wrong, or none is set.
        TooOften: after too many wrong tries.
    """
    limiter.check(GUESSES, "review", NAME)
    if not opens(password, secret_hash(store, NAME)):
        limiter.count(GUESSES, "review", NAME)
        raise PasswordRefused
    limiter.forget(GUESSES, "review", NAME)


__all__ = ["PasswordRefused", "check_password", "is_set", "set_password"]
