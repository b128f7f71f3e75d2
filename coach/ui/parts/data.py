"""Settings of one's own data: what was agreed to, how long things are kept, taking everything along, erasing it."""

from __future__ import annotations

import json

import streamlit as st

from coach.people.export import as_html
from coach.store.accounts import keep_for, person
from coach.store.consents import answers
from coach.store.rights import erase_person, export_person, left_behind
from coach.ui.door.identity import alone, openid
from coach.ui.door.leave import go_to
from coach.ui.parts.frame import me, store
from coach.ui.parts.plain import escape

KEEP: dict[str, int | None] = {
    "For as long as I use Attune": None,
    "For a year": 365,
    "For three months": 90,
    "For a month": 30,
    "For a week": 7,
}
ABOUT = {"model": "What I write may go to the language model", "coach": "My coach may see"}


def show_data() -> None:
    """Everything a person may do with what is kept of them."""
    st.markdown("### What is kept of you")
    st.markdown(
        "Conversations, suggested exercises and how they went are kept encrypted. Only you see them, and of the "
        "exercises your coach, if you agreed to it in People."
    )
    known = person(store(), me())
    days = known.keep_days if known else None
    names = list(KEEP)
    chosen = st.selectbox(
        "Keep my conversations",
        names,
        index=list(KEEP.values()).index(days) if days in KEEP.values() else 0,
        key="keep-days",
    )
    if KEEP[chosen] != days:
        keep_for(store(), me(), KEEP[chosen])
        st.rerun()
    given = answers(store(), me())
    if given:
        with st.expander("What you were asked, and what you said"):
            for one in given:
                st.markdown(
                    f"- {one.at:%d %B %Y}: {ABOUT[one.kind]} ({escape(one.about)}): **{'yes' if one.given else 'no'}**"
                )
    _take_along()
    _erase()


def _take_along() -> None:
    st.markdown("**Take it along.** Everything that is yours, and nothing of anybody else.")
    if st.button("Prepare my export", key="export", width="stretch"):
        st.session_state.exported = export_person(store(), me())
    data = st.session_state.get("exported")
    if data:
        page, plain = st.columns(2)
        page.download_button(
            "To read (HTML)", as_html(data), "attune.html", "text/html", key="export-html", width="stretch"
        )
        plain.download_button(
            "For machines (JSON)",
            json.dumps(data, ensure_ascii=False, indent=2),
            "attune.json",
            "application/json",
            key="export-json",
            width="stretch",
        )


def _erase() -> None:
    with st.popover("Erase everything of mine", width="stretch"):
        st.markdown("Conversations, exercises, dials, agreements and your account are removed for good.")
        sure = st.checkbox("I am sure", key="erase-sure")
        if st.button("Erase it now", key="erase", disabled=not sure):
            who, stays = me(), alone() or openid()
            erase_person(store(), who)
            rest = left_behind(store(), who)
            st.session_state.clear()
            if rest:
                st.error("Something could not be erased. Please tell whoever looks after this installation.")
                st.stop()
            if stays:
                st.rerun()
            go_to("session/end", "Everything is erased. Go on")
