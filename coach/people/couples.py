"""Inviting a partner or a coach by a code that works once and for a week."""

from __future__ import annotations

import secrets
from typing import Literal

from coach.errors import AttuneError
from coach.people.accounts import invited
from coach.people.limiter import CODES, Limiter
from coach.store import Store
from coach.store.couples import couple_of, join, keep_invitation

LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Without those that are mistaken for each other."""
LENGTH = 12
"""Letters of a code: 59 bits, far beyond guessing within a week."""


class InvitationRefused(AttuneError):
    """A code does not work, or may not be made."""

    default = "That code does not work. It may have been used, or be older than a week."


def invite(store: Store, person: str, part: Literal["partner", "coach"]) -> str:
    """A new code, shown once. A coach's works only when the other partner, if there is one, has agreed.

    Raises:
        InvitationRefused: when the place is taken.
    """
    couple = couple_of(store, person)
    partner = couple.partner_of(person) if couple else None
    if part == "partner" and partner:
        raise InvitationRefused("You are two already.")
    code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    keep_invitation(store, person, part, code, agreed=part == "partner" or partner is None)
    return "-".join(code[start : start + 4] for start in range(0, LENGTH, 4))


def accept(store: Store, limiter: Limiter, person: str, code: str) -> str:
    """Join by a code; the part this person has now.

    Raises:
        InvitationRefused: when it does not work.
        TooOften: after too many tries.
    """
    limiter.check(CODES, "code", person)
    part = join(store, person, invited(code))
    if part is None:
        limiter.count(CODES, "code", person)
        raise InvitationRefused
    return part


__all__ = ["InvitationRefused", "accept", "invite"]
