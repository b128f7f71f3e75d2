"""One plan for two: it keeps the limits of both and tells neither anything of the other."""

from __future__ import annotations

import json
import threading
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.orm import Session

from coach.exercises import Catalogue
from coach.exercises.limits import broken_limits
from coach.exercises.match import CALM
from coach.people.evening import FITS_BOTH, FOR_TWO, RESTS, joint, joint_card, plan_together
from coach.schema import ENERGY_RANK, Option, Reply, Tonight, Verdict
from coach.store import Store
from coach.store.conversations import ensure_person, keep_message, keep_reply, new_thread
from coach.store.couples import ensure_member, leave, start_couple
from coach.store.evenings import for_a_plan, keep_plan, own_evening, plan_of
from coach.store.rights import export_person
from coach.store.tables import MessageRow, now
from coach.store.visible import PARTNER

DAY = date(2026, 5, 4)
ROOMY = Tonight(minutes=45, who=("together", "remote"), energy=("high",), comfort=(5,), wish=("close",))
WISHES = ["close", "calm", "fun", "repair", "understand"]
DIALS = st.builds(
    Tonight,
    minutes=st.integers(0, 120),
    who=st.lists(st.sampled_from(["together", "remote", "solo"]), min_size=1, max_size=3, unique=True).map(tuple),
    energy=st.lists(st.sampled_from(["low", "medium", "high"]), min_size=1, max_size=2).map(tuple),
    comfort=st.lists(st.integers(1, 5), min_size=1, max_size=2).map(tuple),
    heat=st.integers(0, 10),
    wish=st.lists(st.sampled_from(WISHES), max_size=3, unique=True).map(tuple),
    private=st.booleans(),
    # EX27 opens the deep exercises, so it is drawn more often than others.
    recent=st.lists(
        st.one_of(st.just("EX27"), st.integers(1, 65).map(lambda n: f"EX{n:02}")), max_size=12, unique=True
    ).map(tuple),
    days_since_betrayal=st.one_of(st.none(), st.integers(0, 200)),
    felt_safe_lately=st.integers(0, 4),
    late=st.booleans(),
)
OFTEN_FITTING = st.builds(
    Tonight,
    minutes=st.integers(10, 120),
    who=st.just(("together",)),
    energy=st.sampled_from([("medium",), ("high",)]),
    comfort=st.integers(2, 5),
    heat=st.integers(0, 6),
    wish=st.sampled_from(["close", "understand", "repair"]),
    private=st.booleans(),
    recent=st.sampled_from([(), ("EX27",)]),
    felt_safe_lately=st.integers(0, 2),
    late=st.booleans(),
)
MANY = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def couple(store: Store) -> str:
    for name in ("anna", "ben", "gina"):
        ensure_person(store, name)
    made = start_couple(store, "anna")
    ensure_member(store, made, "ben", PARTNER)
    return made


def _set(store: Store, catalogue: Catalogue, person: str, tonight: Tonight = ROOMY, verdict: Verdict = CALM) -> None:
    plan_together(store, catalogue, person, DAY, tonight, verdict)


def _plans(store: Store) -> tuple[Option | None, Option | None]:
    """What Anna sees, and what Ben sees."""
    anna, ben = plan_of(store, "anna", DAY), plan_of(store, "ben", DAY)
    return (anna[0] if anna else None, ben[0] if ben else None)


# --- What is seen, and when ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["anna", "ben"])
def test_nothing_is_seen_before_both_have_set_dials(
    store: Store, catalogue: Catalogue, couple: str, first: str
) -> None:
    second = "ben" if first == "anna" else "anna"
    before = export_person(store, second)
    _set(store, catalogue, first)
    assert _plans(store) == (None, None)
    assert own_evening(store, second, DAY) is None
    assert export_person(store, second) == before
    _set(store, catalogue, second)
    anna, ben = _plans(store)
    assert anna is not None
    assert anna == ben


def test_a_plan_is_made_whatever_the_order_and_is_the_same(store: Store, catalogue: Catalogue, couple: str) -> None:
    tired = ROOMY.model_copy(update={"minutes": 12, "energy": ("low",), "comfort": (2,)})
    cards = {
        tuple(order): joint_card(catalogue, [dials for _, dials in order])
        for order in ([("a", tired), ("b", ROOMY)], [("b", ROOMY), ("a", tired)])
    }
    assert len({card.model_dump_json() for card in cards.values() if card}) == 1


