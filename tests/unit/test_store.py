"""Nothing said is lost, and nobody sees what is not theirs. Runs on every database that is at hand."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import inspect

from coach.errors import AttuneError, NotAllowed, StoreUnavailable
from coach.exercises import Catalogue, suggest
from coach.schema import Citation, Referral, Reply, Tonight, Verdict
from coach.store import Store, open_store
from coach.store.backup import backup_sqlite
from coach.store.consents import COACH_SEES, record
from coach.store.conversations import (
    NEUTRAL_TITLE,
    delete_thread,
    ensure_person,
    keep_message,
    keep_reply,
    messages,
    new_thread,
    recent_turns,
    thread_to_continue,
    threads,
)
from coach.store.couples import ensure_member, start_couple
from coach.store.engine import migrate
from coach.store.rights import erase_person, export_person, left_behind
from coach.store.sessions import (
    choose,
    keep_decision,
    keep_outcome,
    keep_session,
    last_session,
    own_session,
    recent_exercises,
    safe_evenings,
    sessions_for_review,
)
from coach.store.tables import Base
from coach.store.vault import Vault
from coach.store.visible import COACHING
from tests.conftest import KEYS

REPLY = Reply(action="coach", text="Say it once, plainly.", verdict=Verdict(action="coach"))


@pytest.fixture
def thread(store: Store) -> str:
    ensure_person(store, "anna")
    ensure_person(store, "ben")
    return new_thread(store, "anna")


def test_a_message_is_there_before_its_reply(store: Store, thread: str) -> None:
    keep_message(store, "anna", thread, "we never talk")
    [said] = messages(store, "anna", thread)
    assert (said.text, said.state) == ("we never talk", "open")


def test_message_and_reply_come_back_as_they_were(store: Store, thread: str) -> None:
    question = keep_message(store, "anna", thread, "we never talk 💬 “really”")
    keep_reply(store, "anna", thread, question, REPLY, "we never talk")
    asked, answered = messages(store, "anna", thread)
    assert asked.state == "done"
    assert asked.text == "we never talk 💬 “really”"
    assert answered.reply == REPLY
    assert answered.at.tzinfo is not None
    assert [thread.title for thread in threads(store, "anna")] == ["we never talk"]


def test_what_a_model_saw_in_a_message_is_known_with_the_next(store: Store, thread: str) -> None:
    seen = Verdict(action="crisis", category="self_harm", urgency="soon", signals=("model:crisis:self_harm@0",))
    first = keep_message(store, "anna", thread, "the garden is done")
    keep_reply(store, "anna", thread, first, REPLY.model_copy(update={"verdict": seen}))
    held = seen.model_copy(update={"signals": ("model:crisis:self_harm@1",)})
    second = keep_message(store, "anna", thread, "and the keys are with my sister")
    keep_reply(store, "anna", thread, second, REPLY.model_copy(update={"verdict": held}))
    assert [turn.raised for turn in recent_turns(store, "anna", thread)] == [seen, None, None, None]


def test_a_message_is_answered_once(store: Store, thread: str) -> None:
    question = keep_message(store, "anna", thread, "hello")
    keep_reply(store, "anna", thread, question, REPLY)
    with pytest.raises(StoreUnavailable):
        keep_reply(store, "anna", thread, question, REPLY)
    assert len(messages(store, "anna", thread)) == 2


def test_the_partner_sees_nothing_of_it_and_cannot_write_into_it(store: Store, thread: str) -> None:
    keep_message(store, "anna", thread, "private")
    assert messages(store, "ben", thread) == []
    assert recent_turns(store, "ben", thread) == ()
    assert threads(store, "ben") == []
    with pytest.raises(NotAllowed):
        keep_message(store, "ben", thread, "hello")
    assert not delete_thread(store, "ben", thread)
    assert len(messages(store, "anna", thread)) == 1


def test_a_conversation_in_which_help_was_offered_gets_a_neutral_title(store: Store, thread: str) -> None:
    first = keep_message(store, "anna", thread, "he frightens me")
    keep_reply(store, "anna", thread, first, REPLY, "he frightens me")
    second = keep_message(store, "anna", thread, "he hit me")
    referred = REPLY.model_copy(update={"referral": Referral(category="partner_abuse", text="Help is there.")})
    keep_reply(store, "anna", thread, second, referred, "he hit me")
    assert [thread.title for thread in threads(store, "anna")] == [NEUTRAL_TITLE]


def test_deleting_a_conversation_removes_its_messages_and_what_was_suggested_in_it(
    store: Store, thread: str, catalogue: Catalogue
) -> None:
    asked = keep_message(store, "anna", thread, "gone soon")
    suggestion = suggest(catalogue, Tonight())
    gone = keep_session(store, "anna", suggestion, "gone soon", message=asked)
    stays = keep_session(store, "anna", suggestion, "set by dials")
    assert not delete_thread(store, "ben", thread)
    assert delete_thread(store, "anna", thread)
    assert messages(store, "anna", thread) == []
    assert threads(store, "anna") == []
    assert own_session(store, "anna", gone) is None
    assert own_session(store, "anna", stays)


def test_a_suggested_session_comes_back_whole_with_its_decisions(
    store: Store, thread: str, catalogue: Catalogue
) -> None:
    suggestion = suggest(catalogue, Tonight(minutes=20, wish="calm"))
    citation = Citation(n=1, passage="g/s", guide="g", section="s", lines=(3, 9), quote="Words.")
    session = keep_session(store, "anna", suggestion, "calm us", [citation], versions={"attune": "1"})
    choose(store, "anna", session, suggestion.options[0].exercise)
    ensure_person(store, "carla", role="coach")
    assert sessions_for_review(store, "carla") == []
    ensure_member(store, start_couple(store, "anna"), "carla", COACHING)
    assert sessions_for_review(store, "carla") == []
    record(store, "anna", "coach", COACH_SEES, given=True)
    keep_decision(store, "carla", session, "carla", "approve")
    keep_decision(store, "carla", session, "carla", "refer", "safety", "second thoughts")
    [kept] = sessions_for_review(store, "carla")
    assert kept.suggestion == suggestion
    assert kept.citations == (citation,)
    assert [decision.kind for decision in kept.decisions] == ["approve", "refer"]
    assert kept.decision
    assert kept.decision.reason == "safety"
    assert recent_exercises(store, "anna") == (suggestion.options[0].exercise,)
    assert own_session(store, "ben", session) is None
    assert last_session(store, "ben") is None
    with pytest.raises(NotAllowed):
        choose(store, "ben", session, "EX01")


def test_evenings_that_felt_safe_are_counted_once_each(store: Store, thread: str, catalogue: Catalogue) -> None:
    suggestion = suggest(catalogue, Tonight(minutes=20))
    for felt in (9, 4):
        session = keep_session(store, "anna", suggestion)
        keep_outcome(store, "anna", session, "EX01", "done", felt, 5)
        keep_outcome(store, "anna", session, "EX01", "done", felt, 6)
    assert safe_evenings(store, "anna") == 1


def test_export_holds_all_of_ones_own_and_erase_leaves_nothing(store: Store, thread: str, catalogue: Catalogue) -> None:
    question = keep_message(store, "anna", thread, "needle-in-the-hay")
    keep_reply(store, "anna", thread, question, REPLY)
    keep_session(store, "anna", suggest(catalogue, Tonight()), "needle-in-the-hay")
    data = export_person(store, "anna")
    assert len(data["messages"]) == 2
    assert len(data["suggested_sessions"]) == 1
    assert export_person(store, "ben")["messages"] == []
    erase_person(store, "anna")
    assert not any(export_person(store, "anna").values())
    assert left_behind(store, "anna") == {}
    database = store.engine.url.database
    if store.engine.dialect.name == "sqlite" and database:
        files = Path(database).parent.glob("*")
        assert not any(b"needle-in-the-hay" in file.read_bytes() for file in files)


def test_the_migrations_make_exactly_the_tables_of_the_code(store: Store) -> None:
    made = inspect(store.engine)
    assert set(made.get_table_names()) == {*Base.metadata.tables, "alembic_version"}
    for name, table in Base.metadata.tables.items():
        assert {column["name"] for column in made.get_columns(name)} == {column.name for column in table.columns}
    migrate(store.engine)


def test_a_database_that_cannot_be_opened_says_so_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "attune.sqlite3").write_bytes(b"this is not a database, it is a text of some length" * 20)
    with pytest.raises(StoreUnavailable, match="coach doctor"):
        open_store(f"sqlite:///{tmp_path / 'attune.sqlite3'}", KEYS)


def test_a_backup_can_be_opened_while_the_original_is_in_use(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'live.sqlite3'}"
    live = open_store(url, KEYS)
    ensure_person(live, "anna")
    keep_message(live, "anna", new_thread(live, "anna"), "kept")
    backup_sqlite(url, tmp_path / "copy.sqlite3")
    copy = sqlite3.connect(tmp_path / "copy.sqlite3")
    [(sealed,)] = copy.execute("select text from message").fetchall()
    assert Vault(KEYS).open(sealed) == "kept"
    copy.close()
    live.close()
    with pytest.raises(AttuneError, match="pg_dump"):
        backup_sqlite("postgresql://x", tmp_path / "no")


def test_a_conversation_is_continued_on_another_device_even_when_its_first_reply_was_cut_off(
    store: Store, thread: str
) -> None:
    assert thread_to_continue(store, "anna") is None
    question = keep_message(store, "anna", thread, "we never talk")
    assert thread_to_continue(store, "anna") == thread
    assert thread_to_continue(store, "ben") is None
    keep_reply(store, "anna", thread, question, REPLY, "we never talk")
    assert thread_to_continue(store, "anna") == thread


def test_a_conversation_in_which_help_was_offered_does_not_open_by_itself(store: Store, thread: str) -> None:
    question = keep_message(store, "anna", thread, "he hit me")
    referred = REPLY.model_copy(update={"referral": Referral(category="partner_abuse", text="Help is there.")})
    keep_reply(store, "anna", thread, question, referred, "he hit me")
    assert thread_to_continue(store, "anna") is None
