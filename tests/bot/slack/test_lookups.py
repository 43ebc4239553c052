"""Kept answers of Slack: one call at a time, a bounded number, and typed errors."""

import asyncio
from typing import Any

import pytest
from aiohttp import ClientConnectionError
from slack_sdk.errors import SlackApiError

from bot.slack import lookups
from bot.slack.errors import GatewayError, GatewayUnavailableError
from bot.slack.lookups import Lookups


class Slack:
    """Answers what it is told to, when it is told to, and counts."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.calls = 0
        self.called = asyncio.Event()
        self.may = asyncio.Event()
        self.may.set()

    async def __call__(self) -> Any:
        self.calls += 1
        self.called.set()
        answer = self.answer
        await self.may.wait()
        if isinstance(answer, Exception):
            raise answer
        return answer


def refused(word: str) -> SlackApiError:
    return SlackApiError("refused", {"ok": False, "error": word})  # type: ignore[no-untyped-call]


async def test_who_asks_at_once_waits_for_one_call() -> None:
    slack, kept = Slack("one"), Lookups()
    slack.may.clear()
    asking = [asyncio.create_task(kept.get("emoji.list", slack, 300)) for _ in range(36)]
    await asyncio.sleep(0)
    asking[0].cancel()  # who gives up leaves the call to the others
    slack.may.set()
    assert await asyncio.gather(*asking[1:]) == ["one"] * 35
    assert slack.calls == 1
    slack.answer = "two"
    assert await kept.get("emoji.list", slack, 300) == "one"
    assert await kept.get("emoji.list", slack, 0) == "two"


async def test_a_refusal_without_an_older_answer_is_raised_to_all_and_asked_once() -> None:
    slack, kept = Slack(refused("missing_scope")), Lookups()
    asking = (kept.get("usergroups.list", slack, 300) for _ in range(36))
    found = await asyncio.gather(*asking, return_exceptions=True)
    assert {type(one) for one in found} == {GatewayError}
    assert slack.calls == 1
    assert "missing_scope: install the app again" in kept.problems["usergroups.list"]
    with pytest.raises(GatewayError, match="Slack answered missing_scope"):
        await kept.get("usergroups.list", slack, 0)
    assert slack.calls == 1


@pytest.mark.parametrize("error", [ClientConnectionError(), TimeoutError(), OSError(), refused("")])
async def test_an_old_answer_serves_while_slack_is_away(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookups, "_AWAY_S", 0.0)
    slack, kept = Slack("old"), Lookups()
    assert await kept.get("emoji.list", slack, 0) == "old"
    slack.answer = error
    assert await kept.get("emoji.list", slack, 0) == "old"
    assert list(kept.problems) == ["emoji.list"]
    with pytest.raises(GatewayUnavailableError):
        await kept.get("conversations.list", slack, 0)
    slack.answer = "new"
    assert await kept.get("emoji.list", slack, 0) == "new"
    assert list(kept.problems) == ["conversations.list"]


async def test_a_call_has_a_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookups, "_DEADLINE_S", 0.01)
    slack, kept = Slack("late"), Lookups()
    slack.may.clear()
    with pytest.raises(GatewayUnavailableError, match="TimeoutError"):
        await kept.get("emoji.list", slack, 300)


async def test_what_changed_meanwhile_is_asked_for_again() -> None:
    slack, kept = Slack("before"), Lookups()
    slack.may.clear()
    early = asyncio.create_task(kept.get("emoji.list", slack, 300))
    await slack.called.wait()
    kept.expire("emoji.list")
    slack.answer = "after"
    slack.may.set()
    assert await early == "before"
    assert await kept.get("emoji.list", slack, 300) == "after"
    assert await kept.get("emoji.list", slack, 300) == "after"
    assert slack.calls == 2


async def test_the_number_of_answers_is_bounded_and_the_used_ones_stay() -> None:
    slack, kept = Slack("name"), Lookups(most=100)
    for number in range(1_000):
        await kept.get(f"users.info:U{number}", slack, 300)
        await kept.get("emoji.list", slack, 300)
    assert len(kept) == 100
    assert slack.calls == 1_001


async def test_a_bug_is_no_refusal_and_is_not_kept() -> None:
    slack, kept = Slack(KeyError("channels")), Lookups()
    with pytest.raises(KeyError):
        await kept.get("conversations.list", slack, 300)
    slack.answer = "well"
    assert await kept.get("conversations.list", slack, 300) == "well"
