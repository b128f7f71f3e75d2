"""Two partners and their browsers: signing up, staying signed in, pairing, one plan for two, and leaving."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.live.browsing import CHROMIUM, PHONE, chromium, expect_to_fit, picture, served, window

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
ANNA, BEN = "anna's long password", "ben's long password"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "people.sqlite3"


@pytest.fixture
def address(data_dir: Path, database: Path) -> Iterator[str]:
    with served(data_dir, database) as url:
        yield url


def sign_up(page: Page, name: str, password: str, code: str = "") -> None:
    page.get_by_text("I have an invitation" if code else "We are two, each with an account").click()
    if code:
        page.get_by_label("Invitation code").fill(code)
    page.get_by_label("Name", exact=True).last.fill(name)
    page.get_by_label("Password", exact=True).last.fill(password)
    page.get_by_text("I am 18 or older").click()
    page.get_by_role("button", name="Make my account").click()
    page.get_by_placeholder("Write to Attune").wait_for()


def go(page: Page, name: str) -> None:
    if page.viewport_size == PHONE:
        # The list of pages lies over the page there; it must have gone away by itself after the last choice.
        page.get_by_test_id("stExpandSidebarButton").click()
    page.get_by_role("link", name=name).click()
    page.get_by_role("heading", name=name, exact=True).wait_for()


def set_dials(page: Page) -> None:
    go(page, "Tonight")
    page.get_by_text("Also plan the evening with").click()
    page.get_by_role("button", name="Find something for tonight").click()
    page.get_by_role("button", name="Not tonight").wait_for()


def test_one_click_starts_it_for_one_alone(browser: Browser, address: str) -> None:
    page = window(browser)
    page.goto(address)
    start = page.get_by_role("button", name="Just me on this computer")
    start.wait_for()
    picture(page, "first-start")
    start.click()
    page.get_by_placeholder("Write to Attune").wait_for()
    page.reload()
    page.get_by_placeholder("Write to Attune").wait_for()


def test_two_partners_pair_up_and_get_one_plan_and_nothing_else_of_each_other(  # noqa: PLR0915 - one walk, in order
    browser: Browser, address: str, database: Path
) -> None:
    anna, ben = window(browser), window(browser, phone=True)
    anna.goto(address)
    anna.get_by_role("button", name="Just me on this computer").wait_for()
    sign_up(anna, "Anna", ANNA)

    # The cookie: no script can read it, it is sent only from the same site, and a reload keeps one signed in.
    (cookie,) = [one for one in anna.context.cookies() if one["name"] == "attune"]
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Lax"
    assert "attune" not in anna.evaluate("document.cookie")
    assert cookie["value"].encode() not in database.read_bytes()
    anna.reload()
    box = anna.get_by_placeholder("Write to Attune")
    box.wait_for()
    box.fill("sometimes I feel so far away from Ben, xylophone")
    box.press("Enter")
    anna.get_by_test_id("stExpander").first.wait_for()

    go(anna, "People")
    anna.get_by_role("button", name="Make a code for my partner").click()
    shown = anna.get_by_test_id("stCode")
    expect(shown).to_have_text(re.compile(r"^\s*[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}\s*$"))
    code = shown.inner_text().strip()
    picture(anna, "pairing")

    ben.goto(address)
    ben.get_by_role("button", name="Sign in").wait_for()
    expect_to_fit(ben)
    picture(ben, "sign-in")
    sign_up(ben, "Ben", BEN, code)
    assert "xylophone" not in ben.content()
    expect_to_fit(ben)

    # Ben's screen is the same whether or not Anna has set her dials; the plan comes when both have.
    set_dials(ben)
    go(ben, "People")
    go(ben, "Tonight")
    ben.get_by_text("If the other sets dials").wait_for()
    set_dials(anna)
    go(anna, "People")
    go(anna, "Tonight")
    anna.get_by_text("For the two of you, tonight").wait_for()
    picture(anna, "plan")
    ben.reload()
    plan = ben.get_by_text("For the two of you, tonight")
    plan.wait_for()
    assert "Neither sees the other's dials" in ben.content()
    picture(ben, "plan")

    # The page of the coach is not there for a partner, whatever the address.
    ben.goto(f"{address}/review")
    ben.get_by_text("Page not found").wait_for()
    assert "xylophone" not in ben.content()
    assert "This page is for the coach" not in ben.content()
    ben.goto(address)
    ben.get_by_placeholder("Write to Attune").wait_for()

    go(ben, "People")
    ben.get_by_text("Part ways here").click()
    ben.get_by_role("button", name="Leave now").click()
    ben.get_by_text("Attune is whole for one").wait_for()
    anna.reload()
    go(anna, "Tonight")
    expect(anna.get_by_role("button", name="Find something for tonight")).to_be_visible()
    assert "For the two of you" not in anna.content()

    go(anna, "Settings")
    picture(anna, "settings")
    anna.get_by_role("button", name="Prepare my export").click()
    with anna.expect_download() as download:
        anna.get_by_role("button", name="For machines (JSON)").click()
    data = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert any("xylophone" in message["text"] for message in data["messages"])
    with anna.expect_download() as download:
        anna.get_by_role("button", name="To read (HTML)").click()
    written = anna.context.new_page()
    written.set_content(Path(download.value.path()).read_text(encoding="utf-8"))
    expect(written.get_by_text("xylophone").first).to_be_visible()
    picture(written, "export")

    anna.get_by_role("button", name="Sign out", exact=True).click()
    anna.get_by_role("button", name="Sign in").wait_for()
    assert not [one for one in anna.context.cookies() if one["name"] == "attune"]
    with sqlite3.connect(database) as kept:
        assert kept.execute("SELECT count(*) FROM sign_in WHERE kind = 'cookie'").fetchone() == (1,)


def test_a_wrong_password_tells_nothing_and_guessing_has_to_wait(browser: Browser, address: str) -> None:
    page = window(browser)
    page.goto(address)
    page.get_by_role("button", name="Just me on this computer").wait_for()
    sign_up(page, "Anna", ANNA)
    stranger = window(browser, phone=True)
    stranger.goto(address)
    for name in ["Anna"] * 3 + ["Nobody"]:
        stranger.get_by_label("Name", exact=True).first.wait_for()
        stranger.get_by_label("Name", exact=True).first.fill(name)
        stranger.get_by_label("Password", exact=True).first.fill("not the password")
        stranger.get_by_role("button", name="Sign in").click()
        expect(stranger.get_by_text("do not belong together")).to_be_visible()
    picture(stranger, "refused")
    expect_to_fit(stranger)


def test_every_answer_of_the_server_carries_the_security_headers(browser: Browser, address: str) -> None:
    page = window(browser)
    broken: list[str] = []
    page.on(
        "console", lambda message: broken.append(message.text) if "Content Security Policy" in message.text else None
    )
    answer = page.goto(address)
    assert answer
    headers = answer.headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    page.get_by_role("button", name="Just me on this computer").click()
    page.get_by_placeholder("Write to Attune").wait_for()
    assert not [line for line in broken if "Content Security Policy" in line]
    assert page.request.get(f"{address}/health").json() == {"status": "ok"}
