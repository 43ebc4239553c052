"""Events, commands and buttons, received by a real bolt app."""

import asyncio
import json
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.async_app import AsyncAck, AsyncRespond
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient
from websockets.asyncio.client import connect as connect_websocket

from sandbox.config import SandboxConfig
from tests.sandbox.conftest import Connect, MakeSandbox
from tests.sandbox.running import RunningSandbox, eventually

Json = dict[str, Any]


async def test_bolt_hears_what_people_do(
    sandbox: RunningSandbox, bolt: AsyncApp, connect: Connect, client: AsyncWebClient
) -> None:
    heard: list[Json] = []

    async def hear(event: Json) -> None:
        heard.append(event)

    for kind in ("message", "reaction_added", "reaction_removed", "app_home_opened"):
        bolt.event(kind)(hear)
    await connect(bolt)
    control = sandbox.control
    ts = await control.post("U0CLEO", "#support", "I was charged twice")
    await control.react("U0AVA", "C0SUPPORT", ts, "moneybag")
    await control.unreact("U0AVA", "C0SUPPORT", ts, "moneybag")
    await control.edit("C0SUPPORT", ts, "I was charged three times")
    await control.delete("C0SUPPORT", ts)
    await control.home("U0ADA")
    await eventually(lambda: len(heard) == 6)
    found = {(e["type"], e.get("subtype")): e for e in heard}
    assert found["message", None]["text"] == "I was charged twice"
    assert found["message", None]["channel_type"] == "channel"
    assert found["reaction_added", None]["item"] == {
        "type": "message",
        "channel": "C0SUPPORT",
        "ts": ts,
    }
    assert found["reaction_added", None]["item_user"] == "U0CLEO"
    changed = found["message", "message_changed"]
    assert changed["previous_message"]["text"] == "I was charged twice"
    assert found["message", "message_deleted"]["deleted_ts"] == ts
    assert found["app_home_opened", None]["tab"] == "home"
    await client.chat_postMessage(channel="C0SUPPORT", text="mine")
    await eventually(lambda: all_acked(sandbox, 7))
    assert len(heard) == 6


async def all_acked(sandbox: RunningSandbox, count: int) -> bool:
    records = await sandbox.control.deliveries()
    return len(records) == count and all(r["acked"] for r in records)


async def test_commands_answer_and_answer_later(
    sandbox: RunningSandbox, bolt: AsyncApp, connect: Connect
) -> None:
    async def status(ack: AsyncAck, respond: AsyncRespond, command: Json) -> None:
        await ack(f"looking at {command['text']}")
        await respond("all is well")

    bolt.command("/triage")(status)
    await connect(bolt)
    reply = await sandbox.control.slash("U0ADA", "#support", "/triage", "status")
    assert reply == {"text": "looking at status"}

    async def both() -> bool:
        seen = [m["text"] for m in await sandbox.control.ephemerals("U0ADA")]
        return sorted(seen) == ["all is well", "looking at status"]

    await eventually(both)
    assert await sandbox.control.ephemerals("U0AVA") == []


async def test_a_button_opens_a_modal_that_is_submitted(
    sandbox: RunningSandbox, bolt: AsyncApp, connect: Connect, client: AsyncWebClient
) -> None:
    submitted: list[Json] = []

    async def pressed(ack: AsyncAck, body: Json) -> None:
        await ack()
        title = {"type": "plain_text", "text": "Why?"}
        view = {"type": "modal", "callback_id": "why", "title": title, "blocks": []}
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    async def answered(ack: AsyncAck, view: Json) -> None:
        await ack()
        submitted.append(view["state"]["values"])

    bolt.action("why")(pressed)
    bolt.view("why")(answered)
    await connect(bolt)
    button = {"type": "button", "action_id": "why", "text": {"type": "plain_text", "text": "Why"}}
    blocks = [{"type": "actions", "elements": [button]}]
    card = await client.chat_postMessage(channel="C0BILLING", text="card", blocks=blocks)
    await sandbox.control.click("U0AVA", "why", channel="C0BILLING", ts=card["ts"])
    [view] = await sandbox.control.views("U0AVA")
    await sandbox.control.submit("U0AVA", view["id"], {"b": {"a": {"value": "x"}}})
    assert submitted == [{"b": {"a": {"value": "x"}}}]


async def test_an_unacked_event_comes_again(
    make_sandbox: MakeSandbox,
) -> None:
    sandbox = await make_sandbox(SandboxConfig(ack_seconds=0.2, retry_scale=0.001))
    tries: list[Json] = []
    client = AsyncWebClient(sandbox.bot_token, base_url=sandbox.api_url)
    url = (await client.apps_connections_open(app_token=sandbox.app_token))["url"]
    async with connect_websocket(url) as websocket:
        assert json.loads(await websocket.recv())["type"] == "hello"
        await sandbox.control.post("U0CLEO", "#support", "hello?")
        tries.extend([json.loads(await websocket.recv()) for _ in range(3)])
        await websocket.send(json.dumps({"envelope_id": tries[-1]["envelope_id"]}))
        await eventually(lambda: all_acked(sandbox, 1))
    assert [t["retry_attempt"] for t in tries] == [0, 1, 2]
    assert tries[1]["retry_reason"] == "timeout"
    assert len({t["payload"]["event_id"] for t in tries}) == 1
    assert len({t["envelope_id"] for t in tries}) == 3


async def test_a_refresh_loses_nothing_and_a_duplicate_has_a_new_id(
    sandbox: RunningSandbox, bolt: AsyncApp, connect: Connect
) -> None:
    heard: list[tuple[str, str]] = []

    async def hear(event: Json, body: Json) -> None:
        heard.append((event["ts"], body["event_id"]))

    bolt.event("message")(hear)
    await connect(bolt)
    assert await sandbox.control.refresh() == 1
    await eventually(lambda: sandbox.server.sandbox.sockets.connections)
    ts = await sandbox.control.post("U0CLEO", "#support", "hello")
    await eventually(lambda: len(heard) == 1)
    await sandbox.control.duplicate(ts)
    await eventually(lambda: len(heard) == 2)
    assert {seen for seen, _ in heard} == {ts}
    assert len({event_id for _, event_id in heard}) == 2


async def test_http_events_are_signed_and_tried_again(make_sandbox: MakeSandbox) -> None:
    requests: list[tuple[dict[str, str], str]] = []

    async def app(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
        headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in head)}
        body = (await reader.readexactly(int(headers["content-length"]))).decode()
        requests.append((headers, body))
        status = "500 No" if len(requests) < 3 else "200 OK"
        answer = f"HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        writer.write(answer.encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(app, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        config = SandboxConfig(event_url=f"http://127.0.0.1:{port}/", retry_scale=0.0001)
        sandbox = await make_sandbox(config)
        await sandbox.control.post("U0CLEO", "#support", "hello")
        await eventually(lambda: all_acked(sandbox, 1))
    verifier = SignatureVerifier(sandbox.signing_secret)
    assert all(verifier.is_valid_request(body, headers) for headers, body in requests)
    marks = [headers.get("x-slack-retry-num") for headers, _ in requests]
    assert marks == [None, "1", "2"]
    assert requests[1][0]["x-slack-retry-reason"] == "http_error"
