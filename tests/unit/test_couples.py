"""A couple is two who both want it, and a coach is there only while both agree."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from coach.errors import NotAllowed
from coach.exercises import Catalogue, suggest
from coach.people.couples import LENGTH, LETTERS, InvitationRefused, accept, invite
from coach.people.limiter import Limiter, TooOften
from coach.schema import Tonight
from coach.store import Store
from coach.store.consents import COACH_SEES, answer, answers, record
from coach.store.conversations import ensure_person
from coach.store.couples import (
    LASTS,
    agree,
    couple_of,
    couples_coached,
    dismiss,
    ensure_member,
    invitations,
    join,
    leave,
    part_of,
    start_couple,
    stop_coaching,
    withdraw,
)
from coach.store.sessions import keep_session, sessions_for_review
from coach.store.tables import ConsentRow, InvitationRow, MemberRow, now
from coach.store.visible import COACHING

PEOPLE = ("anna", "ben", "carla", "dora", "emil", "finn")


@pytest.fixture(autouse=True)
def _people(store: Store) -> None:
    for name in PEOPLE:
        ensure_person(store, name, name.capitalize())


def _use(store: Store, person: str, code: str) -> str:
    return accept(store, Limiter(), person, code)


def _pair(store: Store, one: str = "anna", other: str = "ben") -> None:
    assert _use(store, other, invite(store, one, "partner")) == "partner"


def _coach(store: Store, coach: str = "carla", by: str = "anna", and_: str = "ben") -> None:
    """A coach whom both have agreed to."""
    code = invite(store, by, "coach")
    [waiting] = invitations(store, and_)
    agree(store, and_, waiting.id)
    assert _use(store, coach, code) == "coach"


def _who(store: Store, person: str) -> set[tuple[str, str]]:
    couple = couple_of(store, person)
    return {(one.person, one.part) for one in couple.members} if couple else set()


def _run_out(store: Store) -> None:
    with store.begin() as session:
        session.execute(update(InvitationRow).values(expires_at=now() - timedelta(seconds=1)))


# --- Codes -----------------------------------------------------------------------------------------------------------


def test_two_become_a_couple_by_a_code(store: Store) -> None:
    assert couple_of(store, "anna") is None
    _pair(store)
    anna, ben = couple_of(store, "anna"), couple_of(store, "ben")
    assert anna is not None
    assert anna == ben
    assert _who(store, "anna") == {("anna", "partner"), ("ben", "partner")}
    partner = anna.partner_of("anna")
    assert partner is not None
    assert (partner.person, partner.name) == ("ben", "Ben")


def test_a_code_is_long_random_and_easy_to_read_out(store: Store) -> None:
    codes = {invite(store, "anna", "partner") for _ in range(20)}
    assert len(codes) == 20
    assert all(re.fullmatch(r"[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}", code) for code in codes)
    assert not set("".join(codes)) & set("ILO01")
    assert len(LETTERS) ** LENGTH > 2**59


def test_a_code_works_once(store: Store) -> None:
    code = invite(store, "anna", "partner")
    _use(store, "ben", code)
    leave(store, "ben")
    for person in ("dora", "ben"):
        with pytest.raises(InvitationRefused):
            _use(store, person, code)


def test_a_code_is_used_by_one_of_many_who_try_at_once(store: Store) -> None:
    code = invite(store, "anna", "partner").replace("-", "")
    together, got = threading.Barrier(5), []

    def use(person: str) -> None:
        together.wait()
        got.append(join(store, person, code))

    tries = [threading.Thread(target=use, args=(person,)) for person in PEOPLE[1:]]
    for one in tries:
        one.start()
    for one in tries:
        one.join()
    assert sorted(str(part) for part in got) == ["None"] * 4 + ["partner"]
    assert len(_who(store, "anna")) == 2


def test_a_code_runs_out_after_a_week(store: Store) -> None:
    code = invite(store, "anna", "partner")
    assert timedelta(days=7) == LASTS
    [waiting] = invitations(store, "anna")
    assert timedelta(days=6, hours=23) < waiting.expires_at - now() <= timedelta(days=7)
    _run_out(store)
    with pytest.raises(InvitationRefused, match="older than a week"):
        _use(store, "ben", code)
    assert invitations(store, "anna") == []


def test_a_newer_code_replaces_the_one_before(store: Store) -> None:
    old = invite(store, "anna", "partner")
    new = invite(store, "anna", "partner")
    assert len(invitations(store, "anna")) == 1
    with pytest.raises(InvitationRefused):
        _use(store, "ben", old)
    assert _use(store, "ben", new) == "partner"


def test_a_coachs_code_does_not_replace_a_partners(store: Store) -> None:
    partners = invite(store, "anna", "partner")
    invite(store, "anna", "coach")
    assert {one.part for one in invitations(store, "anna")} == {"partner", "coach"}
    assert _use(store, "ben", partners) == "partner"


@pytest.mark.parametrize("part", ["partner", "coach"])
def test_nobody_uses_a_code_of_their_own(store: Store, part: str) -> None:
    code = invite(store, "anna", part)  # type: ignore[arg-type]  # one of the two
    with pytest.raises(InvitationRefused):
        _use(store, "anna", code)
    assert _who(store, "anna") == {("anna", "partner")}
    assert _use(store, "ben", code) == part


@pytest.mark.parametrize(
    "sloppy",
    [
        str.lower,
        lambda code: code.replace("-", ""),
        lambda code: f"  {code}\n",
        lambda code: " ".join(code.replace("-", "").lower()),
        lambda code: code.replace("-", " – "),
        lambda code: f"“{code}”.",
        lambda code: code.replace("-", "_").swapcase(),
    ],
)
def test_a_code_may_be_typed_sloppily(store: Store, sloppy: object) -> None:
    assert callable(sloppy)
    assert _use(store, "ben", sloppy(invite(store, "anna", "partner"))) == "partner"


@pytest.mark.parametrize("guess", ["", "-", "AAAA-BBBB-CCCC", "' OR 1=1 --", "\x00", "💬", "A" * 10_000])
def test_what_is_no_code_is_refused(store: Store, guess: str) -> None:
    invite(store, "anna", "partner")
    with pytest.raises(InvitationRefused):
        _use(store, "ben", guess)


def test_codes_cannot_be_tried_over_and_over(store: Store) -> None:
    limiter, code = Limiter(), invite(store, "anna", "partner")
    for _ in range(5):
        with pytest.raises(InvitationRefused):
            accept(store, limiter, "ben", "guess")
    with pytest.raises(TooOften):
        accept(store, limiter, "ben", code)
    assert accept(store, limiter, "dora", code) == "partner"


def test_a_code_taken_back_by_either_partner_works_no_more(store: Store) -> None:
    _pair(store)
    for by in ("anna", "ben"):
        code = invite(store, "anna", "coach")
        [waiting] = invitations(store, by)
        agree(store, "ben", waiting.id)
        withdraw(store, by, waiting.id)
        with pytest.raises(InvitationRefused):
            _use(store, "carla", code)
        assert invitations(store, "anna") == []


def test_the_code_itself_is_shown_to_its_maker_only_once(store: Store) -> None:
    code = invite(store, "anna", "partner").replace("-", "")
    [waiting] = invitations(store, "anna")
    assert code not in waiting.model_dump_json()
    with store.begin() as session:
        kept = session.scalars(select(InvitationRow)).one()
        assert code not in str([getattr(kept, column.key) for column in InvitationRow.__table__.columns])


# --- Two, and no third -----------------------------------------------------------------------------------------------


def test_two_cannot_invite_a_third(store: Store) -> None:
    _pair(store)
    for person in ("anna", "ben"):
        with pytest.raises(InvitationRefused, match="two already"):
            invite(store, person, "partner")


def test_a_code_from_before_does_not_let_a_third_in(store: Store) -> None:
    """Even where a partner's code was kept while the two were two already."""
    from coach.store.couples import keep_invitation

    _pair(store)
    keep_invitation(store, "anna", "partner", "STALE", agreed=True)
    assert join(store, "dora", "STALE") is None
    assert _who(store, "anna") == {("anna", "partner"), ("ben", "partner")}
    assert couple_of(store, "dora") is None


