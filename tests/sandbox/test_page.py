"""The web page, used in a real browser."""

import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, async_playwright, expect
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.async_app import AsyncAck

from tests.sandbox.conftest import Connect
from tests.sandbox.running import RunningSandbox, eventually

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    found = chromium()
    if found is None:
        pytest.skip("no chromium found: the page was not opened in a browser")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=QUIET)
        opened = await browser.new_page(viewport={"width": 1280, "height": 800})
        errors: list[str] = []
        opened.on("pageerror", lambda error: errors.append(str(error)))
        yield opened
        await browser.close()
        assert errors == []


async def test_people_write_react_and_run_commands(
    sandbox: RunningSandbox, bolt: AsyncApp, connect: Connect, page: Page
) -> None:
    async def status(ack: AsyncAck) -> None:
        await ack("All is *well*")

    bolt.command("/triage")(status)
    await connect(bolt)
    await page.goto(sandbox.url)
    await page.get_by_label("Message", exact=True).fill("<b>Charged</b> twice & *angry* :moneybag:")
    await page.keyboard.press("Enter")
    message = page.get_by_role("article").filter(has_text="Charged")
    await expect(message).to_contain_text("<b>Charged</b> twice & angry 💰")
    await expect(message.locator("strong", has_text="angry")).to_be_visible()
    [kept] = await sandbox.control.messages("C0SUPPORT")
    assert kept["text"] == "&lt;b&gt;Charged&lt;/b&gt; twice &amp; *angry* :moneybag:"

    await page.get_by_label("Acting as").select_option("U0AVA")
    await message.hover()
    await message.get_by_label("Add reaction").click()
    await page.get_by_label("moneybag", exact=True).click()
    await expect(message.get_by_label("moneybag, 1")).to_have_attribute("aria-pressed", "true")
    assert await sandbox.control.reactions("C0SUPPORT", kept["ts"]) == {"moneybag": ["U0AVA"]}
    await message.get_by_label("moneybag, 1").click()
    await eventually(lambda: _bare(sandbox, kept["ts"]))

    await page.get_by_label("Message", exact=True).fill("/triage status")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Only visible to you")).to_be_visible()
    await page.get_by_label("Acting as").select_option("U0CLEO")
    await expect(page.get_by_text("Only visible to you")).to_have_count(0)


async def _bare(sandbox: RunningSandbox, ts: str) -> bool:
    return await sandbox.control.reactions("C0SUPPORT", ts) == {}
