"""Tonight: five dials, three cards with their reasons, and the card itself in large letters."""

from datetime import date, datetime, timedelta

import streamlit as st

from coach.conversation import keep_tonight, with_history
from coach.people.evening import plan_together
from coach.review.decisions import LOOKED, standing_card
from coach.schema import Context, Energy, Option, Suggestion, Tonight, Verdict, Who, Wish
from coach.store.couples import Member, couple_of
from coach.store.evenings import own_evening, plan_of
from coach.store.sessions import own_session
from coach.ui.parts.card import show_card
from coach.ui.parts.frame import companion, country, me, store
from coach.ui.parts.help import show_resources
from coach.ui.parts.plain import escape, words
from coach.ui.parts.run import show_run

MINUTES = {"2 min": 2, "5": 5, "10": 10, "15": 15, "20": 20, "30": 30, "45": 45, "60+": 75}
WHO: dict[str, Who] = {"Both here": "together", "On a call": "remote", "Just me": "solo"}
ENERGY: dict[str, Energy] = {"Running on empty": "low", "Some": "medium", "Plenty": "high"}
COMFORT = {1: "Facts and smiles", 2: "Light things", 3: "Feelings, gently", 4: "Tender things", 5: "Anything"}
WISH: dict[str, Wish] = {
    "Closer": "close",
    "Calmer": "calm",
    "Some fun": "fun",
    "Mend something": "repair",
    "Understand": "understand",
}
LATE_HOUR = (22, 30)
# Hour until which it is still the evening of the day before.
EVENING_ENDS = 5


def _today() -> date:
    return (datetime.now().astimezone() - timedelta(hours=EVENING_ENDS)).date()


def _plan() -> None:
    """The plan for two, where there is one; until then nothing tells whether the other has been here."""
    plan = plan_of(store(), me(), _today())
    if plan:
        show_card(plan[0], key="plan", heading="For the two of you, tonight")
    elif own_evening(store(), me(), _today()):
        st.info("If the other sets dials for a plan, too, it appears here.")


def _dials(paired: Member | None) -> Tonight | None:
    """The form; None until it is sent."""
    with st.form("dials", border=False):
        minutes = st.segmented_control("How much time is there?", list(MINUTES), default="15", key="dial-minutes")
        who = st.segmented_control("Who is there?", list(WHO), default="Both here", key="dial-who")
        energy = st.segmented_control(
            "How much energy do you have?" if paired else "How much energy, for the more tired of you?",
            list(ENERGY),
            default="Some",
            key="dial-energy",
        )
        comfort = st.select_slider(
            "How far would you go tonight?" if paired else "How far would the more reserved of you go tonight?",
            list(COMFORT),
            value=2,
            format_func=COMFORT.__getitem__,
            key="dial-comfort",
        )
        wish = st.pills("What would help?", list(WISH), key="dial-wish")
        with st.expander("Tense, not alone, or something to know?"):
            heat = st.slider(
                "How heated is it between you right now?",
                0,
                10,
                0,
                key="dial-heat",
                help="0 calm, 10 in the middle of a fight",
            )
            overheard = st.toggle("Others could overhear us", key="dial-overheard")
            note = st.text_area("Anything else", max_chars=1000, key="dial-note")
        if paired:
            st.toggle(
                f"Also plan the evening with {escape(paired.name)}",
                key="together",
                help="When both of you have set dials, a plan that fits both appears here. Nobody sees the other's.",
            )
        sent = st.form_submit_button("Find something for tonight", type="primary", width="stretch")
    if not sent:
        return None
    now = datetime.now().astimezone()
    return Tonight(
        minutes=MINUTES[minutes or "15"],
        who=(WHO[who or "Both here"],),
        energy=(ENERGY[energy or "Some"],),
        comfort=(comfort,),
        heat=heat,
        wish=(WISH[wish],) if wish else (),
        private=not overheard,
        note=note.strip(),
        late=(now.hour, now.minute) >= LATE_HOUR or now.hour < 5,
    )


def _suggested(suggestion: Suggestion, session: str | None) -> None:
    verdict = suggestion.verdict
    if verdict and verdict.action != "coach":
        referral = companion().referral(verdict, Context(person=me(), country=country()))
        st.markdown(words("\n\n".join(part for part in (referral.text, referral.question) if part)))
        show_resources(referral)
    if suggestion.reason and not (verdict and verdict.severity >= 4):
        st.markdown(words(suggestion.reason))
    options, looked = suggestion.options, None
    kept = own_session(store(), me(), session) if session else None
    if kept and kept.decision:
        looked, card = LOOKED[kept.decision.kind], standing_card(kept)
        options = (card,) if card else ()
        if not card:
            st.info(looked)
    for number, option in enumerate(options):
        show_card(option, key=f"tonight-{number}", looked=looked, session=session)
    if options and st.button("Not tonight", key="not-tonight", width="stretch"):
        st.session_state.pop("cards", None)
        st.session_state.rested = True
        st.rerun()


running = st.session_state.get("running")
if running:
    show_run(Option.model_validate(running["option"]), running["session"])
else:
    st.markdown("## Tonight")
    st.markdown("Five quick dials. They are limits: nothing longer, deeper or more tiring is offered.")
    if st.session_state.pop("rested", False):
        st.success("Rest is a good choice, too. Nothing is counted, and tomorrow is another evening.")
    couple = couple_of(store(), me())
    paired = couple.partner_of(me()) if couple else None
    if paired:
        _plan()
    tonight = _dials(paired)
    if tonight:
        st.session_state.tonight = tonight
        suggestion = companion().tonight(with_history(store(), me(), tonight))
        session = keep_tonight(store(), me(), suggestion) if suggestion.options else None
        st.session_state.cards = (suggestion, session)
        if st.session_state.get("together"):
            calm = Verdict(action="coach")
            dials = with_history(store(), me(), tonight)
            plan_together(store(), companion().catalogue, me(), _today(), dials, suggestion.verdict or calm)
    if "cards" in st.session_state:
        _suggested(*st.session_state.cards)
