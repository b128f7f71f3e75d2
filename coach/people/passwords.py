"""Passwords: what may be chosen, and Argon2id hashes of it."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from coach.errors import AttuneError

SHORTEST, LONGEST = 10, 200
_HASHER = PasswordHasher()
_NOBODY = _HASHER.hash("nobody has this password")
"""Verified when there is no such account, so that the time taken does not tell which names exist."""


class PasswordRefused(AttuneError):
    """The password does not open, or cannot be taken as a new one."""

    default = "That password does not open this page."


def hash_password(password: str) -> str:
    """The hash to keep.

    Raises:
        PasswordRefused: when it is too short, too long or no text.
    """
    if len(password) < SHORTEST:
        raise PasswordRefused(f"Please choose at least {SHORTEST} characters; a short sentence is easy to remember.")
    if len(password) > LONGEST:
        raise PasswordRefused(f"Please choose at most {LONGEST} characters.")
    try:
        return _HASHER.hash(password)
    except UnicodeError as error:
        raise PasswordRefused("Please choose other characters.") from error


def opens(password: str, hashed: str | None) -> bool:
    """True when the password belongs to the hash; it takes the same time when there is none."""
    try:
        return _HASHER.verify(hashed or _NOBODY, password[:LONGEST]) and hashed is not None
    except (Argon2Error, InvalidHashError, UnicodeError):
        return False


__all__ = ["PasswordRefused", "hash_password", "opens"]
