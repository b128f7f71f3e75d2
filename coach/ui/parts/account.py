"""Settings of one's own account: the password, and where one is signed in."""

from __future__ import annotations

import streamlit as st

from coach.errors import AttuneError
from coach.people.accounts import change_password
from coach.store.accounts import person, sign_out_everywhere
from coach.ui.door.identity import openid
from coach.ui.door.leave import go_to
from coach.ui.parts.frame import limiter, me, store
from coach.ui.parts.plain import escape


def show_account() -> None:
    """Name, password, signing out."""
    st.markdown("### Your account")
    known = person(store(), me())
    st.markdown(f"You are signed in as **{escape(known.name if known else '')}**.")
    if openid():
        st.button("Sign out", key="sign-out", on_click=st.logout, width="stretch")
        return
    here, everywhere = st.columns(2)
    if here.button("Sign out", key="sign-out", width="stretch"):
        go_to("session/end", "You are signed out. Go on")
    if everywhere.button("Sign out everywhere", key="sign-out-all", width="stretch"):
        sign_out_everywhere(store(), me())
        go_to("session/end", "You are signed out. Go on")
    with st.expander("Change my password"), st.form("change-password", border=False):
        old = st.text_input("Password now", type="password", key="old-password", autocomplete="current-password")
        new = st.text_input("New password", type="password", key="new-password", autocomplete="new-password")
        if st.form_submit_button("Change it", width="stretch"):
            try:
                change_password(store(), limiter(), me(), old, new)
            except AttuneError as error:
                st.error(error.sentence)
            else:
                go_to("session/end", "Your password is changed. Sign in again")
