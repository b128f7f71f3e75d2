"""What only a browser shows: both themes, a phone's width, the keyboard, tap-to-call, no sideways scrolling."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
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


@pytest.fixture(scope="module")
def address(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real server on a free port, started as `coach serve` starts it, on a database of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    database = tmp_path_factory.mktemp("browser") / "app.sqlite3"
    environment = os.environ | {
        "COACH_DATA_DIR": str(data_dir),
        "COACH_DATABASE_URL": f"sqlite:///{database}",
        "COACH_COUNTRY": "GB",
    }
    command = [sys.executable, "-m", "coach", "serve", "--headless", "--port", str(port)]
    with subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL) as server:
        url = f"http://127.0.0.1:{port}"
        for _ in range(240):
            try:
                with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1) as answer:  # noqa: S310 - our own server
                    if answer.status == 200:
                        break
            except OSError:
                time.sleep(0.5)
        yield url
        server.terminate()
        server.wait(20)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield opened
        opened.close()


@pytest.fixture(params=[(WIDE, "light"), (PHONE, "dark")], ids=["wide-light", "phone-dark"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    size, scheme = request.param
    context = browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce")
    opened = context.new_page()
    yield opened
    context.close()


def ask(page: Page, address: str, text: str) -> None:
    page.goto(address)
    box = page.get_by_placeholder("Write to Attune")
    box.wait_for(timeout=60_000)
    box.fill(text)
    box.press("Enter")
    page.get_by_test_id("stChatMessage").nth(1).wait_for(timeout=60_000)


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def picture(page: Page, name: str) -> None:
    folder = os.environ.get("COACH_TEST_PICTURES")
    if folder:
        size = page.viewport_size
        page.screenshot(path=Path(folder) / f"{name}-{size['width'] if size else 0}.png", full_page=True)


def test_a_question_is_answered_with_a_source_that_opens(page: Page, address: str) -> None:
    ask(page, address, "How do I say that I feel lonely without starting a fight?")
    source = page.get_by_test_id("stExpander").first
    source.wait_for(timeout=30_000)
    source.locator("summary").click()
    expect(source.locator("mark").first).to_be_visible()
    expect(source).to_contain_text("lines")
    assert fits(page)
    picture(page, "talk")


def test_danger_shows_a_line_to_call_and_a_way_out_of_the_page(page: Page, address: str) -> None:
    ask(page, address, "my husband hit me again tonight and i am scared of him")
    call = page.locator('a[href^="tel:"]').first
    expect(call).to_be_visible(timeout=30_000)
    expect(page.get_by_text("Leave this page now")).to_be_visible()
    assert fits(page)
    picture(page, "danger")


def test_tonight_gives_cards_and_the_clock_runs(page: Page, address: str) -> None:
    page.goto(f"{address}/tonight")
    page.get_by_role("button", name="Find something for tonight").click(timeout=60_000)
    start = page.get_by_role("button", name="Start").first
    start.wait_for(timeout=60_000)
    assert fits(page)
    picture(page, "tonight")
    start.click()
    frame = page.frame_locator("iframe").first
    frame.get_by_role("button", name="Start the clock").click(timeout=30_000)
    expect(frame.get_by_role("button", name="Pause")).to_be_visible()
    before = frame.locator("#clock").inner_text()
    expect(frame.locator("#clock")).not_to_have_text(before, timeout=5_000)
    assert fits(page)
    picture(page, "run")


def test_the_page_can_be_used_with_the_keyboard_alone(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_placeholder("Write to Attune").wait_for(timeout=60_000)
    main = page.get_by_test_id("stMainBlockContainer")
    first = main.get_by_role("button", name="We love each other but we feel like flatmates")
    for _ in range(40):
        page.keyboard.press("Tab")
        if first.evaluate("element => element === document.activeElement"):
            break
    else:
        pytest.fail("the first suggested question cannot be reached with Tab")
    page.keyboard.press("Enter")
    page.get_by_test_id("stExpander").first.wait_for(timeout=60_000)


def test_review_asks_for_a_password_first(page: Page, address: str) -> None:
    page.goto(f"{address}/review")
    expect(page.get_by_role("textbox", name="Password")).to_be_visible(timeout=60_000)
    picture(page, "review")
