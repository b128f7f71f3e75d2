"""The page list, behind the gate that knows who is there."""

from pathlib import Path

import streamlit as st

import coach.ui
from coach.store.couples import couples_coached
from coach.ui.door.gate import passed
from coach.ui.door.identity import alone
from coach.ui.parts.frame import frame, me, store

PAGES = Path(coach.ui.__file__).parent / "pages"

st.set_page_config(page_title="Attune", page_icon=str(Path(coach.ui.__file__).parent / "icon.png"), layout="centered")
talk = st.Page(PAGES / "talk.py", title="Talk", icon=":material/forum:", url_path="talk", default=True)
tonight = st.Page(PAGES / "tonight.py", title="Tonight", icon=":material/nights_stay:", url_path="tonight")
review = st.Page(PAGES / "review.py", title="Review", icon=":material/rate_review:", url_path="review")
people = st.Page(PAGES / "people.py", title="People", icon=":material/group:", url_path="people")
settings = st.Page(PAGES / "settings.py", title="Settings", icon=":material/settings:", url_path="settings")
st.session_state.tonight_page = tonight
with frame():
    if passed():
        shown = [talk, tonight, people, settings]
        # A page that somebody may not see does not exist for them.
        if alone() or couples_coached(store(), me()):
            shown.insert(2, review)
        st.navigation(shown).run()
