"""What a person may do with what is kept of them: take it along, erase it; and a copy of the whole for the owner."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select, text

from coach.errors import AttuneError
from coach.store.engine import Store
from coach.store.tables import Base, DecisionRow, MessageRow, OutcomeRow, PersonRow, SessionRow, ThreadRow


def export_person(store: Store, person: str) -> dict[str, Any]:
    """Everything kept of this person, as plain data."""
    with store.begin() as session:
        own_sessions = select(SessionRow.id).where(SessionRow.owner_id == person)
        return {
            "threads": [_plain(row) for row in session.scalars(select(ThreadRow).where(ThreadRow.owner_id == person))],
            "messages": [
                _plain(row)
                for row in session.scalars(
                    select(MessageRow).where(MessageRow.owner_id == person).order_by(MessageRow.created_at)
                )
            ],
            "suggested_sessions": [
                _plain(row) for row in session.scalars(select(SessionRow).where(SessionRow.owner_id == person))
            ],
            "decisions": [
                _plain(row)
                for row in session.scalars(select(DecisionRow).where(DecisionRow.session_id.in_(own_sessions)))
            ],
            "outcomes": [
                _plain(row) for row in session.scalars(select(OutcomeRow).where(OutcomeRow.owner_id == person))
            ],
        }


def erase_person(store: Store, person: str) -> None:
    """Remove everything kept of this person; the database gives the space back, so nothing is left in the file."""
    with store.begin() as session:
        for table in (OutcomeRow, SessionRow, ThreadRow, MessageRow):
            session.execute(delete(table).where(table.owner_id == person))
        session.execute(delete(PersonRow).where(PersonRow.id == person))
    if store.engine.dialect.name == "sqlite":
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM"))
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))


def backup_sqlite(url: str, to: Path) -> None:
    """Copy a SQLite database while it is in use.

    Raises:
        AttuneError: for another database, which has its own tools, or when the file cannot be written.
    """
    if not url.startswith("sqlite:///"):
        raise AttuneError("This copies SQLite only; for PostgreSQL use pg_dump.")
    source = Path(url.removeprefix("sqlite:///"))
    if not source.is_file():
        raise AttuneError("There is nothing to copy yet.")
    try:
        with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(to)) as copy:
            live.backup(copy)
    except (sqlite3.Error, OSError) as error:
        raise AttuneError(f"{to.name} cannot be written.", detail=type(error).__name__) from error


def _plain(row: Base) -> dict[str, Any]:
    values = {column.key: getattr(row, column.key) for column in row.__table__.columns}
    return {key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in values.items()}
