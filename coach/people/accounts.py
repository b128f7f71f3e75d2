"""Signing up and in on one's own machine: a name and a password, by invitation once somebody is there."""

from __future__ import annotations

import unicodedata

from coach.errors import AttuneError
from coach.people import here
from coach.people.limiter import CODES, GUESSES, GUESSES_FROM_ONE_PLACE, Limiter
from coach.people.passwords import hash_password, opens
from coach.store import Store
from coach.store.accounts import account, account_of, add_account, any_account, change_hash, say_adult
from coach.store.conversations import LOCAL
from coach.store.couples import join, part_of
from coach.store.rights import erase_person

LONGEST_NAME = 40
TAKEN = "That name is taken. Please choose another."


class SignInRefused(AttuneError):
    """Name and password do not belong together. It does not say which of them is wrong."""

    default = "That name and password do not belong together. Please try again."


class SignUpRefused(AttuneError):
    """An account cannot be made like this; the sentence says what to change."""

    default = "An account cannot be made like this."


def sign_in(store: Store, limiter: Limiter, name: str, password: str, address: str) -> str:
    """The person of an account.

    Raises:
        SignInRefused: when name and password do not belong together.
        TooOften: after too many wrong tries, for this account or from this address.
    """
    key = account_key(name)
    limiter.check(GUESSES_FROM_ONE_PLACE, "sign-in-from", address)
    limiter.take(GUESSES, "sign-in", key)
    found = account(store, key) if key.isprintable() else None
    if not opens(password, found[1] if found else None) or found is None:
        limiter.count(GUESSES_FROM_ONE_PLACE, "sign-in-from", address)
        raise SignInRefused
    limiter.forget(GUESSES, "sign-in", key)
    return found[0]


def sign_up(
    store: Store, limiter: Limiter, name: str, password: str, address: str, code: str = "", *, adult: bool
) -> str:
    """A new account; the first one belongs to the owner of the installation and takes over what was kept before.

    Raises:
        SignUpRefused: saying what to change.
        PasswordRefused: when the password is too short.
        TooOften: after too many codes were tried from this address.
    """
    shown = _name(name)
    if not adult:
        raise SignUpRefused("Attune is for adults. Please say that you are 18 or older.")
    first = not any_account(store)
    part = "owner"
    if not first:
        limiter.check(CODES, "code", address)
        part = part_of(store, invited(code)) or ""
        if not part:
            limiter.count(CODES, "code", address)
            raise SignUpRefused("That invitation does not work. It may have been used, or be older than a week.")
    made = _add(store, shown, part, password)
    say_adult(store, made)
    if not first and join(store, made, invited(code)) is None:
        erase_person(store, made)
        limiter.count(CODES, "code", address)
        raise SignUpRefused("That invitation was used by somebody else in this moment.")
    return made


def add_by_owner(store: Store, name: str, password: str) -> str:
    """An account made at the machine itself; the person is asked on first sign-in whether they are an adult.

    Raises:
        SignUpRefused: when the name cannot be used.
        PasswordRefused: when the password is too short.
    """
    shown = _name(name)
    return _add(store, shown, "partner" if any_account(store) else "owner", password)


def _add(store: Store, shown: str, role: str, password: str) -> str:
    """The owner's account, which is the first, takes over what the one person here has kept before."""
    before = LOCAL if role == "owner" and here.started(store) else None
    try:
        made = add_account(store, account_key(shown), shown, role, hash_password(password), before)
    except ValueError:
        raise SignUpRefused(TAKEN) from None
    if before:
        here.end(store)
    return made


def _name(name: str) -> str:
    shown = " ".join(name.split())
    if not shown or len(shown) > LONGEST_NAME or not shown.isprintable():
        raise SignUpRefused(f"Please choose a name of up to {LONGEST_NAME} letters.")
    return shown


def change_password(store: Store, limiter: Limiter, who: str, old: str, new: str) -> None:
    """Choose another password; every browser is signed out.

    Raises:
        SignInRefused: when the old one is wrong.
        PasswordRefused: when the new one is too short.
        TooOften: after too many wrong tries.
    """
    key = account_of(store, who) or ""
    limiter.check(GUESSES, "sign-in", key)
    found = account(store, key)
    if not opens(old, found[1] if found else None):
        limiter.count(GUESSES, "sign-in", key)
        raise SignInRefused("That is not your password now.")
    change_hash(store, key, hash_password(new))


def account_key(name: str) -> str:
    """The one spelling of an account's name."""
    return unicodedata.normalize("NFKC", " ".join(name.split())).casefold()[:LONGEST_NAME]


def invited(code: str) -> str:
    """An invitation code as it was made, however it was typed."""
    return "".join(letter for letter in code.upper() if letter.isalnum())


__all__ = [
    "SignInRefused",
    "SignUpRefused",
    "account_key",
    "add_by_owner",
    "change_password",
    "invited",
    "sign_in",
    "sign_up",
]
