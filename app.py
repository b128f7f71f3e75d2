"""Attune in the browser: page list and theme. Start it with `coach serve` or `streamlit run app.py`."""

from pathlib import Path

import streamlit as st

import coach.ui
from coach.ui.parts.frame import frame

PAGES = Path(coach.ui.__file__).parent / "pages"

st.set_page_config(page_title="Attune", page_icon=":material/forum:", layout="centered")
talk = st.Page(PAGES / "talk.py", title="Talk", icon=":material/forum:", url_path="talk", default=True)
tonight = st.Page(PAGES / "tonight.py", title="Tonight", icon=":material/nights_stay:", url_path="tonight")
review = st.Page(PAGES / "review.py", title="Review", icon=":material/rate_review:", url_path="review")
st.session_state.tonight_page = tonight
page = st.navigation([talk, tonight, review])
with frame():
    page.run()
