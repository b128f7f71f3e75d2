"""Leaving the app's page for one of the server's own routes."""

from __future__ import annotations

import json

import streamlit as st

from coach.ui.parts.plain import attribute


def go_to(route: str, words: str) -> None:
    """Go to a route of this server at once; where scripts are off, by a link."""
    # The link is relative, so that it also works where the app is served below a path.
    st.html(
        f'<p><a href="./{attribute(route)}" target="_self">{attribute(words)}</a></p>'
        f"<script>window.location.replace({json.dumps('./' + route)});</script>",
        unsafe_allow_javascript=True,
    )
    st.stop()
