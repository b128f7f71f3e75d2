"""An exercise card: what it is, why it fits, when not to do it, and Start."""

from __future__ import annotations

import streamlit as st

from coach.schema import Option
from coach.store.sessions import choose
from coach.ui.parts.frame import me, store
from coach.ui.parts.plain import words

FITS = {"best": "Best fit", "easier": "Easier", "solo": "On your own"}
WHO = {"together": "together", "remote": "over a call", "solo": "alone"}
TURN = {"A": "One of you", "B": "The other", "AB": "Both", "S": "You"}


def show_card(
    option: Option, key: str, heading: str | None = None, looked: str | None = None, session: str | None = None
) -> None:
    """One card in a frame. Start opens it full size on the Tonight page."""
    with st.container(border=True, key=f"card-{key}"):
        st.caption(heading or FITS[option.fit])
        st.markdown(f"#### {words(option.title)}")
        st.markdown(f"{option.minutes} minutes, {WHO[option.who]}")
        if looked:
            st.markdown(f"*{words(looked)}*")
        st.markdown("\n".join(f"- {words(reason)}" for reason in option.why))
        st.markdown(f"**When not:** {words(option.not_when)}")
        if st.button(
            "Start",
            key=f"start-{key}",
            type="primary",
            width="stretch",
            help="Opens the card in large letters; then you can put the phone down.",
        ):
            if session:
                choose(store(), me(), session, option.exercise)
            st.session_state.running = {"option": option.model_dump(mode="json"), "session": session}
            st.switch_page(st.session_state.tonight_page)


def turn(option: Option, who: str) -> str:
    """Whose turn a step is, in words."""
    if who == "S":
        return "You" if option.who == "solo" else "Each on your own"
    return TURN[who]
