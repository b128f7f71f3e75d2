"""A reply on the screen: text, numbered sources that open, help that can be tapped, tonight's card."""

from __future__ import annotations

import re

import streamlit as st

from coach.review.decisions import LOOKED, standing_card
from coach.schema import Citation, Option, Reply, Resource
from coach.store.sessions import own_session
from coach.ui.parts.card import show_card
from coach.ui.parts.frame import companion, me, store
from coach.ui.parts.plain import attribute, words

WRITTEN_BY_US = {
    "retelling": "our retelling of the article",
    "companion": "written for this app",
    "document": "a document added by the owner of this site",
}
_HELP_STYLE = """
<style>
  .help-lines { list-style: none; padding: 0; margin: .25rem 0; }
  .help-lines li { border-left: 4px solid currentColor; padding: .5rem .9rem; margin: .6rem 0; }
  .help-lines a, .leave { display: inline-block; padding: .6rem 0; font-weight: 600; color: inherit; }
  .help-lines .note { font-size: .9em; }
  .leave { border: 2px solid currentColor; border-radius: .6rem; padding: .6rem 1rem; }
</style>
"""
LEAVE_TO = "https://www.google.com/search?q=weather"


def show_reply(reply: Reply, key: str) -> None:
    """The whole reply; `key` tells its widgets from those of other replies."""
    st.markdown(words(reply.text))
    if reply.referral:
        show_resources(reply.referral.resources, quick_exit=reply.referral.quick_exit)
    for citation in reply.citations:
        show_source(citation)
    if reply.citations and not reply.referral:
        st.caption("From the guides, in sentences people wrote. No language model took part.")
    if reply.suggestion:
        show_suggested(reply.suggestion, reply.session, key)


def show_source(citation: Citation) -> None:
    """One numbered source, closed; opened, it shows the passage with the words that were used."""
    first, last = citation.lines
    with st.expander(f"[{citation.n}] {words(citation.title)}"):
        passage = companion().retriever.passages.get(citation.passage)
        if passage is None:
            st.markdown(words(citation.quote))
            st.caption("This passage has changed since the answer was written.")
        else:
            st.markdown(_highlighted(passage.text, citation.quote), unsafe_allow_html=True)
            kind = WRITTEN_BY_US[passage.kind]
            page = f", page {passage.page}" if passage.page else ""
            st.caption(
                f"{words(citation.guide_title)} ({kind}), section “{words(citation.section)}”, "
                f"lines {first} to {last}{page}"
            )


def show_resources(resources: tuple[Resource, ...], *, quick_exit: bool) -> None:
    """Lines that can be tapped to call or write, and where it may matter a way to leave the page at once."""
    rows = []
    for resource in resources:
        ways = []
        if resource.call:
            number = re.sub(r"[^\d+]", "", resource.call)
            ways.append(f'<a href="tel:{attribute(number)}">Call {attribute(resource.call)}</a>')
        if resource.text:
            ways.append(f"Text: {attribute(resource.text)}")
        if resource.web:
            address = resource.web if resource.web.startswith("http") else f"https://{resource.web}"
            ways.append(
                f'<a href="{attribute(address)}" target="_blank" rel="noreferrer">{attribute(resource.web)}</a>'
            )
        note = f"<div class='note'>{attribute(resource.note)}</div>" if resource.note else ""
        rows.append(f"<li><strong>{attribute(resource.name)}</strong><div>{' &nbsp; '.join(ways)}</div>{note}</li>")
    leave = (
        f'<p><a class="leave" href="{LEAVE_TO}" target="_self" rel="noreferrer">Leave this page now</a></p>'
        if quick_exit
        else ""
    )
    st.html(f"{_HELP_STYLE}{leave}<ul class='help-lines' aria-label='Where to find help'>{''.join(rows)}</ul>")


def show_suggested(option: Option, session: str | None, key: str) -> None:
    """Tonight's card beside an answer, as the coach left it if one has looked."""
    card: Option | None = option
    looked = None
    kept = own_session(store(), me(), session) if session else None
    if kept and kept.decision:
        looked = LOOKED[kept.decision.kind]
        card = standing_card(kept)
    if card is None:
        st.info(looked or "")
        return
    show_card(card, key=f"{key}-card", heading="For tonight", looked=looked, session=session)


def _highlighted(text: str, quote: str) -> str:
    """The passage as Markdown, the quoted sentences marked."""
    parts = sorted(re.split(r"(?<=[.!?\"”])\s+", quote), key=len, reverse=True)
    shown = words(text).replace("<", "&lt;")
    for part in parts:
        plain = words(part).replace("<", "&lt;")
        if len(part) > 15 and plain in shown:
            shown = shown.replace(plain, f"<mark>{plain}</mark>", 1)
    return shown
