"""Accounts and signed-in browsers. Of passwords only the Argon2id hash is kept, of cookies and tickets the SHA-256."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import delete, func, select, update

from coach.errors import Conflict
from coach.schema import Frozen
from coach.store.engine import Store
from coach.store.tables import AccountRow, PersonRow, SignInRow, new_id, now

Kind = Literal["cookie", "ticket"]
LASTS: dict[Kind, timedelta] = {"cookie": timedelta(days=30), "ticket": timedelta(seconds=60)}


class Person(Frozen):
    """Somebody who uses this installation."""

    id: str
    name: str
    role: str
    adult_at: datetime | None = None
    keep_days: int | None = None


def add_account(store: Store, account: str, name: str, role: str, hashed: str | None, person: str | None = None) -> str:
    """Make an account, for a new person or for one who is there already; the id of the person.

    Raises:
        NameTaken: as ValueError, when there is an account of that name.
    """
    try:
        with store.begin() as session:
            if session.get(AccountRow, account) is not None:
                raise ValueError(account)
            if person is None:
                person = new_id()
                session.add(PersonRow(id=person, name=name, role=role))
            else:
                session.execute(update(PersonRow).where(PersonRow.id == person).values(name=name, role=role))
            session.flush()
            session.add(AccountRow(name=account, person_id=person, hash=hashed))
    except Conflict as error:  # made by another process in the same moment
        raise ValueError(account) from error
    return person


def account(store: Store, name: str) -> tuple[str, str | None] | None:
    """Person and password hash of an account."""
    with store.begin() as session:
        row = session.get(AccountRow, name)
        return (row.person_id, row.hash) if row else None


def account_of(store: Store, person: str) -> str | None:
    """Name of the account that belongs to a person."""
    with store.begin() as session:
        return session.scalars(select(AccountRow.name).where(AccountRow.person_id == person)).first()


def change_hash(store: Store, name: str, hashed: str) -> None:
    """Keep another password hash, and sign every browser out."""
    with store.begin() as session:
        row = session.get(AccountRow, name)
        if row:
            row.hash = hashed
            session.execute(delete(SignInRow).where(SignInRow.person_id == row.person_id))


def any_account(store: Store) -> bool:
    """True when this installation has accounts."""
    with store.begin() as session:
        return bool(session.scalar(select(func.count()).select_from(AccountRow)))


def person(store: Store, person_id: str) -> Person | None:
    """What is known of a person by themselves."""
    with store.begin() as session:
        row = session.get(PersonRow, person_id)
        if row is None:
            return None
        return Person(id=row.id, name=row.name, role=row.role, adult_at=row.adult_at, keep_days=row.keep_days)


def say_adult(store: Store, person_id: str) -> None:
    """Keep that this person has said they are an adult."""
    with store.begin() as session:
        session.execute(update(PersonRow).where(PersonRow.id == person_id).values(adult_at=now()))


def keep_for(store: Store, person_id: str, days: int | None) -> None:
    """Keep this person's conversations for so many days; None keeps them."""
    with store.begin() as session:
        session.execute(update(PersonRow).where(PersonRow.id == person_id).values(keep_days=days))


def open_sign_in(store: Store, person_id: str, kind: Kind) -> str:
    """A new secret that stands for this person until it runs out."""
    secret = secrets.token_urlsafe(32)
    with store.begin() as session:
        session.execute(delete(SignInRow).where(SignInRow.expires_at < now()))
        session.add(SignInRow(digest=digest(secret), person_id=person_id, kind=kind, expires_at=now() + LASTS[kind]))
    return secret


def signed_in(store: Store, secret: str) -> str | None:
    """The person a cookie stands for."""
    with store.begin() as session:
        return session.scalars(
            select(SignInRow.person_id).where(
                SignInRow.digest == digest(secret), SignInRow.kind == "cookie", SignInRow.expires_at > now()
            )
        ).first()


def change_ticket(store: Store, ticket: str) -> str | None:
    """A cookie for a ticket. It works once."""
    with store.begin() as session:
        person_id = session.scalars(
            delete(SignInRow)
            .where(SignInRow.digest == digest(ticket), SignInRow.kind == "ticket", SignInRow.expires_at > now())
            .returning(SignInRow.person_id)
        ).first()
    return open_sign_in(store, person_id, "cookie") if person_id else None


def sign_out(store: Store, secret: str) -> None:
    """End one browser's sign-in."""
    with store.begin() as session:
        session.execute(delete(SignInRow).where(SignInRow.digest == digest(secret)))


def sign_out_everywhere(store: Store, person_id: str) -> None:
    """End every sign-in of a person."""
    with store.begin() as session:
        session.execute(delete(SignInRow).where(SignInRow.person_id == person_id))


def digest(secret: str) -> str:
    """What is kept of a secret. It is random and long, so a fast hash is enough."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
