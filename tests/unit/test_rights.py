"""What a person may do with what is kept of them: take it along, have it forgotten in time, have it erased for good."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from coach.errors import StoreUnavailable
from coach.exercises import Catalogue, suggest
from coach.people.export import as_html
from coach.schema import Reply, Tonight, Verdict
from coach.store import Store, open_store
from coach.store.accounts import add_account, keep_for, open_sign_in
from coach.store.consents import COACH_SEES, record
from coach.store.conversations import ensure_person, keep_message, keep_reply, messages, new_thread, threads
from coach.store.couples import couple_of, ensure_member, keep_invitation, leave, start_couple
from coach.store.engine import give_space_back
from coach.store.evenings import keep_evening, keep_plan, own_evening, plan_of
from coach.store.rights import ERASED, erase_person, export_person, forget_old, left_behind
from coach.store.sessions import choose, keep_decision, keep_outcome, keep_session, last_session, sessions_for_review
from coach.store.tables import CoupleRow, EveningRow, SessionRow, ThreadRow, now
from coach.store.visible import COACHING, PARTNER
from tests.conftest import KEYS
from tests.unit.raw import everything, rows
from tests.unit.world import COACHES, DAY, MINUTES, PARTNER_OF, WRITERS, World, traces, word

REPLY = Reply(action="coach", text="Say it once, plainly.", verdict=Verdict(action="coach"))


def _url(place: Path) -> str:
    return f"sqlite:///{place}"


# --- Taking along ----------------------------------------------------------------------------------------


def test_an_export_holds_no_word_dial_title_or_count_of_the_partner(world: World) -> None:
    for thread in range(3):
        extra = new_thread(world.store, "ben")
        keep_message(world.store, "ben", extra, word("ben", f"more{thread}"))
    for who, partner in PARTNER_OF.items():
        data = export_person(world.store, who)
        for form in (json.dumps(data, ensure_ascii=False), as_html(data)):
            shared = form.replace(word(partner, "plan"), "")
            for trace in (*traces(partner), partner, f"{MINUTES[partner]} minutes", f"minutes: {MINUTES[partner]}"):
                assert trace not in shared, f"{trace} in the export of {who}"
    with_more = {name: len(found) for name, found in export_person(world.store, "ben").items()}
    without = {name: len(found) for name, found in export_person(world.store, "anna").items()}
    assert without == with_more | {"threads": 1, "messages": 3, "invitations": 1}


def test_an_export_holds_everything_of_ones_own(world: World) -> None:
    for who in WRITERS:
        got = json.dumps(export_person(world.store, who), ensure_ascii=False)
        alone = who == "gina"
        wanted = ["message", "reply", "title", "open", "asked", "quote", "model", *([] if alone else ["dials", "note"])]
        for of in wanted:
            assert word(who, of) in got, f"{of} is missing in the export of {who}"
        assert f'"minutes": {MINUTES[who]},' in got
        assert f"{who}@home" in got
        assert '"hash"' not in got


def test_an_export_of_a_coach_holds_nothing_of_those_they_coach(world: World) -> None:
    for coach in COACHES:
        got = json.dumps(export_person(world.store, coach), ensure_ascii=False)
        assert "-zq" not in got


@pytest.mark.parametrize("gone", ["anna", "carla", "gina"])
def test_erasing_one_takes_nothing_from_the_others(world: World, gone: str) -> None:
    before = {who: export_person(world.store, who) for who in WRITERS if who != gone}
    erase_person(world.store, gone)
    for who, had in before.items():
        expected = had | ({"plans": []} if PARTNER_OF.get(who) == gone else {})
        assert export_person(world.store, who) == expected, who


def test_erasing_one_who_left_long_ago_leaves_the_plans_of_those_who_stayed(world: World) -> None:
    leave(world.store, "ben")
    ensure_member(world.store, world.couples["anna"], "gina", PARTNER)
    later = date(2026, 6, 1)
    assert world.card
    keep_plan(world.store, world.couples["anna"], later, world.card)
    erase_person(world.store, "ben")
    assert plan_of(world.store, "anna", later) is not None
    assert plan_of(world.store, "gina", later) is not None
    assert plan_of(world.store, "anna", DAY) is None


# --- Forgetting ------------------------------------------------------------------------------------------------------


def _write(store: Store, who: str, catalogue: Catalogue, words: str = "needle") -> tuple[str, str]:
    """Something of this person in every table that can hold it; a thread and a session."""
    ensure_person(store, who)
    thread = new_thread(store, who)
    asked = keep_message(store, who, thread, f"{words}-message")
    keep_reply(store, who, thread, asked, REPLY, f"{words}-title")
    made = suggest(catalogue, Tonight())
    session = keep_session(store, who, made, f"{words}-asked", message=asked)
    choose(store, who, session, made.options[0].exercise)
    keep_outcome(store, who, session, made.options[0].exercise, "done", 9, 8)
    record(store, who, "coach", COACH_SEES, given=True)
    couple = start_couple(store, who)
    keep_evening(store, who, couple, DAY, Tonight(recent=(f"{words}-dials",)), fit=True)
    keep_invitation(store, who, "partner", f"CODE{who}", agreed=True)
    add_account(store, f"{who}@{words}", who.capitalize(), "partner", f"{words}-hash", who)
    open_sign_in(store, who, "cookie")
    return thread, session


def _age(store: Store, days: int, thread: str, session: str) -> None:
    """Make it that old."""
    at = now() - timedelta(days=days)
    with store.begin() as begun:
        begun.execute(update(ThreadRow).where(ThreadRow.id == thread).values(updated_at=at))
        begun.execute(update(SessionRow).where(SessionRow.id == session).values(created_at=at))
        begun.execute(update(EveningRow).values(created_at=at))


def test_what_is_older_than_its_owner_wants_is_forgotten(store: Store, catalogue: Catalogue) -> None:
    old = _write(store, "anna", catalogue)
    _age(store, 31, *old)
    keep_for(store, "anna", 30)
    young = new_thread(store, "anna")
    keep_message(store, "anna", young, "yesterday")
    assert forget_old(store) == 3
    assert [one.id for one in threads(store, "anna")] == [young]
    assert messages(store, "anna", old[0]) == []
    assert last_session(store, "anna") is None
    assert own_evening(store, "anna", DAY) is None
    assert export_person(store, "anna")["outcomes"] == []
    assert forget_old(store) == 0


def test_what_is_younger_stays_and_agreements_stay_whatever_their_age(store: Store, catalogue: Catalogue) -> None:
    old = _write(store, "anna", catalogue)
    _age(store, 29, *old)
    keep_for(store, "anna", 30)
    before = rows(store)
    assert forget_old(store) == 0
    assert rows(store) == before


def test_who_set_nothing_keeps_everything(store: Store, catalogue: Catalogue) -> None:
    _age(store, 10_000, *_write(store, "anna", catalogue))
    before = rows(store)
    assert forget_old(store) == 0
    assert rows(store) == before


def test_one_persons_wish_is_not_the_others(store: Store, catalogue: Catalogue) -> None:
    for who in ("anna", "ben"):
        _age(store, 40, *_write(store, who, catalogue))
    keep_for(store, "anna", 30)
    before = export_person(store, "ben")
    forget_old(store)
    assert threads(store, "anna") == []
    assert export_person(store, "ben") == before


def test_a_conversation_that_went_on_is_kept_whole(store: Store) -> None:
    ensure_person(store, "anna")
    thread = new_thread(store, "anna")
    keep_message(store, "anna", thread, "first")
    with store.begin() as session:
        session.execute(text("UPDATE message SET created_at = '2020-01-01 00:00:00.000000'"))
    keep_message(store, "anna", thread, "yesterday")
    keep_for(store, "anna", 30)
    assert forget_old(store) == 0
    assert [one.text for one in messages(store, "anna", thread)] == ["first", "yesterday"]


def test_what_is_forgotten_is_not_in_the_file_any_more(tmp_path: Path, catalogue: Catalogue) -> None:
    store = open_store(_url(tmp_path / "attune.sqlite3"), KEYS)
    _age(store, 31, *_write(store, "anna", catalogue))
    sealed = _sealed(store)
    keep_for(store, "anna", 30)
    forget_old(store)
    assert _found(tmp_path, sealed) == []
    store.close()


# --- Erasing ---------------------------------------------------------------------------------------------------------


def _sealed(store: Store) -> list[bytes]:
    """Every sealed value, as it stands in the file."""
    return [part.encode() for part in everything(store).replace("'", " ").replace(",", " ").split() if "gAAAA" in part]


def _found(folder: Path, needles: list[bytes]) -> list[bytes]:
    content = b"".join(file.read_bytes() for file in folder.iterdir() if file.is_file())
    return [needle for needle in needles if needle in content]


def test_erasing_leaves_nothing_in_any_table(store: Store, catalogue: Catalogue) -> None:
    thread, session = _write(store, "anna", catalogue)
    couple = start_couple(store, "anna")
    for who, part in (("ben", PARTNER), ("carla", COACHING)):
        ensure_person(store, who)
        ensure_member(store, couple, who, part)
    keep_decision(store, "carla", session, "Carla", "approve", note="needle-note")
    keep_plan(store, couple, DAY, suggest(catalogue, Tonight()).options[0])
    filled = {name for name, found in rows(store).items() if found}
    assert filled >= set(left_behind(store, "anna")) | {"message", "decision", "plan"}
    assert len(left_behind(store, "anna")) == 11
    erase_person(store, "anna")
    assert left_behind(store, "anna") == {}
    assert not any(export_person(store, "anna").values())
    kept = everything(store)
    for trace in ("anna", "needle", thread, session):
        assert trace not in kept, trace
    assert {name for name, found in rows(store).items() if found} == {"person", "couple", "member"}


def test_a_coach_who_is_erased_leaves_the_decisions_without_the_name(store: Store, catalogue: Catalogue) -> None:
    _, session = _write(store, "anna", catalogue)
    couple = start_couple(store, "anna")
    record(store, "anna", "coach", COACH_SEES, given=True)
    for who, name in (("carla", "Carla Wieczorek"), ("dora", "Dora Nakamura")):
        ensure_person(store, who, name, "coach")
        ensure_member(store, couple, who, COACHING)
        keep_decision(store, who, session, name, "approve", note=f"by {who}")
    erase_person(store, "carla")
    assert "Wieczorek" not in everything(store)
    decided = {one["note"]: one["decided_by"] for one in export_person(store, "anna")["decisions"]}
    assert decided == {"by carla": ERASED, "by dora": "Dora Nakamura"}


def test_the_other_partner_stays_with_the_coach(store: Store, catalogue: Catalogue) -> None:
    _write(store, "anna", catalogue)
    couple = start_couple(store, "anna")
    _write(store, "carla", catalogue)
    ensure_person(store, "ben")
    ensure_member(store, couple, "ben", PARTNER)
    ensure_member(store, couple, "carla", COACHING)
    keep_session(store, "ben", suggest(catalogue, Tonight()))
    record(store, "ben", "coach", COACH_SEES, given=True)
    erase_person(store, "anna")
    left = couple_of(store, "ben")
    assert left is not None
    assert {one.person for one in left.members} == {"ben", "carla"}
    assert {one.owner for one in sessions_for_review(store, "carla")} == {"ben"}


def test_a_coach_who_is_erased_takes_nothing_of_the_couple_along(store: Store, catalogue: Catalogue) -> None:
    couple = start_couple(store, ensure_person(store, "anna"))
    for who, part in (("ben", PARTNER), ("carla", COACHING)):
        ensure_person(store, who)
        ensure_member(store, couple, who, part)
    keep_plan(store, couple, DAY, suggest(catalogue, Tonight()).options[0])
    erase_person(store, "carla")
    assert plan_of(store, "anna", DAY) is not None
    left = couple_of(store, "anna")
    assert left is not None
    assert {one.person for one in left.members} == {"anna", "ben"}


def test_the_last_of_a_couple_takes_the_couple_along(store: Store, catalogue: Catalogue) -> None:
    for who in ("anna", "ben"):
        ensure_person(store, who)
    couple = start_couple(store, "anna")
    ensure_member(store, couple, "ben", PARTNER)
    erase_person(store, "anna")
    with store.begin() as session:
        assert session.scalars(select(CoupleRow.id)).all() == [couple]
    erase_person(store, "ben")
    with store.begin() as session:
        assert session.scalars(select(CoupleRow.id)).all() == []
    assert everything(store) == ""


def test_what_is_erased_is_not_in_the_raw_file_either_sealed_or_open(tmp_path: Path, catalogue: Catalogue) -> None:
    store = open_store(_url(tmp_path / "attune.sqlite3"), KEYS)
    for _ in range(20):
        thread = new_thread(store, ensure_person(store, "ben"))
        keep_message(store, "ben", thread, "stays")
    _write(store, "anna", catalogue)
    erase_all = [b"needle", b"anna", *_sealed_of(store, "anna")]
    assert _found(tmp_path, erase_all)
    erase_person(store, "anna")
    assert _found(tmp_path, erase_all) == []
    store.close()
    assert _found(tmp_path, erase_all) == []


def _sealed_of(store: Store, who: str) -> list[bytes]:
    """The sealed values of one person."""
    kept = rows(store)
    own = [row for table in kept.values() for row in table if f"'{who}'" in row]
    sealed = [part for row in own for part in row.replace("'", " ").split() if part.startswith("gAAAA")]
    assert len(sealed) >= 6
    return [part.encode() for part in sealed]


def test_erasing_nobody_erases_nothing(store: Store, catalogue: Catalogue) -> None:
    _write(store, "anna", catalogue)
    before = rows(store)
    erase_person(store, "nobody")
    assert rows(store) == before


def test_a_file_that_cannot_be_tidied_just_now_is_told_in_one_sentence(tmp_path: Path) -> None:
    store = open_store(_url(tmp_path / "attune.sqlite3"), KEYS)
    with closing(sqlite3.connect(tmp_path / "attune.sqlite3")) as busy:
        busy.execute("BEGIN IMMEDIATE")
        with store.engine.connect() as connection:
            connection.execute(text("PRAGMA busy_timeout=50"))
        with pytest.raises(StoreUnavailable, match="deleted"):
            give_space_back(store.engine)
        busy.rollback()
    give_space_back(store.engine)
    store.close()
