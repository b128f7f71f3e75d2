"""What all tests share: an environment without anybody's settings, a data folder of their own, the real content."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from coach import assemble
from coach.assemble import Search, companion
from coach.companion import Companion
from coach.exercises import Catalogue
from coach.retrieval.library import Library, load_library
from coach.settings import Settings, settings
from coach.store import Store, open_store
from coach.store.tables import Base
from coach.store.vault import new_key

KEYS = [new_key()]
"""What the stores of the tests are sealed with."""
DATABASES = ["sqlite", *(["postgresql"] if os.environ.get("COACH_TEST_POSTGRES_URL") else [])]
"""What is at hand to keep things in."""

for name in [name for name in os.environ if name.startswith("COACH_") and not name.startswith("COACH_TEST_")]:
    del os.environ[name]


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data folder for the whole run: the index is built once."""
    return tmp_path_factory.mktemp("attune")


@pytest.fixture(scope="session")
def chosen(data_dir: Path) -> Settings:
    return Settings(data_dir=data_dir)


@pytest.fixture(scope="session")
def knowledge(chosen: Settings) -> Path:
    return chosen.knowledge_dir


@pytest.fixture(scope="session")
def library(chosen: Settings) -> Library:
    return load_library(chosen.knowledge_dir, chosen.documents_dir)


@pytest.fixture(scope="session")
def search(chosen: Settings) -> Search:
    return Search(chosen)


@pytest.fixture
def held_search(search: Search, chosen: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening the search takes seconds: what the run holds open serves every test that reads the same things."""
    search()
    opens = assemble.Search

    def read(now: Settings) -> tuple[object, ...]:
        return now.knowledge_dir, now.documents_dir, now.data_dir, now.embed_model, now.openai_base_url

    monkeypatch.setattr(assemble, "Search", lambda now: search if read(now) == read(chosen) else opens(now))


@pytest.fixture(scope="session")
def attune(chosen: Settings, search: Search) -> Companion:
    return companion(chosen, search)


@pytest.fixture(scope="session")
def catalogue(knowledge: Path) -> Catalogue:
    return Catalogue.load(knowledge / "exercises")


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database with its tables and nothing in them: made once, copied for each test."""
    path = tmp_path_factory.mktemp("empty") / "attune.sqlite3"
    open_store(f"sqlite:///{path}", KEYS).close()
    return path


@pytest.fixture(scope="session")
def empty_postgres() -> Iterator[Store]:
    """The tables in PostgreSQL: made once, emptied for each test."""
    url = os.environ["COACH_TEST_POSTGRES_URL"]
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    opened = open_store(url, KEYS)
    yield opened
    opened.close()


@pytest.fixture(params=DATABASES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store: SQLite always, PostgreSQL where COACH_TEST_POSTGRES_URL is set."""
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("empty_sqlite"), tmp_path / "attune.sqlite3")
        opened = open_store(f"sqlite:///{tmp_path / 'attune.sqlite3'}", KEYS)
    else:
        with request.getfixturevalue("empty_postgres").begin() as session:
            session.execute(text(f"TRUNCATE {', '.join(Base.metadata.tables)} CASCADE"))
        opened = open_store(os.environ["COACH_TEST_POSTGRES_URL"], KEYS)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def _fresh_settings() -> Iterator[None]:
    settings.cache_clear()
    yield
    settings.cache_clear()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where everything is there that tests need, a skipped one fails the run: it would pass without having been run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = len(reporter.stats.get("skipped", ())) if reporter else 0
    if os.environ.get("COACH_TEST_NOTHING_SKIPPED") and skipped:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