def test_setting_ones_own_dials_twice_makes_no_plan(store: Store, catalogue: Catalogue, couple: str) -> None:
    for _ in range(2):
        _set(store, catalogue, "anna")
    assert _plans(store) == (None, None)


def test_dials_of_another_evening_do_not_count(store: Store, catalogue: Catalogue, couple: str) -> None:
    plan_together(store, catalogue, "anna", date(2026, 5, 3), ROOMY, CALM)
    _set(store, catalogue, "ben")
    assert _plans(store) == (None, None)


def test_one_alone_is_planned_for_with_nobody(store: Store, catalogue: Catalogue, couple: str) -> None:
    _set(store, catalogue, "gina")
    assert own_evening(store, "gina", DAY) is None
    assert plan_of(store, "gina", DAY) is None


def test_dials_set_before_leaving_make_no_plan_afterwards(store: Store, catalogue: Catalogue, couple: str) -> None:
    _set(store, catalogue, "anna")
    leave(store, "anna")
    _set(store, catalogue, "ben")
    assert _plans(store) == (None, None)


def test_dials_set_with_one_partner_are_not_used_with_another(store: Store, catalogue: Catalogue, couple: str) -> None:
    _set(store, catalogue, "ben")
    leave(store, "ben")
    ensure_member(store, start_couple(store, "gina"), "ben", PARTNER)
    _set(store, catalogue, "gina")
    assert plan_of(store, "gina", DAY) is None
    _set(store, catalogue, "ben")
    assert plan_of(store, "gina", DAY) is not None
    assert plan_of(store, "anna", DAY) is None


def test_the_note_is_kept_nowhere(store: Store, catalogue: Catalogue, couple: str) -> None:
    _set(store, catalogue, "anna", ROOMY.model_copy(update={"note": "he must not know"}))
    kept = own_evening(store, "anna", DAY)
    assert kept is not None
    assert kept.note == ""
    assert "he must not know" not in json.dumps(export_person(store, "anna"))


# --- What the plan holds ---------------------------------------------------------------------------------------------


@given(one=st.one_of(DIALS, OFTEN_FITTING), other=st.one_of(DIALS, OFTEN_FITTING))
@MANY
def test_the_plan_breaks_a_limit_of_neither(catalogue: Catalogue, one: Tonight, other: Tonight) -> None:
    card = joint_card(catalogue, [one, other])
    if card is None:
        return
    exercise = catalogue.get(card.exercise)
    assert exercise is not None
    assert card.who in FOR_TWO
    for dials in (one, other):
        assert broken_limits(exercise, card.who, dials, CALM) == []
        assert card.minutes <= dials.minutes
        assert card.comfort <= dials.lowest_comfort
        assert ENERGY_RANK[card.energy] <= ENERGY_RANK[dials.lowest_energy]
        assert card.who in dials.who


@given(one=OFTEN_FITTING, other=OFTEN_FITTING)
@MANY
def test_where_little_stands_in_the_way_there_is_a_plan(catalogue: Catalogue, one: Tonight, other: Tonight) -> None:
    assert joint_card(catalogue, [one, other]) is not None


@given(one=DIALS, other=DIALS)
@MANY
def test_the_reasons_are_the_same_whatever_the_dials(catalogue: Catalogue, one: Tonight, other: Tonight) -> None:
    card = joint_card(catalogue, [one, other])
    assert card is None or (card.why, card.fit) == ((FITS_BOTH,), "best")


@given(one=DIALS, other=DIALS)
@MANY
def test_the_joint_limits_are_those_of_the_one_with_less(one: Tonight, other: Tonight) -> None:
    both = joint([one, other])
    assert both.minutes == min(one.minutes, other.minutes)
    assert both.lowest_comfort == min(one.lowest_comfort, other.lowest_comfort)
    ranks = [ENERGY_RANK[dials.lowest_energy] for dials in (one, other)]
    assert ENERGY_RANK[both.lowest_energy] == min(ranks)
    assert both.heat == max(one.heat, other.heat)
    assert set(both.who) <= {*one.who, "solo"}
    assert set(both.recent) == {*one.recent, *other.recent}


@given(own=OFTEN_FITTING, first=OFTEN_FITTING, second=OFTEN_FITTING)
@MANY
def test_two_dials_that_lead_to_the_same_card_give_the_same_plan(
    catalogue: Catalogue, own: Tonight, first: Tonight, second: Tonight
) -> None:
    """The card is all there is to see: nothing beside it tells which dials of the other it came from."""
    one, two = (joint_card(catalogue, [own, other]) for other in (first, second))
    if one and two and (one.exercise, one.who) == (two.exercise, two.who):
        assert one == two


