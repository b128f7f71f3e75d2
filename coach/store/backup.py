"""A copy of the whole for the owner of the installation, and putting it back. What is sealed stays sealed in it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from coach.errors import AttuneError
from coach.store.engine import revisions

ONLY_SQLITE = "This copies SQLite only; for PostgreSQL use pg_dump and pg_restore."


def backup_sqlite(url: str, to: Path) -> None:
    """Copy a SQLite database while it is in use.

    Raises:
        AttuneError: for another database, which has its own tools, or when the file cannot be written.
    """
    source = _file(url)
    if not source.is_file():
        raise AttuneError("There is nothing to copy yet.")
    if to.resolve() == source.resolve():
        raise AttuneError("That is the database itself. Please name another file.")
    part = to.with_name(f"{to.name}.part")
    try:
        _copy(source, part)
        part.replace(to)
    except (sqlite3.Error, OSError) as error:
        part.unlink(missing_ok=True)
        raise AttuneError(f"{to.name} cannot be written.", detail=type(error).__name__) from error


def restore_sqlite(url: str, copy: Path) -> Path | None:
    """Put a copy in the place of the database, while the app is stopped; where the one that was there is kept now.

    Raises:
        AttuneError: when the copy is not a whole database of Attune, or the place cannot be written.
    """
    place = _file(url)
    if not copy.is_file():
        raise AttuneError(f"There is no file {copy.name}.")
    fresh = place.with_name(f"{place.name}.restoring")
    kept = place.with_name(f"{place.name}.before-restore") if place.exists() else None
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        _copy(copy, fresh)
        _check(fresh, copy.name)
        if kept:
            _move(place, kept)
        fresh.replace(place)
    except sqlite3.Error as error:
        raise AttuneError(f"{copy.name} is not a copy of Attune's database.", detail=type(error).__name__) from error
    except OSError as error:
        raise AttuneError("The copy cannot be put in place.", detail=type(error).__name__) from error
    finally:
        fresh.unlink(missing_ok=True)
    return kept


def _copy(source: Path, to: Path) -> None:
    to.unlink(missing_ok=True)
    # Sealed or not, it is nobody else's to read.
    os.close(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with (
        closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as there,
        closing(sqlite3.connect(to)) as copy,
    ):
        there.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without the log that goes with a database in use


def _check(fresh: Path, name: str) -> None:
    """Refuse what is not whole, not Attune's, or newer than this version can read."""
    with closing(sqlite3.connect(fresh)) as there:
        if there.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
            raise AttuneError(f"{name} is not a whole copy of Attune's database.")
        tables = {table for (table,) in there.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables >= {"alembic_version", "person", "thread", "message"}:
            raise AttuneError(f"{name} is not a copy of Attune's database.")
        made_by = there.execute("SELECT version_num FROM alembic_version").fetchone()
        if made_by is None or made_by[0] not in revisions():
            raise AttuneError(f"{name} was made by a newer version of Attune. Please update Attune first.")


def _move(place: Path, kept: Path) -> None:
    """Move a database with its log; it may be broken, which is why another one takes its place."""
    with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(place)) as live:
        live.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for rest in ("", "-wal", "-shm"):
        there, then = place.with_name(place.name + rest), kept.with_name(kept.name + rest)
        then.unlink(missing_ok=True)
        if there.exists():
            there.replace(then)


def _file(url: str) -> Path:
    if not url.startswith("sqlite:///"):
        raise AttuneError(ONLY_SQLITE)
    return Path(url.removeprefix("sqlite:///"))