def test_who_joins_another_leaves_the_one_before(store: Store) -> None:
    _pair(store)
    _use(store, "ben", invite(store, "dora", "partner"))
    assert _who(store, "dora") == {("dora", "partner"), ("ben", "partner")}
    assert _who(store, "anna") == {("anna", "partner")}


def test_the_codes_of_somebody_who_left_are_void(store: Store) -> None:
    """Else they would let somebody into a couple whose maker is gone."""
    _pair(store)
    code = invite(store, "anna", "coach")
    [waiting] = invitations(store, "ben")
    agree(store, "ben", waiting.id)
    leave(store, "anna")
    assert part_of(store, code.replace("-", "")) is None
    with pytest.raises(InvitationRefused):
        _use(store, "carla", code)
    alone = invite(store, "dora", "partner")
    _use(store, "dora", invite(store, "emil", "partner"))
    with pytest.raises(InvitationRefused):
        _use(store, "finn", alone)


def test_one_may_come_back(store: Store) -> None:
    _pair(store)
    leave(store, "ben")
    _pair(store)
    assert _who(store, "ben") == {("anna", "partner"), ("ben", "partner")}


# --- Coaches ---------------------------------------------------------------------------------------------------------


def test_one_alone_invites_a_coach_alone(store: Store) -> None:
    assert _use(store, "carla", invite(store, "anna", "coach")) == "coach"
    assert couples_coached(store, "carla")
    assert couple_of(store, "carla") is None


