"""The database: opened, brought to the newest revision, and every failure turned into one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from coach.errors import StoreUnavailable

MIGRATIONS = Path(__file__).parent / "migrations"


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
        """
        try:
            with self._sessions.begin() as session:
                yield session
        except SQLAlchemyError as error:
            raise StoreUnavailable(detail=type(error).__name__) from error

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()


def open_store(url: str) -> Store:
    """Open the database at `url` and bring its tables to the newest revision.

    Raises:
        StoreUnavailable: when it cannot be opened or brought up to date.
    """
    try:
        if url.startswith("sqlite:///"):
            Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(_with_driver(url), pool_pre_ping=not url.startswith("sqlite"))
        if url.startswith("sqlite"):
            event.listen(engine, "connect", _sqlite_settings)
        migrate(engine)
    except (SQLAlchemyError, OSError) as error:
        raise StoreUnavailable(
            "The place where messages are kept cannot be opened. Run `coach doctor` to see why.",
            detail=type(error).__name__,
        ) from error
    return Store(engine)


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the tables to `revision`; a database that is there already is left alone."""
    from alembic import command
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        at = MigrationContext.configure(connection).get_current_revision()
        if revision == "head" and at == ScriptDirectory.from_config(config).get_current_head():
            return
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def _with_driver(url: str) -> str:
    """PostgreSQL is spoken to by psycopg 3."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def _sqlite_settings(connection: Any, record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    # FULL: what was said is on the disk before it is answered, even if the power fails.
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA busy_timeout=5000")
    cursor.close()
