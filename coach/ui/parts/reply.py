"""A reply on the screen: text, numbered sources that open, help that can be tapped, tonight's card."""

from __future__ import annotations

import re

import streamlit as st

from coach.review.decisions import LOOKED, standing_card
from coach.schema import Citation, Option, Reply
from coach.store.sessions import own_session
from coach.ui.parts.card import show_card
from coach.ui.parts.frame import companion, me, store
from coach.ui.parts.help import show_resources
from coach.ui.parts.plain import words

WRITTEN_BY_US = {
    "retelling": "our retelling of the article",
    "companion": "written for this app",
    "document": "a document added by the owner of this site",
}


def show_reply(reply: Reply, key: str) -> None:
    """The whole reply; `key` tells its widgets from those of other replies."""
    st.markdown(words(reply.text))
    if reply.referral:
        show_resources(reply.referral)
    for citation in reply.citations:
        show_source(citation)
    if reply.citations and not reply.referral:
        st.caption(
            "Taken from the guides, sentence by sentence. No language model wrote this answer."
            if reply.written_by == "guides"
            else f"Written by a language model ({words(reply.written_by.removeprefix('model:'))}). "
            "Each point was checked against the source it names."
        )
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
