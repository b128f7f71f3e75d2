"""What every page shares: the companion and the store of this process, the style, and a calm face for errors."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from coach import assemble
from coach.companion import Companion
from coach.errors import AttuneError
from coach.settings import settings
from coach.store import Store
from coach.store.conversations import ensure_person

log = logging.getLogger(__name__)

LOCAL = "me"
"""The one person of an installation without accounts."""

STYLE = """
<style>
  .block-container { padding-top: 3.25rem; max-width: 46rem; }
  [data-testid="stChatMessage"] p, .stMarkdown p, .stMarkdown li { line-height: 1.6; }
  [data-testid="stChatMessage"] { background: transparent; padding-inline: 0; }
  mark { background: color-mix(in srgb, #8ec5b8 32%, transparent); color: inherit; border-radius: .2rem; }
  :is(button, a, summary, input, textarea):focus-visible { outline: 3px solid currentColor; outline-offset: 2px; }
  [data-testid="stBaseButton-secondary"], [data-testid="stBaseButton-primary"], [data-testid="stLinkButton"] a
    { min-height: 2.75rem; }
  @media (prefers-reduced-motion: reduce) { * { animation: none !important; transition: none !important; } }
  @media print { [data-testid="stSidebar"], header, [data-testid="stBottom"], button { display: none !important; } }
</style>
"""


@st.cache_resource(show_spinner=False)
def search() -> assemble.Search:
    """The search of this process."""
    return assemble.Search(settings())


@st.cache_resource(show_spinner=False)
def companion() -> Companion:
    """The companion of this process; it holds nothing of any person."""
    return assemble.companion(settings(), search())


@st.cache_resource(show_spinner=False)
def store() -> Store:
    """The database of this process."""
    return assemble.store(settings())


def me() -> str:
    """The person at this screen."""
    if "person" not in st.session_state:
        st.session_state.person = ensure_person(store(), LOCAL)
    return str(st.session_state.person)


def warm() -> None:
    """Open the search, with visible progress where the guides have to be read in first."""
    held = search()
    if st.session_state.get("warm"):
        return
    bar = st.empty()

    def step(done: int, total: int) -> None:
        bar.progress(done / max(total, 1), text="Reading the guides, this happens once")

    held.open(step)
    bar.empty()
    st.session_state.warm = True


@contextmanager
def frame() -> Iterator[None]:
    """Run a page; whatever goes wrong is told in one sentence."""
    st.html(STYLE)
    try:
        yield
    except AttuneError as error:
        log.warning("%s %s", type(error).__name__, error.detail)
        st.error(error.sentence)
    except Exception as error:
        log.exception("page failed: %s", type(error).__name__)
        st.error(AttuneError.default)
