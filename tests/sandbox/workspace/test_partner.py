"""The second company: strangers and shared channels look as they do in Slack."""

from typing import Any

import pytest
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from tests.sandbox.conftest import Connect
from tests.sandbox.running import ControlError, RunningSandbox, eventually

Json = dict[str, Any]
OURS, THEIRS = "TSANDBOX1", "TPARTNER1"


async def test_a_stranger_is_shown_to_who_asks_for_them_and_not_listed(
    client: AsyncWebClient,
) -> None:
    stranger = (await client.users_info(user="U1GINA"))["user"]
    assert (stranger["team_id"], stranger["is_stranger"]) == (THEIRS, True)
    assert "email" not in stranger["profile"]
    listed = {one["id"] for one in (await client.users_list())["members"]}
    assert not listed & {"U1GINA", "U1GUS"}
    assert "is_stranger" not in (await client.users_info(user="U0CLEO"))["user"]


async def test_a_shared_channel_says_with_whom(
    sandbox: RunningSandbox, client: AsyncWebClient
) -> None:
    async def told(channel: str) -> Json:
        return dict((await client.conversations_info(channel=channel))["channel"])

    shared = await told("C0GLOBEX")
    assert shared["is_ext_shared"]
    assert set(shared["shared_team_ids"]) == {OURS, THEIRS}
    assert shared["conversation_host_id"] == THEIRS
    assert not (await told("C0SUPPORT"))["is_ext_shared"]
    await sandbox.control.act("share", channel="#support")
    assert (await told("C0SUPPORT"))["conversation_host_id"] == OURS
    members = await client.conversations_members(channel="C0SUPPORT")
    assert "U1GINA" in members["members"]
    await sandbox.control.act("unshare", channel="#support")
    after = await told("C0SUPPORT")
    assert (after["is_ext_shared"], after["shared_team_ids"]) == (False, [OURS])
    with pytest.raises(ControlError, match="not_in_channel"):
        await sandbox.control.post("U1GINA", "#support", "hello")


async def test_events_of_a_shared_channel_name_both_workspaces(
    sandbox: RunningSandbox, bolt: AsyncApp, connect: Connect
) -> None:
    heard: list[Json] = []

    async def hear(body: Json) -> None:
        heard.append(body)

    for kind in ("message", "reaction_added", "channel_shared"):
        bolt.event(kind)(hear)
    await connect(bolt)
    ts = await sandbox.control.post("U1GINA", "C0GLOBEX", "hello")
    await sandbox.control.react("U0AVA", "C0GLOBEX", ts, "wave")
    await sandbox.control.act("share", channel="C0SUPPORT")
    await sandbox.control.post("U1GINA", "C0SUPPORT", "here too")
    await sandbox.control.post("U0CLEO", "C0BILLING", "ours alone")
    await eventually(lambda: len(heard) == 5)
    around = [(one["event"]["type"], one["team_id"], one["is_ext_shared_channel"]) for one in heard]
    assert sorted(around) == [
        ("channel_shared", OURS, True),
        ("message", THEIRS, True),
        ("message", OURS, False),
        ("message", OURS, True),
        ("reaction_added", THEIRS, True),
    ]
    assert all(one["authorizations"][0]["team_id"] == OURS for one in heard)
    written = next(one["event"] for one in heard if one["event"].get("text") == "hello")
    assert (written["team"], written["user_team"], written["source_team"]) == (THEIRS,) * 3
    assert written["user_profile"]["real_name"] == "Gina Rossi"


async def test_strangers_have_no_commands(sandbox: RunningSandbox) -> None:
    with pytest.raises(ControlError, match="unknown_command"):
        await sandbox.control.slash("U1GINA", "C0GLOBEX", "/triage", "status")
