"""Who gets what: every function that reads or writes a record, asked by everybody.

Who they are, and what they wrote, is in `world.py`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import date, timedelta
from importlib import import_module
from typing import Any

import pytest
from sqlalchemy import text

from coach.errors import AttuneError, NotAllowed
from coach.schema import Reply, Verdict
from coach.store.accounts import account_of, person
from coach.store.consents import COACH_SEES, answer, answers, record, tokens_today
from coach.store.conversations import (
    country_of,
    delete_thread,
    keep_message,
    keep_reply,
    messages,
    recent_turns,
    referred_since,
    rename_thread,
    search_threads,
    thread_to_continue,
    threads,
)
from coach.store.couples import (
    agree,
    couple_of,
    couples_coached,
    dismiss,
    ensure_member,
    invitations,
    leave,
    stop_coaching,
    withdraw,
)
from coach.store.evenings import for_a_plan, own_evening, plan_of
from coach.store.rights import export_person
from coach.store.sessions import (
    choose,
    keep_decision,
    keep_outcome,
    last_session,
    own_session,
    recent_exercises,
    safe_evenings,
    sessions_for_review,
)
from coach.store.tables import now
from coach.store.visible import PARTNER
from tests.unit import world as world_of_all
from tests.unit.raw import rows
from tests.unit.world import (
    CALM,
    COACH_OF,
    COACHES,
    COUPLES,
    DAY,
    EVERYBODY,
    MINUTES,
    PARTNER_OF,
    WRITERS,
    World,
    seen,
    traces,
    word,
)

Reading = Callable[[World, str, str], Any]
"""What `viewer` gets who asks for the records of `owner`."""
BY_VIEWER: dict[str, Reading] = {
    "threads": lambda w, viewer, owner: threads(w.store, viewer),
    "search_threads": lambda w, viewer, owner: search_threads(w.store, viewer, word(owner, "message")),
    "search_all": lambda w, viewer, owner: search_threads(w.store, viewer, ""),
    "last_session": lambda w, viewer, owner: last_session(w.store, viewer),
    "recent_exercises": lambda w, viewer, owner: recent_exercises(w.store, viewer),
    "own_evening": lambda w, viewer, owner: own_evening(w.store, viewer, DAY),
    "answers": lambda w, viewer, owner: answers(w.store, viewer),
    "export_person": lambda w, viewer, owner: export_person(w.store, viewer),
    "person": lambda w, viewer, owner: person(w.store, viewer),
    "country_of": lambda w, viewer, owner: country_of(w.store, viewer),
    "account_of": lambda w, viewer, owner: account_of(w.store, viewer),
}
BY_RECORD: dict[str, Reading] = {
    "messages": lambda w, viewer, owner: messages(w.store, viewer, w.threads[owner]),
    "recent_turns": lambda w, viewer, owner: recent_turns(w.store, viewer, w.threads[owner]),
    "own_session": lambda w, viewer, owner: own_session(w.store, viewer, w.sessions[owner]),
}


@pytest.mark.parametrize("name", [*BY_VIEWER, *BY_RECORD])
def test_nobody_reads_what_another_wrote(world: World, name: str) -> None:
    """No word and no dial of anybody else is in what a person is given; the plan for both is all that two share."""
    reading = (BY_VIEWER | BY_RECORD)[name]
    for owner in WRITERS:
        for viewer in world.others(owner):
            got = seen(reading(world, viewer, owner))
            shared = word(owner, "plan") if PARTNER_OF.get(owner) == viewer else ""
            for trace in traces(owner):
                assert trace not in got.replace(shared, "") if shared else trace not in got, f"{viewer} of {owner}"


@pytest.mark.parametrize("name", list(BY_RECORD))
def test_another_ones_record_looks_as_if_there_were_none(world: World, name: str) -> None:
    reading = BY_RECORD[name]
    for owner in WRITERS:
        assert reading(world, owner, owner)
        for viewer in world.others(owner):
            assert not reading(world, viewer, owner), f"{viewer} of {owner}"


@pytest.mark.parametrize("name", [one for one in BY_VIEWER if one not in ("search_threads",)])
def test_everybody_reads_their_own(world: World, name: str) -> None:
    for who in WRITERS:
        if name == "own_evening" and who == "gina":
            continue
        assert BY_VIEWER[name](world, who, who), who


def test_a_search_finds_only_where_one_has_written_oneself(world: World) -> None:
    for viewer in EVERYBODY:
        for owner in WRITERS:
            found = [one.id for one in search_threads(world.store, viewer, word(owner, "message").upper())]
            assert found == ([world.threads[owner]] if viewer == owner else []), f"{viewer} for words of {owner}"


def test_figures_count_only_ones_own(world: World) -> None:
    for who in EVERYBODY:
        assert safe_evenings(world.store, who) == (1 if who in WRITERS else 0)
        assert len(recent_exercises(world.store, who)) == (1 if who in WRITERS else 0)
        assert len(threads(world.store, who)) == (1 if who in WRITERS else 0)
        assert tokens_today(world.store, who) == 0


def test_a_referral_is_known_to_whom_it_was_given(world: World) -> None:
    reply = Reply(action="refer", text="Help is there.", verdict=Verdict(action="refer", category="betrayal"))
    keep_reply(world.store, "anna", world.threads["anna"], world.messages["anna"], reply)
    long_ago = now() - timedelta(days=365)
    assert [who for who in EVERYBODY if referred_since(world.store, who, long_ago)] == ["anna"]
    assert not referred_since(world.store, "anna", now() + timedelta(seconds=1))


def test_everybody_goes_on_with_their_own_conversation(world: World) -> None:
    for who in EVERYBODY:
        assert thread_to_continue(world.store, who) == world.threads.get(who)


def test_a_coach_sees_the_sessions_of_the_couple_they_coach_and_nobody_else_any(world: World) -> None:
    for viewer in EVERYBODY:
        cards = sessions_for_review(world.store, viewer)
        assert {one.owner for one in cards} == set(COACHES.get(viewer, ())), viewer
        for state, expected in (("refer", len(cards)), ("sent", 0)):
            assert len(sessions_for_review(world.store, viewer, state=state)) == expected


def test_a_coach_looks_at_one_couple_and_gets_no_other_by_its_id(world: World) -> None:
    for viewer in EVERYBODY:
        known = {couple.id: couple.names.lower() for couple in couples_coached(world.store, viewer)}
        assert list(known.values()) == ([" and ".join(COACHES[viewer])] if viewer in COACHES else []), viewer
        for pair in COUPLES:
            couple = world.couples[pair[0]]
            cards = sessions_for_review(world.store, viewer, couple=couple)
            assert {one.owner for one in cards} == (set(pair) if couple in known else set()), viewer


def test_a_coach_reads_what_was_asked_for_a_card_and_nothing_that_was_said_besides(world: World) -> None:
    for coach, couple in COACHES.items():
        got = seen(sessions_for_review(world.store, coach))
        for one in couple:
            assert word(one, "asked") in got
            for of in ("message", "reply", "title", "open", "dials", "model", "plan"):
                assert word(one, of) not in got


def test_the_plan_is_seen_by_the_two_it_was_made_for(world: World) -> None:
    for viewer in EVERYBODY:
        plan = plan_of(world.store, viewer, DAY)
        pair = next((pair for pair in COUPLES if viewer in pair), None)
        assert (plan[0].title if plan else None) == (word(pair[0], "plan") if pair else None), viewer
        assert plan_of(world.store, viewer, date(2026, 5, 5)) is None


def test_a_couple_is_known_to_its_partners_with_names_only(world: World) -> None:
    for viewer in EVERYBODY:
        couple = couple_of(world.store, viewer)
        pair = next((pair for pair in COUPLES if viewer in pair), None)
        expected = {*pair, COACH_OF[viewer]} if pair else set()
        assert {one.person for one in couple.members} == expected if couple else not expected, viewer
        if couple:
            assert set(type(couple.members[0]).model_fields) == {"person", "name", "part"}


def test_codes_are_seen_by_the_two_partners_only(world: World) -> None:
    for viewer in EVERYBODY:
        pair = next((pair for pair in COUPLES if viewer in pair), None)
        assert [one.id for one in invitations(world.store, viewer)] == ([world.codes[pair[0]]] if pair else [])


def test_an_answer_is_known_to_whom_gave_it(world: World) -> None:
    for viewer in EVERYBODY:
        for owner in WRITERS:
            expected = True if viewer == owner else None
            assert answer(world.store, viewer, "model", word(owner, "model")) is expected


def test_dials_leave_their_room_only_for_the_couples_own_plan(world: World) -> None:
    for pair in COUPLES:
        dials = for_a_plan(world.store, world.couples[pair[0]], DAY)
        assert {one.minutes for one in dials} == {MINUTES[one] for one in pair}
    leave(world.store, "ben")
    assert for_a_plan(world.store, world.couples["anna"], DAY) == []


Writing = Callable[[World, str, str], Any]
"""`who` tries to change a record of `owner`."""
REFUSED: dict[str, Writing] = {
    "keep_message": lambda w, who, owner: keep_message(w.store, who, w.threads[owner], "intruder"),
    "keep_reply": lambda w, who, owner: keep_reply(
        w.store, who, w.threads[owner], w.messages[owner], Reply(action="coach", text="intruder", verdict=CALM), "x"
    ),
    "keep_reply_into_own_thread": lambda w, who, owner: keep_reply(
        w.store, who, w.threads.get(who, ""), w.messages[owner], Reply(action="coach", text="intruder", verdict=CALM)
    ),
    "choose": lambda w, who, owner: choose(w.store, who, w.sessions[owner], "EX99"),
    "keep_outcome": lambda w, who, owner: keep_outcome(w.store, who, w.sessions[owner], "EX99", "not", 0, 0),
}
SILENT: dict[str, Writing] = {
    "rename_thread": lambda w, who, owner: rename_thread(w.store, who, w.threads[owner], "intruder"),
    "delete_thread": lambda w, who, owner: delete_thread(w.store, who, w.threads[owner]),
}


@pytest.mark.parametrize("name", [*REFUSED, *SILENT])
def test_nobody_changes_what_is_anothers(world: World, name: str) -> None:
    before = rows(world.store)
    for owner in WRITERS:
        for who in world.others(owner):
            if name in REFUSED:
                with pytest.raises(NotAllowed):
                    REFUSED[name](world, who, owner)
            else:
                assert SILENT[name](world, who, owner) is False
    assert rows(world.store) == before


def test_a_message_can_still_be_answered_after_somebody_else_tried_to(world: World) -> None:
    with pytest.raises(NotAllowed):
        REFUSED["keep_reply"](world, "ben", "anna")
    reply = Reply(action="coach", text="answer", verdict=CALM)
    keep_reply(world.store, "anna", world.threads["anna"], world.messages["anna"], reply)
    assert messages(world.store, "anna", world.threads["anna"])[-1].text == "answer"


def test_only_the_coach_of_the_couple_decides(world: World) -> None:
    before = rows(world.store)
    for owner in WRITERS:
        for who in EVERYBODY:
            if COACH_OF.get(owner) == who:
                continue
            with pytest.raises(NotAllowed):
                keep_decision(world.store, who, world.sessions[owner], who, "approve")
    assert rows(world.store) == before
    keep_decision(world.store, "carla", world.sessions["anna"], "Carla", "approve")


def test_only_the_other_partner_agrees_and_only_partners_withdraw(world: World) -> None:
    before = rows(world.store)
    for pair in COUPLES:
        for who in EVERYBODY:
            if who != pair[1]:
                with pytest.raises(NotAllowed):
                    agree(world.store, who, world.codes[pair[0]])
            if who not in pair:
                withdraw(world.store, who, world.codes[pair[0]])
    assert rows(world.store) == before
    agree(world.store, "ben", world.codes["anna"])
    assert invitations(world.store, "anna")[0].agreed
    withdraw(world.store, "ben", world.codes["anna"])
    assert invitations(world.store, "anna") == []


def test_only_partners_dismiss_their_coach(world: World) -> None:
    before = rows(world.store)
    for coach, couple in COACHES.items():
        for who in EVERYBODY:
            if who not in couple:
                dismiss(world.store, who, coach)
    assert rows(world.store) == before


def test_a_coach_ends_only_their_own_coaching(world: World) -> None:
    before = rows(world.store)
    for pair in COUPLES:
        for who in EVERYBODY:
            if pair != COACHES.get(who):
                stop_coaching(world.store, who, world.couples[pair[0]])
    assert rows(world.store) == before


# --- What ends, ends with the next call ------------------------------------------------------------------------------


def test_consent_taken_back_closes_everything_with_the_next_call(world: World) -> None:
    record(world.store, "anna", "coach", COACH_SEES, given=False)
    assert {one.owner for one in sessions_for_review(world.store, "carla")} == {"ben"}
    with pytest.raises(NotAllowed):
        keep_decision(world.store, "carla", world.sessions["anna"], "Carla", "approve")
    assert {one.owner for one in sessions_for_review(world.store, "finn")} == {"dora", "emil"}
    record(world.store, "anna", "coach", COACH_SEES, given=True)
    assert {one.owner for one in sessions_for_review(world.store, "carla")} == {"anna", "ben"}


def test_consent_to_a_model_is_none_to_a_coach(world: World) -> None:
    record(world.store, "anna", "coach", COACH_SEES, given=False)
    record(world.store, "anna", "model", "https://model.example", given=True)
    assert {one.owner for one in sessions_for_review(world.store, "carla")} == {"ben"}


def test_one_partners_consent_is_not_the_others(world: World) -> None:
    record(world.store, "ben", "coach", COACH_SEES, given=False)
    record(world.store, "anna", "coach", COACH_SEES, given=True)
    assert {one.owner for one in sessions_for_review(world.store, "carla")} == {"anna"}


def test_a_dismissed_coach_sees_nothing_with_the_next_call(world: World) -> None:
    dismiss(world.store, "ben", "carla")
    assert sessions_for_review(world.store, "carla") == []
    for owner in ("anna", "ben"):
        with pytest.raises(NotAllowed):
            keep_decision(world.store, "carla", world.sessions[owner], "Carla", "approve")
    assert len(sessions_for_review(world.store, "finn")) == 2


def test_one_who_left_is_seen_by_nobody_and_sees_no_plan(world: World) -> None:
    leave(world.store, "anna")
    assert {one.owner for one in sessions_for_review(world.store, "carla")} == {"ben"}
    assert plan_of(world.store, "anna", DAY) is None
    assert couple_of(world.store, "anna") is None
    assert invitations(world.store, "anna") == []
    assert export_person(world.store, "anna")["plans"] == []
    assert plan_of(world.store, "ben", DAY) is not None
    dismiss(world.store, "anna", "carla")
    assert len(sessions_for_review(world.store, "carla")) == 1


def test_a_later_partner_sees_no_plan_from_before_they_came(world: World) -> None:
    leave(world.store, "ben")
    ensure_member(world.store, world.couples["anna"], "gina", PARTNER)
    assert couple_of(world.store, "gina") is not None
    assert plan_of(world.store, "gina", DAY) is None
    assert export_person(world.store, "gina")["plans"] == []
    assert plan_of(world.store, "anna", DAY) is not None


def test_a_private_record_is_not_shown_to_the_coach(world: World) -> None:
    """The visibility of the record counts, not only who asks."""
    for level in ("private", "couple"):
        with world.store.begin() as session:
            session.execute(text("UPDATE suggested_session SET visibility = :level"), {"level": level})
        assert sessions_for_review(world.store, "carla") == []
        with pytest.raises(NotAllowed):
            keep_decision(world.store, "carla", world.sessions["anna"], "Carla", "approve")


def test_every_refusal_is_one_sentence_that_tells_nothing(world: World) -> None:
    for attempt in REFUSED.values():
        with pytest.raises(AttuneError) as caught:
            attempt(world, "ben", "anna")
        assert str(caught.value) == "That is not open to you."
        assert caught.value.detail == ""


ELSEWHERE = {
    "add_account": "test_sign_in.py",
    "join": "test_couples.py",
    "keep_for": "test_accounts.py",
    "open_sign_in": "test_sign_in.py",
    "say_adult": "test_accounts.py",
    "sign_out_everywhere": "test_sign_in.py",
    "erase_person": "test_rights.py",
    "left_behind": "test_rights.py",
}


@pytest.mark.parametrize("room", ["accounts", "consents", "conversations", "couples", "evenings", "rights", "sessions"])
def test_every_function_that_takes_a_person_is_tried(room: str) -> None:
    """A new one has to be tried here, too, or it has to be said where it is."""
    module = import_module(f"coach.store.{room}")
    for name, function in inspect.getmembers(module, inspect.isfunction):
        takes = set(inspect.signature(function).parameters)
        about = "store" in takes and takes & {"owner", "person", "person_id", "coach"}
        if about and function.__module__ == module.__name__ and not name.startswith("_"):
            assert name in {*globals(), *vars(world_of_all), *ELSEWHERE}, f"{room}.{name}"
