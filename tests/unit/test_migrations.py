"""An installation of any age is brought up to date whole: nothing is lost, and nothing is left readable."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, Text, column, create_engine, event, inspect, select, table, text, type_coerce

from coach.errors import StoreUnavailable
from coach.exercises import Catalogue, suggest
from coach.people.couples import accept, invite
from coach.people.limiter import Limiter
from coach.schema import Citation, Reply, Tonight, Verdict
from coach.store import Store, open_store
from coach.store.accounts import add_account, any_account, person
from coach.store.consents import COACH_SEES, answer, record
from coach.store.conversations import country_of, delete_thread, ensure_person, messages, search_threads, threads
from coach.store.couples import couple_of, ensure_member, start_couple
from coach.store.engine import _sqlite_settings, _with_driver, migrate, revisions
from coach.store.rights import erase_person, export_person, left_behind
from coach.store.sessions import last_session, own_session, safe_evenings, secret_hash, sessions_for_review
from coach.store.tables import Base
from coach.store.vault import KeyWrong, Vault, new_key
from coach.store.visible import COACHING
from tests.conftest import DATABASES, KEYS

REPLY = Reply(action="coach", text="Say it once, plainly: “I miss you”.", verdict=Verdict(action="coach"))
CITATION = Citation(n=1, passage="g/s", guide="g", section="s", lines=(1, 2), quote="readable-quote ✓")
TALK = [f"readable-message {number} “we never talk” 💬" for number in range(1200)]
WRITTEN = {
    "thread": ("id", "owner_id", "title"),
    "message": ("id", "thread_id", "owner_id", "by", "text", "state", "answers_id", "reply"),
    "suggested_session": ("id", "owner_id", "message_id", "asked", "suggestion", "citations", "versions", "chosen"),
    "decision": ("id", "session_id", "decided_by", "kind", "reason", "note", "card"),
    "outcome": ("id", "session_id", "exercise", "done", "felt_safe", "closer"),
    "person": ("id", "name", "role", "country"),
    "consent": ("id", "owner_id", "kind", "given", "about"),
    "secret": ("name", "hash"),
}
"""What there was before people had accounts."""


@dataclass
class Old:
    """A database that an earlier version has left behind."""

    url: str
    engine: Engine

    def moment(self, second: int) -> str:
        """A moment as that version has written it."""
        zone = "+00:00" if self.engine.dialect.name == "postgresql" else ""
        return f"2026-01-02 03:{second // 60:02}:{second % 60:02}.000000{zone}"

    def insert(self, name: str, rows: list[dict[str, Any]]) -> None:
        """Write rows in plain SQL."""
        columns = ", ".join(f'"{key}"' for key in rows[0])
        values = ", ".join(f":{key}" for key in rows[0])
        with self.engine.begin() as connection:
            connection.execute(text(f"INSERT INTO {name} ({columns}) VALUES ({values})"), rows)  # noqa: S608 - own names

    def kept(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything that was written, as it stands in the tables now."""
        with self.engine.connect() as connection:
            return {
                name: sorted(
                    (tuple(row) for row in connection.execute(select(*_raw(columns)).select_from(table(name)))), key=str
                )
                for name, columns in WRITTEN.items()
            }

    def revision(self) -> str | None:
        """The state of the tables."""
        with self.engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()

    def opened(self) -> Store:
        """As the version of today opens it."""
        return open_store(self.url, KEYS)


def _raw(columns: tuple[str, ...]) -> list[Any]:
    return [type_coerce(column(name), Text) for name in columns]


def _place(kind: str, folder: Path) -> str:
    """An empty place; in PostgreSQL it is a schema of its own, so that the tables of the other tests stay whole."""
    if kind == "sqlite":
        return f"sqlite:///{folder / 'attune.sqlite3'}"
    url = os.environ["COACH_TEST_POSTGRES_URL"]
    engine = create_engine(_with_driver(url))
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA IF EXISTS of_before CASCADE"))
        connection.execute(text("CREATE SCHEMA of_before"))
    engine.dispose()
    return f"{url}?options=-csearch_path%3Dof_before"


