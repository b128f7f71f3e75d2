"""Signing up is by invitation, and a name is the same however it is typed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from coach.people import here
from coach.people.accounts import SignInRefused, SignUpRefused, account_key, sign_in, sign_up
from coach.people.couples import accept, invite
from coach.people.limiter import Limiter, TooOften
from coach.people.passwords import PasswordRefused
from coach.store import Store
from coach.store.accounts import (
    account,
    any_account,
    keep_for,
    person,
    say_adult,
)
from coach.store.conversations import LOCAL, ensure_person, keep_message, messages, new_thread, threads
from coach.store.couples import couple_of, part_of
from tests.unit.raw import everything

pytestmark = pytest.mark.usefixtures("quick_hashes")
PASSWORD = "a quiet evening"
HOME = "192.0.2.1"


@pytest.fixture
def owner(store: Store) -> str:
    return sign_up(store, Limiter(), "Anna", PASSWORD, HOME, adult=True)


# --- Signing up ------------------------------------------------------------------------------------------------------


def test_the_first_account_belongs_to_the_owner_and_nobody_else_comes_in_uninvited(store: Store) -> None:
    assert not any_account(store)
    made = sign_up(store, Limiter(), "Anna", PASSWORD, HOME, adult=True)
    known = person(store, made)
    assert known is not None
    assert (known.name, known.role) == ("Anna", "owner")
    assert known.adult_at is not None
    for code in ("", "AAAA-BBBB-CCCC"):
        with pytest.raises(SignUpRefused, match="invitation does not work"):
            sign_up(store, Limiter(), "Ben", PASSWORD, HOME, code, adult=True)
    assert account(store, "ben") is None


def test_the_first_account_takes_over_what_was_kept_before(store: Store) -> None:
    here.start(store)
    thread = new_thread(store, LOCAL)
    keep_message(store, LOCAL, thread, "we never talk")
    made = sign_up(store, Limiter(), "Anna", PASSWORD, HOME, adult=True)
    assert made == LOCAL
    assert [said.text for said in messages(store, made, thread)] == ["we never talk"]
    known = person(store, made)
    assert known is not None
    assert (known.name, known.role) == ("Anna", "owner")


def test_only_the_first_account_takes_it_over(store: Store) -> None:
    here.start(store)
    first = sign_up(store, Limiter(), "Anna", PASSWORD, HOME, adult=True)
    second = sign_up(store, Limiter(), "Ben", PASSWORD, HOME, invite(store, first, "partner"), adult=True)
    assert second != LOCAL
    assert threads(store, second) == []


@pytest.mark.parametrize("part", ["partner", "coach"])
def test_an_invitation_makes_an_account_with_its_part(store: Store, owner: str, part: str) -> None:
    code = invite(store, owner, part)  # type: ignore[arg-type]  # one of the two
    made = sign_up(store, Limiter(), "Ben", PASSWORD, HOME, code, adult=True)
    known, couple = person(store, made), couple_of(store, owner)
    assert known is not None
    assert couple is not None
    assert known.role == part
    assert (made, part) in [(one.person, one.part) for one in couple.members]


def test_an_invitation_makes_one_account_only(store: Store, owner: str) -> None:
    code = invite(store, owner, "partner")
    sign_up(store, Limiter(), "Ben", PASSWORD, HOME, code, adult=True)
    with pytest.raises(SignUpRefused, match="invitation does not work"):
        sign_up(store, Limiter(), "Emil", PASSWORD, HOME, code, adult=True)


def test_a_refused_sign_up_leaves_the_invitation_as_it_was(store: Store, owner: str) -> None:
    code = invite(store, owner, "partner")
    for name, password, adult in (("Anna", PASSWORD, True), ("Ben", "short", True), ("Ben", PASSWORD, False)):
        with pytest.raises((SignUpRefused, PasswordRefused)):
            sign_up(store, Limiter(), name, password, HOME, code, adult=adult)
    assert sign_up(store, Limiter(), "Ben", PASSWORD, HOME, code, adult=True)


def test_whoever_is_too_late_with_an_invitation_gets_no_account(
    store: Store, owner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else uses the code after it was looked at and before it is used."""
    code = invite(store, owner, "partner")
    ensure_person(store, "ben")

    def seen_too_early(kept: Store, typed: str) -> str | None:
        part = part_of(kept, typed)
        accept(kept, Limiter(), "ben", code)
        return part

    monkeypatch.setattr("coach.people.accounts.part_of", seen_too_early)
    with pytest.raises(SignUpRefused, match="somebody else"):
        sign_up(store, Limiter(), "Emil", PASSWORD, HOME, code, adult=True)
    assert account(store, "emil") is None
    with pytest.raises(SignInRefused):
        sign_in(store, Limiter(), "Emil", PASSWORD, HOME)
    assert "Emil" not in everything(store)


