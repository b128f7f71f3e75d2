"""Signing in by OpenID Connect, against a provider that runs beside the test and speaks the real protocol."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.live.browsing import CHROMIUM, chromium, free_port, served, window

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        url = f"http://127.0.0.1:{port}/.well-known/openid-configuration"
        for _ in range(120):
            try:
                with urllib.request.urlopen(url, timeout=1):
                    break
            except OSError:
                time.sleep(0.25)
        yield url
        running.terminate()
        running.wait(10)


@pytest.fixture
def address(data_dir: Path, tmp_path: Path, provider: str) -> Iterator[str]:
    port = free_port()
    settings = {
        "COACH_OPENID_METADATA_URL": provider,
        "COACH_OPENID_CLIENT_ID": "attune",
        "COACH_OPENID_CLIENT_SECRET": "a client secret",
        "COACH_OPENID_COOKIE_SECRET": "long and random, but only in this test",
        "COACH_PUBLIC_URL": f"http://127.0.0.1:{port}",
    }
    with served(data_dir, tmp_path / "openid.sqlite3", settings, port) as url:
        yield url


def sign_in(page: Page, address: str, subject: str) -> None:
    page.goto(address)
    page.get_by_role("button", name="Sign in").click()
    page.locator("input[name=sub]").fill(subject)
    page.get_by_role("button", name="Authorize").click()


def test_each_of_two_subjects_is_a_person_of_their_own_and_stays_signed_in(browser: Browser, address: str) -> None:
    anna = window(browser)
    sign_in(anna, address, "anna@example.org")
    anna.get_by_role("button", name="Yes, I am").click()
    box = anna.get_by_placeholder("Write to Attune")
    box.fill("we hardly talk any more, xylophone")
    box.press("Enter")
    anna.get_by_test_id("stChatMessage").nth(1).wait_for()
    anna.reload()
    anna.get_by_text("xylophone").first.wait_for()

    ben = window(browser)
    sign_in(ben, address, "ben@example.org")
    ben.get_by_role("button", name="Yes, I am").click()
    ben.get_by_placeholder("Write to Attune").wait_for()
    assert "xylophone" not in ben.content()

    again = window(browser)
    sign_in(again, address, "anna@example.org")
    again.get_by_text("xylophone").first.wait_for()

    again.get_by_role("link", name="Settings").click()
    again.get_by_role("button", name="Sign out").click()
    again.wait_for_url("**/oauth2/end_session**")
    again.goto(address)
    again.get_by_role("button", name="Sign in").wait_for()
    assert "xylophone" not in again.content()
