"""The app as a person meets it: a fresh database, the shared index, and what stands on the screen as text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from coach.settings import Settings, settings

ROOT = Path(__file__).parents[2]
Page = Callable[[str], AppTest]


@pytest.fixture(scope="session")
def _components() -> Iterator[None]:
    """Streamlit looks through every installed package at every start of an app; here once is enough."""
    with pytest.MonkeyPatch.context() as patch:
        found = manifest_scanner.scan_component_manifests()
        patch.setattr(manifest_scanner, "scan_component_manifests", lambda *_args, **_kwargs: found)
        yield


@pytest.fixture
def app(
    held_search: None, chosen: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _components: None
) -> Iterator[Callable[[], AppTest]]:
    """Opens the app of one person alone; every call is another browser tab on the same database."""
    monkeypatch.setenv("COACH_DATA_DIR", str(chosen.data_dir))
    monkeypatch.setenv("COACH_DATABASE_URL", f"sqlite:///{tmp_path / 'app.sqlite3'}")
    monkeypatch.setenv("COACH_COUNTRY", "GB")
    settings.cache_clear()
    st.cache_resource.clear()

    from coach.people.here import start
    from coach.store.accounts import say_adult
    from coach.ui.parts.frame import store

    say_adult(store(), start(store()))

    def opened() -> AppTest:
        tab = AppTest.from_file(str(ROOT / "coach" / "ui" / "door" / "main.py"), default_timeout=60).run()
        assert not tab.exception
        return tab

    yield opened
    store().close()
    st.cache_resource.clear()


def screen_text(tab: AppTest) -> str:
    """All words on the screen, as they are read."""
    kinds = ("title", "header", "subheader", "markdown", "caption", "error", "warning", "info", "success", "text")
    parts = [str(element.value) for kind in kinds for element in getattr(tab, kind)]
    parts += [element.label for kind in ("button", "expander") for element in getattr(tab, kind)]
    return "\n".join(parts)
