"""Who is at this screen: by OpenID where the server has it, by cookie where there are accounts, else the one person."""

from __future__ import annotations

import streamlit as st

from coach.people import here
from coach.settings import settings
from coach.store.accounts import account, add_account, any_account, signed_in
from coach.ui.parts.frame import store
from coach.ui.server import COOKIE


def openid() -> bool:
    """True where the owner has set an OpenID provider."""
    return settings().openid_metadata_url is not None


def alone() -> bool:
    """True where one person uses this installation without accounts."""
    return not openid() and not any_account(store()) and here.started(store())


def identified() -> str | None:
    """The person at this screen, asked anew with each run, so that a sign-in that has ended ends here, too."""
    if openid():
        return _by_openid() if st.user.is_logged_in else None
    if any_account(store()):
        secret = st.context.cookies.get(COOKIE)
        return signed_in(store(), secret) if secret else None
    return here.start(store()) if here.started(store()) else None


def _by_openid() -> str:
    """The person an OpenID provider has vouched for: known by issuer and subject, which never change."""
    name = f"{st.user.get('iss', '')} {st.user.get('sub', '')}"
    found = account(store(), name)
    if found:
        return found[0]
    shown = str(st.user.get("name") or st.user.get("email") or "You")[:40]
    role = "partner" if any_account(store()) else "owner"
    try:
        return add_account(store(), name, shown, role, None)
    except ValueError:  # another tab was faster
        found = account(store(), name)
        return found[0] if found else ""
