"""An installation for one person, without accounts: "just me on this computer"."""

from __future__ import annotations

from coach.store import Store
from coach.store.accounts import Person, person
from coach.store.consents import COACH_SEES, answer, record
from coach.store.conversations import LOCAL, ensure_person
from coach.store.couples import dismiss, ensure_member, start_couple
from coach.store.visible import COACHING

LOCAL_COACH = Person(id="local-coach", name="coach", role="coach")
"""Whoever opens the Review page with its password."""


def started(store: Store) -> bool:
    """True when somebody uses this installation alone."""
    return person(store, LOCAL) is not None


def start(store: Store) -> str:
    """Make the one person of this installation, whose cards the holder of the Review password may look at.

    It goes by the same rules as between accounts: a part in a couple, and a consent that can be taken back.
    """
    ensure_person(store, LOCAL)
    ensure_person(store, LOCAL_COACH.id, LOCAL_COACH.name, LOCAL_COACH.role)
    ensure_member(store, start_couple(store, LOCAL), LOCAL_COACH.id, COACHING)
    if answer(store, LOCAL, "coach", COACH_SEES) is None:
        record(store, LOCAL, "coach", COACH_SEES, given=True)
    return LOCAL


def end(store: Store) -> None:
    """From now on there are accounts: who has the Review password sees nothing more, and no coach does unasked."""
    dismiss(store, LOCAL, LOCAL_COACH.id)
    record(store, LOCAL, "coach", COACH_SEES, given=False)


__all__ = ["LOCAL_COACH", "end", "start", "started"]
