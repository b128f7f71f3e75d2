"""Asking, once and before the first message leaves this machine, whether it may."""

from __future__ import annotations

import streamlit as st

from coach.store.consents import answer, record
from coach.ui.parts.frame import companion, me, store
from coach.ui.parts.plain import words


def asked() -> bool | None:
    """What this person answered about the model that is set; None when they were not asked, or none is set."""
    writer = companion().writer
    return answer(store(), me(), "model", writer.where) if writer else None


def model_consent() -> None:
    """The question, with two answers of the same weight."""
    writer = companion().writer
    if writer is None:
        return
    with st.container(border=True):
        st.markdown(
            f"**May what you write be sent to a language model?** The owner of this installation has set "
            f"{words(writer.where)}. With it, answers read more like a conversation. Without it the guides answer, and "
            "nothing you write leaves this computer. You can change this in Settings at any time."
        )
        yes, no = st.columns(2)
        if yes.button("Yes, it may be sent", key="consent-yes", width="stretch"):
            record(store(), me(), "model", writer.where, given=True)
            st.rerun()
        if no.button("No, keep it here", key="consent-no", width="stretch"):
            record(store(), me(), "model", writer.where, given=False)
            st.rerun()
