"""The Web API, called by Slack's client."""

from collections.abc import Awaitable
from typing import Any

import httpx2
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.sandbox.running import RunningSandbox


async def refused(call: Awaitable[object]) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


async def test_the_token_says_who_calls(sandbox: RunningSandbox, client: AsyncWebClient) -> None:
    me = await client.auth_test()
    assert (me["team_id"], me["user_id"], me["bot_id"]) == ("TSANDBOX1", "UBOT00001", "BBOT00001")
    assert "reactions:write" in me.headers["x-oauth-scopes"]
    assert await refused(client.auth_test(token="xoxb-wrong")) == "invalid_auth"
    assert await refused(AsyncWebClient(base_url=sandbox.api_url).auth_test()) == "not_authed"
    assert await refused(client.api_call("no.such")) == "unknown_method"
    opening = client.apps_connections_open(app_token=sandbox.bot_token)
    assert await refused(opening) == "not_allowed_token_type"


async def test_a_message_lives_and_dies(client: AsyncWebClient) -> None:
    metadata = {"event_type": "card", "event_payload": {"of": "1.2"}}
    sent = await client.chat_postMessage(channel="#billing", text="hi", metadata=metadata)
    where = {"channel": sent["channel"], "ts": sent["ts"]}
    await client.chat_update(**where, text="ho")
    plain = await client.conversations_history(channel="C0BILLING")
    assert [m["text"] for m in plain["messages"]] == ["ho"]
    assert "metadata" not in plain["messages"][0]
    full = await client.conversations_history(channel="C0BILLING", include_all_metadata=True)
    assert full["messages"][0]["metadata"] == metadata
    link = await client.chat_getPermalink(channel="C0BILLING", message_ts=sent["ts"])
    assert link["permalink"].endswith(f"/archives/C0BILLING/p{sent['ts'].replace('.', '')}")
    await client.chat_delete(**where)
    assert await refused(client.chat_delete(**where)) == "message_not_found"


async def test_what_slack_refuses(sandbox: RunningSandbox, client: AsyncWebClient) -> None:
    ts = await sandbox.control.post("U0CLEO", "C0SUPPORT", "help")
    here = {"channel": "C0SUPPORT", "timestamp": ts}
    assert await refused(client.chat_postMessage(channel="C9", text="x")) == "channel_not_found"
    assert (
        await refused(client.api_call("chat.postMessage", json={"channel": "C0SUPPORT"}))
        == "no_text"
    )
    assert await refused(client.chat_update(channel="C0SUPPORT", ts=ts, text="x")) == (
        "cant_update_message"
    )
    assert await refused(client.chat_delete(channel="C0SUPPORT", ts=ts)) == "cant_delete_message"
    assert await refused(client.reactions_add(**here, name="no_such")) == "invalid_name"
    assert await refused(client.reactions_remove(**here, name="key")) == "no_reaction"
    await client.reactions_add(**here, name="key")
    assert await refused(client.reactions_add(**here, name="key")) == "already_reacted"
    assert await sandbox.control.reactions("C0SUPPORT", ts) == {"key": ["UBOT00001"]}
    await sandbox.control.act("channels", id="C0AWAY", name="away", bot=False)
    assert await refused(client.conversations_history(channel="C0AWAY")) == "not_in_channel"
    assert await refused(client.chat_postMessage(channel="#away", text="x")) == "not_in_channel"
    await client.conversations_join(channel="C0AWAY")
    await client.chat_postMessage(channel="#away", text="x")


