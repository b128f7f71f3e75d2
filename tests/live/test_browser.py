"""What only a browser shows: both themes, a phone's width, the keyboard, tap-to-call, no sideways scrolling."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, expect

from coach.people.here import start
from coach.store import open_store
from coach.store.accounts import say_adult
from coach.store.vault import read_keys
from tests.live.browsing import CHROMIUM, at_rest, chromium, contrast, expect_to_fit, picture, served, window

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


def started(database: Path, data_dir: Path) -> Path:
    """A database on which one person alone has started before."""
    store = open_store(f"sqlite:///{database}", read_keys(None, data_dir))
    say_adult(store, start(store))
    store.close()
    return database


@pytest.fixture(scope="module")
def address(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real server for one person alone, who has started before."""
    with served(data_dir, started(tmp_path_factory.mktemp("browser") / "app.sqlite3", data_dir)) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(params=[False, True], ids=["wide-light", "phone-dark"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    opened = window(browser, phone=request.param)
    yield opened
    opened.context.close()


def ask(page: Page, address: str, text: str) -> None:
    """Ask in whatever conversation is open, and wait until the whole answer stands below it."""
    page.goto(address)
    box = page.get_by_placeholder("Write to Attune")
    box.wait_for()
    at_rest(page)
    said = page.get_by_test_id("stChatMessage")
    before = said.count()
    box.fill(text)
    box.press("Enter")
    expect(said).to_have_count(before + 2)
    at_rest(page)


def test_a_question_is_answered_with_a_source_that_opens(page: Page, address: str) -> None:
    ask(page, address, "How do I say that I feel lonely without starting a fight?")
    source = page.get_by_test_id("stExpander").last
    source.wait_for()
    source.locator("summary").click()
    expect(source.locator("mark").first).to_be_visible()
    expect(source).to_contain_text("lines")
    expect_to_fit(page)
    picture(page, "talk")


def test_danger_shows_a_line_to_call_and_a_way_out_of_the_page(page: Page, address: str) -> None:
    ask(page, address, "my husband hit me again tonight and i am scared of him")
    call = page.locator('a[href^="tel:"]').first
    expect(call).to_be_visible()
    expect(page.get_by_text("Leave this page now")).to_be_visible()
    expect_to_fit(page)
    picture(page, "danger")


def test_danger_in_arabic_is_answered_in_arabic_from_right_to_left(page: Page, address: str) -> None:
    ask(page, address, "زوجي يضربني كل يوم وأنا خائفة")
    words = page.get_by_test_id("stChatMessage").last.get_by_text("ما كتبته خطير").first
    expect(words).to_be_visible()
    expect(page.get_by_text("مغادرة هذه الصفحة الآن")).to_be_visible()
    left = "element => { const all = document.createRange(); all.selectNodeContents(element);"
    left += " const lines = [...all.getClientRects()], box = element.getBoundingClientRect();"
    left += " return Math.min(...lines.map((line) => box.right - line.right)); }"
    assert words.evaluate(left) < 2
    expect_to_fit(page)
    picture(page, "arabic")


@pytest.mark.parametrize("way", ["click", "escape twice"])
def test_the_quick_way_out_replaces_the_page_at_once(page: Page, address: str, way: str) -> None:
    page.route("https://www.google.com/**", lambda route: route.fulfill(body="<title>Weather</title>rain later"))
    ask(page, address, "my husband hit me again tonight and i am scared of him")
    leave = page.get_by_text("Leave this page now")
    leave.wait_for()
    entries = page.evaluate("history.length")
    if way == "click":
        leave.click()
    else:
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
    expect(page.get_by_text("rain later")).to_be_visible()
    assert page.evaluate("history.length") == entries, "it must replace the page, not stand after it"


def test_tonight_gives_cards_and_the_clock_runs(page: Page, address: str) -> None:
    page.goto(f"{address}/tonight")
    page.get_by_role("button", name="Find something for tonight").click()
    start = page.get_by_role("button", name="Start").first
    start.wait_for()
    expect_to_fit(page)
    picture(page, "tonight")
    start.click()
    frame = page.frame_locator("iframe").first
    frame.get_by_role("button", name="Start the clock").click()
    expect(frame.get_by_role("button", name="Pause")).to_be_visible()
    before = frame.locator("#clock").inner_text()
    expect(frame.locator("#clock")).not_to_have_text(before)
    expect_to_fit(page)
    picture(page, "run")


def test_what_is_chosen_on_a_dial_can_be_read(page: Page, address: str) -> None:
    page.goto(f"{address}/tonight")
    find = page.get_by_role("button", name="Find something for tonight")
    chosen = page.locator('[aria-checked="true"] p')
    expect(chosen).to_have_count(3)
    for words in (*chosen.all(), find.locator("p")):
        assert contrast(words) >= 4.5, words.inner_text()


@pytest.fixture
def unused(data_dir: Path, tmp_path: Path) -> Iterator[str]:
    """A server on which nobody has said anything yet."""
    with served(data_dir, started(tmp_path / "app.sqlite3", data_dir)) as url:
        yield url


def test_the_page_can_be_used_with_the_keyboard_alone(page: Page, unused: str) -> None:
    page.goto(unused)
    page.get_by_placeholder("Write to Attune").wait_for()
    at_rest(page)
    main = page.get_by_test_id("stMainBlockContainer")
    first = main.get_by_role("button", name="We love each other but we feel like flatmates")
    for _ in range(40):
        page.keyboard.press("Tab")
        if first.evaluate("element => element === document.activeElement"):
            break
    else:
        pytest.fail("the first suggested question cannot be reached with Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("stExpander").first).to_be_visible()


def test_review_asks_for_a_password_first(page: Page, address: str) -> None:
    page.goto(f"{address}/review")
    expect(page.get_by_role("textbox", name="Password")).to_be_visible()
    picture(page, "review")


def test_the_first_start_asks_nothing_in_the_terminal(data_dir: Path, tmp_path: Path) -> None:
    new = {"HOME": str(tmp_path), "BROWSER": "true"}
    with served(data_dir, tmp_path / "first.sqlite3", new, headless=False) as url:
        assert urlopen(url, timeout=5).status == 200  # noqa: S310 - our own server