def test_a_code_of_somebody_who_left_makes_no_account(store: Store, owner: str) -> None:
    ensure_person(store, "dora")
    code = invite(store, owner, "partner")
    accept(store, Limiter(), owner, invite(store, "dora", "partner"))
    with pytest.raises(SignUpRefused, match="invitation does not work"):
        sign_up(store, Limiter(), "Ben", PASSWORD, HOME, code, adult=True)
    assert account(store, "ben") is None


def test_only_adults_get_an_account(store: Store) -> None:
    with pytest.raises(SignUpRefused, match="18"):
        sign_up(store, Limiter(), "Anna", PASSWORD, HOME, adult=False)
    assert not any_account(store)


def test_codes_cannot_be_tried_over_and_over(store: Store, owner: str) -> None:
    limiter = Limiter()
    for _ in range(5):
        with pytest.raises(SignUpRefused):
            sign_up(store, limiter, "Ben", PASSWORD, HOME, "guess", adult=True)
    with pytest.raises(TooOften, match="wait"):
        sign_up(store, limiter, "Ben", PASSWORD, HOME, invite(store, owner, "partner"), adult=True)
    assert sign_up(store, limiter, "Ben", PASSWORD, "192.0.2.2", invite(store, owner, "partner"), adult=True)


# --- Names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "typed"),
    [
        ("Anna", "anna"),
        ("Anna", "  ANNA\t"),
        ("Anna  Maria", "anna maria"),
        ("Zoë", "zoe\u0308"),
        ("Ａｎｎａ", "anna"),
        ("Straße", "STRASSE"),
        ("Σοφία", "ΣΟΦΊΑ"),
        ("小林", "小林"),
        ("안나", "안나"),
    ],
)
def test_a_name_is_the_same_however_it_is_typed(store: Store, made: str, typed: str) -> None:
    who = sign_up(store, Limiter(), made, PASSWORD, HOME, adult=True)
    assert sign_in(store, Limiter(), typed, PASSWORD, HOME) == who
    with pytest.raises(SignUpRefused, match="taken"):
        sign_up(store, Limiter(), typed, PASSWORD, HOME, invite(store, who, "partner"), adult=True)


@pytest.mark.parametrize("name", ["", "   ", "\u200b", "a" * 41, "Anna\x00", "An\u202ena", "\ud800", "Anna\x1b[2J"])
def test_a_name_that_cannot_be_shown_is_refused(store: Store, name: str) -> None:
    with pytest.raises(SignUpRefused, match="up to 40"):
        sign_up(store, Limiter(), name, PASSWORD, HOME, adult=True)


@pytest.mark.parametrize("name", ["\ufdfa" * 40, "ß" * 40, "a" * 40, "İ" * 40])
def test_the_longest_names_fit_into_every_database(store: Store, name: str) -> None:
    who = sign_up(store, Limiter(), name, PASSWORD, HOME, adult=True)
    assert sign_in(store, Limiter(), name, PASSWORD, HOME) == who
    assert len(account_key(name)) <= 40


def test_of_two_that_choose_a_name_at_once_one_gets_it(
    store: Store, owner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = invite(store, owner, "partner")
    real: Callable[..., object] = Session.get
    monkeypatch.setattr(Session, "get", lambda *asked, **how: None)  # nobody had the name a moment ago
    with pytest.raises(SignUpRefused, match="taken"):
        sign_up(store, Limiter(), "Anna", PASSWORD, HOME, code, adult=True)
    monkeypatch.setattr(Session, "get", real)
    assert account(store, "anna") is not None
    assert part_of(store, code.replace("-", "")) == "partner"


# --- What a person has set -------------------------------------------------------------------------------------------


def test_a_person_says_once_that_they_are_an_adult_and_how_long_things_are_kept(store: Store) -> None:
    ensure_person(store, "anna")
    ensure_person(store, "ben")
    say_adult(store, "anna")
    keep_for(store, "anna", 30)
    anna, ben = person(store, "anna"), person(store, "ben")
    assert anna is not None
    assert ben is not None
    assert anna.adult_at is not None
    assert anna.keep_days == 30
    assert (ben.adult_at, ben.keep_days) == (None, None)
    keep_for(store, "anna", None)
    anna = person(store, "anna")
    assert anna is not None
    assert anna.keep_days is None
    assert person(store, "nobody") is None


def test_how_long_to_wait_is_said_in_plain_words() -> None:
    from coach.people.limiter import _spoken

    spoken = [_spoken(seconds) for seconds in (-3, 0.2, 1.5, 89, 90, 61 * 60)]
    assert spoken == ["1 second", "1 second", "2 seconds", "89 seconds", "2 minutes", "61 minutes"]
