"""People: your partner, your coach, and what each may see. Using Attune alone is complete in itself."""

from typing import Literal

import streamlit as st

from coach.errors import AttuneError
from coach.people.couples import accept, invite
from coach.store.consents import COACH_SEES, answer, record
from coach.store.couples import (
    Couple,
    agree,
    couple_of,
    couples_coached,
    dismiss,
    invitations,
    leave,
    stop_coaching,
    withdraw,
)
from coach.ui.door.gate import offer_accounts
from coach.ui.door.identity import alone
from coach.ui.parts.frame import limiter, me, store
from coach.ui.parts.plain import escape

SEEN = """
| | you | your partner | your coach |
|---|---|---|---|
| What you write in Talk, and the answers | yes | never | never |
| Your dials for tonight | yes | never | only with the exercise that was suggested, if you agree |
| The plan for the two of you | yes | yes | no |
| An exercise suggested to you, and what you asked for it | yes | never | if you agree |
| How an exercise went | yes | never | never |
"""


def _code(part: Literal["partner", "coach"], label: str) -> None:
    if st.button(label, key=f"invite-{part}", width="stretch"):
        try:
            st.session_state.code = (part, invite(store(), me(), part))
        except AttuneError as error:
            st.error(error.sentence)
    made = st.session_state.get("code")
    if made and made[0] == part:
        st.markdown("Give them this code. It works once, for a week, and is shown only now:")
        st.code(made[1], language=None)


def _partner(couple: Couple | None) -> None:
    st.markdown("### Your partner")
    partner = couple.partner_of(me()) if couple else None
    if partner:
        st.markdown(f"You use Attune together with **{escape(partner.name)}**.")
        with st.popover("Part ways here", width="stretch"):
            st.markdown(
                "At once, you share no more plans, and neither of you sees anything of the other. What is yours stays "
                "yours. The other is not told."
            )
            if st.button("Leave now", key="leave"):
                leave(store(), me())
                st.rerun()
        return
    st.markdown("Attune is whole for one. If you both want to, you can plan evenings for the two of you.")
    _code("partner", "Make a code for my partner")
    with st.form("join", border=False):
        code = st.text_input("A code that I was given", key="join-code")
        if st.form_submit_button("Use the code", width="stretch"):
            try:
                accept(store(), limiter(), me(), code)
            except AttuneError as error:
                st.error(error.sentence)
            else:
                st.rerun()


def _coach(couple: Couple | None) -> None:
    st.markdown("### Your coach")
    for coach in couple.coaches if couple else ():
        left, right = st.columns([2, 1], vertical_alignment="center")
        left.markdown(f"**{escape(coach.name)}** coaches you.")
        if right.button("End this", key=f"dismiss-{coach.person}", width="stretch"):
            dismiss(store(), me(), coach.person)
            st.rerun()
    _code("coach", "Make a code for a coach")
    for waiting in invitations(store(), me()):
        left, right = st.columns([2, 1], vertical_alignment="center")
        whom = "a partner" if waiting.part == "partner" else "a coach"
        state = "" if waiting.agreed else ", and waits for the other of you to agree"
        left.markdown(
            f"An invitation for {whom}, made by {escape(waiting.by)}, works until {waiting.expires_at:%d %B}{state}."
        )
        if not waiting.agreed and right.button("I agree", key=f"agree-{waiting.id}", width="stretch"):
            try:
                agree(store(), me(), waiting.id)
            except AttuneError:
                st.info("It is your own invitation; the other of you has to agree.")
            else:
                st.rerun()
        if right.button("Take it back", key=f"withdraw-{waiting.id}", width="stretch"):
            withdraw(store(), me(), waiting.id)
            st.rerun()


def _coaching() -> None:
    """For a coach: whom they coach, each with a way to end it."""
    coached = couples_coached(store(), me())
    if coached:
        st.markdown("### Whom you coach")
    for couple in coached:
        left, right = st.columns([2, 1], vertical_alignment="center")
        left.markdown(f"**{escape(couple.names)}**")
        with right.popover("Stop coaching", width="stretch", key=f"stop-{couple.id}"):
            st.markdown("At once, you see nothing of them any more. What you decided stays on their cards.")
            if st.button("Stop now", key=f"stop-now-{couple.id}"):
                stop_coaching(store(), me(), couple.id)
                st.rerun()


def _coach_sees() -> None:
    agreed = bool(answer(store(), me(), "coach", COACH_SEES))
    wanted = st.toggle("My coach may see the exercises suggested to me, with what I asked", agreed, key="coach-sees")
    st.caption("What was said in Talk besides that is never shown to anybody. You can change this at any time.")
    if wanted != agreed:
        record(store(), me(), "coach", COACH_SEES, given=wanted)
        st.rerun()


st.markdown("## People")
if alone():
    st.markdown("This installation is for you alone, without an account. It is complete like that.")
    st.markdown("### The coach on this computer")
    st.markdown("Whoever has the password of the Review page can look at the exercises that were suggested.")
    _coach_sees()
    offer_accounts()
else:
    _coaching()
    held = couple_of(store(), me())
    _partner(held)
    _coach(held)
    _coach_sees()
with st.expander("Who sees what"):
    st.markdown(SEEN)
