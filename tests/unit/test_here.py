"""An installation for one person goes by the same rules as one with accounts."""

from __future__ import annotations

import pytest

from coach.errors import NotAllowed
from coach.exercises import Catalogue, suggest
from coach.people.accounts import sign_up
from coach.people.here import LOCAL_COACH, start, started
from coach.people.limiter import Limiter
from coach.schema import Tonight
from coach.store import Store
from coach.store.accounts import any_account
from coach.store.consents import COACH_SEES, answer, answers, record
from coach.store.conversations import LOCAL, keep_message, new_thread
from coach.store.couples import couple_of
from coach.store.rights import erase_person
from coach.store.sessions import keep_decision, keep_session, sessions_for_review


def test_it_is_begun_once_and_makes_no_account(store: Store) -> None:
    assert not started(store)
    for _ in range(3):
        assert start(store) == LOCAL
    assert started(store)
    assert not any_account(store)
    couple = couple_of(store, LOCAL)
    assert couple is not None
    assert [(one.person, one.part) for one in couple.members] == [(LOCAL, "partner"), (LOCAL_COACH.id, "coach")]
    assert couple.partner_of(LOCAL) is None
    assert len(answers(store, LOCAL)) == 1


def test_who_has_the_password_sees_cards_and_no_conversation(store: Store, catalogue: Catalogue) -> None:
    start(store)
    keep_message(store, LOCAL, new_thread(store, LOCAL), "needle")
    keep_session(store, LOCAL, suggest(catalogue, Tonight()), "asked")
    [card] = sessions_for_review(store, LOCAL_COACH.id)
    assert card.asked == "asked"
    assert "needle" not in card.model_dump_json()


def test_consent_taken_back_stays_taken_back_when_the_app_starts_again(store: Store, catalogue: Catalogue) -> None:
    start(store)
    session = keep_session(store, LOCAL, suggest(catalogue, Tonight()))
    record(store, LOCAL, "coach", COACH_SEES, given=False)
    start(store)
    assert answer(store, LOCAL, "coach", COACH_SEES) is False
    assert sessions_for_review(store, LOCAL_COACH.id) == []
    with pytest.raises(NotAllowed):
        keep_decision(store, LOCAL_COACH.id, session, LOCAL_COACH.name, "approve")


def test_erased_it_can_be_begun_anew(store: Store) -> None:
    start(store)
    erase_person(store, LOCAL)
    assert not started(store)
    assert start(store) == LOCAL
    assert couple_of(store, LOCAL) is not None


def test_with_the_first_account_the_coach_of_the_one_person_sees_nothing_more(store: Store) -> None:
    me = start(store)
    owner = sign_up(store, Limiter(), "Anna", "a long password", "here", adult=True)
    assert owner == me
    assert not answer(store, owner, "coach", COACH_SEES)
    couple = couple_of(store, owner)
    assert couple is not None
    assert couple.coaches == ()
