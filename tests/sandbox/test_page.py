"""The web page in a real browser."""

import shutil
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright, expect
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.async_app import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from tests.sandbox.conftest import Connect
from tests.sandbox.running import RunningSandbox, eventually

Json = dict[str, Any]
HOME: Json = {
    "type": "home",
    "blocks": [
        {
            "type": "actions",
            "elements": [
                {
                    "type": "button",
                    "action_id": "ask",
                    "text": {"type": "plain_text", "text": "Ask"},
                }
            ],
        }
    ],
}
MODAL: Json = {
    "type": "modal",
    "callback_id": "why",
    "title": {"type": "plain_text", "text": "Why?"},
    "submit": {"type": "plain_text", "text": "Send"},
    "blocks": [
        {
            "type": "input",
            "block_id": "why",
            "label": {"type": "plain_text", "text": "Reason"},
            "element": {"type": "plain_text_input", "action_id": "text"},
        }
    ],
}
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


async def test_home_shows_and_its_button_opens_a_modal(
    sandbox: RunningSandbox, bolt: AsyncApp, connect: Connect, client: AsyncWebClient, page: Page
) -> None:
    answers: list[Json] = []

    async def opened(event: Json) -> None:
        await client.views_publish(user_id=event["user"], view=HOME)

    async def pressed(ack: AsyncAck, body: Json) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    async def answered(ack: AsyncAck, view: Json) -> None:
        await ack()
        answers.append(view["state"]["values"]["why"]["text"])

    bolt.event("app_home_opened")(opened)
    bolt.action("ask")(pressed)
    bolt.view("why")(answered)
    await connect(bolt)
    await page.set_viewport_size({"width": 390, "height": 800})
    await page.goto(sandbox.url)
    await expect(page.get_by_text("app connected")).to_be_visible()
    await page.get_by_label("Show channels").click()
    await page.get_by_role("button", name="Triage Home").click()
    await page.get_by_role("button", name="Ask").click()
    dialog = page.get_by_role("dialog", name="Why?")
    await dialog.get_by_label("Reason").fill("because")
    await dialog.get_by_role("button", name="Send").click()
    await expect(dialog).to_have_count(0)
    assert answers == [{"type": "plain_text_input", "value": "because"}]


async def test_a_channel_is_shared_and_a_stranger_writes_there(
    sandbox: RunningSandbox, page: Page
) -> None:
    await page.goto(sandbox.url)
    await page.get_by_label("Acting as").select_option("U1GINA")
    await page.get_by_label("Message", exact=True).fill("/me waits for an invoice")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("This channel is not shared with Globex.")).to_be_visible()
    await page.get_by_role("button", name="Share with Globex").click()
    await expect(page.get_by_role("button", name="# support shared")).to_be_visible()
    await page.get_by_label("Message", exact=True).fill("/me waits for an invoice")
    await page.keyboard.press("Enter")
    message = page.get_by_role("article").filter(has_text="waits for an invoice")
    await expect(message).to_contain_text("Gina Rossi")
    await expect(message).to_contain_text("GLOBEX")
    [kept] = await sandbox.control.messages("C0SUPPORT")
    assert (kept["subtype"], kept["user_team"]) == ("me_message", "TPARTNER1")
    await page.get_by_label("Message", exact=True).fill("/triage status")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("its people cannot run commands")).to_be_visible()
    await page.get_by_role("button", name="Stop sharing").click()
    await expect(page.get_by_role("button", name="# support", exact=True)).to_be_visible()
