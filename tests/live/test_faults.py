"""Nothing is lost, half kept or answered twice when a process is killed or its database fails; afterwards it goes on.

Every fault is told in one sentence that is true: before the message is stored it says that nothing was kept, after that
it says that the message is safe.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, make_url

from coach.assemble import Search
from coach.companion import Companion, Done, Event, Screened
from coach.conversation import ReplyNotKept, answer_again, hold_turn
from coach.errors import StoreUnavailable
from coach.people.here import start
from coach.schema import Reply
from coach.store import Store, open_store
from coach.store.conversations import messages, new_thread
from coach.store.engine import give_space_back
from coach.store.sessions import sessions_for_review
from coach.store.whole import look
from tests.conftest import KEYS
from tests.live.forwarder import Forwarder

ROOT = Path(__file__).parents[2]
POSTGRES = os.environ.get("COACH_TEST_POSTGRES_URL", "")
DATABASES = ["sqlite", *(["postgresql"] if POSTGRES else [])]
only_postgres = pytest.mark.skipif(not POSTGRES, reason="COACH_TEST_POSTGRES_URL is not set")
FAULTS = [
    ("sqlite", "disk full"),
    ("sqlite", "not to be written"),
    ("sqlite", "locked"),
    *([("postgresql", "locked"), ("postgresql", "not to be written"), ("postgresql", "gone")] if POSTGRES else []),
]
LONG = "What can we do tonight to feel a bit closer? " + "We sit side by side and hardly say a word. " * 85
"""So long that it does not fit into what a database file has left over."""
NOT_SAVED = "Your message could not be saved just now, so nothing was done with it"
SAVED = "Your message is saved, but its reply could not be"
Fault = Callable[[], AbstractContextManager[None]]
LOCK = """
import sys, sqlite3
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def wire(store: Store, request: pytest.FixtureRequest) -> Iterator[Forwarder | None]:
    """Stands between the app and PostgreSQL."""
    if store.engine.dialect.name == "sqlite":
        yield None
        return
    url = make_url(POSTGRES)
    wire = Forwarder(url.host or "127.0.0.1", url.port or 5432)
    yield wire
    wire.stop()


@pytest.fixture
def kept(store: Store, wire: Forwarder | None) -> Iterator[Store]:
    """The store that the app uses: SQLite, or PostgreSQL at the other end of the wire."""
    if wire is None:
        yield store
        return
    url = make_url(POSTGRES).set(host="127.0.0.1", port=wire.port, query={"sslmode": "disable", "connect_timeout": "2"})
    opened = open_store(url.render_as_string(hide_password=False), KEYS)
    yield opened
    opened.close()


@pytest.fixture
def fault(kept: Store, store: Store, wire: Forwarder | None, request: pytest.FixtureRequest) -> Fault:
    """Brings a fault about and ends it again."""
    ways: dict[str, Fault] = {
        "disk full": lambda: disk_full(kept),
        "not to be written": lambda: set_on_connections(
            kept, "SET default_transaction_read_only = on" if wire else "PRAGMA query_only = ON"
        ),
        "locked": lambda: locked_in_postgres(kept, store) if wire else locked_by_another_process(kept),
        "gone": lambda: cut(wire),
    }
    return ways[request.param]


@pytest.fixture
def me(store: Store) -> str:
    return start(store)


@pytest.fixture
def thread(store: Store, me: str) -> str:
    return new_thread(store, me)


@contextmanager
def set_on_connections(store: Store, setting: str) -> Iterator[None]:
    """The setting holds on every connection made meanwhile, and there are no others."""

    def put(connection: object, _: object) -> None:
        connection.execute(setting)  # type: ignore[attr-defined]
        connection.commit()  # type: ignore[attr-defined]

    event.listen(store.engine, "connect", put)
    store.engine.dispose()
    yield
    event.remove(store.engine, "connect", put)
    store.engine.dispose()


@contextmanager
def disk_full(store: Store) -> Iterator[None]:
    give_space_back(store.engine)
    # A limit below the size of the file means that it may not grow.
    with set_on_connections(store, "PRAGMA max_page_count = 1"):
        yield


@contextmanager
def locked_by_another_process(store: Store) -> Iterator[None]:
    command = [sys.executable, "-c", LOCK, str(store.engine.url.database)]
    with (
        set_on_connections(store, "PRAGMA busy_timeout = 100"),
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder,
    ):
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        yield
        holder.communicate()