def test_a_deep_exercise_waits_until_it_is_open_to_both(catalogue: Catalogue) -> None:
    """House rules that one of them has agreed with somebody open nothing for the other."""
    opened = Tonight(minutes=30, energy=("high",), comfort=(5,), wish=("close",), recent=("EX27",))
    for_both = joint_card(catalogue, [opened, opened])
    assert for_both is not None
    assert for_both.comfort >= 4
    closed = opened.model_copy(update={"recent": ()})
    for both in ([opened, closed], [closed, opened]):
        card = joint_card(catalogue, both)
        assert card is not None
        assert card.comfort < 4
        assert card.exercise != "EX27"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("solo",), ("together",)),
        (("together",), ("remote",)),
        (("solo",), ("solo",)),
        (("solo", "remote"), ("solo", "together")),
    ],
)
def test_who_is_there_has_to_agree_or_there_is_no_plan(
    store: Store, catalogue: Catalogue, couple: str, one: tuple[str, ...], other: tuple[str, ...]
) -> None:
    for person, who in (("anna", one), ("ben", other)):
        _set(store, catalogue, person, ROOMY.model_copy(update={"who": who}))
    assert _plans(store) == (None, None)


def test_apart_they_get_something_that_works_at_a_distance(store: Store, catalogue: Catalogue, couple: str) -> None:
    for person in ("anna", "ben"):
        _set(store, catalogue, person, ROOMY.model_copy(update={"who": ("remote", "solo")}))
    anna, _ = _plans(store)
    assert anna is not None
    assert anna.who == "remote"


def test_no_minute_on_one_side_makes_no_plan(store: Store, catalogue: Catalogue, couple: str) -> None:
    _set(store, catalogue, "anna", ROOMY.model_copy(update={"minutes": 0}))
    _set(store, catalogue, "ben")
    assert _plans(store) == (None, None)


def test_a_fresh_betrayal_on_one_side_makes_no_plan(store: Store, catalogue: Catalogue, couple: str) -> None:
    _set(store, catalogue, "anna", ROOMY.model_copy(update={"days_since_betrayal": 3}))
    _set(store, catalogue, "ben")
    assert _plans(store) == (None, None)


# --- The plan stands -------------------------------------------------------------------------------------------------


def test_changing_the_dials_afterwards_does_not_change_the_plan(
    store: Store, catalogue: Catalogue, couple: str
) -> None:
    for person in ("anna", "ben"):
        _set(store, catalogue, person)
    before = plan_of(store, "anna", DAY)
    assert before is not None
    for person in ("anna", "ben"):
        for minutes in (5, 10, 20, 90):
            small = Tonight(minutes=minutes, comfort=(1,), energy=("low",), wish=("calm",))
            _set(store, catalogue, person, small)
            kept = own_evening(store, person, DAY)
            assert kept is not None
            assert kept.minutes == minutes
            assert plan_of(store, "anna", DAY) == plan_of(store, "ben", DAY) == before


def test_another_evening_gets_another_plan(store: Store, catalogue: Catalogue, couple: str) -> None:
    for person in ("anna", "ben"):
        _set(store, catalogue, person)
    later = date(2026, 5, 5)
    assert plan_of(store, "anna", later) is None
    for person in ("anna", "ben"):
        plan_together(store, catalogue, person, later, ROOMY.model_copy(update={"minutes": 10}), CALM)
    plan = plan_of(store, "anna", later)
    assert plan is not None
    assert plan[0].minutes <= 10


def test_when_both_set_dials_at_once_there_is_one_plan(store: Store, catalogue: Catalogue, couple: str) -> None:
    together, wrong = threading.Barrier(2), []

    def begin(person: str) -> None:
        together.wait()
        try:
            _set(store, catalogue, person)
        except Exception as error:
            wrong.append(error)

    both = [threading.Thread(target=begin, args=(person,)) for person in ("anna", "ben")]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert wrong == []
    anna, ben = _plans(store)
    assert anna is not None
    assert anna == ben


