"""What every page shares: the companion and the store of this process, the style, and a calm face for errors."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from coach import assemble
from coach.companion import Companion
from coach.errors import AttuneError
from coach.people.limiter import Limiter
from coach.settings import settings
from coach.store import Store
from coach.store.conversations import country_of
from coach.store.rights import forget_old

log = logging.getLogger(__name__)

STYLE = """
<style>
  .block-container { padding-top: 3.25rem; max-width: 46rem; }
  [data-testid="stChatMessage"] p, .stMarkdown p, .stMarkdown li { line-height: 1.6; }
  [data-testid="stChatMessage"] { background: transparent; padding-inline: 0; }
  /* Arabic and other languages are laid out as they are read. */
  [data-testid="stChatMessage"] p { unicode-bidi: plaintext; text-align: start; }
  mark { background: color-mix(in srgb, #8ec5b8 32%, transparent); color: inherit; border-radius: .2rem; }
  :is(button, a, summary, input, textarea):focus-visible { outline: 3px solid currentColor; outline-offset: 2px; }
  /* The box to write in is outlined as a whole, once. */
  [data-testid="stChatInput"] textarea:focus-visible { outline: none; }
  [data-testid="stChatInput"]:focus-within > div { outline: 2px solid currentColor; outline-offset: 0; }
  [data-testid="stSidebar"] [data-testid="stBaseButton-tertiary"],
  [data-testid="stSidebar"] [data-testid="stBaseButton-tertiary"] > *
    { justify-content: flex-start; text-align: start; width: 100%; }
  [data-testid="stBaseButton-secondary"], [data-testid="stBaseButton-primary"], [data-testid="stLinkButton"] a
    { min-height: 2.75rem; }
  /* Small print stays readable: Streamlit's own grey is below the contrast that text needs. */
  [data-testid="stCaptionContainer"], [data-testid="stCaptionContainer"] * { color: inherit; }
  [data-testid="stCaptionContainer"] { opacity: .82; }
  /* What is chosen shows by its frame and ground; its words keep the colour of text, which contrasts in both themes. */
  [data-testid="stButtonGroup"] :is([aria-checked="true"], [aria-pressed="true"]),
  [data-testid="stButtonGroup"] :is([aria-checked="true"], [aria-pressed="true"]) *,
  [data-testid="stSliderThumbValue"] { color: inherit !important; }
  @media (prefers-reduced-motion: reduce) { * { animation: none !important; transition: none !important; } }
  @media print { [data-testid="stSidebar"], header, [data-testid="stBottom"], button { display: none !important; } }
</style>
<script>
  // On a phone the list of pages lies over the page: it goes away when something in it was chosen.
  if (!window.attuneMenu) {
    window.attuneMenu = true;
    const chosen = '[data-testid="stSidebarNavLink"], [class*="st-key-thread-"] button, .st-key-new button';
    document.addEventListener("click", (event) => {
      if (window.innerWidth < 768 && event.target.closest && event.target.closest(chosen)) {
        const close = document.querySelector('[data-testid="stSidebarCollapseButton"] button');
        if (close) { setTimeout(() => close.click(), 150); }
      }
    });
  }
</script>
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
    opened = assemble.store(settings())
    forget_old(opened)
    return opened


@st.cache_resource(show_spinner=False)
def limiter() -> Limiter:
    """The counts of this process; shared by all processes where Redis is set."""
    return Limiter(settings().redis_url)


def me() -> str:
    """The person at this screen, as the gate let them in."""
    return str(st.session_state.person)


def country() -> str | None:
    """Where the person at this screen is, for the helplines: what they chose, else what the owner set."""
    return country_of(store(), me()) or settings().country


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
    st.html(STYLE, unsafe_allow_javascript=True)
    try:
        yield
    except AttuneError as error:
        log.warning("%s %s", type(error).__name__, error.detail)
        st.error(error.sentence)
    except Exception as error:
        log.exception("page failed: %s", type(error).__name__)
        st.error(AttuneError.default)