def test_a_coach_comes_only_when_both_have_agreed(store: Store) -> None:
    _pair(store)
    code = invite(store, "anna", "coach")
    assert part_of(store, code.replace("-", "")) is None
    with pytest.raises(InvitationRefused):
        _use(store, "carla", code)
    [seen] = invitations(store, "ben")
    assert (seen.part, seen.by, seen.agreed) == ("coach", "Anna", False)
    agree(store, "ben", seen.id)
    assert _use(store, "carla", code) == "coach"
    assert ("carla", "coach") in _who(store, "ben")


@pytest.mark.parametrize("by", ["anna", "carla", "dora", "nobody"])
def test_nobody_but_the_other_partner_can_agree(store: Store, by: str) -> None:
    _pair(store)
    _pair(store, "dora", "emil")
    code = invite(store, "anna", "coach")
    [seen] = invitations(store, "anna")
    with pytest.raises(NotAllowed):
        agree(store, by, seen.id)
    with pytest.raises(InvitationRefused):
        _use(store, "carla", code)


def test_a_newer_code_has_to_be_agreed_to_anew(store: Store) -> None:
    _pair(store)
    invite(store, "anna", "coach")
    [seen] = invitations(store, "ben")
    agree(store, "ben", seen.id)
    code = invite(store, "anna", "coach")
    with pytest.raises(InvitationRefused):
        _use(store, "carla", code)


def test_a_coachs_code_from_before_the_partner_came_waits_for_their_agreement(store: Store) -> None:
    code = invite(store, "anna", "coach")
    _pair(store)
    with pytest.raises(InvitationRefused):
        _use(store, "carla", code)
    [seen] = invitations(store, "ben")
    agree(store, "ben", seen.id)
    assert _use(store, "carla", code) == "coach"


def test_a_partner_cannot_be_the_coach_of_their_own_couple(store: Store, catalogue: Catalogue) -> None:
    """Else an agreement that was meant for a coach would open everything to the partner."""
    keep_session(store, "anna", suggest(catalogue, Tonight()), "private")
    record(store, "anna", "coach", COACH_SEES, given=True)
    _pair(store)
    code = invite(store, "anna", "coach")
    [seen] = invitations(store, "ben")
    agree(store, "ben", seen.id)
    with pytest.raises(InvitationRefused):
        _use(store, "ben", code)
    assert not couples_coached(store, "ben")
    assert sessions_for_review(store, "ben") == []
    assert _use(store, "carla", code) == "coach"


def test_a_coach_cannot_become_the_partner_of_whom_they_coach(store: Store) -> None:
    _use(store, "carla", invite(store, "anna", "coach"))
    code = invite(store, "anna", "partner")
    with pytest.raises(InvitationRefused):
        _use(store, "carla", code)
    assert _use(store, "ben", code) == "partner"


def test_a_coach_who_stops_sees_nothing_of_that_couple_and_goes_on_with_the_other(
    store: Store, catalogue: Catalogue
) -> None:
    _pair(store)
    _coach(store)
    _use(store, "carla", invite(store, "dora", "coach"))
    for who in ("anna", "dora"):
        keep_session(store, who, suggest(catalogue, Tonight()))
        record(store, who, "coach", COACH_SEES, given=True)
    first, second = couples_coached(store, "carla")
    assert (first.names, second.names) == ("Anna and Ben", "Dora")
    stop_coaching(store, "carla", first.id)
    assert [one.id for one in couples_coached(store, "carla")] == [second.id]
    assert {one.owner for one in sessions_for_review(store, "carla")} == {"dora"}
    assert _who(store, "anna") == {("anna", "partner"), ("ben", "partner")}


def test_a_coach_is_there_once(store: Store) -> None:
    _use(store, "carla", invite(store, "anna", "coach"))
    with pytest.raises(InvitationRefused):
        _use(store, "carla", invite(store, "anna", "coach"))
    dismiss(store, "anna", "carla")
    assert not couples_coached(store, "carla")


def test_a_coach_may_have_a_partner_and_another_couple(store: Store) -> None:
    _pair(store, "carla", "finn")
    _use(store, "carla", invite(store, "anna", "coach"))
    _use(store, "carla", invite(store, "dora", "coach"))
    assert _who(store, "carla") == {("carla", "partner"), ("finn", "partner")}
    assert ("carla", "coach") in _who(store, "anna")
    assert ("carla", "coach") in _who(store, "dora")


