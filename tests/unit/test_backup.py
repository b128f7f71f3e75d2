"""A copy of the whole can be made at any time and put back, and what is no whole copy is refused."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import update

from coach.errors import AttuneError
from coach.store import Store, open_store
from coach.store.backup import backup_sqlite, restore_sqlite
from coach.store.conversations import ensure_person, keep_message, messages, new_thread, threads
from coach.store.engine import migrate
from coach.store.tables import ThreadRow
from coach.store.vault import KeyWrong, Vault, new_key
from tests.conftest import KEYS
from tests.unit.raw import rows


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "data" / "attune.sqlite3"


@pytest.fixture
def live(place: Path) -> Iterator[Store]:
    """A database in use, in which Anna has written."""
    store = open_store(_url(place), KEYS)
    ensure_person(store, "anna")
    keep_message(store, "anna", new_thread(store, "anna"), "kept")
    yield store
    store.close()


def _url(place: Path) -> str:
    return f"sqlite:///{place}"


def _said(place: Path) -> list[str]:
    """What Anna has written, as the app reads it."""
    store = open_store(_url(place), KEYS)
    said = [one.text for thread in threads(store, "anna") for one in messages(store, "anna", thread.id)]
    store.close()
    return said


def _beside(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


# --- Copies ----------------------------------------------------------------------------------------------------------


def test_a_copy_made_while_in_use_is_whole_and_is_read_back(live: Store, place: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite3"
    with live.begin() as session:
        session.execute(update(ThreadRow).values(title="not yet"))
        session.flush()
        backup_sqlite(_url(place), copy)  # somebody is writing in this moment
    keep_message(live, "anna", threads(live, "anna")[0].id, "said after the copy")
    live.close()
    assert restore_sqlite(_url(place), copy) == place.with_name("attune.sqlite3.before-restore")
    assert _said(place) == ["kept"]


def test_a_copy_is_one_file_that_only_its_owner_reads(live: Store, place: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    backup_sqlite(_url(place), folder / "copy.sqlite3")
    assert _beside(folder) == {"copy.sqlite3"}
    if os.name == "posix":
        assert stat.S_IMODE((folder / "copy.sqlite3").stat().st_mode) == 0o600
    assert b"kept" not in (folder / "copy.sqlite3").read_bytes()


def test_what_is_only_in_the_log_is_in_the_copy(live: Store, place: Path, tmp_path: Path) -> None:
    assert place.with_name("attune.sqlite3-wal").stat().st_size > 0
    backup_sqlite(_url(place), tmp_path / "copy.sqlite3")
    with closing(sqlite3.connect(tmp_path / "copy.sqlite3")) as copy:
        [(sealed,)] = copy.execute("SELECT text FROM message").fetchall()
    assert Vault(KEYS).open(sealed) == "kept"


def test_a_newer_copy_replaces_the_older_as_a_whole(live: Store, place: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite3"
    copy.write_text("an older one")
    backup_sqlite(_url(place), copy)
    assert copy.read_bytes().startswith(b"SQLite format 3")


@pytest.mark.parametrize("name", ["50% of it?.sqlite3", "a#b.sqlite3", "ä “b”.sqlite3", "with space"])
def test_a_copy_may_have_any_name(live: Store, place: Path, tmp_path: Path, name: str) -> None:
    backup_sqlite(_url(place), tmp_path / name)
    live.close()
    restore_sqlite(_url(place), tmp_path / name)
    assert _said(place) == ["kept"]


def test_a_copy_that_cannot_be_made_says_so_and_leaves_nothing(live: Store, place: Path, tmp_path: Path) -> None:
    with pytest.raises(AttuneError, match="cannot be written"):
        backup_sqlite(_url(place), tmp_path / "nowhere" / "copy.sqlite3")
    with pytest.raises(AttuneError, match="database itself"):
        backup_sqlite(_url(place), place)
    with pytest.raises(AttuneError, match="nothing to copy"):
        backup_sqlite(_url(tmp_path / "none.sqlite3"), tmp_path / "copy.sqlite3")
    (tmp_path / "folder").mkdir()
    with pytest.raises(AttuneError, match="cannot be written"):
        backup_sqlite(_url(place), tmp_path / "folder")
    assert _beside(tmp_path) == {"data", "folder"}


@pytest.mark.parametrize("url", ["postgresql://x", "postgresql+psycopg://x/y"])
def test_another_database_is_copied_with_its_own_tools(url: str, tmp_path: Path) -> None:
    for act in (backup_sqlite, restore_sqlite):
        (tmp_path / "copy").write_text("")
        with pytest.raises(AttuneError, match="pg_dump"):
            act(url, tmp_path / "copy")


# --- Putting one back ------------------------------------------------------------------------------------------------


def test_what_was_there_before_is_kept_and_can_be_put_back(live: Store, place: Path, tmp_path: Path) -> None:
    backup_sqlite(_url(place), tmp_path / "copy.sqlite3")
    keep_message(live, "anna", threads(live, "anna")[0].id, "later")
    live.close()
    before = restore_sqlite(_url(place), tmp_path / "copy.sqlite3")
    assert before is not None
    assert _said(place) == ["kept"]
    restore_sqlite(_url(place), before)
    assert _said(place) == ["kept", "later"]


def _killed(live: Store, place: Path, folder: Path) -> Path:
    """The database as it lies there when the app is killed: the file is behind its log."""
    keep_message(live, "anna", threads(live, "anna")[0].id, "later")
    folder.mkdir()
    for rest in ("", "-wal"):
        (folder / f"killed{rest}").write_bytes(place.with_name(f"{place.name}{rest}").read_bytes())
    return folder / "killed"


def test_what_the_app_had_not_yet_moved_from_its_log_is_kept_too(live: Store, place: Path, tmp_path: Path) -> None:
    backup_sqlite(_url(place), tmp_path / "copy.sqlite3")
    killed = _killed(live, place, tmp_path / "killed")
    before = restore_sqlite(_url(killed), tmp_path / "copy.sqlite3")
    assert before is not None
    assert _said(killed) == ["kept"]
    assert _said(before) == ["kept", "later"]


def test_a_copy_is_put_where_nothing_was(live: Store, place: Path, tmp_path: Path) -> None:
    backup_sqlite(_url(place), tmp_path / "copy.sqlite3")
    fresh = tmp_path / "another" / "attune.sqlite3"
    assert restore_sqlite(_url(fresh), tmp_path / "copy.sqlite3") is None
    assert _said(fresh) == ["kept"]
    assert (tmp_path / "copy.sqlite3").is_file()


def test_a_copy_takes_the_place_of_a_broken_database(live: Store, place: Path, tmp_path: Path) -> None:
    backup_sqlite(_url(place), tmp_path / "copy.sqlite3")
    broken = _killed(live, place, tmp_path / "broken")
    for rest in ("", "-wal"):
        broken.with_name(f"killed{rest}").write_bytes(b"the disk has failed" * 500)
    before = restore_sqlite(_url(broken), tmp_path / "copy.sqlite3")
    assert before is not None
    assert before.read_bytes().startswith(b"the disk has failed")
    assert _beside(broken.parent) == {"killed", "killed.before-restore"}
    assert _said(broken) == ["kept"]


def test_a_copy_of_an_older_version_is_put_back_and_brought_up_to_date(
    live: Store, place: Path, tmp_path: Path
) -> None:
    migrate(live.engine, "0003")
    backup_sqlite(_url(place), tmp_path / "copy.sqlite3")
    live.close()
    restore_sqlite(_url(place), tmp_path / "copy.sqlite3")
    assert _said(place) == ["kept"]


def _cut(copy: Path) -> None:
    copy.write_bytes(copy.read_bytes()[: copy.stat().st_size // 2])


def _scribble(copy: Path) -> None:
    content = bytearray(copy.read_bytes())
    for at in range(4096, len(content), 512):
        content[at : at + 64] = b"\xff" * 64
    copy.write_bytes(content)


def _without(table: str) -> Callable[[Path], None]:
    def drop(copy: Path) -> None:
        with closing(sqlite3.connect(copy)) as there:
            there.execute(f"DROP TABLE {table}")
            there.commit()

    return drop


def _foreign(copy: Path) -> None:
    copy.unlink()
    with closing(sqlite3.connect(copy)) as there:
        there.execute("CREATE TABLE alembic_version (version_num TEXT)")
        there.execute("INSERT INTO alembic_version VALUES ('0004')")
        there.execute("CREATE TABLE recipe (id INTEGER)")
        there.commit()


def _version(number: str | None) -> Callable[[Path], None]:
    def change(copy: Path) -> None:
        with closing(sqlite3.connect(copy)) as there:
            there.execute("DELETE FROM alembic_version")
            if number:
                there.execute("INSERT INTO alembic_version VALUES (?)", (number,))
            there.commit()

    return change


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda copy: copy.unlink(), "There is no file"),
        (lambda copy: copy.write_bytes(b""), "is not a copy"),
        (lambda copy: copy.write_text("a letter, not a database" * 400), "is not a copy"),
        (lambda copy: copy.write_bytes(copy.read_bytes()[:100]), "is not a"),
        (_cut, "is not a"),
        (_scribble, "is not a"),
        (_without("alembic_version"), "is not a copy"),
        (_without("message"), "is not a copy"),
        (_foreign, "is not a copy"),
        (_version("9999"), "newer version"),
        (_version(None), "newer version"),
    ],
    ids=[
        "none",
        "empty",
        "text",
        "short",
        "cut",
        "scribbled",
        "no-version",
        "no-messages",
        "foreign",
        "newer",
        "blank",
    ],
)
def test_a_broken_or_foreign_copy_is_refused_in_one_sentence_and_changes_nothing(
    live: Store, place: Path, tmp_path: Path, harm: Callable[[Path], None], says: str
) -> None:
    copy = tmp_path / "copy.sqlite3"
    backup_sqlite(_url(place), copy)
    harm(copy)
    before, harmed = rows(live), copy.read_bytes() if copy.exists() else None
    live.close()
    around = _beside(place.parent)
    with pytest.raises(AttuneError, match=says) as caught:
        restore_sqlite(_url(place), copy)
    assert len(str(caught.value)) < 120
    assert str(tmp_path) not in str(caught.value)
    assert _beside(place.parent) == around
    assert (copy.read_bytes() if copy.exists() else None) == harmed
    again = open_store(_url(place), KEYS)
    assert rows(again) == before
    again.close()


def test_a_copy_sealed_with_another_key_is_told_when_it_is_opened(live: Store, place: Path, tmp_path: Path) -> None:
    other = open_store(_url(tmp_path / "other.sqlite3"), [new_key()])
    ensure_person(other, "anna")
    keep_message(other, "anna", new_thread(other, "anna"), "of another installation")
    other.close()
    live.close()
    before = restore_sqlite(_url(place), tmp_path / "other.sqlite3")
    with pytest.raises(KeyWrong, match="right key file"):
        _said(place)
    assert before is not None
    restore_sqlite(_url(place), before)
    assert _said(place) == ["kept"]