@pytest.fixture(params=DATABASES)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Old]:
    """A place with no tables yet."""
    url = _place(request.param, tmp_path)
    engine = create_engine(_with_driver(url))
    engine.dialect.attune_vault = Vault(KEYS)  # type: ignore[attr-defined]  # as open_store does
    if request.param == "sqlite":
        event.listen(engine, "connect", _sqlite_settings)
    yield Old(url, engine)
    engine.dispose()


@pytest.fixture
def old(empty: Old, catalogue: Catalogue) -> Old:
    """The first revision with rows in every table, then what the second and the third have added."""
    migrate(empty.engine, "0001")
    made = suggest(catalogue, Tonight(minutes=30))
    at = empty.moment
    empty.insert("person", [{"id": "me", "name": "You", "role": "partner", "created_at": at(0)}])
    empty.insert("secret", [{"name": "review", "hash": "$argon2id$kept", "created_at": at(0)}])
    thread = {"owner_id": "me", "visibility": "private", "created_at": at(1)}
    titles = {"t1": "readable-title “one”", "t2": ""}
    empty.insert("thread", [thread | {"id": key, "title": titles[key], "updated_at": at(2)} for key in titles])
    said = {"thread_id": "t1", "owner_id": "me", "visibility": "private", "answers_id": None, "reply": None}
    empty.insert(
        "message",
        [
            said | {"id": f"m{at_:04}", "by": "user", "text": words, "state": "open", "created_at": at(at_)}
            for at_, words in enumerate(TALK)
        ],
    )
    empty.insert(
        "message",
        [
            said
            | {
                "id": "r1",
                "by": "companion",
                "text": REPLY.text,
                "state": "done",
                "answers_id": "m0000",
                "reply": json.dumps(REPLY.model_dump(mode="json")),
                "created_at": at(1300),
            },
            # A reply that was never there, as the JSON column of that time wrote it.
            said | {"id": "r2", "by": "user", "text": "", "state": "done", "reply": "null", "created_at": at(1301)},
        ],
    )
    session = {"owner_id": "me", "visibility": "coach", "state": "approve", "versions": '{"attune": "0.1"}'}
    suggestion, quotes = made.model_dump_json(), json.dumps([CITATION.model_dump(mode="json")])
    empty.insert(
        "suggested_session",
        [
            session
            | {
                "id": key,
                "message_id": message,
                "asked": asked,
                "suggestion": suggestion,
                "citations": cited,
                "chosen": chosen,
                "created_at": at(when),
            }
            for key, message, asked, cited, chosen, when in (
                ("s1", "m0000", "readable-asked", quotes, made.options[0].exercise, 10),
                ("s2", None, "", "[]", None, 20),
            )
        ],
    )
    decided = {"session_id": "s1", "decided_by": "coach", "reason": ""}
    empty.insert(
        "decision",
        [
            decided | {"id": "d1", "kind": "approve", "note": "", "card": None, "created_at": at(30)},
            decided | {"id": "d2", "kind": "edit", "note": "", "card": "null", "created_at": at(31)},
            decided
            | {
                "id": "d3",
                "kind": "replace",
                "note": "readable-note",
                "card": made.options[0].model_dump_json(),
                "created_at": at(32),
            },
        ],
    )
    outcome = {"id": "o1", "owner_id": "me", "visibility": "private", "session_id": "s1", "exercise": "EX01"}
    empty.insert("outcome", [outcome | {"done": "done", "felt_safe": 9, "closer": 8, "created_at": at(40)}])
    migrate(empty.engine, "0002")
    agreed = {"id": "c1", "owner_id": "me", "visibility": "private", "kind": "model", "given": True}
    empty.insert("consent", [agreed | {"about": "https://model.example", "created_at": at(50)}])
    migrate(empty.engine, "0003")
    with empty.engine.begin() as connection:
        connection.execute(text("UPDATE person SET country = 'AT'"))
    return empty


