"""Signing in is slow to guess, and of every secret only a digest is kept."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import update

from coach.people.accounts import SignInRefused, change_password, sign_in, sign_up
from coach.people.couples import invite
from coach.people.limiter import Limiter, TooOften
from coach.people.passwords import PasswordRefused, hash_password, opens
from coach.store import Store
from coach.store.accounts import (
    LASTS,
    account,
    account_of,
    add_account,
    change_ticket,
    open_sign_in,
    sign_out,
    sign_out_everywhere,
    signed_in,
)
from coach.store.conversations import ensure_person
from coach.store.rights import erase_person
from coach.store.tables import SignInRow, now
from tests.unit.raw import everything

pytestmark = pytest.mark.usefixtures("quick_hashes")
PASSWORD = "a quiet evening"
HOME = "192.0.2.1"


@pytest.fixture
def owner(store: Store) -> str:
    return sign_up(store, Limiter(), "Anna", PASSWORD, HOME, adult=True)


# --- Signing in ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("Anna", "another evening"),
        ("Anna", ""),
        ("Anna", PASSWORD + " "),
        ("Anna", "\ud800" * 12),
        ("Nobody", PASSWORD),
        ("", ""),
        ("An\x00na", PASSWORD),
        ("\ud800", PASSWORD),
        ("a" * 10_000, PASSWORD),
    ],
)
def test_a_wrong_password_says_the_same_as_an_unknown_name(store: Store, owner: str, name: str, password: str) -> None:
    with pytest.raises(SignInRefused) as caught:
        sign_in(store, Limiter(), name, password, HOME)
    assert str(caught.value) == "That name and password do not belong together. Please try again."


def test_an_unknown_name_is_answered_as_slowly_as_a_known_one(
    store: Store, owner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified = []
    monkeypatch.setattr("coach.people.accounts.opens", lambda word, kept: verified.append((word, kept)))
    for name in ("Anna", "Nobody"):
        with pytest.raises(SignInRefused):
            sign_in(store, Limiter(), name, "another evening", HOME)
    assert [bool(kept) for _, kept in verified] == [True, False]


@pytest.mark.parametrize("name", ["Anna", "Nobody"])
def test_after_five_wrong_tries_an_account_is_locked_whether_or_not_it_exists(
    store: Store, owner: str, name: str
) -> None:
    limiter = Limiter()
    for place in range(5):
        with pytest.raises(SignInRefused):
            sign_in(store, limiter, name, "wrong", f"192.0.2.{place}")
    with pytest.raises(TooOften, match=r"wait \d+ seconds"):
        sign_in(store, limiter, name.upper(), PASSWORD, "192.0.2.200")


def test_a_locked_account_locks_no_other(store: Store, owner: str) -> None:
    limiter = Limiter()
    for place in range(5):
        with pytest.raises(SignInRefused):
            sign_in(store, limiter, "Nobody", "wrong", f"192.0.2.{place}")
    assert sign_in(store, limiter, "Anna", PASSWORD, HOME) == owner


def test_one_address_cannot_try_many_accounts(store: Store, owner: str) -> None:
    limiter = Limiter()
    for number in range(15):
        with pytest.raises(SignInRefused):
            sign_in(store, limiter, f"name{number}", "wrong", HOME)
    with pytest.raises(TooOften):
        sign_in(store, limiter, "Anna", PASSWORD, HOME)
    assert sign_in(store, limiter, "Anna", PASSWORD, "192.0.2.2") == owner


def test_tries_at_the_same_moment_are_counted_each(store: Store, owner: str) -> None:
    limiter, together, said = Limiter(), threading.Barrier(20), []

    def guess(place: int) -> None:
        together.wait()
        try:
            sign_in(store, limiter, "Anna", f"wrong {place}", f"192.0.2.{place}")
        except (SignInRefused, TooOften) as error:
            said.append(type(error))

    guesses = [threading.Thread(target=guess, args=(place,)) for place in range(20)]
    for one in guesses:
        one.start()
    for one in guesses:
        one.join()
    assert (said.count(SignInRefused), said.count(TooOften)) == (5, 15)


def test_the_right_password_starts_the_count_of_the_account_anew(store: Store, owner: str) -> None:
    limiter = Limiter()
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(SignInRefused):
                sign_in(store, limiter, "Anna", "wrong", HOME)
        assert sign_in(store, limiter, "Anna", PASSWORD, HOME) == owner


def test_signing_in_rightly_over_and_over_locks_nobody_out(store: Store, owner: str) -> None:
    limiter = Limiter()
    for _ in range(30):
        assert sign_in(store, limiter, "Anna", PASSWORD, HOME) == owner


def test_an_account_without_a_password_opens_with_none(store: Store) -> None:
    add_account(store, "https://id.example sub", "Anna", "owner", None)
    for password in ("", "nobody has this password", "None"):
        with pytest.raises(SignInRefused):
            sign_in(store, Limiter(), "https://id.example sub", password, HOME)


# --- Tickets and cookies ---------------------------------------------------------------------------------------------


def test_a_ticket_is_changed_into_a_cookie_once(store: Store, owner: str) -> None:
    ticket = open_sign_in(store, owner, "ticket")
    cookie = change_ticket(store, ticket)
    assert cookie is not None
    assert signed_in(store, cookie) == owner
    assert change_ticket(store, ticket) is None


def test_a_ticket_is_no_cookie_and_a_cookie_no_ticket(store: Store, owner: str) -> None:
    assert signed_in(store, open_sign_in(store, owner, "ticket")) is None
    assert change_ticket(store, open_sign_in(store, owner, "cookie")) is None


@pytest.mark.parametrize("secret", ["", "guess", "\ud800", "'; DROP TABLE sign_in; --"])
def test_what_is_no_secret_opens_nothing(store: Store, owner: str, secret: str) -> None:
    open_sign_in(store, owner, "cookie")
    assert signed_in(store, secret) is None
    assert change_ticket(store, secret) is None
    sign_out(store, secret)


def test_tickets_and_cookies_run_out(store: Store, owner: str) -> None:
    ticket, cookie = open_sign_in(store, owner, "ticket"), open_sign_in(store, owner, "cookie")
    assert timedelta(seconds=60) == LASTS["ticket"]
    assert timedelta(days=30) == LASTS["cookie"]
    with store.begin() as session:
        session.execute(update(SignInRow).values(expires_at=now() - timedelta(seconds=1)))
    assert change_ticket(store, ticket) is None
    assert signed_in(store, cookie) is None


def test_what_has_run_out_is_not_kept(store: Store, owner: str) -> None:
    old = open_sign_in(store, owner, "ticket")
    with store.begin() as session:
        session.execute(update(SignInRow).values(expires_at=now() - timedelta(seconds=1)))
    fresh = open_sign_in(store, owner, "cookie")
    with store.begin() as session:
        assert session.query(SignInRow).count() == 1
    assert signed_in(store, fresh) == owner
    assert signed_in(store, old) is None


def test_signing_out_ends_one_browser_and_everywhere_ends_all(store: Store, owner: str) -> None:
    ensure_person(store, "ben")
    phone, laptop, of_another = (open_sign_in(store, who, "cookie") for who in (owner, owner, "ben"))
    ticket = open_sign_in(store, owner, "ticket")
    sign_out(store, phone)
    assert signed_in(store, phone) is None
    assert signed_in(store, laptop) == owner
    sign_out_everywhere(store, owner)
    assert signed_in(store, laptop) is None
    assert change_ticket(store, ticket) is None
    assert signed_in(store, of_another) == "ben"


def test_somebody_erased_is_signed_in_nowhere(store: Store, owner: str) -> None:
    cookie = open_sign_in(store, owner, "cookie")
    erase_person(store, owner)
    assert signed_in(store, cookie) is None
    assert account(store, "anna") is None
    with pytest.raises(SignInRefused):
        sign_in(store, Limiter(), "Anna", PASSWORD, HOME)


# --- Passwords -------------------------------------------------------------------------------------------------------


def test_another_password_signs_out_every_browser_and_the_old_one_opens_no_more(store: Store, owner: str) -> None:
    phone, ticket = open_sign_in(store, owner, "cookie"), open_sign_in(store, owner, "ticket")
    change_password(store, Limiter(), owner, PASSWORD, "another evening")
    assert signed_in(store, phone) is None
    assert change_ticket(store, ticket) is None
    with pytest.raises(SignInRefused):
        sign_in(store, Limiter(), "Anna", PASSWORD, HOME)
    assert sign_in(store, Limiter(), "Anna", "another evening", HOME) == owner


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("wrong wrong", "another evening", "not your password"),
        (PASSWORD, "short", "at least 10"),
        (PASSWORD, "a" * 201, "at most 200"),
        (PASSWORD, "\ud800" * 12, "other characters"),
    ],
)
def test_a_refused_change_changes_nothing(store: Store, owner: str, old: str, new: str, says: str) -> None:
    cookie = open_sign_in(store, owner, "cookie")
    with pytest.raises((SignInRefused, PasswordRefused), match=says):
        change_password(store, Limiter(), owner, old, new)
    assert signed_in(store, cookie) == owner
    assert sign_in(store, Limiter(), "Anna", PASSWORD, HOME) == owner


def test_the_old_password_cannot_be_guessed_where_it_is_changed(store: Store, owner: str) -> None:
    limiter = Limiter()
    for _ in range(5):
        with pytest.raises(SignInRefused):
            change_password(store, limiter, owner, "wrong wrong", "another evening")
    with pytest.raises(TooOften):
        change_password(store, limiter, owner, PASSWORD, "another evening")


def test_nobody_without_an_account_has_a_password(store: Store) -> None:
    ensure_person(store, "ben")
    assert account_of(store, "ben") is None
    with pytest.raises(SignInRefused):
        change_password(store, Limiter(), "ben", "nobody has this password", "another evening")


def test_the_hash_is_slow_to_guess(monkeypatch: pytest.MonkeyPatch) -> None:
    import argon2

    from coach.people import passwords

    monkeypatch.undo()
    kept = hash_password(PASSWORD)
    assert kept.startswith("$argon2id$")
    assert argon2.extract_parameters(kept).memory_cost >= 19 * 1024
    assert opens(PASSWORD, kept)
    assert not opens(PASSWORD + "x", kept)
    assert not opens("nobody has this password", None)
    assert argon2.extract_parameters(passwords._NOBODY) == argon2.extract_parameters(kept)


def test_only_digests_of_secrets_are_in_the_tables(store: Store, owner: str) -> None:
    ticket, cookie = open_sign_in(store, owner, "ticket"), open_sign_in(store, owner, "cookie")
    code = invite(store, owner, "partner")
    kept = everything(store)
    assert "$argon2id$" in kept
    for secret in (PASSWORD, ticket, cookie, code, code.replace("-", "")):
        assert secret not in kept
