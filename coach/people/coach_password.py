"""The password that opens the Review page: set on first use, kept as an Argon2id hash, slow to guess."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from coach.errors import AttuneError
from coach.store.engine import Store
from coach.store.sessions import keep_secret_hash, secret_hash

NAME = "review"
SHORTEST = 10
FREE_TRIES = 5
LONGEST_WAIT = 300.0


class PasswordRefused(AttuneError):
    """The password does not open, or cannot be taken as a new one."""

    default = "That password does not open this page."


@dataclass
class Guesses:
    """Counts failed tries over the whole process: after five, each further one makes all wait, up to five minutes."""

    clock: Callable[[], float] = time.monotonic
    failed: int = 0
    open_at: float = field(default=0.0)

    def check(self) -> None:
        """Refuse while a wait runs.

        Raises:
            PasswordRefused: saying how long to wait.
        """
        left = self.open_at - self.clock()
        if left > 0:
            raise PasswordRefused(f"Too many tries. Please wait {int(left) + 1} seconds.")

    def note(self, *, right: bool) -> None:
        """Count a try."""
        if right:
            self.failed, self.open_at = 0, 0.0
            return
        self.failed += 1
        if self.failed >= FREE_TRIES:
            self.open_at = self.clock() + min(LONGEST_WAIT, 2.0 ** (self.failed - FREE_TRIES + 2))


def is_set(store: Store) -> bool:
    """True when a password has been chosen."""
    return secret_hash(store, NAME) is not None


def set_password(store: Store, password: str, *, replace: bool = False) -> None:
    """Choose the password.

    Raises:
        PasswordRefused: when it is too short, or one is set already.
    """
    if len(password) < SHORTEST:
        raise PasswordRefused(f"Please choose at least {SHORTEST} characters; a short sentence is easy to remember.")
    if not keep_secret_hash(store, NAME, PasswordHasher().hash(password), replace=replace):
        raise PasswordRefused("A password is set already.")


def check_password(store: Store, password: str, guesses: Guesses) -> None:
    """Let the coach in.

    Raises:
        PasswordRefused: when it is wrong, none is set, or too many tries were made.
    """
    guesses.check()
    kept = secret_hash(store, NAME)
    try:
        right = bool(kept) and PasswordHasher().verify(kept or "", password)
    except (Argon2Error, InvalidHashError):
        right = False
    guesses.note(right=right)
    if not right:
        raise PasswordRefused
