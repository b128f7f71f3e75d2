"""Attune in the browser: `coach serve` or `streamlit run app.py`. The pages begin in `coach/ui/door/main.py`."""

from pathlib import Path

import streamlit as st

import coach.ui
from coach.settings import settings
from coach.ui.server import MIDDLEWARE, ROUTES, openid_secrets

app = st.App(
    Path(coach.ui.__file__).parent / "door" / "main.py",
    routes=ROUTES,
    middleware=MIDDLEWARE,
    secrets=openid_secrets(settings()),
)
