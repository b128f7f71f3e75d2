"""Talk: ask the companion, read the cited answer, open the sources, start tonight's card."""

from collections.abc import Iterator
from itertools import chain

import streamlit as st

from coach.companion import Event, Said
from coach.conversation import LONGEST, ReplyNotKept, answer_again, hold_turn
from coach.errors import AttuneError
from coach.people.limiter import MESSAGES
from coach.safety.way_out import NOT_MEANT
from coach.schema import Reply
from coach.store.conversations import (
    TITLE_LENGTH,
    delete_thread,
    messages,
    new_thread,
    rename_thread,
    search_threads,
    thread_to_continue,
    threads,
)
from coach.store.conversations import Said as Kept
from coach.ui.parts.consent import asked as asked_for_consent
from coach.ui.parts.consent import model_consent
from coach.ui.parts.frame import companion, country, limiter, me, store, warm
from coach.ui.parts.plain import escape, words
from coach.ui.parts.reply import show_reply

FIRST_QUESTIONS = (
    "We love each other but we feel like flatmates",
    "How do I say that I feel lonely without starting a fight?",
    "I open up easily and my partner does not",
    "What could we do in ten minutes tonight?",
)
NAMES = {"user": "You", "companion": "Attune"}
ICONS = {"user": ":material/person:", "companion": ":material/forum:"}


def _history() -> None:
    with st.sidebar:
        if st.button("New conversation", icon=":material/add:", width="stretch", key="new"):
            st.session_state.thread = None
            st.rerun()
        kept = threads(store(), me())
        if len(kept) > 3 or st.session_state.get("find"):
            looked_for = st.text_input("Find in my conversations", key="find")
            if looked_for.strip():
                kept = search_threads(store(), me(), looked_for)
        if kept:
            st.caption("Earlier conversations")
        elif st.session_state.get("find"):
            st.caption("Nothing of yours holds all of these words.")
        for thread in kept:
            if st.button(words(thread.title), key=f"thread-{thread.id}", type="tertiary", width="stretch"):
                st.session_state.thread = thread.id
                st.rerun()
        if st.session_state.get("thread"):
            with st.popover("Rename this conversation", width="stretch"):
                title = st.text_input("Title", key="title", max_chars=TITLE_LENGTH)
                if st.button("Rename it", key="rename") and title.strip():
                    rename_thread(store(), me(), st.session_state.thread, title)
                    st.rerun()
            with st.popover("Delete this conversation", width="stretch"):
                st.write("This removes it for good.")
                if st.button("Delete it", key="delete"):
                    delete_thread(store(), me(), st.session_state.thread)
                    st.session_state.thread = None
                    st.rerun()


def _welcome() -> str | None:
    st.markdown("## What is on your mind?")
    st.markdown(
        "Attune is an AI companion for couples, not a person and not a therapist. It answers from a few guides and "
        "shows you where each point comes from. For adults. In danger, call your local emergency number."
    )
    st.caption("You could begin with")
    for number, question in enumerate(FIRST_QUESTIONS):
        if st.button(question, key=f"first-{number}", width="stretch"):
            return question
    return None


def _begun(text: str | None) -> Iterator[Event]:
    """A turn under way. The message is stored when this returns, before the screen shows it as said."""
    limiter().take(MESSAGES, "message", me())
    if not st.session_state.get("thread"):
        st.session_state.thread = new_thread(store(), me())
    thread = st.session_state.thread
    events = (
        hold_turn(companion(), store(), me(), thread, text, st.session_state.get("tonight"), country())
        if text is not None
        else answer_again(companion(), store(), me(), thread, country())
    )
    first = next(events, None)
    return chain([first] if first else [], events)


def _answer(text: str | None) -> None:
    """Hold one turn on the screen; what could not be stored stays in sight, to send it again."""
    st.session_state.pop("failed", None)
    try:
        events = _begun(text)
        if text is not None:
            with st.chat_message("user", avatar=ICONS["user"]):
                st.markdown(escape(text))
        with st.chat_message("assistant", avatar=ICONS["companion"]):
            # The checked pieces of the reply as they come.
            st.write_stream(words(event.text) for event in events if isinstance(event, Said))
    except ReplyNotKept as error:
        # The message is kept; it can be answered anew where it stands.
        st.session_state.failed = (error.sentence, None)
    except AttuneError as error:
        st.session_state.failed = (error.sentence, text)
    st.rerun()


def _conversation() -> Kept | None:
    """Everything said so far; the last of it is returned."""
    said = messages(store(), me(), st.session_state.thread)
    for item in said:
        with st.chat_message("user" if item.by == "user" else "assistant", avatar=ICONS[item.by]):
            if item.reply:
                show_reply(item.reply, item.id)
            else:
                st.markdown(escape(item.text))
    return said[-1] if said else None


def _misread(reply: Reply) -> str | None:
    """Below a referral, the way to say that it was not meant: by one tap where nobody is in danger, else in words."""
    if reply.referral and reply.action == "refer" and st.button(NOT_MEANT, key="misread"):
        return NOT_MEANT
    if reply.referral and reply.action in ("crisis", "emergency"):
        st.caption(reply.referral.buttons.misread)
    return None


warm()
if "thread" not in st.session_state:
    st.session_state.thread = thread_to_continue(store(), me())
_history()
if companion().writer and asked_for_consent() is None:
    model_consent()
asked = None
if st.session_state.get("thread"):
    last = _conversation()
    if last and last.reply:
        asked = _misread(last.reply)
    elif last:
        st.warning("The reply to this was interrupted.")
        if st.button("Try again", key="again"):
            _answer(None)
else:
    asked = _welcome()
if "failed" in st.session_state:
    failure, unsent = st.session_state.failed
    st.error(failure)
    if unsent:
        kept = st.text_area("What you wrote", unsent, key="unsent-text", help="Copy it, or send it again below.")
        if st.button("Send again", key="resend"):
            asked = kept
written = st.chat_input("Write to Attune", max_chars=LONGEST, key="box", submit_mode="stop")
if (written or asked or "").strip():
    _answer((written or asked or "").strip())