def _reads(store: Store, catalogue: Catalogue) -> None:
    """Everything of `old`, through the functions that the app uses."""
    known = person(store, "me")
    assert known is not None
    assert (known.name, known.role, known.adult_at, known.keep_days) == ("You", "partner", None, None)
    assert country_of(store, "me") == "AT"
    assert secret_hash(store, "review") == "$argon2id$kept"
    assert [(one.id, one.title) for one in threads(store, "me")] == [("t1", "readable-title “one”")]
    said = messages(store, "me", "t1")
    assert [one.text for one in said] == [*TALK, REPLY.text, ""]
    assert said[0].at == datetime(2026, 1, 2, 3, 0, 0, tzinfo=UTC)
    assert [one.reply for one in said if one.reply] == [REPLY]
    assert [one.id for one in search_threads(store, "me", "MESSAGE 1199")] == ["t1"]
    kept = own_session(store, "me", "s1")
    assert kept is not None
    assert kept.suggestion == suggest(catalogue, Tonight(minutes=30))
    assert (kept.asked, kept.citations, kept.versions) == ("readable-asked", (CITATION,), {"attune": "0.1"})
    assert kept.chosen == kept.suggestion.options[0].exercise
    assert [(one.kind, one.note, one.card) for one in kept.decisions] == [
        ("approve", "", None),
        ("edit", "", None),
        ("replace", "readable-note", kept.suggestion.options[0]),
    ]
    last = last_session(store, "me")
    assert last is not None
    assert (last.id, last.asked, last.citations, last.decisions) == ("s2", "", (), ())
    assert safe_evenings(store, "me") == 1
    assert answer(store, "me", "model", "https://model.example") is True
    assert not any_account(store)
    assert couple_of(store, "me") is None


def test_everything_an_old_installation_has_kept_is_read_by_the_new_one(old: Old, catalogue: Catalogue) -> None:
    store = old.opened()
    _reads(store, catalogue)
    store.close()
    assert old.revision() == revisions()[0]


def test_it_stays_as_it_is_when_it_is_opened_again(old: Old, catalogue: Catalogue) -> None:
    old.opened().close()
    before = old.kept()
    store = old.opened()
    _reads(store, catalogue)
    store.close()
    assert old.kept() == before


def test_nothing_that_was_written_before_stays_readable(old: Old, tmp_path: Path) -> None:
    store = old.opened()
    sealed = {"thread": ("title",), "message": ("text", "reply"), "decision": ("note", "card")}
    sealed["suggested_session"] = ("asked", "suggestion", "citations")
    with store.engine.connect() as connection:
        for name, columns in sealed.items():
            for row in connection.execute(select(*_raw(columns)).select_from(table(name))):
                assert all(not value or value.startswith("gAAAA") for value in row), name
    for file in tmp_path.iterdir():
        content = file.read_bytes()
        assert b"readable-" not in content, file.name
        assert REPLY.text.encode() not in content, file.name
    store.close()


def test_down_to_the_revision_before_and_up_again_loses_nothing(old: Old, catalogue: Catalogue) -> None:
    before = old.kept()
    assert ("m0007", TALK[7]) in [(row[0], row[4]) for row in before["message"]]
    for _ in range(2):
        migrate(old.engine)
        assert old.kept() != before
        migrate(old.engine, "0003")
        assert old.revision() == "0003"
        assert old.kept() == before
    store = old.opened()
    _reads(store, catalogue)
    store.close()


def test_down_to_the_first_revision_and_up_again_keeps_what_that_one_knows(old: Old) -> None:
    store = old.opened()
    migrate(old.engine, "0001")
    assert old.revision() == "0001"
    assert "consent" not in inspect(old.engine).get_table_names()
    migrate(old.engine)
    assert [one.text for one in messages(store, "me", "t1")] == [*TALK, REPLY.text, ""]
    assert safe_evenings(store, "me") == 1
    assert country_of(store, "me") is None
    store.close()


