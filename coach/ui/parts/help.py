"""Where to find help: lines that can be tapped, and a way to leave the page at once."""

from __future__ import annotations

import re

import streamlit as st

from coach.schema import Buttons, Referral, Resource
from coach.ui.parts.plain import attribute

LEAVE_TO = "https://www.google.com/search?q=weather"
_STYLE = """
<style>
  .help-lines { list-style: none; padding: 0; margin: .25rem 0; }
  .help-lines li { border-left: 4px solid currentColor; padding: .5rem .9rem; margin: .6rem 0; }
  .help-lines a, .leave { display: inline-block; padding: .6rem 0; font-weight: 600; color: inherit; }
  .help-lines .note { font-size: .9em; }
  .leave { border: 2px solid currentColor; border-radius: .6rem; padding: .6rem 1rem; }
</style>
"""
_LEAVE = """
<script>
  if (!window.attuneLeaves) {
    window.attuneLeaves = true;
    let pressed = 0;
    const leave = (link) => {
      // Nothing of the page stays on the screen while the other one loads, and the way back does not lead here.
      document.documentElement.style.display = "none";
      document.title = "Weather";
      window.location.replace(link.href);
    };
    document.addEventListener("click", (event) => {
      const link = event.target.closest && event.target.closest("a.leave");
      if (link) { event.preventDefault(); leave(link); }
    }, true);
    document.addEventListener("keydown", (event) => {
      const link = document.querySelector("a.leave");
      if (event.key !== "Escape" || !link) { return; }
      if (event.timeStamp - pressed < 1000) { leave(link); }
      pressed = event.timeStamp;
    }, true);
  }
</script>
"""


def show_resources(referral: Referral) -> None:
    """Lines that can be tapped to call or write, and where it may matter a way to leave the page at once."""
    buttons = referral.buttons
    rows = "".join(_row(resource, buttons) for resource in referral.resources)
    if referral.quick_exit:
        # Without JavaScript it is a plain link and still leaves.
        st.html(
            f"{_STYLE}<p dir='auto'><a class='leave' href='{LEAVE_TO}' target='_self' rel='noreferrer'>"
            f"{attribute(buttons.leave)}</a><br>{attribute(buttons.keys)}</p>{_LEAVE}",
            unsafe_allow_javascript=True,
        )
    if rows:
        st.html(f"{_STYLE}<ul class='help-lines' aria-label='Where to find help'>{rows}</ul>")


def _row(resource: Resource, buttons: Buttons) -> str:
    ways = []
    if resource.call:
        number = re.sub(r"[^\d+]", "", resource.call)
        call = f"{attribute(buttons.call)} <bdi>{attribute(resource.call)}</bdi>"
        ways.append(f'<a href="tel:{attribute(number)}" dir="auto">{call}</a>')
    if resource.text:
        ways.append(f"Text: {attribute(resource.text)}")
    if resource.web:
        address = resource.web if resource.web.startswith("http") else f"https://{resource.web}"
        ways.append(f'<a href="{attribute(address)}" target="_blank" rel="noreferrer">{attribute(resource.web)}</a>')
    note = f"<div class='note'>{attribute(resource.note)}</div>" if resource.note else ""
    return f"<li><strong>{attribute(resource.name)}</strong><div>{' &nbsp; '.join(ways)}</div>{note}</li>"