@pytest.mark.parametrize("by", ["anna", "ben"])
def test_either_partner_dismisses_a_coach_at_once(store: Store, catalogue: Catalogue, by: str) -> None:
    _pair(store)
    _coach(store)
    keep_session(store, "anna", suggest(catalogue, Tonight()))
    record(store, "anna", "coach", COACH_SEES, given=True)
    assert len(sessions_for_review(store, "carla")) == 1
    dismiss(store, by, "carla")
    assert sessions_for_review(store, "carla") == []
    assert not couples_coached(store, "carla")
    assert _who(store, "anna") == {("anna", "partner"), ("ben", "partner")}


@pytest.mark.parametrize("by", ["dora", "carla", "finn", "nobody"])
def test_nobody_else_dismisses_their_coach(store: Store, by: str) -> None:
    _pair(store)
    _coach(store)
    dismiss(store, by, "carla")
    assert couples_coached(store, "carla")


def test_a_partner_cannot_be_dismissed(store: Store) -> None:
    _pair(store)
    dismiss(store, "anna", "ben")
    assert _who(store, "anna") == {("anna", "partner"), ("ben", "partner")}


def test_a_coach_dismissed_by_one_couple_stays_with_the_other(store: Store) -> None:
    for one in ("anna", "dora"):
        _use(store, "carla", invite(store, one, "coach"))
    dismiss(store, "anna", "carla")
    assert ("carla", "coach") not in _who(store, "anna")
    assert ("carla", "coach") in _who(store, "dora")


# --- Leaving ---------------------------------------------------------------------------------------------------------


def test_leaving_works_at_once_and_takes_everything_of_ones_own_along(store: Store, catalogue: Catalogue) -> None:
    _pair(store)
    _coach(store)
    for person in ("anna", "ben"):
        record(store, person, "coach", COACH_SEES, given=True)
        keep_session(store, person, suggest(catalogue, Tonight()))
    assert {one.owner for one in sessions_for_review(store, "carla")} == {"anna", "ben"}
    leave(store, "anna")
    assert couple_of(store, "anna") is None
    assert _who(store, "ben") == {("ben", "partner"), ("carla", "coach")}
    assert {one.owner for one in sessions_for_review(store, "carla")} == {"ben"}


def test_what_was_agreed_with_one_coach_is_not_agreed_with_the_coach_of_another_couple(
    store: Store, catalogue: Catalogue
) -> None:
    """Ben lets his own coach see his cards, then joins Anna, who is coached by Carla."""
    _use(store, "finn", invite(store, "ben", "coach"))
    record(store, "ben", "coach", COACH_SEES, given=True)
    keep_session(store, "ben", suggest(catalogue, Tonight()))
    assert len(sessions_for_review(store, "finn")) == 1
    _use(store, "carla", invite(store, "anna", "coach"))
    _pair(store)
    assert sessions_for_review(store, "carla") == []
    assert sessions_for_review(store, "finn") == []
    assert answer(store, "ben", "coach", COACH_SEES) is False
    record(store, "ben", "coach", COACH_SEES, given=True)
    assert len(sessions_for_review(store, "carla")) == 1


def test_joining_answers_nothing_that_was_never_asked(store: Store) -> None:
    _pair(store)
    assert answers(store, "ben") == []
    assert answer(store, "ben", "coach", COACH_SEES) is None


def test_the_last_answer_counts_even_where_the_clock_was_set_back(store: Store, catalogue: Catalogue) -> None:
    _use(store, "carla", invite(store, "anna", "coach"))
    keep_session(store, "anna", suggest(catalogue, Tonight()))
    record(store, "anna", "coach", COACH_SEES, given=True)
    with store.begin() as session:
        session.execute(update(ConsentRow).values(created_at=now() + timedelta(hours=1)))
    assert len(sessions_for_review(store, "carla")) == 1
    record(store, "anna", "coach", COACH_SEES, given=False)
    assert sessions_for_review(store, "carla") == []
    assert answer(store, "anna", "coach", COACH_SEES) is False
    assert [one.given for one in answers(store, "anna")] == [False, True]


def test_a_part_is_given_once(store: Store) -> None:
    couple = start_couple(store, "anna")
    assert start_couple(store, "anna") == couple
    for _ in range(2):
        ensure_member(store, couple, "carla", COACHING)
    with store.begin() as session:
        assert len(session.scalars(select(MemberRow).where(MemberRow.person_id == "carla")).all()) == 1
