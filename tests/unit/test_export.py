"""An export to read: everything of one's own in it, and nothing of it is markup."""

from __future__ import annotations

from coach.exercises import Catalogue, suggest
from coach.people.export import as_html
from coach.schema import Reply, Tonight, Verdict
from coach.store import Store
from coach.store.consents import COACH_SEES, record
from coach.store.conversations import ensure_person, keep_message, keep_reply, new_thread
from coach.store.couples import start_couple
from coach.store.evenings import keep_evening
from coach.store.rights import export_person
from coach.store.sessions import keep_outcome, keep_session
from coach.store.tables import now

REPLY = Reply(action="coach", text="Say it once, plainly.", verdict=Verdict(action="coach"))


def page(store: Store, catalogue: Catalogue, written: str) -> str:
    me = ensure_person(store, "anna")
    thread = new_thread(store, me)
    keep_reply(store, me, thread, keep_message(store, me, thread, written), REPLY, written)
    session = keep_session(store, me, suggest(catalogue, Tonight()), written)
    keep_outcome(store, me, session, "EX01", "done", 8, 7)
    keep_evening(store, me, start_couple(store, me), now().date(), Tonight(minutes=25, wish="calm"), fit=True)
    record(store, me, "coach", COACH_SEES, given=False)
    return as_html(export_person(store, me))


def test_it_holds_what_was_said_suggested_set_and_agreed(store: Store, catalogue: Catalogue) -> None:
    text = page(store, catalogue, "we never talk")
    for part in ("we never talk", "Say it once, plainly.", "EX01, done, felt safe 8 of 10", "25 minutes, together"):
        assert part in text
    assert "wish: calm" in text
    assert f"coach: {COACH_SEES}: no" in text


def test_nothing_that_was_written_becomes_markup(store: Store, catalogue: Catalogue) -> None:
    text = page(store, catalogue, "<script>alert(1)</script><img src=x onerror=alert(2)>{parts}")
    assert "<script" not in text
    assert "<img" not in text
    assert "&lt;script&gt;" in text
    assert "{parts}" in text
    assert "default-src 'none'" in text


def test_an_empty_export_is_a_whole_page(store: Store) -> None:
    ensure_person(store, "anna")
    text = as_html(export_person(store, "anna"))
    assert text.startswith("<!doctype html>")
    assert "Nothing." in text
