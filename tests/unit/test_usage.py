"""What the language model took is told by day and voice, and of nobody in particular."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update

from coach.schema import Dropped, Reply, Verdict, Written
from coach.store import Store
from coach.store.consents import tokens_today
from coach.store.conversations import ensure_person, keep_message, keep_reply, new_thread
from coach.store.tables import MessageRow, now
from coach.store.usage import usage

WRITTEN = Written(
    prompt="p", tokens_in=100, tokens_out=20, seconds=1.25, dropped=(Dropped(text="needle", why="no source"),)
)
GUIDES = Reply(action="coach", text="needle", verdict=Verdict(action="coach"))
MODEL = GUIDES.model_copy(update={"written_by": "model:small", "written": WRITTEN})
FAILED = GUIDES.model_copy(update={"written": Written(prompt="p", tokens_in=7, failed="too slow")})


def _answer(store: Store, who: str, *replies: Reply) -> None:
    thread = new_thread(store, ensure_person(store, who))
    for reply in replies:
        keep_reply(store, who, thread, keep_message(store, who, thread, "needle"), reply)


def test_figures_are_summed_by_day_and_voice_over_everybody(store: Store) -> None:
    _answer(store, "anna", MODEL, MODEL, GUIDES)
    _answer(store, "ben", MODEL, FAILED)
    model, guides = usage(store)
    assert (model.day, guides.day) == (now().date().isoformat(),) * 2
    assert (model.written_by, model.replies, model.tokens_in, model.tokens_out) == ("model:small", 3, 300, 60)
    assert (model.seconds, model.dropped, model.failed) == (3.8, 3, 0)
    assert (guides.written_by, guides.replies, guides.tokens_in, guides.failed) == ("guides", 2, 7, 1)


def test_figures_tell_no_word_and_no_name(store: Store) -> None:
    _answer(store, "anna", MODEL, FAILED)
    told = "".join(one.model_dump_json() for one in usage(store))
    for trace in ("needle", "anna", "no source", "too slow"):
        assert trace not in told


def test_only_the_last_days_count(store: Store) -> None:
    _answer(store, "anna", MODEL)
    with store.begin() as session:
        session.execute(update(MessageRow).values(created_at=now() - timedelta(days=10)))
    assert usage(store, days=9) == []
    assert [one.replies for one in usage(store, days=11)] == [1]
    assert tokens_today(store, "anna") == 0


def test_what_one_has_used_today_is_ones_own(store: Store) -> None:
    _answer(store, "anna", MODEL, FAILED)
    _answer(store, "ben", GUIDES)
    assert tokens_today(store, "anna") == 127
    assert tokens_today(store, "ben") == 0


def test_nothing_was_used_where_nobody_has_written(store: Store) -> None:
    assert usage(store) == []
