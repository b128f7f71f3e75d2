"""What people wrote is sealed where it is kept, and only the right key opens it."""

from __future__ import annotations

import base64
import os
import stat
import threading
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.exercises import Catalogue, suggest
from coach.schema import Citation, Reply, Tonight, Verdict
from coach.store import Store, open_store
from coach.store.consents import COACH_SEES, record
from coach.store.conversations import (
    ensure_person,
    keep_message,
    keep_reply,
    messages,
    new_thread,
    rename_thread,
    search_threads,
    threads,
)
from coach.store.couples import ensure_member, start_couple
from coach.store.evenings import keep_evening, keep_plan, own_evening, plan_of
from coach.store.rights import seal_anew
from coach.store.sessions import keep_decision, keep_session, own_session
from coach.store.tables import MessageRow, ThreadRow
from coach.store.vault import FILE, KeyWrong, Vault, new_key, read_keys, write_keys
from coach.store.visible import COACHING
from tests.conftest import KEYS
from tests.unit.raw import SEALED, column_values

ONE, TWO = new_key(), new_key()
DAY = date(2026, 5, 4)
WORDS = {
    "message": "needle-of-a-message",
    "reply": "needle-of-a-reply",
    "title": "needle-of-a-title",
    "asked": "needle-of-what-was-asked",
    "quote": "needle-of-a-quote",
    "note": "needle-of-a-coach",
}
DIALS = Tonight(minutes=47, comfort=(4,), heat=6, recent=("EX61", "EX62"), note="needle-of-a-dial")


@pytest.mark.parametrize("said", ["hello", "“really” 💬", "", "\x00", "\ud800 half a letter", "a" * 100_000])
def test_what_was_sealed_comes_back_as_it_was(said: str) -> None:
    vault = Vault([ONE])
    assert vault.open(vault.seal(said)) == said


@given(st.text())
def test_any_text_comes_back(said: str) -> None:
    vault = Vault([ONE])
    assert vault.open(vault.seal(said)) == said


def test_the_same_words_look_different_each_time() -> None:
    vault = Vault([ONE])
    assert vault.seal("we never talk") != vault.seal("we never talk")


def test_another_key_opens_nothing_and_says_so_in_one_sentence() -> None:
    with pytest.raises(KeyWrong, match="right key file") as caught:
        Vault([TWO]).open(Vault([ONE]).seal("private"))
    assert "private" not in str(caught.value) + caught.value.detail


def test_no_letter_of_it_can_be_changed() -> None:
    vault = Vault([ONE])
    sealed = vault.seal("five minutes")
    whole = base64.urlsafe_b64decode(sealed)
    for at in range(len(whole)):
        other = bytes([*whole[:at], whole[at] ^ 1, *whole[at + 1 :]])
        with pytest.raises(KeyWrong):
            vault.open(base64.urlsafe_b64encode(other).decode())


@pytest.mark.parametrize("sealed", ["never sealed", "gAAAAA", "ä", " "])
def test_what_was_never_sealed_is_not_taken_for_sealed(sealed: str) -> None:
    with pytest.raises(KeyWrong):
        Vault([ONE]).open(sealed)


@pytest.mark.parametrize("keys", [[], [""], ["short"], [ONE, "short"], ["ä" * 44], [ONE[:-2]]])
def test_what_is_no_key_is_refused_with_advice(keys: list[str]) -> None:
    with pytest.raises(KeyWrong, match="coach keys new"):
        Vault(keys)


def test_of_two_keys_the_first_seals_and_both_open() -> None:
    sealed_before = Vault([ONE]).seal("old")
    both = Vault([TWO, ONE])
    assert both.open(sealed_before) == "old"
    assert Vault([TWO]).open(both.seal("new")) == "new"


def test_the_key_file_is_made_once_for_its_owner_only_and_used_again(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "attune"
    made = read_keys(None, folder)
    assert len(made) == 1
    assert Vault(made)
    assert read_keys(None, folder) == made
    assert read_keys("", folder) == made
    if os.name == "posix":
        assert stat.S_IMODE((folder / FILE).stat().st_mode) == 0o600


def test_many_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    together, found = threading.Barrier(12), []

    def start() -> None:
        together.wait()
        found.append(tuple(read_keys(None, tmp_path)))

    starts = [threading.Thread(target=start) for _ in range(12)]
    for one in starts:
        one.start()
    for one in starts:
        one.join()
    assert len(found) == 12
    assert set(found) == {tuple(read_keys(None, tmp_path))}


def test_keys_that_are_set_come_before_the_file(tmp_path: Path) -> None:
    assert read_keys(f"{TWO}, {ONE}", tmp_path) == [TWO, ONE]
    assert read_keys(f" {TWO}\n{ONE} ", tmp_path) == [TWO, ONE]
    assert not list(tmp_path.iterdir())


def test_an_exchanged_key_file_holds_the_new_keys_and_stays_its_owners(tmp_path: Path) -> None:
    [old] = read_keys(None, tmp_path)
    write_keys([ONE, old], tmp_path)
    assert read_keys(None, tmp_path) == [ONE, old]
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_a_key_file_that_cannot_be_made_or_read_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KeyWrong, match="coach doctor"):
        read_keys(None, tmp_path / "file")
    (tmp_path / FILE).write_bytes(b"\xff\xfe")
    with pytest.raises(KeyWrong, match="coach doctor"):
        read_keys(None, tmp_path)


