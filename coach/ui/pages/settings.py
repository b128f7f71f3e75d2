"""Settings: which voice answers, whether words leave this machine, and what one has agreed to."""

import streamlit as st

from coach.replies.endpoint import ModelFailed
from coach.safety.helplines import countries
from coach.store.consents import record, tokens_today
from coach.store.conversations import choose_country, country_of
from coach.ui.door.identity import alone
from coach.ui.parts.account import show_account
from coach.ui.parts.consent import asked, model_consent
from coach.ui.parts.data import show_data
from coach.ui.parts.frame import companion, country, me, store
from coach.ui.parts.plain import words

st.markdown("## Settings")
if not alone():
    show_account()
st.markdown("### Where you are")
names = countries()
codes: list[str | None] = [None, *names]
chosen = st.selectbox(
    "Country",
    codes,
    index=codes.index(country()) if country() in names else 0,
    format_func=lambda code: names[code] if code else "Not said",
    key="country",
    help="Only so that help lines are the ones of your country. It stays on this computer.",
)
if chosen != country_of(store(), me()):
    choose_country(store(), me(), chosen)
if chosen is None:
    st.caption("Without a country, help is offered through an international directory.")
st.markdown("### Which voice answers")
writer = companion().writer
if writer is None:
    st.markdown("The guides, in whole sentences of their own. Nothing you write leaves this computer.")
    st.caption(
        "The owner of this installation can set a language model with COACH_CHAT_MODEL and COACH_OPENAI_BASE_URL "
        "or COACH_OPENAI_API_KEY."
    )
else:
    agreed = asked()
    st.markdown(f"A language model: **{words(writer.where)}**.")
    if agreed:
        st.markdown("What you write is sent there, because you agreed to it.")
        used = tokens_today(store(), me())
        st.caption(f"Used today: {used} of {writer.daily_tokens} tokens. After that the guides answer until tomorrow.")
        if st.button("Stop sending it", key="consent-revoke"):
            record(store(), me(), "model", writer.where, given=False)
            st.rerun()
    elif agreed is None:
        model_consent()
    else:
        st.markdown("You did not agree to that, so the guides answer, and nothing you write leaves this computer.")
        if st.button("I agree now", key="consent-give"):
            record(store(), me(), "model", writer.where, given=True)
            st.rerun()
    if st.button("Test the connection", key="test-connection", help="Sends the word hello, and nothing of yours."):
        try:
            with st.spinner("Asking the model to say hello"):
                for _ in writer.endpoint.stream([("human", "Say hello.")]):
                    pass
            st.success("It answers.")
        except ModelFailed as error:
            st.error(f"It does not answer: {error.reason}. Until it does, the guides answer.")
show_data()
