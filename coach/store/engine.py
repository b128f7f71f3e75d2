"""The database: opened, brought to the newest revision, and every failure turned into one sentence."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, select, text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from coach.errors import Conflict, StoreUnavailable
from coach.store.tables import MessageRow
from coach.store.vault import Vault

MIGRATIONS = Path(__file__).parent / "migrations"
PATIENCE = {
    "connect_timeout": "5",
    "tcp_user_timeout": "10000",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
}
"""How long PostgreSQL is waited for, in its own words; what stands in the URL comes first."""


class Store:
    """An open database. `begin()` gives a transaction: all of it happens or none."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._sessions = sessionmaker(engine, expire_on_commit=False)

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """One transaction.

        Raises:
            StoreUnavailable: when the database cannot be reached or written.
            Conflict: when a record is there already, or what it belongs to is not.
        """
        try:
            with self._sessions.begin() as session:
                yield session
        except IntegrityError as error:
            raise Conflict(detail=type(error).__name__) from error
        except SQLAlchemyError as error:
            raise StoreUnavailable(detail=type(error).__name__) from error

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()


def open_store(url: str, keys: Sequence[str]) -> Store:
    """Open the database at `url` and bring its tables to the newest revision.

    Args:
        url: SQLAlchemy URL.
        keys: encryption keys, the one that seals first (`vault.read_keys`).

    Raises:
        StoreUnavailable: when it cannot be opened or brought up to date.
        KeyWrong: when a key cannot be used, or does not open what is kept.
    """
    vault = Vault(list(keys))
    try:
        if url.startswith("sqlite:///"):
            Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(_with_driver(url), pool_pre_ping=not url.startswith("sqlite"))
        engine.dialect.attune_vault = vault  # type: ignore[attr-defined]  # read by the sealed columns
        event.listen(engine, "connect", _sqlite_settings if url.startswith("sqlite") else _postgres_settings)
        with _closed_unless_whole(engine):
            migrate(engine)
            with engine.connect() as connection:
                # A wrong key is told before anything is sealed with it.
                connection.scalars(select(MessageRow.text).limit(1)).first()
    except (SQLAlchemyError, OSError) as error:
        raise StoreUnavailable(
            "The place where messages are kept cannot be opened. Run `coach doctor` to see why.",
            detail=type(error).__name__,
        ) from error
    return Store(engine)


@contextmanager
def _closed_unless_whole(engine: Engine) -> Iterator[None]:
    try:
        yield
    except BaseException:
        engine.dispose()
        raise


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the tables up or down to `revision`, all of it or nothing; where they are there already nothing is done.

    Raises:
        StoreUnavailable: when the tables were made by a newer version.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    known = revisions()
    wanted = known[0] if revision == "head" else revision
    with engine.connect() as connection:
        if MigrationContext.configure(connection).get_current_revision() == wanted:
            return
    with _alone(engine) as connection:
        at = MigrationContext.configure(connection).get_current_revision()
        if at and at not in known:
            raise StoreUnavailable("What is kept was made by a newer version of Attune. Please update Attune.")
        config.attributes["connection"] = connection
        down = at is not None and known.index(wanted) > known.index(at)
        (command.downgrade if down else command.upgrade)(config, wanted)
    if at:
        give_space_back(engine)  # what was rebuilt may have been readable before


def revisions() -> list[str]:
    """The states of the tables that this version knows, newest first."""
    from alembic.script import ScriptDirectory

    return [one.revision for one in ScriptDirectory(str(MIGRATIONS)).walk_revisions()]


def give_space_back(engine: Engine) -> None:
    """Overwrite what was deleted: SQLite keeps it in the file until then.

    Raises:
        StoreUnavailable: when the database is busy for too long.
    """
    if engine.dialect.name != "sqlite":
        return
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM"))
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    except SQLAlchemyError as error:
        raise StoreUnavailable(
            "It is deleted, but the file could not be tidied just now. Please try again in a moment.",
            detail=type(error).__name__,
        ) from error


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """A transaction in which the tables may be rebuilt, while nobody else does the same."""
    with engine.connect() as connection:
        if connection.dialect.name != "sqlite":
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(1096043605)"))
            yield connection
            connection.commit()
            return
        # SQLite rebuilds a table by dropping it, which would delete all that refers to it. This cannot be switched off
        # within a transaction, and Python begins none before tables are changed unless it is told to.
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
            connection.commit()
        finally:
            connection.rollback()
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")


def _with_driver(url: str) -> URL:
    """PostgreSQL is spoken to by psycopg 3, and given up after seconds when its machine does not answer."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            url = "postgresql+psycopg://" + url.removeprefix(prefix)
    made = make_url(url)
    return made.set(query={**PATIENCE, **made.query}) if made.drivername.startswith("postgresql") else made


def _sqlite_settings(connection: Any, record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout=5000")
    _write_ahead(cursor)
    # FULL: what was said is on the disk before it is answered, even if the power fails.
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _write_ahead(cursor: sqlite3.Cursor) -> None:
    """Switch a new file to write-ahead logging. SQLite does not wait where two processes do so at once; this does."""
    until = time.monotonic() + 5
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return


def _postgres_settings(connection: Any, record: Any) -> None:
    # As long as SQLite waits: without it a lock that somebody forgot holds up every turn for ever.
    connection.execute("SET lock_timeout = '5s'")
    connection.commit()
