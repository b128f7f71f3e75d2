"""The way in: the first start, signing in, and the one question whether somebody is an adult."""

from __future__ import annotations

import streamlit as st

from coach.errors import AttuneError
from coach.people import here
from coach.people.accounts import sign_in, sign_up
from coach.store.accounts import any_account, open_sign_in, person, say_adult
from coach.ui.door.identity import identified, openid
from coach.ui.door.leave import go_to
from coach.ui.parts.frame import limiter, store

WHAT_IT_IS = (
    "Attune is an AI companion for couples, not a person and not a therapist. It answers from a few guides, finds one "
    "exercise that fits tonight, and shows you where each point comes from."
)
NOT_YET = (
    "Attune is made for adults, so it cannot coach you. If something at home or in a relationship worries you, please "
    "talk to an adult you trust. Child Helpline International lists a free line for young people in most countries: "
    "[childhelplineinternational.org](https://childhelplineinternational.org/helplines/). In danger, call your "
    "local emergency number."
)


def passed() -> bool:
    """True when somebody is there who may come in; otherwise the way in is on the screen."""
    who = identified()
    if who is None:
        st.session_state.pop("person", None)
        if openid():
            _by_openid()
        elif any_account(store()):
            _sign_in()
        else:
            _first_start()
        return False
    if st.session_state.get("person") not in (None, who):
        # Another person in the same tab sees nothing of the one before.
        st.session_state.clear()
    st.session_state.person = who
    known = person(store(), who)
    if known and known.adult_at is None:
        _ask_for_age(who)
        return False
    return True


def address() -> str:
    """Where a try comes from, for counting."""
    return st.context.ip_address or "here"


def _first_start() -> None:
    st.markdown("## Welcome to Attune")
    st.markdown(WHAT_IT_IS)
    st.markdown("It is for adults. By going on you say that you are 18 or older.")
    if st.button("Just me on this computer", type="primary", width="stretch", key="just-me"):
        say_adult(store(), here.start(store()))
        st.rerun()
    st.caption(
        "No account, no password. Whoever can use this computer can open it. What you write is kept encrypted on it. "
        "You can invite your partner later."
    )
    with st.expander("We are two, each with an account of our own"):
        st.markdown("Make your account here. It looks after this installation; then you invite your partner by a code.")
        _sign_up_form("Make my account", first=True)


def offer_accounts() -> None:
    """For one who has been here alone: make an account that takes everything along."""
    with st.expander("Use it with my partner, each with an account of our own"):
        st.markdown("Make your account; what is here becomes yours. Then you can invite your partner or a coach.")
        _sign_up_form("Make my account", first=True)


def _sign_in() -> None:
    st.markdown("## Attune")
    st.markdown(WHAT_IT_IS)
    with st.form("sign-in"):
        name = st.text_input("Name", key="sign-in-name", autocomplete="username")
        password = st.text_input("Password", type="password", key="sign-in-password", autocomplete="current-password")
        sent = st.form_submit_button("Sign in", type="primary", width="stretch")
    if sent:
        try:
            _come_in(sign_in(store(), limiter(), name, password, address()))
        except AttuneError as error:
            st.error(error.sentence)
    with st.expander("I have an invitation"):
        _sign_up_form("Make my account", first=False)
    st.caption("Password forgotten? Whoever looks after this installation can set another: `coach user password NAME`.")


def _sign_up_form(label: str, *, first: bool) -> None:
    with st.form("sign-up", border=False):
        code = "" if first else st.text_input("Invitation code", key="sign-up-code", autocomplete="one-time-code")
        name = st.text_input("Name", key="sign-up-name", autocomplete="username", max_chars=40)
        password = st.text_input(
            "Password", type="password", key="sign-up-password", autocomplete="new-password", help="10 letters or more"
        )
        adult = st.checkbox("I am 18 or older", key="sign-up-adult")
        sent = st.form_submit_button(label, width="stretch")
    if sent:
        try:
            _come_in(sign_up(store(), limiter(), name, password, address(), code, adult=adult))
        except AttuneError as error:
            st.error(error.sentence)


def _come_in(who: str) -> None:
    """Leave the page for the route that sets the cookie, which no script can read, and come back signed in."""
    go_to(f"session?ticket={open_sign_in(store(), who, 'ticket')}", "You are signed in. Go on")


def _by_openid() -> None:
    st.markdown("## Attune")
    st.markdown(WHAT_IT_IS)
    st.button("Sign in", type="primary", width="stretch", key="openid", on_click=st.login)


def _ask_for_age(who: str) -> None:
    st.markdown("## One question before you start")
    st.markdown(f"{WHAT_IT_IS} It is made for adults. Are you 18 or older?")
    yes, no = st.columns(2)
    if yes.button("Yes, I am", key="adult-yes", width="stretch"):
        say_adult(store(), who)
        st.rerun()
    if no.button("No, not yet", key="adult-no", width="stretch"):
        st.markdown(NOT_YET)
