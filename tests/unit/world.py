"""A small world in which everybody has written everything there is to write, and agreed to everything there is.

Anna and Ben are a couple, coached by Carla; Dora and Emil another, coached by Finn; Gina uses Attune alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from coach.exercises import Catalogue, suggest
from coach.schema import Citation, Option, Reply, Tonight, Verdict
from coach.store import Store
from coach.store.accounts import add_account
from coach.store.consents import COACH_SEES, record
from coach.store.conversations import choose_country, ensure_person, keep_message, keep_reply, new_thread
from coach.store.couples import ensure_member, invitations, keep_invitation, start_couple
from coach.store.evenings import keep_evening, keep_plan
from coach.store.sessions import choose, keep_decision, keep_outcome, keep_session
from coach.store.visible import COACHING, PARTNER

CALM = Verdict(action="coach")
DAY = date(2026, 5, 4)
COUPLES = (("anna", "ben"), ("dora", "emil"))
COACHES = {"carla": ("anna", "ben"), "finn": ("dora", "emil")}
WRITERS = ("anna", "ben", "dora", "emil", "gina")
EVERYBODY = (*WRITERS, *COACHES, "nobody")
MINUTES = {"anna": 31, "ben": 32, "dora": 33, "emil": 34, "gina": 35}
COACH_OF = {one: coach for coach, couple in COACHES.items() for one in couple}
PARTNER_OF = {one: other for pair in COUPLES for one, other in (pair, pair[::-1])}


@dataclass
class World:
    """Everything that was written, by whom."""

    store: Store
    threads: dict[str, str] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    couples: dict[str, str] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    card: Option | None = None

    def others(self, who: str) -> list[str]:
        """Everybody who is not this person."""
        return [one for one in EVERYBODY if one != who]


def word(who: str, of: str) -> str:
    """A word that occurs nowhere but in what this person wrote there."""
    return f"{of}-of-{who}-zq"


def _write(world: World, who: str, catalogue: Catalogue) -> None:
    store = world.store
    thread = world.threads[who] = new_thread(store, who)
    asked = keep_message(store, who, thread, word(who, "message"))
    reply = Reply(action="coach", text=word(who, "reply"), verdict=CALM)
    keep_reply(store, who, thread, asked, reply, word(who, "title"))
    world.messages[who] = keep_message(store, who, thread, word(who, "open"))
    made = suggest(catalogue, Tonight(minutes=MINUTES[who], heat=2))
    world.card = made.options[0]
    quoted = Citation(n=1, passage="g/s", guide="g", section="s", lines=(1, 2), quote=word(who, "quote"))
    session = world.sessions[who] = keep_session(store, who, made, word(who, "asked"), [quoted])
    choose(store, who, session, made.options[0].exercise)
    keep_outcome(store, who, session, made.options[0].exercise, "done", 9, 8)
    record(store, who, "model", word(who, "model"), given=True)
    record(store, who, "coach", COACH_SEES, given=True)
    choose_country(store, who, {"anna": "AT", "ben": "BE", "dora": "DK", "emil": "EE", "gina": "GR"}[who])
    add_account(store, f"{who}@home", who.capitalize(), "partner", "hash", who)
    if who in world.couples:
        dials = Tonight(minutes=MINUTES[who], recent=(word(who, "dials"),))
        keep_evening(store, who, world.couples[who], DAY, dials, fit=True)


def populated(store: Store, catalogue: Catalogue) -> World:
    """All of them, and all they wrote."""
    made = World(store)
    for name in (*WRITERS, *COACHES):
        ensure_person(store, name, name.capitalize(), "coach" if name in COACHES else "partner")
    for pair, coach in zip(COUPLES, COACHES, strict=True):
        couple = start_couple(store, pair[0])
        ensure_member(store, couple, pair[1], PARTNER)
        ensure_member(store, couple, coach, COACHING)
        made.couples |= dict.fromkeys(pair, couple)
    for name in WRITERS:
        _write(made, name, catalogue)
    for pair in COUPLES:
        assert made.card
        keep_plan(store, made.couples[pair[0]], DAY, made.card.model_copy(update={"title": word(pair[0], "plan")}))
        keep_invitation(store, pair[0], "coach", f"CODE{pair[0]}", agreed=False)
        [waiting] = invitations(store, pair[0])
        made.codes[pair[0]] = waiting.id
    for who in WRITERS:
        if who in COACH_OF:
            coach = COACH_OF[who]
            keep_decision(store, coach, made.sessions[who], coach, "refer", "safety", word(who, "note"))
    return made


def seen(value: Any) -> str:
    """All that somebody can read of what they were given."""
    if hasattr(value, "model_dump_json"):
        return str(value.model_dump_json())
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, list | tuple):
        return "\n".join(seen(one) for one in value)
    return str(value)


def traces(who: str) -> list[str]:
    """What would tell of this person's own records: their words, and their dials."""
    return [f"-of-{who}-zq", f'"minutes": {MINUTES[who]},', f'"minutes":{MINUTES[who]},'] if who in MINUTES else []