def _filled(store: Store, catalogue: Catalogue) -> tuple[str, str]:
    """Something in every column that holds what people wrote; the thread and the session."""
    for person in ("anna", "ben", "carla"):
        ensure_person(store, person)
    couple = start_couple(store, "anna")
    ensure_member(store, couple, "ben", "partner")
    ensure_member(store, couple, "carla", COACHING)
    record(store, "anna", "coach", COACH_SEES, given=True)
    thread = new_thread(store, "anna")
    question = keep_message(store, "anna", thread, WORDS["message"])
    reply = Reply(action="coach", text=WORDS["reply"], verdict=Verdict(action="coach"))
    keep_reply(store, "anna", thread, question, reply, WORDS["message"])
    rename_thread(store, "anna", thread, WORDS["title"])
    made = suggest(catalogue, Tonight(minutes=30))
    citation = Citation(n=1, passage="g/s", guide="g", section="s", lines=(1, 2), quote=WORDS["quote"])
    session = keep_session(store, "anna", made, WORDS["asked"], [citation])
    keep_decision(store, "carla", session, "Carla", "replace", "too deep", WORDS["note"], made.options[0])
    keep_evening(store, "anna", couple, DAY, DIALS, fit=True)
    keep_plan(store, couple, DAY, made.options[0])
    return thread, session


def _reads(store: Store, thread: str, session: str) -> None:
    """Everything that `_filled` wrote is read back."""
    said, answered = messages(store, "anna", thread)
    assert (said.text, answered.text) == (WORDS["message"], WORDS["reply"])
    assert answered.reply is not None
    assert answered.reply.text == WORDS["reply"]
    assert [one.title for one in threads(store, "anna")] == [WORDS["title"]]
    assert [one.id for one in search_threads(store, "anna", "NEEDLE-of-a-reply")] == [thread]
    kept = own_session(store, "anna", session)
    assert kept is not None
    assert (kept.asked, kept.citations[0].quote) == (WORDS["asked"], WORDS["quote"])
    assert [(one.note, bool(one.card)) for one in kept.decisions] == [(WORDS["note"], True)]
    assert own_evening(store, "anna", DAY) == DIALS.model_copy(update={"note": ""})
    assert plan_of(store, "anna", DAY) is not None


def test_every_sealed_value_is_unreadable_in_the_database(store: Store, catalogue: Catalogue) -> None:
    _reads(store, *_filled(store, catalogue))
    assert len(SEALED) == 10
    for column in SEALED:
        values = [value for value in column_values(store, column) if value is not None]
        assert values, f"{column} was not filled"
        assert all(value.startswith("gAAAA") for value in values), f"{column} is readable"


def test_nothing_that_was_written_is_readable_in_the_raw_files(tmp_path: Path, catalogue: Catalogue) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'attune.sqlite3'}", KEYS)
    _filled(store, catalogue)
    needles = [*WORDS.values(), "needle", "EX61", '"minutes"', '"comfort"', '"heat"']
    for state in ("in use", "closed"):
        files = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
        assert any(b"gAAAA" in content for content in files.values())
        for needle in needles:
            assert not [name for name, content in files.items() if needle.encode() in content], f"{needle}, {state}"
        store.close()


def test_after_an_exchange_the_new_key_alone_opens_everything(store: Store, catalogue: Catalogue) -> None:
    url = store.engine.url.render_as_string(hide_password=False)
    written = _filled(store, catalogue)
    store.close()
    both = open_store(url, [ONE, *KEYS])
    _reads(both, *written)
    assert seal_anew(both) == 7
    both.close()
    new = open_store(url, [ONE])
    _reads(new, *written)
    for column in SEALED:
        for value in column_values(new, column):
            assert not value or Vault([ONE]).open(value), column
    new.close()
    with pytest.raises(KeyWrong):
        open_store(url, KEYS)


def test_an_exchange_leaves_nothing_in_the_file_that_the_old_key_opens(tmp_path: Path, catalogue: Catalogue) -> None:
    path = tmp_path / "attune.sqlite3"
    store = open_store(f"sqlite:///{path}", [TWO])
    _filled(store, catalogue)
    sealed = column_values(store, MessageRow.text)[0]
    store.close()
    store = open_store(f"sqlite:///{path}", [ONE, TWO])
    seal_anew(store)
    assert not [file for file in tmp_path.iterdir() if sealed.encode() in file.read_bytes()]
    store.close()


def test_a_wrong_key_is_told_before_anything_is_sealed_with_it(store: Store) -> None:
    ensure_person(store, "anna")
    keep_message(store, "anna", new_thread(store, "anna"), "private")
    with pytest.raises(KeyWrong, match="right key file"):
        open_store(store.engine.url.render_as_string(hide_password=False), [TWO])


def test_an_empty_text_hides_nothing_and_stays_empty(store: Store) -> None:
    ensure_person(store, "anna")
    new_thread(store, "anna")
    assert column_values(store, ThreadRow.title) == [""]
