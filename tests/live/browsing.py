"""A real server and a real browser for the tests that need them."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
SLOW = 60_000
"""Milliseconds until something that should happen has not: generous, since no test here measures speed."""
expect.set_options(timeout=SLOW)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def served(
    data_dir: Path, database: Path, extra: Mapping[str, str] | None = None, port: int = 0, *, headless: bool = True
) -> Iterator[str]:
    """The app as `coach serve` starts it, on a database of its own; gives its address."""
    port = port or free_port()
    environment = os.environ | {
        "COACH_DATA_DIR": str(data_dir),
        "COACH_DATABASE_URL": f"sqlite:///{database}",
        "COACH_COUNTRY": "GB",
        **(extra or {}),
    }
    command = [sys.executable, "-m", "coach", "serve", "--port", str(port)]
    command += ["--headless"] if headless else []
    with subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL) as server:
        url = f"http://127.0.0.1:{port}"
        for _ in range(240):
            try:
                with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1) as answer:  # noqa: S310 - our own server
                    if answer.status == 200:
                        break
            except OSError:
                time.sleep(0.5)
        try:
            yield url
        finally:
            server.terminate()
            server.wait(20)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        try:
            yield opened
        finally:
            opened.close()


def window(browser: Browser, *, phone: bool = False) -> Page:
    """A page of somebody of their own: 1280 pixels wide and light, or a dark phone of 360.

    Nothing is pressed, filled in or judged while the app draws the page anew, since what is done then can be undone.
    """
    context = browser.new_context(
        viewport=PHONE if phone else WIDE, color_scheme="dark" if phone else "light", reduced_motion="reduce"
    )
    context.set_default_timeout(SLOW)
    page = context.new_page()
    page.add_locator_handler(page.locator(DRAWING).first, lambda _: None)
    return page


DRAWING = '[data-test-script-state]:not([data-test-script-state="notRunning"]), [data-testid="stSkeleton"]'
"""The app while its script runs, and the grey shape that stands where a part of the page is still being loaded."""


def at_rest(page: Page) -> None:
    """Wait until the page has drawn everything, before something is read off it without waiting."""
    expect(page.locator("[data-test-script-state]")).to_be_attached()
    expect(page.locator(DRAWING)).to_have_count(0)


def expect_to_fit(page: Page) -> None:
    """Fails when something scrolls sideways for good."""
    at_rest(page)
    page.wait_for_function("document.documentElement.scrollWidth <= window.innerWidth")


CONTRAST = """element => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  let ground = [255, 255, 255];
  const layers = [];
  for (let at = element; at; at = at.parentElement) layers.unshift(parts(getComputedStyle(at).backgroundColor));
  for (const [r, g, b, a = 1] of layers) ground = [r, g, b].map((value, i) => a * value + (1 - a) * ground[i]);
  const light = (colour) => {
    const [r, g, b] = colour.map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [low, high] = [light(parts(getComputedStyle(element).color).slice(0, 3)), light(ground)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}"""
"""Contrast of an element's words with what lies behind them, as WCAG 2.2 reckons it."""


def contrast(words: Locator) -> float:
    """From 1, unreadable, to 21, black on white."""
    return float(words.evaluate(CONTRAST))


def picture(page: Page, name: str) -> None:
    """Keep what is on the screen, where COACH_TEST_PICTURES names a folder."""
    folder = os.environ.get("COACH_TEST_PICTURES")
    if folder:
        size = page.viewport_size
        page.screenshot(path=Path(folder) / f"{name}-{size['width'] if size else 0}.png", full_page=True)