@contextmanager
def locked_in_postgres(store: Store, elsewhere: Store) -> Iterator[None]:
    with set_on_connections(store, "SET lock_timeout = '100ms'"), elsewhere.engine.connect() as holder:
        holder.exec_driver_sql("LOCK TABLE message IN EXCLUSIVE MODE")
        yield
        holder.rollback()


@contextmanager
def cut(wire: Forwarder | None) -> Iterator[None]:
    assert wire
    wire.stop()
    yield
    wire.start()


def last(events: Iterator[Event]) -> Reply:
    [done] = [event for event in events if isinstance(event, Done)]
    return done.reply


def who(store: Store, me: str, thread: str) -> list[tuple[str, str]]:
    return [(said.by, said.state) for said in messages(store, me, thread)]


def eventually(read: Callable[[], object], wanted: object) -> None:
    """What a database does after its client has gone may take a moment."""
    end = time.monotonic() + 20
    while read() != wanted and time.monotonic() < end:
        time.sleep(0.05)
    assert read() == wanted


def assert_one_whole_turn(store: Store, me: str, thread: str, reply: Reply) -> None:
    """One message, one reply, one card for the coach."""
    assert reply.suggestion
    assert who(store, me, thread) == [("user", "done"), ("companion", "done")]
    assert messages(store, me, thread)[1].reply == reply
    assert [session.id for session in sessions_for_review(store, "local-coach")] == [reply.session]
    found = look(store, me)
    assert (found.half, found.twice, found.open, found.damage) == (frozenset(), frozenset(), {}, "")


@pytest.mark.parametrize("store", DATABASES, indirect=True)
def test_a_process_that_is_killed_in_the_middle_of_turns_loses_nothing(
    store: Store, search: Search, data_dir: Path
) -> None:
    search()
    url = store.engine.url.render_as_string(hide_password=False)
    store.close()
    command = [sys.executable, "-m", "evals.faults.kill", "--kills", "8", "--json", "--url", url]
    environment = os.environ | {"COACH_DATA_DIR": str(data_dir)}
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads(done.stdout)["rows"]
    assert sum(row["kills"] for row in rows) == 8
    assert sum(row["stored"] for row in rows) > 16
    assert sum(row["lost"] + row["half"] + row["twice"] for row in rows) == 0


@pytest.mark.parametrize(("store", "fault"), FAULTS, indirect=True)
def test_what_cannot_be_stored_is_told_and_not_kept_and_can_be_sent_again_afterwards(
    attune: Companion, store: Store, kept: Store, me: str, thread: str, fault: Fault
) -> None:
    events: list[Event] = []
    with fault(), pytest.raises(StoreUnavailable, match=NOT_SAVED):
        events += hold_turn(attune, kept, me, thread, LONG)
    assert events == []
    assert messages(kept, me, thread) == []
    assert_one_whole_turn(kept, me, thread, last(hold_turn(attune, kept, me, thread, LONG)))


@pytest.mark.parametrize("store", DATABASES, indirect=True)
def test_what_cannot_be_read_is_told_before_the_message_is_kept(
    attune: Companion, store: Store, me: str, thread: str
) -> None:
    with store.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE suggested_session RENAME TO elsewhere")
    try:
        with pytest.raises(StoreUnavailable, match=NOT_SAVED):
            list(hold_turn(attune, store, me, thread, LONG))
    finally:
        with store.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO suggested_session")
    assert messages(store, me, thread) == []


@pytest.mark.parametrize("again", ["sent", "asked for"])
@pytest.mark.parametrize(("store", "fault"), FAULTS, indirect=True)
def test_a_fault_in_the_middle_of_a_turn_leaves_the_message_to_be_answered_afterwards(
    attune: Companion, store: Store, kept: Store, me: str, thread: str, fault: Fault, again: str
) -> None:
    events = hold_turn(attune, kept, me, thread, LONG)
    assert isinstance(next(events), Screened)
    with fault(), pytest.raises(ReplyNotKept, match=SAVED):
        list(events)
    assert who(kept, me, thread) == [("user", "open")]
    assert not look(kept, me).half
    once_more = hold_turn(attune, kept, me, thread, LONG) if again == "sent" else answer_again(attune, kept, me, thread)
    assert_one_whole_turn(kept, me, thread, last(once_more))


@pytest.mark.parametrize(("store", "fault"), FAULTS, indirect=True)
def test_asking_again_while_the_fault_lasts_says_that_the_message_is_safe(
    attune: Companion, store: Store, kept: Store, me: str, thread: str, fault: Fault
) -> None:
    next(hold_turn(attune, kept, me, thread, LONG))
    with fault(), pytest.raises(ReplyNotKept, match=SAVED):
        list(answer_again(attune, kept, me, thread))
    assert_one_whole_turn(kept, me, thread, last(answer_again(attune, kept, me, thread)))


