"""The card while it is done: large letters, a clock that moves on by itself, and the steps as text to print."""

from __future__ import annotations

import json
from pathlib import Path

import streamlit as st

from coach.schema import Option
from coach.store.sessions import keep_outcome
from coach.ui.parts.card import turn
from coach.ui.parts.frame import companion, me, store
from coach.ui.parts.plain import words

_PAGE = Path(__file__).with_name("run.html")
DONE = {"Yes": "done", "Partly": "partly", "No": "not"}


def show_run(option: Option, session: str | None) -> None:
    """The running card, and afterwards one question about how it went."""
    st.markdown(f"## {words(option.title)}")
    st.markdown(f"**When not:** {words(option.not_when)}")
    st.caption("Press Start the clock once, then put the phone where you both can see it. Stopping needs no reason.")
    steps = [{"minutes": step.minutes, "who": turn(option, step.who), "say": step.say} for step in option.steps]
    # Inside a script element "</" would end it; JSON allows the escaped form.
    data = json.dumps(steps).replace("</", "<\\/")
    st.iframe(_PAGE.read_text(encoding="utf-8").replace("/*STEPS*/[]", data), height=560)
    with st.expander("The steps as text, to read or print"):
        for number, step in enumerate(option.steps, start=1):
            st.markdown(f"{number}. **{turn(option, step.who)}, {step.minutes} min.** {words(step.say)}")
    _afterwards(option, session)


def _afterwards(option: Option, session: str | None) -> None:
    exercise = companion().catalogue.get(option.exercise)
    with st.form("afterwards", border=True):
        st.markdown("**Afterwards, or tomorrow**")
        if exercise:
            st.markdown(words(exercise.follow_up))
        done = st.segmented_control("Did you do it?", list(DONE), key="after-done")
        safe = st.slider("How safe did it feel?", 0, 10, 7, key="after-safe", help="0 not at all, 10 entirely")
        closer = st.slider("Do you feel closer?", 0, 10, 5, key="after-closer", help="0 not at all, 10 much closer")
        sent = st.form_submit_button("Keep this")
    if sent and session and done:
        keep_outcome(store(), me(), session, option.exercise, DONE[done], safe, closer)
        st.success("Kept. The next suggestions take it into account.")
    elif sent:
        st.info("Please say first whether you did it.")
    if st.button("Back to tonight's choices", key="run-back"):
        del st.session_state.running
        st.rerun()
