"""Review: for a coach, behind a password. What was suggested, why, how safe it looked, and the coach's decision."""

import streamlit as st

from coach.errors import AttuneError
from coach.people import here
from coach.people.coach_password import check_password, is_set, set_password
from coach.review.decisions import KINDS, REASONS, Kind, decide, replacements, standing_card
from coach.schema import Option
from coach.store.accounts import Person, person
from coach.store.couples import couples_coached
from coach.store.sessions import SuggestedSession, sessions_for_review
from coach.ui.door.identity import alone
from coach.ui.parts.card import WHO, turn
from coach.ui.parts.frame import companion, limiter, me, store
from coach.ui.parts.plain import escape, words
from coach.ui.parts.reply import show_source

DECIDED: dict[str, str] = dict(KINDS.items())
STATES = {
    "sent": "Not looked at yet",
    "approve": "Approved",
    "edit": "Edited",
    "replace": "Replaced",
    "refer": "Referred",
}


def _coach() -> Person | None:
    """Who reviews: the person signed in, or on an installation for one whoever has given the page's password."""
    if not alone():
        return person(store(), me())
    return here.LOCAL_COACH if st.session_state.get("coach") or _sign_in() else None


def _sign_in() -> bool:
    first = not is_set(store())
    st.markdown("## Review")
    st.markdown(
        "This page is for the coach who looks at what was suggested. Choose a password for it now."
        if first
        else "This page is for the coach. Please give the password."
    )
    with st.form("sign-in"):
        password = st.text_input(
            "Password",
            type="password",
            key="review-password",
            autocomplete="new-password" if first else "current-password",
        )
        sent = st.form_submit_button("Set the password" if first else "Open")
    if sent:
        try:
            if first:
                set_password(store(), password)
            else:
                check_password(store(), password, limiter())
        except AttuneError as error:
            st.error(error.sentence)
            return False
        st.session_state.coach = True
        st.rerun()
    return False


def _packet(session: SuggestedSession, whose: str) -> None:
    """Everything a coach needs for the decision."""
    tonight, verdict = session.suggestion.tonight, session.suggestion.verdict
    card = standing_card(session)
    if whose:
        st.markdown(f"**For:** {escape(whose)}")
    st.markdown(f"**Asked:** {escape(session.asked) if session.asked else 'nothing written, only the dials'}")
    st.markdown(
        f"**Dials:** {tonight.minutes} minutes, {', '.join(WHO[who] for who in tonight.who)}, "
        f"energy {tonight.lowest_energy}, comfort {tonight.lowest_comfort} of 5, heat {tonight.heat} of 10"
        + (f", wish: {', '.join(tonight.wish)}" if tonight.wish else "")
        + ("" if tonight.private else ", others in earshot")
    )
    if verdict:
        st.markdown(
            f"**Safety:** {verdict.action}"
            + (f", {words(verdict.category)}" if verdict.category else "")
            + (f" ({words(', '.join(verdict.signals))})" if verdict.signals else ", nothing fired")
        )
    if card:
        started = ", started" if session.chosen == card.exercise else ""
        st.markdown(f"**Card:** {words(card.title)} ({card.exercise}, {card.minutes} minutes{started})")
        for number, step in enumerate(card.steps, start=1):
            st.markdown(f"{number}. *{turn(card, step.who)}, {step.minutes} min.* {words(step.say)}")
        st.markdown("**Why it was chosen**\n" + "\n".join(f"- {words(reason)}" for reason in card.why))
        st.caption(f"Not when: {words(card.not_when)}")
    others = [option.title for option in session.suggestion.options if not card or option.exercise != card.exercise]
    if others:
        st.caption(f"Also shown: {words(', '.join(others))}")
    for citation in session.citations:
        show_source(citation)
    st.caption(f"Attune {session.versions.get('attune', '')}, written by {session.versions.get('written_by', '')}")


def _decision(session: SuggestedSession, card: Option | None, coach: Person) -> None:
    kinds: list[Kind] = [kind for kind in KINDS if card or kind in ("replace", "refer")]
    kind = st.segmented_control("Decision", kinds, format_func=KINDS.__getitem__, key=f"kind-{session.id}")
    if not kind:
        return
    reason, exercise = "", None
    edited: tuple[str, ...] = ()
    if kind == "edit" and card:
        edited = tuple(
            st.text_area(f"Step {number} ({step.minutes} min)", step.say, key=f"step-{session.id}-{number}")
            for number, step in enumerate(card.steps, start=1)
        )
    if kind == "replace":
        fitting = {
            item.id: f"{item.title} ({item.duration_min} min, {WHO[who]})"
            for item, who in replacements(session, companion().catalogue)
        }
        exercise = st.selectbox(
            "Another exercise within the limits of that evening",
            list(fitting),
            index=None,
            format_func=fitting.__getitem__,
            key=f"replace-{session.id}",
        )
    if kind != "approve":
        reason = st.selectbox("Reason", REASONS, index=None, key=f"reason-{session.id}") or ""
    note = st.text_area("Note for yourself and other coaches", key=f"note-{session.id}")
    if st.button("Keep this decision", key=f"keep-{session.id}", type="primary"):
        try:
            decide(
                store(),
                companion().catalogue,
                session,
                coach,
                kind,
                reason,
                note,
                words=edited,
                exercise=exercise,
            )
        except AttuneError as error:
            st.error(error.sentence)
            return
        st.session_state.kept = session.id
        st.rerun()


def _whose(coach: Person) -> str | None:
    """The couple to look at; all of them where there is but one, or none is chosen."""
    names = {couple.id: couple.names for couple in couples_coached(store(), coach.id)}
    if len(names) < 2:
        return None
    return st.selectbox(
        "Whose",
        list(names),
        index=None,
        format_func=names.__getitem__,
        placeholder="Everybody you coach",
        key="review-whose",
    )


def _sessions(coach: Person) -> None:
    st.markdown("## Review")
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    wanted = left.segmented_control(
        "Show", ["Not looked at yet", "All"], default="Not looked at yet", key="review-show"
    )
    if alone() and right.button("Close", key="review-close", width="stretch"):
        del st.session_state.coach
        st.rerun()
    if st.session_state.pop("kept", None):
        st.success("The decision is kept, and the card now says that a coach has looked.")
    couple = _whose(coach)
    found = sessions_for_review(store(), coach.id, state="sent" if wanted != "All" else None, couple=couple)
    if not found:
        st.info(
            "Nothing is waiting. Sessions appear here, newest first, as soon as an exercise is suggested to someone."
        )
    for session in found:
        card = standing_card(session)
        title = card.title if card else "Referred"
        asked_by = None if alone() else person(store(), session.owner)
        whose = asked_by.name if asked_by else ""
        line = [f"{session.at:%d %b %Y, %H:%M} UTC", escape(whose), words(title), STATES[session.state]]
        with st.expander(" · ".join(part for part in line if part), expanded=session is found[0]):
            _packet(session, whose)
            for decision in session.decisions:
                st.caption(
                    f"{decision.at:%d %b %Y, %H:%M} UTC, {decision.decided_by}: {DECIDED[decision.kind]}"
                    + (f", {decision.reason}" if decision.reason else "")
                    + (f". {escape(decision.note)}" if decision.note else "")
                )
            _decision(session, card, coach)


looking = _coach()
if looking:
    _sessions(looking)