@only_postgres
@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_a_message_whose_storing_was_done_but_not_heard_of_is_not_kept_twice(
    attune: Companion, store: Store, kept: Store, wire: Forwarder, me: str, thread: str
) -> None:
    wire.cut_after = b"INSERT INTO message"
    with pytest.raises(StoreUnavailable, match=NOT_SAVED):
        list(hold_turn(attune, kept, me, thread, LONG))
    wire.cut_after = None
    eventually(lambda: who(kept, me, thread), [("user", "open")])
    assert_one_whole_turn(kept, me, thread, last(hold_turn(attune, kept, me, thread, LONG)))


@only_postgres
@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_a_reply_whose_storing_was_done_but_not_heard_of_is_not_made_twice(
    attune: Companion, store: Store, kept: Store, wire: Forwarder, me: str, thread: str
) -> None:
    events = hold_turn(attune, kept, me, thread, LONG)
    next(events)
    wire.cut_after = b"INSERT INTO message"
    with pytest.raises(ReplyNotKept, match=SAVED):
        list(events)
    wire.cut_after = None
    eventually(lambda: len(messages(kept, me, thread)), 2)
    assert list(answer_again(attune, kept, me, thread)) == []
    reply = messages(kept, me, thread)[1].reply
    assert reply
    assert_one_whole_turn(kept, me, thread, reply)


@only_postgres
@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_a_server_that_takes_the_call_and_never_answers_is_given_up_after_seconds(
    attune: Companion, store: Store, kept: Store, wire: Forwarder, me: str, thread: str
) -> None:
    wire.stop()
    wire.deaf = True
    wire.start()
    began = time.monotonic()
    with pytest.raises(StoreUnavailable, match=NOT_SAVED):
        list(hold_turn(attune, kept, me, thread, LONG))
    assert time.monotonic() - began < 10
    wire.stop()
    wire.deaf = False
    wire.start()
    assert_one_whole_turn(kept, me, thread, last(hold_turn(attune, kept, me, thread, LONG)))


@pytest.mark.parametrize("store", DATABASES, indirect=True)
def test_a_message_answered_in_two_windows_at_once_keeps_the_first_reply_with_its_card(
    attune: Companion, store: Store, me: str, thread: str
) -> None:
    one = hold_turn(attune, store, me, thread, LONG)
    next(one)
    first = last(answer_again(attune, store, me, thread))
    assert last(one).session is None
    assert_one_whole_turn(store, me, thread, first)


@pytest.mark.parametrize("store", DATABASES, indirect=True)
def test_whoever_stops_just_when_the_reply_has_come_has_it_kept_once(
    attune: Companion, store: Store, me: str, thread: str
) -> None:
    events = hold_turn(attune, store, me, thread, LONG)
    reply = next(event.reply for event in events if isinstance(event, Done))
    events.close()  # type: ignore[attr-defined]
    assert_one_whole_turn(store, me, thread, reply)


class Cut(Exception):
    """Stands for the end of a process."""


@pytest.mark.parametrize("statement", [5, 12, 40, 90, 160, 210])
def test_a_first_start_that_is_cut_off_leaves_a_database_that_the_next_start_opens(
    tmp_path: Path, statement: int
) -> None:
    seen = []

    def count(*_: object) -> None:
        seen.append(1)
        if len(seen) == statement:
            raise Cut

    url = f"sqlite:///{tmp_path / 'new.sqlite3'}"
    event.listen(Engine, "before_cursor_execute", count)
    try:
        with pytest.raises(Cut):
            open_store(url, KEYS)
    finally:
        event.remove(Engine, "before_cursor_execute", count)
    store = open_store(url, KEYS)
    assert look(store, start(store)).ids == frozenset()
    store.close()


OPEN = """
import sys
from coach.store import open_store
print("ready", flush=True)
sys.stdin.readline()
open_store(sys.argv[1], [sys.argv[2]]).close()
"""


def test_two_processes_that_make_the_tables_at_once_both_start(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.sqlite3'}"
    pair = [
        subprocess.Popen([sys.executable, "-c", OPEN, url, KEYS[0]], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    for one in pair:
        assert one.stdout
        assert one.stdout.readline() == b"ready\n"
    for one in pair:
        assert one.stdin
        one.stdin.write(b"\n")
        one.stdin.flush()
    for one in pair:
        one.communicate(timeout=60)
    assert [one.returncode for one in pair] == [0, 0]
