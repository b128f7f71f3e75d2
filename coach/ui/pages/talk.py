"""Talk: ask the companion, read the cited answer, open the sources, start tonight's card."""

from collections.abc import Iterator

import streamlit as st

from coach.companion import Done, Said
from coach.conversation import LONGEST, answer_again, hold_turn
from coach.errors import AttuneError
from coach.settings import settings
from coach.store.conversations import delete_thread, messages, new_thread, threads
from coach.ui.parts.frame import companion, me, store, warm
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
        if kept:
            st.caption("Earlier conversations")
        for thread in kept:
            if st.button(words(thread.title), key=f"thread-{thread.id}", type="tertiary", width="stretch"):
                st.session_state.thread = thread.id
                st.rerun()
        if st.session_state.get("thread"):
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


def _pieces(text: str | None, thread: str) -> Iterator[str]:
    """The checked pieces of the reply as they come; the finished reply is left in the session."""
    events = (
        hold_turn(companion(), store(), me(), thread, text, st.session_state.get("tonight"), settings().country)
        if text is not None
        else answer_again(companion(), store(), me(), thread, settings().country)
    )
    for event in events:
        if isinstance(event, Said):
            yield words(event.text)
        elif isinstance(event, Done):
            st.session_state.answered = event.reply


def _answer(text: str | None) -> None:
    """Hold one turn on the screen; what could not be stored goes back into the box."""
    thread = st.session_state.get("thread")
    if not thread:
        thread = st.session_state.thread = new_thread(store(), me())
    if text is not None:
        with st.chat_message("user", avatar=ICONS["user"]):
            st.markdown(escape(text))
    try:
        with st.chat_message("assistant", avatar=ICONS["companion"]):
            st.write_stream(_pieces(text, thread))
    except AttuneError as error:
        st.session_state.unsent = text
        st.session_state.failure = error.sentence
    st.rerun()


def _conversation() -> bool:
    """Everything said so far; True when the last message still waits for its reply."""
    said = messages(store(), me(), st.session_state.thread)
    for item in said:
        with st.chat_message("user" if item.by == "user" else "assistant", avatar=ICONS[item.by]):
            if item.reply:
                show_reply(item.reply, item.id)
            else:
                st.markdown(escape(item.text))
    return bool(said) and said[-1].by == "user"


warm()
_history()
asked = None
if st.session_state.get("thread"):
    if _conversation():
        st.warning("The reply to this was interrupted.")
        if st.button("Try again", key="again"):
            _answer(None)
else:
    asked = _welcome()
failure = st.session_state.pop("failure", None)
if failure:
    st.error(failure)
    unsent = st.session_state.pop("unsent", None)
    if unsent:
        st.text_area("What you wrote", unsent, key="unsent-text", help="Copy it, or send it again below.")
        if st.button("Send again", key="resend"):
            asked = unsent
written = st.chat_input("Write to Attune", max_chars=LONGEST, key="box")
if (written or asked or "").strip():
    _answer((written or asked or "").strip())