def test_the_plan_of_the_other_that_was_kept_in_the_same_moment_stands(
    store: Store, catalogue: Catalogue, couple: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for person in ("anna", "ben"):
        _set(store, catalogue, person)
    before, _ = _plans(store)
    assert before is not None

    class Nothing:
        def first(self) -> None:
            """It was not there a moment ago."""

    with monkeypatch.context() as patch:
        patch.setattr(Session, "scalars", lambda *asked, **how: Nothing())
        keep_plan(store, couple, DAY, before.model_copy(update={"title": "another"}))
    assert _plans(store) == (before, before)


# --- Where help comes first ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["anna", "ben"])
@pytest.mark.parametrize(
    "verdict",
    [
        Verdict(action="refer", category="betrayal"),
        Verdict(action="refer", category="partner_abuse"),
        Verdict(action="crisis", category="sexual_violence"),
        Verdict(action="emergency", category="self_harm"),
        Verdict(action="check_in", category="partner_abuse"),
        Verdict(action="check_in", category="self_harm"),
    ],
    ids=lambda verdict: f"{verdict.action}-{verdict.category}",
)
def test_help_on_one_side_makes_no_plan_and_looks_like_absence(
    store: Store, catalogue: Catalogue, couple: str, who: str, verdict: Verdict
) -> None:
    other = "ben" if who == "anna" else "anna"
    _set(store, catalogue, other)
    absent = (plan_of(store, other, DAY), for_a_plan(store, couple, DAY), export_person(store, other)["plans"])
    _set(store, catalogue, who, verdict=verdict)
    assert (plan_of(store, other, DAY), for_a_plan(store, couple, DAY), export_person(store, other)["plans"]) == absent
    assert plan_of(store, who, DAY) is None
    own = own_evening(store, who, DAY)
    assert own is not None
    assert own == ROOMY


def test_setting_the_dials_again_without_the_note_makes_no_plan_that_evening(
    store: Store, catalogue: Catalogue, couple: str
) -> None:
    _set(store, catalogue, "ben")
    _set(store, catalogue, "anna", verdict=Verdict(action="crisis", category="partner_abuse"))
    _set(store, catalogue, "anna")
    assert _plans(store) == (None, None)
    later = date(2026, 5, 5)
    for person in ("anna", "ben"):
        plan_together(store, catalogue, person, later, ROOMY, CALM)
    assert plan_of(store, "ben", later) is not None


@pytest.mark.parametrize("who", ["anna", "ben"])
def test_a_referral_in_a_conversation_makes_no_plan_for_two_weeks_and_looks_like_absence(
    store: Store, catalogue: Catalogue, couple: str, who: str
) -> None:
    other = "ben" if who == "anna" else "anna"
    thread = new_thread(store, who)
    verdict = Verdict(action="refer", category="betrayal")
    referred = Reply(action="refer", text="Help is there.", verdict=verdict)
    keep_reply(store, who, thread, keep_message(store, who, thread, "told"), referred)
    _set(store, catalogue, other)
    absent = (plan_of(store, other, DAY), for_a_plan(store, couple, DAY), export_person(store, other)["plans"])
    _set(store, catalogue, who)
    assert (plan_of(store, other, DAY), for_a_plan(store, couple, DAY), export_person(store, other)["plans"]) == absent
    with store.begin() as session:
        session.execute(update(MessageRow).values(created_at=now() - RESTS - timedelta(minutes=1)))
    later = date(2026, 5, 5)
    for person in ("anna", "ben"):
        plan_together(store, catalogue, person, later, ROOMY, CALM)
    assert plan_of(store, other, later) is not None


def test_what_is_merely_off_limits_is_no_reason_against_a_plan(store: Store, catalogue: Catalogue, couple: str) -> None:
    _set(store, catalogue, "anna", verdict=Verdict(action="decline", category="out_of_scope"))
    _set(store, catalogue, "ben")
    assert None not in _plans(store)


def test_a_plan_that_stands_does_not_vanish_when_one_of_them_is_referred(
    store: Store, catalogue: Catalogue, couple: str
) -> None:
    """Its vanishing would tell the other that something was written."""
    for person in ("anna", "ben"):
        _set(store, catalogue, person)
    before = _plans(store)
    _set(store, catalogue, "anna", verdict=Verdict(action="crisis", category="partner_abuse"))
    assert _plans(store) == before


def test_the_same_work_is_done_whether_or_not_the_other_is_there(
    store: Store, catalogue: Catalogue, couple: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr("coach.people.evening.joint_card", lambda catalogue, both: asked.append(len(both)))
    _set(store, catalogue, "anna")
    _set(store, catalogue, "ben")
    _set(store, catalogue, "anna", verdict=Verdict(action="crisis", category="partner_abuse"))
    assert asked == [2, 2, 2]