def test_going_down_takes_accounts_and_couples_and_leaves_what_was_written(old: Old, catalogue: Catalogue) -> None:
    store = old.opened()
    add_account(store, "anna", "You", "partner", "hash", "me")
    ensure_person(store, "ben")
    accept(store, Limiter(), "ben", invite(store, "me", "partner"))
    migrate(old.engine, "0003")
    names = set(inspect(old.engine).get_table_names())
    assert not names & {"account", "sign_in", "couple", "member", "invitation", "evening", "plan"}
    migrate(old.engine)
    _reads(store, catalogue)
    store.close()


def test_what_belongs_together_still_does(old: Old) -> None:
    """Rebuilding a table must lose no reference: what is deleted takes along what hangs on it, and nothing else."""
    store = old.opened()
    if store.engine.dialect.name == "sqlite":
        with store.engine.connect() as connection:
            assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
            assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
            assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
    assert delete_thread(store, "me", "t1")
    assert messages(store, "me", "t1") == []
    assert own_session(store, "me", "s1") is None
    assert own_session(store, "me", "s2") is not None
    erase_person(store, "me")
    assert left_behind(store, "me") == {}
    assert not any(export_person(store, "me").values())
    with store.engine.connect() as connection:
        for name in WRITTEN.keys() - {"secret"}:
            assert connection.execute(select(text("1")).select_from(table(name))).all() == [], name
    store.close()


def test_what_was_kept_goes_by_the_rules_of_today(old: Old) -> None:
    store = old.opened()
    ensure_person(store, "carla", role="coach")
    ensure_member(store, start_couple(store, "me"), "carla", COACHING)
    assert sessions_for_review(store, "carla") == []
    record(store, "me", "coach", COACH_SEES, given=True)
    assert [one.id for one in sessions_for_review(store, "carla")] == ["s2", "s1"]
    store.close()


def test_the_revisions_make_exactly_what_the_code_describes(empty: Old) -> None:
    store = empty.opened()
    for upgraded in (False, True):
        if upgraded:
            migrate(empty.engine, "0001")
            migrate(empty.engine)
        with empty.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, Base.metadata) == []
    store.close()


@pytest.mark.parametrize("revision", ["0001", "0002", "0003"])
def test_an_installation_without_a_word_in_it_is_brought_up_to_date(empty: Old, revision: str) -> None:
    migrate(empty.engine, revision)
    store = empty.opened()
    assert empty.revision() == revisions()[0]
    assert not any_account(store)
    store.close()


def test_what_breaks_off_on_the_way_changes_nothing(
    old: Old, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = old.kept()
    real, sealed = Vault.seal, []

    def until_the_power_fails(vault: Vault, words: str) -> str:
        sealed.append(words)
        if len(sealed) > 900:
            raise OSError
        return real(vault, words)

    with monkeypatch.context() as patch:
        patch.setattr(Vault, "seal", until_the_power_fails)
        with pytest.raises(StoreUnavailable, match="coach doctor"):
            old.opened()
    assert old.revision() == "0003"
    assert old.kept() == before
    assert "account" not in inspect(old.engine).get_table_names()
    store = old.opened()
    _reads(store, catalogue)
    store.close()


def test_a_wrong_key_cannot_bring_it_down_and_changes_nothing(old: Old, catalogue: Catalogue) -> None:
    store = old.opened()
    old.engine.dialect.attune_vault = Vault([new_key()])  # type: ignore[attr-defined]  # as open_store does
    with pytest.raises(KeyWrong):
        migrate(old.engine, "0003")
    assert old.revision() == revisions()[0]
    _reads(store, catalogue)
    store.close()


def test_two_that_start_together_bring_it_up_to_date_once(old: Old, catalogue: Catalogue) -> None:
    together, wrong = threading.Barrier(2), []

    def start() -> None:
        together.wait()
        try:
            old.opened().close()
        except Exception as error:
            wrong.append(error)

    starts = [threading.Thread(target=start) for _ in range(2)]
    for one in starts:
        one.start()
    for one in starts:
        one.join()
    assert wrong == []
    store = old.opened()
    _reads(store, catalogue)
    store.close()


def test_what_a_newer_version_has_made_is_left_alone(empty: Old) -> None:
    empty.opened().close()
    with empty.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreUnavailable, match="newer version"):
        empty.opened()
    assert empty.revision() == "9999"
