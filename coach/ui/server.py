"""What the web server does beside the pages: the cookie that keeps one signed in, a health check, security headers."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pydantic import SecretStr
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from coach import assemble
from coach.errors import AttuneError, SettingsWrong
from coach.settings import Settings
from coach.store import Store
from coach.store.accounts import LASTS, change_ticket, sign_out

COOKIE = "attune"
SecretsValue = Any
"""What Streamlit takes as a secret: text, numbers, and dictionaries of them."""
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    # Streamlit's own page needs inline scripts and styles; nothing is loaded from, or sent to, anywhere else.
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
        "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    ),
}


class SecurityHeaders:
    """Adds the headers to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)


@lru_cache(maxsize=1)
def _store() -> Store:
    return assemble.store()


def openid_secrets(chosen: Settings) -> dict[str, SecretsValue] | None:
    """What `st.login` needs to know of the provider, where one is set.

    Raises:
        SettingsWrong: when something of it is missing.
    """
    if not chosen.openid_metadata_url:
        return None
    parts = {
        "COACH_OPENID_CLIENT_ID": chosen.openid_client_id,
        "COACH_OPENID_CLIENT_SECRET": chosen.openid_client_secret,
        "COACH_OPENID_COOKIE_SECRET": chosen.openid_cookie_secret,
        "COACH_PUBLIC_URL": chosen.public_url,
    }
    missing = [name for name, value in parts.items() if not value]
    if missing:
        raise SettingsWrong(f"To sign in by OpenID, {' and '.join(missing)} must be set as well.")
    values = [value.get_secret_value() if isinstance(value, SecretStr) else str(value) for value in parts.values()]
    client, secret, cookie, public = values
    auth: dict[str, SecretsValue] = {
        "redirect_uri": f"{public.rstrip('/')}/oauth2callback",
        "cookie_secret": cookie,
        "client_id": client,
        "client_secret": secret,
        "server_metadata_url": chosen.openid_metadata_url,
    }
    return {"auth": auth}


def begin_session(request: Request) -> Response:
    """Change a ticket, which works once and for a minute, into the cookie of this browser."""
    answer = _home(request)
    cookie = change_ticket(_store(), request.query_params.get("ticket", ""))
    if cookie:
        answer.set_cookie(
            COOKIE,
            cookie,
            max_age=int(LASTS["cookie"].total_seconds()),
            httponly=True,
            samesite="lax",
            secure=_secure(request),
            path=request.scope.get("root_path") or "/",
        )
    return answer


def end_session(request: Request) -> Response:
    """Sign this browser out."""
    answer = _home(request)
    sign_out(_store(), request.cookies.get(COOKIE, ""))
    answer.delete_cookie(COOKIE, path=request.scope.get("root_path") or "/", httponly=True, samesite="lax")
    return answer


def health(request: Request) -> Response:
    """For a watcher: 200 while the database answers, 503 otherwise."""
    try:
        with _store().begin():
            pass
    except AttuneError:
        return JSONResponse({"status": "no database"}, status_code=503)
    return JSONResponse({"status": "ok"})


def _home(request: Request) -> RedirectResponse:
    answer = RedirectResponse(f"{request.scope.get('root_path', '')}/", status_code=303)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _secure(request: Request) -> bool:
    return "https" in (request.url.scheme, request.headers.get("x-forwarded-proto", ""))


ROUTES = [
    Route("/session", begin_session),
    Route("/session/end", end_session),
    Route("/health", health),
]
MIDDLEWARE = [Middleware(SecurityHeaders)]
