"""An export to read: one HTML page, complete in itself, in which nothing that was written becomes markup."""

from __future__ import annotations

from html import escape
from typing import Any

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Attune: everything kept of you</title>
<style>
  :root {{ color-scheme: light dark; }}
  body {{ font: 1.05rem/1.6 system-ui, sans-serif; max-width: 42rem; margin: 2rem auto; padding: 0 1rem; }}
  h2 {{ margin-top: 2.5rem; }} article {{ margin: 1.2rem 0; }} .who {{ font-weight: 600; }}
  time, .small {{ font-size: .9rem; opacity: .8; }} p {{ white-space: pre-wrap; margin: .2rem 0; }}
</style>
<h1>Attune: everything kept of you</h1>
{parts}
</html>
"""


def as_html(data: dict[str, Any]) -> str:
    """The page for what `store.rights.export_person` gave."""
    return PAGE.format(
        parts="\n".join(
            (
                *(_thread(thread, data["messages"]) for thread in data["threads"]),
                _part("Exercises suggested to you", [_session(one) for one in data["suggested_sessions"]]),
                _part("How they went", [_outcome(one) for one in data["outcomes"]]),
                _part("Plans for the two of you", [_card(one["card"], one["day"]) for one in data["plans"]]),
                _part("Your dials for evenings planned together", [_dials(one) for one in data["evenings"]]),
                _part("What you agreed to", [_consent(one) for one in data["consents"]]),
            )
        )
    )


def _part(title: str, entries: list[str]) -> str:
    body = "\n".join(entries) if entries else "<p class='small'>Nothing.</p>"
    return f"<h2>{escape(title)}</h2>\n{body}"


def _thread(thread: dict[str, Any], messages: list[dict[str, Any]]) -> str:
    said = [one for one in messages if one["thread_id"] == thread["id"]]
    names = {"user": "You", "companion": "Attune"}
    return _part(
        thread["title"] or "Conversation",
        [
            f"<article><span class='who'>{names.get(one['by'], '')}</span> <time>{_moment(one['created_at'])}</time>"
            f"<p>{escape(one['text'])}</p>{_sources(one)}</article>"
            for one in said
        ],
    )


def _sources(message: dict[str, Any]) -> str:
    citations = (message.get("reply") or {}).get("citations") or []
    return "".join(
        f"<p class='small'>[{one['n']}] {escape(one['guide'])}, {escape(one['section'])}: {escape(one['quote'])}</p>"
        for one in citations
    )


def _session(one: dict[str, Any]) -> str:
    asked = f"<p>{escape(one['asked'])}</p>" if one["asked"] else ""
    cards = ", ".join(escape(option["title"]) for option in one["suggestion"].get("options", ()))
    return f"<article><time>{_moment(one['created_at'])}</time>{asked}<p>{cards or 'no exercise'}</p></article>"


def _outcome(one: dict[str, Any]) -> str:
    figures = [
        f"{word} {one[key]} of 10"
        for key, word in (("felt_safe", "felt safe"), ("closer", "closer"))
        if one[key] is not None
    ]
    told = escape(", ".join([str(one["exercise"]), str(one["done"]), *figures]))
    return f"<article><time>{_moment(one['created_at'])}</time><p>{told}</p></article>"


def _card(card: dict[str, Any], day: str) -> str:
    return f"<article><time>{escape(day)}</time><p>{escape(card['title'])}, {card['minutes']} minutes</p></article>"


def _dials(one: dict[str, Any]) -> str:
    dials = one["tonight"]
    told = [
        f"{dials['minutes']} minutes",
        " or ".join(dials["who"]),
        f"energy {' and '.join(dials['energy'])}",
        f"comfort {' and '.join(map(str, dials['comfort']))} of 5",
        f"heat {dials['heat']} of 10",
        *([f"wish: {', '.join(dials['wish'])}"] if dials["wish"] else []),
    ]
    return f"<article><time>{escape(one['day'])}</time><p>{escape(', '.join(told))}</p></article>"


def _consent(one: dict[str, Any]) -> str:
    told = f"{one['kind']}: {one['about']}: {'yes' if one['given'] else 'no'}"
    return f"<article><time>{_moment(one['created_at'])}</time><p>{escape(told)}</p></article>"


def _moment(iso: str) -> str:
    return escape(f"{iso[:10]} {iso[11:16]}")


__all__ = ["as_html"]
