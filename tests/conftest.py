"""What all tests share: an environment without anybody's settings, a data folder of their own, the real content."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from coach.assemble import Search, companion
from coach.companion import Companion
from coach.exercises import Catalogue
from coach.retrieval.library import Library, load_library
from coach.settings import Settings, settings
from coach.store import Store, open_store

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


@pytest.fixture(scope="session")
def attune(chosen: Settings, search: Search) -> Companion:
    return companion(chosen, search)


@pytest.fixture(scope="session")
def catalogue(knowledge: Path) -> Catalogue:
    return Catalogue.load(knowledge / "exercises")


def _databases() -> list[str]:
    return ["sqlite", *(["postgresql"] if os.environ.get("COACH_TEST_POSTGRES_URL") else [])]


@pytest.fixture(params=_databases())
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store: SQLite always, PostgreSQL where COACH_TEST_POSTGRES_URL is set."""
    if request.param == "sqlite":
        opened = open_store(f"sqlite:///{tmp_path / 'attune.sqlite3'}")
    else:
        from sqlalchemy import create_engine, text

        url = os.environ["COACH_TEST_POSTGRES_URL"]
        engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
        with engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        engine.dispose()
        opened = open_store(url)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def _fresh_settings() -> Iterator[None]:
    settings.cache_clear()
    yield
    settings.cache_clear()