async def test_history_is_read_in_windows_and_pages(
    sandbox: RunningSandbox, client: AsyncWebClient
) -> None:
    sent = [await sandbox.control.post("U0CLEO", "C0SUPPORT", f"n{i}") for i in range(5)]
    await sandbox.control.post("U0AVA", "C0SUPPORT", "reply", thread_ts=sent[0])
    one = await client.conversations_history(
        channel="C0SUPPORT", latest=sent[2], inclusive=True, limit=1
    )
    assert [m["ts"] for m in one["messages"]] == [sent[2]]
    since = await client.conversations_history(channel="C0SUPPORT", oldest=sent[2])
    assert [m["ts"] for m in since["messages"]] == [sent[4], sent[3]]
    pages = await client.conversations_history(channel="C0SUPPORT", limit=2)
    seen = [[m["text"] for m in page["messages"]] async for page in pages]
    assert seen == [["n4", "n3"], ["n2", "n1"], ["n0"]]
    thread = await client.conversations_replies(channel="C0SUPPORT", ts=sent[0])
    assert [m["text"] for m in thread["messages"]] == ["n0", "reply"]


async def test_people_groups_and_channels(client: AsyncWebClient) -> None:
    listed = await client.conversations_list()
    assert {"support", "needs-human"} <= {c["name"] for c in listed["channels"]}
    assert all(c["is_member"] for c in listed["channels"])
    agents = await client.usergroups_users_list(usergroup="S0AGENTS")
    assert agents["users"] == ["U0AVA", "U0ABEL"]
    assert (await client.users_info(user="U0ADA"))["user"]["is_admin"]
    assert len((await client.users_list())["members"]) == 6
    direct = await client.conversations_open(users="U0CLEO")
    assert direct["channel"]["id"] == "D0CLEO"
    assert "UBOT00001" in (await client.conversations_members(channel="C0BILLING"))["members"]


async def test_a_file_goes_up_and_comes_down(
    sandbox: RunningSandbox, client: AsyncWebClient
) -> None:
    await client.files_upload_v2(
        channel="C0HUMAN", filename="a.jsonl", content="{}\n", initial_comment="export"
    )
    [shared] = await sandbox.control.messages("C0HUMAN")
    assert (shared["subtype"], shared["text"]) == ("file_share", "export")
    async with httpx2.AsyncClient() as http:
        answer = await http.get(shared["files"][0]["url_private_download"])
    assert answer.text == "{}\n"


async def test_limits_and_faults_answer_as_slack_does(
    sandbox: RunningSandbox, client: AsyncWebClient
) -> None:
    await sandbox.control.limits(on=True)
    for _ in range(20):
        await client.emoji_list()
    with pytest.raises(SlackApiError) as limited:
        await client.emoji_list()
    assert limited.value.response.status_code == 429
    assert 1 <= int(limited.value.response.headers["retry-after"]) <= 60
    await sandbox.control.limits(on=False)
    await sandbox.control.faults("chat.postMessage", "internal_error")
    await sandbox.control.faults("chat.postMessage", 500, performed=True)
    sending = client.chat_postMessage(channel="C0HUMAN", text="one")
    assert await refused(sending) == "internal_error"
    with pytest.raises(SlackApiError):
        await client.chat_postMessage(channel="C0HUMAN", text="two")
    assert [m["text"] for m in await sandbox.control.messages("C0HUMAN")] == ["two"]
    statuses = [c["status"] for c in await sandbox.control.calls("chat.postMessage")]
    assert statuses == [200, 500]


async def test_other_sites_cannot_drive_it(sandbox: RunningSandbox) -> None:
    for headers in ({"host": "evil.example"}, {"origin": "https://evil.example"}):
        answer = await sandbox.control.http.post("/control/messages", json={}, headers=headers)
        assert answer.status_code == 403
    plain = {"content-type": "text/plain"}
    answer = await sandbox.control.http.post("/control/messages", content="{}", headers=plain)
    assert answer.status_code == 415


async def test_blocks_that_slack_would_refuse_are_refused(client: AsyncWebClient) -> None:
    text = {"type": "mrkdwn", "text": "x" * 3001}
    wrong: list[list[dict[str, Any]]] = [[{"type": "section", "text": text}], [{}]]
    wrong.append([{"type": "divider"}] * 51)
    for blocks in wrong:
        sending = client.chat_postMessage(channel="C0HUMAN", text="x", blocks=blocks)
        assert await refused(sending) == "invalid_blocks"
